#include "track/piece.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <unordered_map>

#include "track/bounds.h"
#include "track/sums.h"

namespace mtalens {
namespace {

// What an admin reads first: who throttles, for whom most mail waits or went back, then who is big.
bool more_urgent(const Provider& a, const Provider& b) {
  const auto rank = [](const Provider& p) {
    return std::tuple(p.throttled > 0, p.queue.queued + p.expired, p.throttled, p.refusals, p.accepted);
  };
  if (rank(a) != rank(b)) return rank(a) > rank(b);
  return a.name < b.name;
}

// Most urgent first. Their places are sorted, not they themselves, which are large.
void put_in_order(std::vector<Provider>& providers) {
  std::vector<Provider*> places;
  for (auto& provider : providers) places.push_back(&provider);
  std::sort(places.begin(), places.end(), [](const Provider* a, const Provider* b) { return more_urgent(*a, *b); });
  std::vector<Provider> in_order;
  in_order.reserve(providers.size());
  for (auto* provider : places) in_order.push_back(std::move(*provider));
  providers = std::move(in_order);
}

// By attempts, most first.
void write_destinations(ProviderPiece& piece) {
  std::sort(piece.destinations.begin(), piece.destinations.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  for (auto& [domain, attempts] : piece.destinations) piece.provider.destinations.push_back(std::move(domain));
}

// Those with a failed handshake, most failures first.
void keep_failed(std::vector<TlsPeer>& peers) {
  std::erase_if(peers, [](const TlsPeer& peer) { return peer.failed == 0; });
  std::sort(peers.begin(), peers.end(), [](const TlsPeer& a, const TlsPeer& b) {
    return std::tie(b.failed, a.direction, a.peer) < std::tie(a.failed, b.direction, b.peer);
  });
}

bool is_empty(const Provider& provider) {
  const auto& tried = provider.attempts;
  return tried.delivered + tried.deferred + tried.bounced + provider.refusals + provider.queue.queued + provider.expired == 0;
}

// Beyond kMostPeersTold those with the fewest failures become one, each way; gives how many.
std::uint64_t fold_least(std::vector<TlsPeer>& failed) {
  if (failed.size() <= kMostPeersTold) return 0;
  const auto count = failed.size() - kMostPeersTold;
  std::vector<TlsPeer> rest(std::make_move_iterator(failed.begin() + kMostPeersTold), std::make_move_iterator(failed.end()));
  failed.resize(kMostPeersTold);
  for (auto& peer : rest) {
    const auto known = std::find_if(failed.begin(), failed.end(),
                                    [&](const TlsPeer& told) { return told.is_folded && told.direction == peer.direction; });
    if (known != failed.end()) {
      known->add(peer);
      continue;
    }
    peer.is_folded = true;
    peer.peer = kFurtherPeers;
    peer.address.clear();
    failed.push_back(std::move(peer));
  }
  return count;
}

void finish(ProviderPiece& piece, std::int64_t since_us) {
  Provider& provider = piece.provider;
  auto& arrivals_us = provider.queue.arrivals_us;
  std::sort(arrivals_us.begin(), arrivals_us.end());
  if (!arrivals_us.empty()) provider.queue.note_oldest(arrivals_us.front());
  piece.history.find_peak(provider.queue, since_us);
  write_destinations(piece);
  keep_each_once(provider.relays);
  keep_each_once(provider.mtas);
  std::sort(provider.groups.begin(), provider.groups.end(), [](const RefusalGroup& a, const RefusalGroup& b) {
    return std::tuple(b.refusals, b.messages_held, a.meaning) < std::tuple(a.refusals, a.messages_held, b.meaning);
  });
  put_in_order(provider.origins);
}

}  // namespace

Analysis finished(Piece piece) {
  Analysis out = std::move(piece.analysis);
  out.providers.reserve(piece.providers.size());
  std::unordered_map<std::string, History*> histories;
  for (auto& one : piece.providers) {
    if (is_empty(one.provider)) continue;
    finish(one, piece.since_us);
    histories.emplace(one.provider.name, &one.history);
    out.providers.push_back(std::move(one.provider));
  }
  put_in_order(out.providers);
  // Each hour of the log takes its place, whether something happened in it or not: for the most urgent only.
  for (std::size_t i = 0; i < out.providers.size() && i < kProvidersWithHours; ++i) {
    histories.at(out.providers[i].name)->write(out.providers[i], out.input.to_us);
  }
  keep_failed(out.tls);
  out.folded.tls_peers += fold_least(out.tls);
  std::sort(out.queue.begin(), out.queue.end(), [](const QueueEntry& a, const QueueEntry& b) {
    return std::tie(a.arrived_us, a.host, a.queue_id) < std::tie(b.arrived_us, b.host, b.queue_id);
  });
  std::sort(out.our_domains.begin(), out.our_domains.end());
  if (out.undescribed.size() > kMostUndescribed) out.undescribed.resize(kMostUndescribed);
  return out;
}

}  // namespace mtalens
