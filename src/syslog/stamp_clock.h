// Turns stamps that lack a year or a zone into UTC, as one source of lines is read from its beginning.
//
// An RFC 3164 stamp has no year: it is taken to follow the stamp before it. A stamp that runs backwards by
// more than kDisorderDays begins the next year, unless that would lie after `not_after_us` (the file's last
// modification, or now for a pipe): then the lines are merely out of order. A stamp that leaps forwards by
// nearly a year just after a turn of the year is a late line of the old year. February 29 exists in leap
// years only. Stamps without a zone are in the zone of the process (TZ); the hour that the end of summer
// time repeats is told apart by the clock stepping back.
//
// A value: cheap to copy, so that a stretch of lines can be read ahead with a copy.
#pragma once

#include <cstdint>

#include "mtalens/event.h"
#include "syslog/local_zone.h"

namespace mtalens {

inline constexpr int kDisorderDays = 4;

// A file's last modification may lie this far before its last stamp: another machine's clock or zone.
inline constexpr std::int64_t kStampSlackSeconds = 86400;

class StampClock {
 public:
  // `year`: the year of the first stamp that will be read.
  explicit StampClock(int year = 1970, std::int64_t not_after_us = INT64_MAX);

  // A stamp without year and zone; month 1..12, day 1..31, second_of_day 0..86400. kNoTime where there is no such day.
  std::int64_t read(int month, int day, int second_of_day) {
    // Of one day with the latest stamp: most stamps are.
    if (month == front_month_ && day == front_day_ && second_of_day >= 0 && second_of_day <= 86400) {
      const auto local_s = front_day_s_ + second_of_day;
      if (local_s > front_s_) front_s_ = local_s;
      return to_utc(local_s);
    }
    return read_other_day(month, day, second_of_day);
  }
  // A stamp with a year but no zone (Exim's own).
  std::int64_t read(int year, int month, int day, int second_of_day) {
    const bool same_day = year == dated_year_ && month == dated_month_ && day == dated_day_;
    if (same_day && second_of_day >= 0 && second_of_day <= 86400) return to_utc(dated_day_s_ + second_of_day);
    return read_other_date(year, month, day, second_of_day);
  }

  // Whether the next stamp would be read alike by both.
  bool agrees_with(const StampClock& other) const;

  int year() const { return year_; }
  // The file was written to since.
  void set_not_after(std::int64_t us);

  // What a state keeps on disk (src/state/archive.h).
  template <typename Archive>
  void fields(Archive& archive) {
    archive(year_, not_after_s_, front_month_, front_day_, front_day_s_, front_s_, dated_year_, dated_month_, dated_day_,
            dated_day_s_, pass_, last_s_);
    archive.require(pass_ <= Pass::second);
  }

 private:
  // Which time it is that the wall clock shows this hour.
  enum class Pass : std::uint8_t { only, first, second };

  // Local seconds (see LocalZone) of a stamp, should it be of that year.
  static std::int64_t local_seconds(int year, int month, int day, int second_of_day);
  int year_of_first(int month, int day) const;
  int year_of_next(int month, int day, int second_of_day);
  std::int64_t read_other_day(int month, int day, int second_of_day);
  std::int64_t read_other_date(int year, int month, int day, int second_of_day);
  bool is_allowed(std::int64_t local_s) const;
  bool year_is_young() const;
  bool begun() const { return front_month_ != 0; }
  std::int64_t to_utc(std::int64_t local_s) {
    const auto zone = zone_.at(local_s);
    if (zone.repeated()) return to_utc_in_repeated_hour(local_s, zone);
    pass_ = Pass::only;
    last_s_ = local_s;
    return (local_s - zone.offset_s) * 1'000'000;
  }
  std::int64_t to_utc_in_repeated_hour(std::int64_t local_s, ZoneOffset zone);

  LocalZone zone_;
  int year_;
  std::int64_t not_after_s_;  // in local seconds

  // The latest stamp without a year, and the begin of its day, in local seconds. Month 0: none was read yet.
  int front_month_ = 0;
  int front_day_ = 0;
  std::int64_t front_day_s_ = 0;
  std::int64_t front_s_ = 0;

  // The day of the last stamp with a year, and its begin. Year 0: none was read yet.
  int dated_year_ = 0;
  int dated_month_ = 0;
  int dated_day_ = 0;
  std::int64_t dated_day_s_ = 0;

  Pass pass_ = Pass::only;
  std::int64_t last_s_ = INT64_MIN / 2;  // the last stamp; of a first pass the latest
};

}  // namespace mtalens
