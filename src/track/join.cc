#include "track/join.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "knowledge/meaning.h"
#include "knowledge/reply_text.h"
#include "knowledge/sending_address.h"
#include "stream/batch.h"
#include "track/sums.h"

namespace mtalens {
namespace {

// kNoTime is before every time, and means none.
std::int64_t earlier(std::int64_t a, std::int64_t b) { return a == kNoTime || b == kNoTime ? std::max(a, b) : std::min(a, b); }

void add(InputSummary& sum, InputSummary&& input) {
  sum.lines += input.lines;
  sum.bytes += input.bytes;
  sum.mail_lines += input.mail_lines;
  sum.other_lines += input.other_lines;
  sum.unrecognized_lines += input.unrecognized_lines;
  sum.unreadable_lines += input.unreadable_lines;
  sum.duplicate_lines += input.duplicate_lines;
  sum.cut_lines += input.cut_lines;
  sum.lost_lines += input.lost_lines;
  sum.from_us = earlier(sum.from_us, input.from_us);
  sum.to_us = std::max(sum.to_us, input.to_us);
  sum.unnamed_recipients += input.unnamed_recipients;
  sum.unnamed_since_us = earlier(sum.unnamed_since_us, input.unnamed_since_us);
  append(sum.sources, std::move(input.sources));
  append(sum.hosts, std::move(input.hosts));
  keep_each_once(sum.hosts);
  append(sum.unrecognized, std::move(input.unrecognized));
  if (sum.unrecognized.size() > kUnrecognizedExamples) sum.unrecognized.resize(kUnrecognizedExamples);
}

void add(Folded& sum, const Folded& folded) {
  sum.providers += folded.providers;
  sum.destinations += folded.destinations;
  sum.tls_peers += folded.tls_peers;
  sum.people += folded.people;
  sum.hosts += folded.hosts;
  sum.replies += folded.replies;
  sum.messages += folded.messages;
}

void add(Totals& sum, const Totals& totals) {
  sum.messages += totals.messages;
  sum.recipients += totals.recipients;
  sum.delivered += totals.delivered;
  sum.bounced += totals.bounced;
  sum.expired += totals.expired;
  sum.queued += totals.queued;
}

// The address that all the throttling replies of a host's provider name. Several, or one that means only the host
// itself: it is not known.
std::string sending_address(const Provider& provider) {
  std::string out;
  for (const auto& group : provider.groups) {
    if (!is_throttle(static_cast<Meaning>(group.meaning)) || group.refusals == 0) continue;
    const auto address = sending_address_in(group.reply);
    if (address.empty() || address == out) continue;
    if (!out.empty() || is_loopback(address)) return {};
    out = address;
  }
  return out;
}

// With one peer, on the same host, in the state after.
void add_later(TlsPeer& sum, TlsPeer&& later) {
  const auto both = [](std::int64_t a, std::int64_t b) { return a < 0 || b < 0 ? -1 : a + b; };
  if (later.failed == 0) {
    sum.handshakes += later.handshakes;
    if (sum.failed > 0) sum.succeeded_since += later.handshakes;
    sum.messages_since = both(sum.messages_since, later.messages_since);
  } else if (sum.failed == 0) {
    later.handshakes += sum.handshakes;
    later.messages_before = both(sum.messages_since, later.messages_before);
    sum = std::move(later);
  } else {
    const auto before = sum.messages_before, since = both(sum.messages_since, both(later.messages_before, later.messages_since));
    sum.add(later);
    sum.succeeded_since = later.succeeded_since;
    sum.messages_before = before;
    sum.messages_since = since;
  }
}

// On another host.
void add_beside(TlsPeer& sum, TlsPeer&& other) {
  if (other.failed == 0) {
    sum.handshakes += other.handshakes;
  } else if (sum.failed == 0) {
    other.handshakes += sum.handshakes;
    sum = std::move(other);
  } else {
    sum.add(other);
  }
}

class Sum {
 public:
  void add_later_piece(Piece&& piece) { add_piece(std::move(piece), add_later); }
  void add_other_host(Piece&& piece) { add_piece(std::move(piece), add_beside); }

  Piece take() { return std::move(sum_); }
  // As one of several hosts.
  Piece take_as_sender(const std::string& host) {
    for (auto& [provider, history, destinations] : sum_.providers) {
      provider.senders.push_back({sending_address(provider), {host}, provider.accepted, provider.refusals, provider.throttled,
                                  provider.queue.queued, std::move(provider.spells)});
      provider.spells.clear();
    }
    return take();
  }

