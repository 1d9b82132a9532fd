// The tracker against its twin, on recordings and on invented mail; and against the truth where it was invented.
#include "twin.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "flow_generator.h"
#include "knowledge/knowledge.h"
#include "log_files.h"

using namespace mtalens;
using namespace mtalens::test;

namespace {

namespace fs = std::filesystem;

struct Both {
  Analysis analysis;
  Twin twin;
};

Both track_both(const std::string& file) {
  Both out;
  Tracker::Options keep;
  keep.keep_queue = true;
  Tracker tracker(Knowledge::builtin(), keep);
  auto options = reading({file});
  options.jobs = 2;
  std::vector<std::string> errors;
  auto input = read_logs(
      options,
      [&](const Batch& batch, const std::vector<std::string>& names) {
        tracker.add(batch, names);
        for (const auto& event : batch.events)
          out.twin.see(event);
      },
      errors);
  REQUIRE(errors.empty());
  out.analysis = tracker.analysis(std::move(input));
  return out;
}

std::string told(const Totals& t) {
  return "messages " + std::to_string(t.messages) + " recipients " + std::to_string(t.recipients) + " delivered " +
         std::to_string(t.delivered) + " bounced " + std::to_string(t.bounced) + " expired " +
         std::to_string(t.expired) + " queued " + std::to_string(t.queued);
}

std::string told(const AttemptCounts& a) {
  return "delivered " + std::to_string(a.delivered) + " deferred " + std::to_string(a.deferred) + " throttled " +
         std::to_string(a.throttled) + " secondary " + std::to_string(a.secondary) + " bounced " +
         std::to_string(a.bounced);
}

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

std::multiset<std::string> queued_ids(const Analysis& analysis) {
  std::multiset<std::string> ids;
  for (const auto& entry : analysis.queue)
    ids.insert(entry.host + " " + entry.queue_id);
  return ids;
}

void check_against_twin(const std::string& file) {
  INFO(file);
  const auto [analysis, twin] = track_both(file);
  CHECK(told(analysis.totals) == told(twin.totals()));
  CHECK(told(all_attempts(analysis)) == told(twin.attempts));

  std::multiset<std::string> twins_queue;
  for (const auto& key : twin.queued_ids())
    twins_queue.insert(key.substr(0, key.find(' ')) + key.substr(key.rfind(' ')));
  CHECK(queued_ids(analysis) == twins_queue);

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
    INFO(provider.name);
    CHECK(provider.accepted == sum.accepted);
    CHECK(provider.refusals == sum.refusals);
    CHECK(provider.throttled == sum.throttled);
    accepted += provider.accepted;
    refusals += provider.refusals;
  }
  for (const auto& [name, host] : twin.hosts) {
    accepted -= host.accepted;
    refusals -= host.refusals;
  }
  CHECK(accepted == 0);  // no host is left out
  CHECK(refusals == 0);

  std::map<std::pair<Direction, std::string>, std::uint64_t> failed, twins_failed;
  for (const auto& peer : analysis.tls) {
    if (peer.peer.empty()) continue;  // failures that no line names a peer for
    failed[{peer.direction, peer.peer}] = peer.failed;
    const auto found = twin.peers.find({peer.direction, peer.peer});
    if (found == twin.peers.end()) continue;
    INFO(peer.peer);
    for (const auto& [cause, times] : found->second.causes)
      CHECK(causes_of(peer, cause) == times);
  }
  for (const auto& [key, peer] : twin.peers)
    twins_failed[key] = peer.failed;
  CHECK(failed == twins_failed);
}

const fs::path kSamples = fs::path(MTALENS_SOURCE_DIR) / "samples";

}  // namespace

TEST_CASE("twin: the tracker says of the recordings what its twin says", "[twin]") {
  for (const auto* name : {"a/postfix/maillog", "a/sendmail/maillog", "a/exim/mainlog"})
    check_against_twin(kSamples / name);
}

TEST_CASE("twin: and of the recordings of a week", "[twin]") {
#ifdef __SANITIZE_ADDRESS__
  for (const auto* name : {"week/exim/mainlog.xz"})
    check_against_twin(kSamples / name);
#else
  for (const auto* name : {"week/postfix/maillog.xz", "week/sendmail/maillog.xz", "week/exim/mainlog.xz"})
    check_against_twin(kSamples / name);
#endif
}

TEST_CASE("twin: and of other people's logs, where they are at hand", "[twin]") {
  const auto corpora = shared_directory() / "corpora";
  if (!fs::exists(corpora)) {
    WARN("no corpora here; skipped");
    return;
  }
  int files = 0;
  for (const auto* folder : {"exim-testsuite", "fail2ban"}) {
    for (const auto& entry : fs::directory_iterator(corpora / folder)) {
      if (entry.path().extension() != ".log") continue;
#ifdef __SANITIZE_ADDRESS__
      if (++files % 2 != 0) continue;
#else
      ++files;
#endif
      check_against_twin(entry.path());
    }
  }
  CHECK(files > 0);
}

TEST_CASE("twin: mail that was invented is told as it was invented", "[twin]") {
#ifdef __SANITIZE_ADDRESS__
  constexpr unsigned kSeeds = 4;
#else
  constexpr unsigned kSeeds = 25;
#endif
  TimeZone utc("UTC");
  LogFiles files;
  for (const std::string mta : {"postfix", "sendmail", "exim"}) {
    for (unsigned seed = 1; seed <= kSeeds; ++seed) {
      const auto flow = invent_flow(mta, seed, 400);
      const auto file = files.write(mta + std::to_string(seed), flow.log);
      INFO(mta << ", seed " << seed);
      check_against_twin(file);
      const auto analysis = track_both(file).analysis;
      CHECK(analysis.input.unrecognized_lines == 0);
      CHECK(told(analysis.totals) == told(flow.totals));
      CHECK(told(all_attempts(analysis)) == told(flow.attempts));
      std::set<std::string> queued;
      for (const auto& entry : analysis.queue)
        queued.insert(entry.queue_id);
      CHECK(queued == flow.queued_ids);
      for (const auto& [name, truth] : flow.hosts) {
        INFO(name);
        const auto& provider = provider_at(analysis, name);
        HostTruth said{provider.accepted, provider.refusals, provider.throttled, 0, 0};
        if (const auto* peer = peer_named(analysis, Direction::outbound, name)) {
          said.tls_failed = peer->failed;
          said.fallbacks = peer->fallbacks;
        }
        CHECK(said.accepted == truth.accepted);
        CHECK(said.refusals == truth.refusals);
        CHECK(said.throttled == truth.throttled);
        CHECK(said.tls_failed == truth.tls_failed);
        // Postfix says nothing here of handshakes that succeed: in clear text or not is unknown.
        CHECK(said.fallbacks == (mta == "postfix" ? 0 : truth.fallbacks));
      }
    }
  }
}
