// Years and zones for stamps that have none: written as the wall clock showed it, expected in UTC.
#include "syslog/stamp_clock.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "syslog/calendar.h"
#include "syslog/header.h"

using namespace mtalens;

namespace {

// The zone of the process for as long as it lives.
class InZone {
 public:
  explicit InZone(const char* zone) {
    if (const char* before = std::getenv("TZ")) before_ = before;
    setenv("TZ", zone, 1);
    tzset();
  }
  ~InZone() {
    before_.empty() ? unsetenv("TZ") : setenv("TZ", before_.c_str(), 1);
    tzset();
  }

 private:
  std::string before_;
};

// Rules written out, so that no zone database is needed.
constexpr const char* kBerlin = "CET-1CEST,M3.5.0,M10.5.0/3";
constexpr const char* kSydney = "AEST-10AEDT,M10.1.0,M4.1.0/3";
constexpr const char* kLordHowe = "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0";

constexpr int at(int hour, int minute, int second = 0) {
  return hour * 3600 + minute * 60 + second;
}

std::int64_t utc(int year, int month, int day, int second_of_day = 0) {
  return (calendar::days_from_civil(year, month, day) * 86400 + second_of_day) * 1'000'000;
}

}  // namespace

TEST_CASE("calendar: days and years agree with known dates", "[syslog]") {
  CHECK(calendar::days_from_civil(1970, 1, 1) == 0);
  CHECK(calendar::days_from_civil(2000, 2, 29) == 11016);
  CHECK(calendar::days_from_civil(2026, 11, 23) == 20780);  // date -ud 2026-11-23 +%s / 86400
  CHECK(calendar::days_from_civil(1969, 12, 31) == -1);
  for (int year = 1890; year < 2410; ++year) {
    CHECK(calendar::year_of_days(calendar::days_from_civil(year, 1, 1)) == year);
    CHECK(calendar::year_of_days(calendar::days_from_civil(year, 12, 31)) == year);
  }
}

TEST_CASE("stamp clock: a stamp without a year follows the one before it", "[syslog]") {
  InZone zone("UTC0");
  StampClock clock(2026);
  CHECK(clock.read(11, 23, at(9, 13, 57)) == utc(2026, 11, 23, at(9, 13, 57)));
  CHECK(clock.read(12, 31, at(23, 59, 59)) == utc(2026, 12, 31, at(23, 59, 59)));
  CHECK(clock.read(1, 1, 0) == utc(2027, 1, 1));
  CHECK(clock.year() == 2027);
  CHECK(clock.read(6, 15, 0) == utc(2027, 6, 15));
  CHECK(clock.read(12, 30, 0) == utc(2027, 12, 30));
  CHECK(clock.read(1, 2, 0) == utc(2028, 1, 2));
}

TEST_CASE("stamp clock: a late line of the old year stays in it, and the new year goes on", "[syslog]") {
  InZone zone("UTC0");
  StampClock clock(2026);
  clock.read(12, 31, at(23, 59, 58));
  CHECK(clock.read(1, 1, 0) == utc(2027, 1, 1));
  CHECK(clock.read(12, 31, at(23, 59, 59)) == utc(2026, 12, 31, at(23, 59, 59)));
  CHECK(clock.year() == 2027);
  CHECK(clock.read(1, 1, 1) == utc(2027, 1, 1, 1));
}

TEST_CASE("stamp clock: some days backwards are disorder, more begin the next year", "[syslog]") {
  InZone zone("UTC0");
  StampClock clock(2025);
  clock.read(6, 10, 0);
  CHECK(clock.read(6, 6, 0) == utc(2025, 6, 6));
  CHECK(clock.read(6, 10, 5) == utc(2025, 6, 10, 5));
  CHECK(clock.read(6, 5, 0) == utc(2026, 6, 5));
}

TEST_CASE("stamp clock: no stamp is put behind the file's last modification", "[syslog]") {
  InZone zone("UTC0");
  StampClock clock(2026, utc(2026, 11, 30));
  clock.read(11, 23, 0);
  CHECK(clock.read(11, 16, 0) == utc(2026, 11, 16));  // files joined in the wrong order
  CHECK(clock.read(11, 23, at(1, 0)) == utc(2026, 11, 23, at(1, 0)));
  CHECK(clock.year() == 2026);

  StampClock turn(2026, utc(2026, 12, 31, at(23, 59)));
  turn.read(12, 31, at(23, 58));
  CHECK(turn.read(1, 1, 5) == utc(2027, 1, 1, 5));  // a day's slack: the sender's clock runs ahead
}

TEST_CASE("stamp clock: February 29 exists in leap years only", "[syslog]") {
  InZone zone("UTC0");
  StampClock clock(2027);
  clock.read(12, 1, 0);
  CHECK(clock.read(2, 29, 0) == utc(2028, 2, 29));

  StampClock common(2026);
  common.read(2, 28, 0);
  CHECK(common.read(2, 29, 0) == kNoTime);
  CHECK(common.read(3, 1, 0) == utc(2026, 3, 1));
  CHECK(common.read(2026, 2, 29, 0) == kNoTime);
  CHECK(common.read(2024, 2, 29, 0) == utc(2024, 2, 29));
}

