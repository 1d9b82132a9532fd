// What is new, worse, better or over since a moment: against the week's log, counted line by line here.
#include <catch2/catch.hpp>

#include "log_files.h"
#include "rules/trends.h"

using namespace mtalens;
using namespace mtalens::test;

namespace {

const std::filesystem::path kWeek = std::filesystem::path(MTALENS_SOURCE_DIR) / "samples/week/postfix/maillog.xz";

// The week's log until the midnight after that day of December, and what is new on that day.
struct Daily {
  Analysis whole;
  Trends trends;
};

Daily daily(int day) {
  Tracker::Options options;
  options.since_us = at(2026, 12, day) - kTrendsBefore;
  options.until_us = at(2026, 12, day + 1) - 1;
  auto whole = analyze(reading({kWeek.string()}), options);
  whole.input.to_us = at(2026, 12, day + 1);
  whole.input.from_us = std::max(whole.input.from_us, options.since_us);
  auto trends = trends_of(whole, at(2026, 12, day));
  REQUIRE(trends);
  return {std::move(whole), std::move(*trends)};
}

const Trend* find(const Trends& all, Trend::What what, std::string_view who) {
  for (const auto& trend : all.trends) {
    if (trend.what == what && trend.who == who) return &trend;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("trends: BT's first refusals are new on their day, Yahoo's are not", "[trends]") {
  const auto [whole, trends] = daily(9);
  const auto* bt = find(trends, Trend::What::refusals, "BT Internet");
  REQUIRE(bt != nullptr);
  CHECK(bt->kind == Trend::Kind::is_new);
  CHECK(bt->now == 87);  // grep -c '^Dec  9.*421 Too many messages' of the log
  CHECK(bt->week_before == 0);
  CHECK(trends.days_before == Approx(2.08).margin(0.05));  // the log begins on 6 December at 22:15
  const auto* yahoo = find(trends, Trend::What::refusals, "Yahoo");  // 11, 38, 53 a day
  CHECK((yahoo == nullptr || yahoo->kind == Trend::Kind::worse));
}

TEST_CASE("trends: the client that was mended is over the day after its last failure", "[trends]") {
  const auto [whole, trends] = daily(16);
  const auto* gmail = find(trends, Trend::What::handshakes, "mail-qg0-f50.google.com");
  REQUIRE(gmail != nullptr);
  CHECK(gmail->kind == Trend::Kind::over);
  CHECK(trend_words(*gmail).find("STARTTLS works again") != std::string::npos);
  CHECK(find(trends, Trend::What::handshakes, "mx.nocipher.example.org") == nullptr);  // it fails as it did
}

TEST_CASE("trends: the first that expire are new", "[trends]") {
  const auto [whole, trends] = daily(15);
  const auto* bt = find(trends, Trend::What::expired, "BT Internet");
  REQUIRE(bt != nullptr);
  CHECK(bt->kind == Trend::Kind::is_new);
  CHECK(bt->day_before == 0);
}

TEST_CASE("trends: without a day before there is nothing to hold against", "[trends]") {
  const auto whole = analyze(reading({kWeek.string()}));
  CHECK_FALSE(trends_of(whole, at(2026, 12, 7)));
  CHECK(trends_of(whole, at(2026, 12, 8)));
  CHECK_FALSE(trends_of(whole, at(2026, 12, 20)));  // it ends before
}

TEST_CASE("trends: handshakes that failed stand by their days", "[trends]") {
  const auto whole = analyze(reading({kWeek.string()}));
  for (const auto& peer : whole.tls) {
    std::uint64_t sum = 0;
    for (const auto& [day, failed] : peer.failed_days) sum += failed;
    CHECK(sum == peer.failed);
  }
}
