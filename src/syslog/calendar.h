// Days and years of the Gregorian calendar, by arithmetic alone.
#pragma once

#include <cstdint>

namespace mtalens::calendar {

inline constexpr std::int64_t kSecondsPerDay = 86400;
inline constexpr std::int64_t kMicrosPerSecond = 1'000'000;

constexpr bool is_leap_year(int year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

// 0 for a month that does not exist.
constexpr int days_in_month(int year, int month) {
  if (month < 1 || month > 12) return 0;
  if (month == 2) return is_leap_year(year) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

// Days since 1970-01-01. Counted in years that begin in March, so that a leap day is the last one:
// http://howardhinnant.github.io/date_algorithms.html, days_from_civil.
constexpr std::int64_t days_from_civil(int year, int month, int day) {
  const std::int64_t y = month <= 2 ? year - 1 : year;
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const std::int64_t year_of_era = y - era * 400;
  const std::int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

// The year that a count of days since 1970-01-01 lies in.
constexpr int year_of_days(std::int64_t days) {
  int year = static_cast<int>(1970 + days * 400 / 146097);
  while (days_from_civil(year, 1, 1) > days)
    --year;
  while (days_from_civil(year + 1, 1, 1) <= days)
    ++year;
  return year;
}

// Rounds towards the past, before 1970 too.
constexpr std::int64_t floor_divide(std::int64_t value, std::int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

}  // namespace mtalens::calendar
