// The year of a file's first stamp, reckoned from its end.
#include <algorithm>

#include "syslog/calendar.h"
#include "syslog/header.h"
#include "syslog/local_zone.h"
#include "syslog/stamp.h"

namespace mtalens {

using calendar::kSecondsPerDay;

namespace {

constexpr int kLeapYear = 2000;
constexpr std::int64_t kYearSeconds = 366 * kSecondsPerDay;
constexpr std::int64_t kDisorderSeconds = kDisorderDays * kSecondsPerDay;

struct Yearless {
  stamp::WallTime wall;
  int turns = 0;  // of the year, since the first stamp

  std::int64_t in_year(int year) const {
    return calendar::days_from_civil(year, wall.month, wall.day) * kSecondsPerDay + wall.second_of_day;
  }
  std::int64_t in_leap_year() const { return in_year(kLeapYear); }
  bool is_leap_day() const { return wall.month == 2 && wall.day == 29; }
};

std::vector<Yearless> stamps_without_year(const std::vector<std::string_view>& lines) {
  std::vector<Yearless> stamps;
  for (auto line : lines) {
    if (line.starts_with('<')) line.remove_prefix(std::min(line.find('>'), line.size() - 1) + 1);
    stamp::WallTime wall;
    if (stamp::read_bsd(line, wall) == 0 || wall.year != 0) continue;
    if (wall.day <= calendar::days_in_month(kLeapYear, wall.month)) stamps.push_back({wall});
  }
  return stamps;
}

// The longest silence between two stamps in order: what may be expected of this file.
std::int64_t longest_silence(const std::vector<Yearless>& stamps) {
  std::int64_t longest = 0;
  for (std::size_t i = 1; i < stamps.size(); ++i) {
    const auto ahead = stamps[i].in_leap_year() - stamps[i - 1].in_leap_year();
    if (ahead < kYearSeconds - kDisorderSeconds) longest = std::max(longest, ahead);
  }
  return longest;
}

// Counts the turns of the year before each stamp, and gives their sum. A stamp that runs backwards is one, unless that
// would mean a silence out of all proportion: then files were joined in the wrong order.
int count_turns(std::vector<Yearless>& stamps) {
  const auto silence = std::max(kYearSeconds / 2, 4 * longest_silence(stamps));
  int turns = 0;
  auto front = stamps.front().in_leap_year();
  for (auto& stamp : stamps) {
    const auto ahead = stamp.in_leap_year() - front;
    const bool turned = ahead < -kDisorderSeconds && ahead + kYearSeconds <= silence;
    const bool late_of_old_year = ahead > kYearSeconds - kDisorderSeconds;
    if (turned) ++turns;
    if (turned || (ahead > 0 && !late_of_old_year)) front = stamp.in_leap_year();
    stamp.turns = late_of_old_year ? turns - 1 : turns;
  }
  return turns;
}

bool leap_days_exist(const std::vector<Yearless>& stamps, int first_year) {
  return std::all_of(stamps.begin(), stamps.end(), [first_year](const Yearless& stamp) {
    return !stamp.is_leap_day() || calendar::is_leap_year(first_year + stamp.turns);
  });
}

}  // namespace

int year_of_first_stamp(const std::vector<std::string_view>& lines, std::int64_t last_modified_us) {
  const auto utc_s = calendar::floor_divide(last_modified_us, calendar::kMicrosPerSecond);
  const auto end_s = utc_s + zone_offset_at_utc(utc_s);
  const auto year_of = [](std::int64_t local_s) {
    return calendar::year_of_days(calendar::floor_divide(local_s, kSecondsPerDay));
  };
  auto stamps = stamps_without_year(lines);
  if (stamps.empty()) return year_of(end_s);

  // The last year is the one in which none of its stamps lies after the end, a day's slack apart.
  const int turns = count_turns(stamps);
  int last_year = year_of(end_s + kStampSlackSeconds);
  const bool ends_later = std::any_of(stamps.begin(), stamps.end(), [&](const Yearless& stamp) {
    return stamp.turns == turns && stamp.in_year(last_year) > end_s + kStampSlackSeconds;
  });
  if (ends_later) --last_year;

  const int first_year = last_year - turns;
  for (int earlier = 0; earlier <= 8; ++earlier) {
    if (leap_days_exist(stamps, first_year - earlier)) return first_year - earlier;
  }
  return first_year;
}

}  // namespace mtalens
