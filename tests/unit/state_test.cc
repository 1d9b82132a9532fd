// A state on disk: what was written comes back, and a single wrong byte is seen.
#include <catch2/catch.hpp>

#include "log_files.h"
#include "report/report.h"
#include "mtalens/rule.h"
#include "state/archive.h"
#include "state/state.h"
#include "state/state_file.h"
#include "stream/stream.h"
#include "track/tracker.h"

using namespace mtalens;

namespace {

struct Read {
  Tracker tracker{Knowledge::builtin(), {.keep_queue = true, .our_domains = {}}};
  InputSummary input;
};

void read_sample(Read& read, const std::string& log) {
  std::vector<std::string> errors;
  ReadOptions options;
  options.inputs = {std::string(MTALENS_SOURCE_DIR) + "/samples/" + log};
  options.wanted = Tracker::wanted();
  options.jobs = 1;
  read.input = read_logs(options, [&](const Batch& batch, const std::vector<std::string>& names) { read.tracker.add(batch, names); }, errors);
  REQUIRE(errors.empty());
}

template <typename T>
std::string bytes_of(T& value) {
  Writer writer;
  writer(value);
  return writer.bytes();
}

template <typename T>
std::uint64_t layout_of(T& value) {
  Layout layout;
  layout(value);
  return layout.fingerprint();
}

std::string report_of(Read& read) {
  const auto analysis = read.tracker.analysis(read.input);
  return json_report(analysis, judge(analysis, Knowledge::builtin())) + json_queue(analysis, analysis.input.to_us);
}

}  // namespace

TEST_CASE("state: a tracker that was away on disk reports the same") {
  for (const char* log : {"a/postfix/maillog", "a/sendmail/maillog", "a/exim/mainlog"}) {
    CAPTURE(log);
    Read read, again;
    read_sample(read, log);
    const auto bytes = bytes_of(read.tracker);
    Reader reader(bytes);
    reader(again.tracker);
    CHECK(reader.at_end());
    CHECK(bytes_of(again.tracker).size() == bytes.size());
    again.input = read.input;
    CHECK(report_of(again) == report_of(read));
  }
}

TEST_CASE("state: looking at what was read so far changes nothing of what comes") {
  State looked_at(Knowledge::builtin(), {});
  Read undisturbed;
  read_sample(undisturbed, "a/exim/mainlog");
  std::vector<std::string> errors;
  ReadOptions options;
  options.inputs = {std::string(MTALENS_SOURCE_DIR) + "/samples/a/exim/mainlog"};
  options.wanted = Tracker::wanted();
  options.block_bytes = 16 * 1024;
  std::size_t looks = 0;
  const auto input = read_logs(options, [&](const Batch& batch, const std::vector<std::string>& names) {
    looked_at.add(batch, names);
    if (++looks % 3 == 0) looked_at.analysis_so_far();
  }, errors);
  CHECK(looks >= 10);
  looked_at.stream().input = input;
  const auto analysis = looked_at.analysis_so_far();
  CHECK(json_report(analysis, judge(analysis, Knowledge::builtin())) + json_queue(analysis, analysis.input.to_us) == report_of(undisturbed));
}

TEST_CASE("state: numbers at their ends come back") {
  std::array<std::int64_t, 5> whole{INT64_MIN, -1, 0, 1, INT64_MAX}, whole_again{};
  std::array<std::uint64_t, 4> natural{0, 127, 128, UINT64_MAX}, natural_again{};
  Writer writer;
  writer(whole, natural);
  Reader reader(writer.bytes());
  reader(whole_again, natural_again);
  CHECK(whole_again == whole);
  CHECK(natural_again == natural);
  CHECK(reader.at_end());
}

TEST_CASE("state: a list is not longer than what is left of the file") {
  Writer writer;
  std::uint64_t huge = UINT64_MAX / 2;
  writer(huge);
  std::vector<Evidence> list;
  std::string text;
  CHECK_THROWS_AS(Reader(writer.bytes())(list), DamagedState);
  CHECK_THROWS_AS(Reader(writer.bytes())(text), DamagedState);
}