TEST_CASE("stamp clock: a first stamp of February 29 moves to the nearest leap year", "[syslog]") {
  InZone zone("UTC0");
  StampClock after(2025);
  CHECK(after.read(2, 29, 0) == utc(2024, 2, 29));
  CHECK(after.year() == 2024);
  StampClock before(2027);
  CHECK(before.read(2, 29, 0) == utc(2028, 2, 29));
  StampClock not_in_the_future(2027, utc(2027, 12, 1));
  CHECK(not_in_the_future.read(2, 29, 0) == utc(2024, 2, 29));
}

TEST_CASE("stamp clock: what is no day has no time and changes nothing", "[syslog]") {
  InZone zone("UTC0");
  StampClock clock(2026);
  for (const int month : {-1, 0, 13, 1000})
    CHECK(clock.read(month, 1, 0) == kNoTime);
  for (const int day : {-1, 0, 32, 1000})
    CHECK(clock.read(1, day, 0) == kNoTime);
  CHECK(clock.read(4, 31, 0) == kNoTime);
  CHECK(clock.read(2, 30, 0) == kNoTime);
  CHECK(clock.read(1, 1, -1) == kNoTime);
  CHECK(clock.read(1, 1, 86401) == kNoTime);
  CHECK(clock.read(0, 1, 1, 0) == kNoTime);
  CHECK(clock.read(INT32_MAX, 1, 1, 0) == kNoTime);
  CHECK(clock.read(INT32_MIN, 1, 1, 0) == kNoTime);
  CHECK(clock.agrees_with(StampClock(2026)));
  CHECK(clock.read(12, 31, 86400) == utc(2027, 1, 1));  // the leap second
}

TEST_CASE("stamp clock: stamps without a zone are in the zone of the process", "[syslog]") {
  InZone zone(kBerlin);
  StampClock clock(2026);
  CHECK(clock.read(1, 15, at(12, 0)) == utc(2026, 1, 15, at(11, 0)));
  CHECK(clock.read(7, 15, at(12, 0)) == utc(2026, 7, 15, at(10, 0)));
  CHECK(clock.read(2013, 6, 12, at(3, 57, 58)) == utc(2013, 6, 12, at(1, 57, 58)));
}

TEST_CASE("stamp clock: the hour that summer time's end repeats is told apart by the step back", "[syslog]") {
  InZone zone(kBerlin);  // 2026-10-25 03:00 CEST is 02:00 CET
  StampClock clock(2026);
  CHECK(clock.read(10, 25, at(1, 59, 59)) == utc(2026, 10, 24, at(23, 59, 59)));
  CHECK(clock.read(10, 25, at(2, 0)) == utc(2026, 10, 25, at(0, 0)));
  CHECK(clock.read(10, 25, at(2, 58)) == utc(2026, 10, 25, at(0, 58)));
  CHECK(clock.read(10, 25, at(2, 40)) == utc(2026, 10, 25, at(0, 40)));  // a late line
  CHECK(clock.read(10, 25, at(2, 59, 59)) == utc(2026, 10, 25, at(0, 59, 59)));
  CHECK(clock.read(10, 25, at(2, 0, 1)) == utc(2026, 10, 25, at(1, 0, 1)));
  CHECK(clock.read(10, 25, at(2, 30)) == utc(2026, 10, 25, at(1, 30)));
  CHECK(clock.read(10, 25, at(2, 59)) == utc(2026, 10, 25, at(1, 59)));
  CHECK(clock.read(10, 25, at(3, 0)) == utc(2026, 10, 25, at(2, 0)));
  CHECK(clock.read(10, 25, at(2, 59, 59)) == utc(2026, 10, 25, at(1, 59, 59)));  // late again
  CHECK(clock.read(10, 25, at(3, 0, 1)) == utc(2026, 10, 25, at(2, 0, 1)));
}

TEST_CASE("stamp clock: Exim's stamps with a year pass through the repeated hour alike", "[syslog]") {
  InZone zone(kSydney);  // 2026-04-05 03:00 AEDT is 02:00 AEST
  StampClock clock(2026);
  CHECK(clock.read(2026, 4, 5, at(2, 50)) == utc(2026, 4, 4, at(15, 50)));
  CHECK(clock.read(2026, 4, 5, at(2, 10)) == utc(2026, 4, 4, at(16, 10)));
  CHECK(clock.read(2026, 4, 5, at(3, 10)) == utc(2026, 4, 4, at(17, 10)));
}

TEST_CASE("stamp clock: where only half an hour is repeated, less of a step back tells", "[syslog]") {
  InZone zone(kLordHowe);  // 2026-04-05 02:00 +11 is 01:30 +1030
  StampClock clock(2026);
  CHECK(clock.read(4, 5, at(1, 20)) == utc(2026, 4, 4, at(14, 20)));
  CHECK(clock.read(4, 5, at(1, 58)) == utc(2026, 4, 4, at(14, 58)));
  CHECK(clock.read(4, 5, at(1, 31)) == utc(2026, 4, 4, at(15, 1)));
}

