// The tracker against its twin, on recordings and on invented mail; and against the truth where it was invented.
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "agreement.h"
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

void check_against_twin(const std::string& file) {
  INFO(file);
  const auto [analysis, twin] = track_both(file);
  CHECK(disagreement(analysis, twin) == "");
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
      CHECK(disagreement(track_both(file).analysis, flow) == "");
    }
  }
}