TEST_CASE("state: a number too large for its field is damage, not another number") {
  Writer writer;
  std::uint32_t large = 70'000;
  writer(large);
  std::uint16_t small = 0;
  bool truth = false;
  CHECK_THROWS_AS(Reader(writer.bytes())(small), DamagedState);
  CHECK_THROWS_AS(Reader("\x02")(truth), DamagedState);
}

TEST_CASE("state: every damaged byte is seen") {
  const std::string payload = "forty two bytes of what a log has told us.";
  const auto file = sealed(StateKind::single, payload, 7);
  CHECK(unsealed(StateKind::single, file, 7, "state") == payload);
  for (std::size_t at = 0; at < file.size(); ++at) {
    for (int change = 1; change < 256; ++change) {
      auto damaged = file;
      damaged[at] = static_cast<char>(damaged[at] ^ change);
      CAPTURE(at, change);
      REQUIRE_THROWS_AS(unsealed(StateKind::single, damaged, 7, "state"), DamagedState);
    }
  }
  for (std::size_t size = 0; size < file.size(); ++size) {
    REQUIRE_THROWS_AS(unsealed(StateKind::single, std::string_view(file).substr(0, size), 7, "state"), DamagedState);
  }
  CHECK_THROWS_AS(unsealed(StateKind::single, file + "x", 7, "state"), DamagedState);
}

TEST_CASE("state: what another build or a newer version wrote is no damage") {
  CHECK_THROWS_AS(unsealed(StateKind::single, sealed(StateKind::single, "x", 7), 8, "state"), StateError);
}

TEST_CASE("state: payloads of any bytes never crash the reader") {
  Read read;
  read_sample(read, "a/exim/mainlog");
  const auto bytes = bytes_of(read.tracker);
  for (std::size_t at = 0; at < bytes.size(); at += 1 + bytes.size() / 400) {
    auto damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x15);
    damaged.resize(bytes.size() - at % 3);
    Read again;
    try {
      Reader reader(damaged);
      reader(again.tracker);
      again.tracker.analysis({});
    } catch (const DamagedState&) {
      SUCCEED();
    }
  }
}

TEST_CASE("state: the layout's fingerprint tells a field more from a field less") {
  Evidence evidence;
  Spell spell;
  CHECK(layout_of(evidence) != layout_of(spell));
}

TEST_CASE("state: an old history is told by days, an older one not at all, and the queue's size stays true") {
  constexpr std::int64_t hour = 3'600'000'000, day = 24 * hour;
  Party party;
  party.hours.at(1 * day + 3 * hour).accepted = 2;
  party.hours.at(5 * day + 3 * hour).accepted = 3;
  party.hours.at(5 * day + 9 * hour).accepted = 4;
  party.hours.at(9 * day + 7 * hour).accepted = 5;
  party.queue.waited(1 * day, kNoTime);
  party.queue.waited(1 * day + hour, 9 * day);
  party.accepted_message(1 * day, 1);
  party.accepted_message(9 * day, 1);
  party.fold(8 * day, 3 * day);
  const auto& hours = party.hours.hours();
  REQUIRE(hours.size() == 3);  // accepted_message() counted an hour of its own
  CHECK(hours[0].first == 5 * 24);
  CHECK(hours[0].second.counts.accepted == 7);
  CHECK(hours[1].first == 9 * 24);
  CHECK(hours[2].second.counts.accepted == 5);
  CHECK(party.spells.size() == 1);
  const auto& changes = party.queue.changes();
  REQUIRE(changes.size() == 2);
  CHECK(changes[0] == std::pair<std::int64_t, std::int32_t>(3 * 24 * 60, 2));
  CHECK(changes[1] == std::pair<std::int64_t, std::int32_t>(9 * 24 * 60, -1));
}
