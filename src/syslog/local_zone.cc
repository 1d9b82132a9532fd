#include "syslog/local_zone.h"

#include <algorithm>
#include <ctime>

#include "syslog/calendar.h"

namespace mtalens {

namespace {

constexpr std::int64_t kQuarterHour = 900;

}  // namespace

std::int32_t zone_offset_at_utc(std::int64_t utc_s) {
  const auto when = static_cast<std::time_t>(utc_s);
  std::tm wall{};
  if (!localtime_r(&when, &wall)) return 0;
  return static_cast<std::int32_t>(wall.tm_gmtoff);
}

LocalZone::LocalZone() {
  tzset();
}

void LocalZone::look_up(std::int64_t local_s) {
  begin_ = calendar::floor_divide(local_s, kQuarterHour) * kQuarterHour;
  end_ = begin_ + kQuarterHour;
  // The clock changes at most once in two days: the offsets of the day before and the day after are
  // the only ones that may hold, and each does if UTC so computed shows this wall clock.
  const auto before = zone_offset_at_utc(begin_ - calendar::kSecondsPerDay);
  const auto after = zone_offset_at_utc(begin_ + calendar::kSecondsPerDay);
  const bool before_holds = zone_offset_at_utc(begin_ - before) == before;
  const bool after_holds = zone_offset_at_utc(begin_ - after) == after;
  if (before_holds && after_holds) {
    offset_ = {std::max(before, after), std::min(before, after)};
  } else {
    const auto only = after_holds ? after : before;
    offset_ = {only, only};
  }
}

}  // namespace mtalens