TEST_CASE("stamp clock: a stamp in the hour that spring skips is read by the clock of the winter", "[syslog]") {
  InZone zone(kBerlin);  // 2026-03-29 02:00 CET is 03:00 CEST
  StampClock clock(2026);
  CHECK(clock.read(3, 29, at(1, 59)) == utc(2026, 3, 29, at(0, 59)));
  CHECK(clock.read(3, 29, at(2, 30)) == utc(2026, 3, 29, at(1, 30)));
  CHECK(clock.read(3, 29, at(3, 31)) == utc(2026, 3, 29, at(1, 31)));
}

TEST_CASE("stamp clock: copies agree until their year or their pass of the repeated hour differs", "[syslog]") {
  InZone zone(kBerlin);
  StampClock clock(2026);
  clock.read(10, 1, 0);
  StampClock ahead = clock;
  CHECK(clock.agrees_with(ahead));
  CHECK(clock.agrees_with(StampClock(2026)));
  CHECK_FALSE(clock.agrees_with(StampClock(2027)));
  ahead.read(10, 20, 0);
  CHECK(clock.agrees_with(ahead));

  ahead.read(10, 25, at(2, 59));
  CHECK_FALSE(clock.agrees_with(ahead));
  StampClock second_pass = ahead;
  second_pass.read(10, 25, at(2, 1));
  CHECK_FALSE(ahead.agrees_with(second_pass));
  second_pass.read(10, 25, at(3, 1));
  CHECK(clock.agrees_with(second_pass));

  // January 2 would be next year's to the one, this year's to the other.
  StampClock young(2026);
  young.read(1, 1, 0);
  CHECK_FALSE(clock.agrees_with(young));
}

TEST_CASE("the first stamp's year is counted back from the file's last modification", "[syslog]") {
  InZone zone("UTC0");
  const auto year = [](std::vector<std::string_view> lines, std::int64_t last_modified_us) {
    return year_of_first_stamp(lines, last_modified_us);
  };
  const auto now = utc(2026, 11, 23, at(12, 0));
  CHECK(year({}, now) == 2026);
  CHECK(year({"2020-11-23 09:16:16 exim 4.96 daemon started: pid=1", "# Nov 23"}, now) == 2026);
  CHECK(year({"Nov 22 09:13:57 host a: b", "Nov 23 09:13:57 host a: b"}, now) == 2026);
  CHECK(year({"<22>Nov 22 09:13:57 host a: b", "<22>Jan  2 09:13:57 host a: b"}, now) == 2025);
  CHECK(year({"Nov 24 18:00:00 host a: b"}, now) == 2025);  // more than a day behind the end
  CHECK(year({"Nov 24 11:00:00 host a: b"}, now) == 2026);  // within the slack
  CHECK(year({"Dec 30 00:00:00 h a: b", "Jan  1 00:00:00 h a: b", "Dec 31 23:59:59 h a: b", "Jan  1 00:00:01 h a: b"},
             now) == 2025);
  CHECK(year({"Dec 31 23:59:59 h a: b", "Jan  1 00:00:05 h a: b"}, utc(2026, 12, 31, at(23, 59))) == 2026);
}

TEST_CASE("the first stamp's year: three turns of the year step back three", "[syslog]") {
  InZone zone("UTC0");
  CHECK(year_of_first_stamp({"Oct  1 00:00:00 h a: b", "Mar  1 00:00:00 h a: b", "Oct  1 00:00:00 h a: b",
                             "Mar  1 00:00:00 h a: b", "Feb  1 00:00:00 h a: b"},
                            utc(2026, 2, 2)) == 2023);
}

TEST_CASE("the first stamp's year: files joined in the wrong order are no turn of the year", "[syslog]") {
  InZone zone("UTC0");
  CHECK(year_of_first_stamp(
            {"Nov 22 00:00:00 h a: b", "Nov 23 00:00:00 h a: b", "Nov 15 00:00:00 h a: b", "Nov 22 00:00:00 h a: b"},
            utc(2026, 11, 23)) == 2026);
}

TEST_CASE("the first stamp's year makes a February 29 valid where it can", "[syslog]") {
  InZone zone("UTC0");
  CHECK(year_of_first_stamp({"Feb 28 00:00:00 h a: b", "Feb 29 00:00:00 h a: b"}, utc(2026, 11, 23)) == 2024);
  CHECK(year_of_first_stamp({"Dec 28 00:00:00 h a: b", "Feb 29 00:00:00 h a: b"}, utc(2026, 11, 23)) == 2023);
  CHECK(year_of_first_stamp({"Feb 29 00:00:00 h a: b"}, utc(2024, 2, 29)) == 2024);
}

TEST_CASE("the first stamp's year: no last modification is too odd to compute with", "[syslog]") {
  for (const auto end : {INT64_MIN, INT64_MIN + 1, std::int64_t{0}, INT64_MAX}) {
    year_of_first_stamp({"Feb 29 00:00:00 h a: b", "Jan  1 00:00:00 h a: b"}, end);
    StampClock clock(2026, end);
    clock.read(2, 29, 0);
    clock.read(1, 1, 0);
  }
}
