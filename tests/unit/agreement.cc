#include "agreement.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <utility>

namespace mtalens::test {
namespace {

std::string told(std::uint64_t number) {
  return std::to_string(number);
}

std::string told(const Totals& t) {
  return fmt::format("messages {} recipients {} delivered {} bounced {} expired {} queued {}", t.messages, t.recipients,
                     t.delivered, t.bounced, t.expired, t.queued);
}

std::string told(const AttemptCounts& a) {
  return fmt::format("delivered {} deferred {} throttled {} secondary {} bounced {}", a.delivered, a.deferred,
                     a.throttled, a.secondary, a.bounced);
}

template <typename Names>
std::string told_names(const Names& names) {
  std::string out;
  for (const auto& name : names)
    out += name + "; ";
  return out;
}

// Collects what is not the same.
class Differences {
 public:
  void compare(const std::string& what, const std::string& ours, const std::string& theirs) {
    if (ours != theirs) told_ += fmt::format("{}: {} / {}\n", what, ours, theirs);
  }
  std::string take() { return std::move(told_); }

 private:
  std::string told_;
};

AttemptCounts all_attempts(const Analysis& analysis) {
  AttemptCounts sum;
  for (const auto& provider : analysis.providers) {
    sum.delivered += provider.attempts.delivered;
    sum.deferred += provider.attempts.deferred;
    sum.throttled += provider.attempts.throttled;
    sum.secondary += provider.attempts.secondary;
    sum.bounced += provider.attempts.bounced;
  }
  return sum;
}

void compare_hosts(Differences& differences, const Analysis& analysis, const Twin& twin) {
  std::uint64_t accepted = 0, refusals = 0;
  for (const auto& provider : analysis.providers) {
    Twin::Host sum;
    for (const auto& relay : provider.relays) {
      const auto host = twin.hosts.find(relay);
      if (host == twin.hosts.end()) continue;
      sum.accepted += host->second.accepted;
      sum.refusals += host->second.refusals;
      sum.throttled += host->second.throttled;
    }
    differences.compare(provider.name + " accepted", told(provider.accepted), told(sum.accepted));
    differences.compare(provider.name + " refusals", told(provider.refusals), told(sum.refusals));
    differences.compare(provider.name + " throttled", told(provider.throttled), told(sum.throttled));
    accepted += provider.accepted;
    refusals += provider.refusals;
  }
  Twin::Host all;
  for (const auto& [name, host] : twin.hosts) {
    all.accepted += host.accepted;
    all.refusals += host.refusals;
  }
  differences.compare("accepted by all hosts", told(accepted), told(all.accepted));
  differences.compare("refusals of all hosts", told(refusals), told(all.refusals));
}

std::string told_failures(const std::map<std::pair<Direction, std::string>, std::uint64_t>& failed) {
  std::string out;
  for (const auto& [key, count] : failed)
    out += fmt::format("{} {} {}; ", static_cast<int>(key.first), key.second, count);
  return out;
}

void compare_handshakes(Differences& differences, const Analysis& analysis, const Twin& twin) {
  std::map<std::pair<Direction, std::string>, std::uint64_t> failed, twins_failed;
  for (const auto& peer : analysis.tls) {
    if (peer.peer.empty()) continue;  // failures that no line names a peer for
    failed[{peer.direction, peer.peer}] = peer.failed;
    const auto found = twin.peers.find({peer.direction, peer.peer});
    if (found == twin.peers.end()) continue;
    for (const auto& [cause, times] : found->second.causes) {
      differences.compare(fmt::format("{} cause {}", peer.peer, static_cast<int>(cause)),
                          told(peer.causes[static_cast<std::size_t>(cause)]), told(times));
    }
  }
  for (const auto& [key, peer] : twin.peers)
    twins_failed[key] = peer.failed;
  differences.compare("failed handshakes", told_failures(failed), told_failures(twins_failed));
}

HostTruth told_of(const Analysis& analysis, const std::string& host) {
  HostTruth told;
  for (const auto& provider : analysis.providers) {
    for (const auto& relay : provider.relays) {
      if (relay == host) told = {provider.accepted, provider.refusals, provider.throttled, 0, 0};
    }
  }
  for (const auto& peer : analysis.tls) {
    if (peer.direction != Direction::outbound || peer.peer != host) continue;
    told.tls_failed = peer.failed;
    told.fallbacks = peer.fallbacks;
  }
  return told;
}

}  // namespace

std::string disagreement(const Analysis& analysis, const Twin& twin) {
  Differences differences;
  differences.compare("totals", told(analysis.totals), told(twin.totals()));
  differences.compare("attempts", told(all_attempts(analysis)), told(twin.attempts));
  std::multiset<std::string> queue, twins_queue;
  for (const auto& entry : analysis.queue)
    queue.insert(entry.host + " " + entry.queue_id);
  for (const auto& key : twin.queued_ids())
    twins_queue.insert(key.substr(0, key.find(' ')) + key.substr(key.rfind(' ')));
  differences.compare("queue", told_names(queue), told_names(twins_queue));
  compare_hosts(differences, analysis, twin);
  compare_handshakes(differences, analysis, twin);
  return differences.take();
}

std::string disagreement(const Analysis& analysis, const Flow& flow) {
  Differences differences;
  differences.compare("unrecognized lines", told(analysis.input.unrecognized_lines), "0");
  differences.compare("totals", told(analysis.totals), told(flow.totals));
  differences.compare("attempts", told(all_attempts(analysis)), told(flow.attempts));
  std::set<std::string> queued;
  for (const auto& entry : analysis.queue)
    queued.insert(entry.queue_id);
  differences.compare("queue", told_names(queued), told_names(flow.queued_ids));
  for (const auto& [name, truth] : flow.hosts) {
    const auto ours = told_of(analysis, name);
    differences.compare(name + " accepted", told(ours.accepted), told(truth.accepted));
    differences.compare(name + " refusals", told(ours.refusals), told(truth.refusals));
    differences.compare(name + " throttled", told(ours.throttled), told(truth.throttled));
    differences.compare(name + " failed handshakes", told(ours.tls_failed), told(truth.tls_failed));
    differences.compare(name + " fallbacks", told(ours.fallbacks), told(truth.fallbacks));
  }
  return differences.take();
}

}  // namespace mtalens::test