 private:
  using AddPeer = void (*)(TlsPeer&, TlsPeer&&);

  void add_piece(Piece&& piece, AddPeer add_peer) {
    sum_.since_us = piece.since_us;
    Analysis& all = sum_.analysis;
    Analysis& analysis = piece.analysis;
    add(all.input, std::move(analysis.input));
    add(all.totals, analysis.totals);
    add(all.folded, analysis.folded);
    for (auto& provider : piece.providers) add_provider(std::move(provider));
    for (auto& peer : analysis.tls) add_tls(std::move(peer), add_peer);
    append(all.queue, std::move(analysis.queue));
    all.longest_wait_before_expiry_us = std::max(all.longest_wait_before_expiry_us, analysis.longest_wait_before_expiry_us);
    for (auto& reply : analysis.undescribed) add_undescribed(std::move(reply));
    append(all.restarts, std::move(analysis.restarts));
    append(all.our_domains, std::move(analysis.our_domains));
  }

  void add_provider(ProviderPiece&& piece) {
    const auto [at, fresh] = providers_.try_emplace(piece.provider.name, sum_.providers.size());
    if (fresh) {
      sum_.providers.push_back(std::move(piece));
      return;
    }
    ProviderPiece& sum = sum_.providers[at->second];
    mtalens::add(sum.provider.spells, piece.provider.spells);
    mtalens::add(sum.provider, std::move(piece.provider));
    sum.history.add(piece.history);
    std::map<std::string, std::uint64_t> attempts(sum.destinations.begin(), sum.destinations.end());
    for (const auto& [domain, more] : piece.destinations) attempts[domain] += more;
    sum.destinations.assign(attempts.begin(), attempts.end());
  }

  void add_tls(TlsPeer&& peer, AddPeer add_peer) {
    const auto [at, fresh] = peers_.try_emplace({peer.direction, peer.peer}, sum_.analysis.tls.size());
    if (fresh) {
      sum_.analysis.tls.push_back(std::move(peer));
    } else {
      add_peer(sum_.analysis.tls[at->second], std::move(peer));
    }
  }

  void add_undescribed(UndescribedReply&& reply) {
    std::string folded;
    fold_reply(reply.reply, folded);
    auto& all = sum_.analysis.undescribed;
    const auto [at, fresh] = undescribed_.try_emplace(std::move(folded), all.size());
    if (fresh) {
      all.push_back(std::move(reply));
    } else {
      all[at->second].count += reply.count;
    }
  }

  Piece sum_;
  std::map<std::string, std::size_t> providers_;  // places in sum_, by name
  std::map<std::pair<Direction, std::string>, std::size_t> peers_;
  std::map<std::string, std::size_t> undescribed_;  // by folded reply
};

void put_in_order(std::vector<Sender>& senders) {
  for (auto& sender : senders) keep_each_once(sender.hosts);
  std::sort(senders.begin(), senders.end(), [](const Sender& a, const Sender& b) {
    return std::tie(b.throttled, b.accepted, a.hosts, a.address) < std::tie(a.throttled, a.accepted, b.hosts, b.address);
  });
}

}  // namespace

Analysis join(std::vector<HostPiece> pieces) {
  Sum whole;
  std::vector<StateSummary> states;
  for (std::size_t i = 0; i < pieces.size();) {
    Sum host;
    const auto name = pieces[i].host;
    for (; i < pieces.size() && pieces[i].host == name; ++i) {
      const auto& input = pieces[i].piece.analysis.input;
      states.push_back({name, input.from_us, input.to_us, input.lines});
      host.add_later_piece(std::move(pieces[i].piece));
    }
    whole.add_other_host(host.take_as_sender(name));
  }
  Piece piece = whole.take();
  for (auto& one : piece.providers) {
    auto& senders = one.provider.senders;
    put_in_order(senders);
    if (senders.size() == 1) one.provider.spells = senders.front().spells;
  }
  auto& analysis = piece.analysis;
  analysis.states = std::move(states);
  std::stable_sort(analysis.restarts.begin(), analysis.restarts.end(), [](const Restart& a, const Restart& b) { return a.at_us < b.at_us; });
  std::stable_sort(analysis.undescribed.begin(), analysis.undescribed.end(), [](const auto& a, const auto& b) { return a.count > b.count; });
  keep_each_once(analysis.our_domains);
  return finished(std::move(piece));
}

}  // namespace mtalens
