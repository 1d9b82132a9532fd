#include "syslog/stamp_clock.h"

#include <algorithm>

#include "syslog/calendar.h"

namespace mtalens {

using calendar::kMicrosPerSecond;
using calendar::kSecondsPerDay;

namespace {

constexpr std::int64_t kDisorderSeconds = kDisorderDays * kSecondsPerDay;

// Whether any year has such a day. Feb 29 is left to whoever knows the year.
bool exists(int month, int day, int second_of_day) {
  constexpr int kAnyLeapYear = 2000;
  return day >= 1 && day <= calendar::days_in_month(kAnyLeapYear, month) && second_of_day >= 0 &&
         second_of_day <= kSecondsPerDay;
}

}  // namespace

StampClock::StampClock(int year, std::int64_t not_after_us)
    : year_(year) {
  set_not_after(not_after_us);
}

void StampClock::set_not_after(std::int64_t us) {
  not_after_s_ = calendar::floor_divide(us, kMicrosPerSecond);
  not_after_s_ += zone_offset_at_utc(not_after_s_);
}

std::int64_t StampClock::local_seconds(int year, int month, int day, int second_of_day) {
  return calendar::days_from_civil(year, month, day) * kSecondsPerDay + second_of_day;
}

std::int64_t StampClock::read_other_day(int month, int day, int second_of_day) {
  if (!exists(month, day, second_of_day)) return kNoTime;
  const int year = begun() ? year_of_next(month, day, second_of_day) : year_of_first(month, day);
  if (day > calendar::days_in_month(year, month)) return kNoTime;

  const auto local_s = local_seconds(year, month, day, second_of_day);
  if (!begun() || local_s > front_s_) {
    year_ = year;
    front_month_ = month;
    front_day_ = day;
    front_day_s_ = local_s - second_of_day;
    front_s_ = local_s;
  }
  return to_utc(local_s);
}

std::int64_t StampClock::read_other_date(int year, int month, int day, int second_of_day) {
  if (year < 1 || year > 9999 || !exists(month, day, second_of_day)) return kNoTime;
  if (day > calendar::days_in_month(year, month)) return kNoTime;
  dated_year_ = year;
  dated_month_ = month;
  dated_day_ = day;
  dated_day_s_ = local_seconds(year, month, day, 0);
  return to_utc(dated_day_s_ + second_of_day);
}

// The year we were told; for February 29 the nearest leap year that is not in the future.
int StampClock::year_of_first(int month, int day) const {
  if (day <= calendar::days_in_month(year_, month)) return year_;
  for (int distance = 1; distance <= 4; ++distance) {
    for (const int year : {year_ - distance, year_ + distance}) {
      if (calendar::is_leap_year(year) && is_allowed(local_seconds(year, month, day, 0))) return year;
    }
  }
  return year_;
}

// Feb 29 of a common year is compared as March 1, which is where days_from_civil puts it.
int StampClock::year_of_next(int month, int day, int second_of_day) {
  const auto ahead_s = local_seconds(year_, month, day, second_of_day) - front_s_;
  if (ahead_s < -kDisorderSeconds) {
    return is_allowed(local_seconds(year_ + 1, month, day, second_of_day)) ? year_ + 1 : year_;
  }
  const auto behind_s = front_s_ - local_seconds(year_ - 1, month, day, second_of_day);
  return ahead_s > 0 && behind_s <= kDisorderSeconds ? year_ - 1 : year_;
}

bool StampClock::is_allowed(std::int64_t local_s) const {
  return local_s <= not_after_s_ + kStampSlackSeconds;
}

bool StampClock::year_is_young() const {
  return front_s_ - local_seconds(year_, 1, 1, 0) <= kDisorderSeconds;
}

std::int64_t StampClock::to_utc_in_repeated_hour(std::int64_t local_s, ZoneOffset zone) {
  const auto back_s = last_s_ - local_s;
  if (pass_ == Pass::only) {
    // From the hour before, or by a long leap. Only a late line comes out of the hour after.
    const bool late = last_s_ > local_s && back_s < kSecondsPerDay;
    pass_ = late ? Pass::second : Pass::first;
    last_s_ = local_s;
  } else if (pass_ == Pass::first) {
    const auto most_disorder_s = (zone.offset_s - zone.second_offset_s) / 2;
    if (back_s > most_disorder_s) pass_ = Pass::second;
    last_s_ = pass_ == Pass::first ? std::max(last_s_, local_s) : local_s;
  }
  return (local_s - (pass_ == Pass::first ? zone.offset_s : zone.second_offset_s)) * kMicrosPerSecond;
}

bool StampClock::agrees_with(const StampClock& other) const {
  if (year_ != other.year_ || pass_ != other.pass_) return false;
  // How far the first pass has come decides whether a stamp steps back out of it.
  if (pass_ == Pass::first && last_s_ != other.last_s_) return false;
  // A clock that read nothing was told the year of the next stamp. Two that did may stand on different
  // sides of the days in which December still belongs to the old year and January to this one.
  return !begun() || !other.begun() || year_is_young() == other.year_is_young();
}

}  // namespace mtalens
