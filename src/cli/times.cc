#include "cli/times.h"

#include <ctime>

#include "parsers/scan.h"

namespace mtalens {
namespace {

constexpr std::int64_t kSecond = 1'000'000;

std::int64_t midnight(std::int64_t now_us, int days_back) {
  const std::time_t now = now_us / kSecond;
  std::tm time{};
  localtime_r(&now, &time);
  time.tm_hour = time.tm_min = time.tm_sec = 0;
  time.tm_mday -= days_back;
  time.tm_isdst = -1;
  return std::mktime(&time) * kSecond;
}

std::optional<std::int64_t> relative(std::string_view text, std::int64_t now_us) {
  if (!scan::take(text, "-")) return std::nullopt;
  const auto count = scan::take_number(text);
  if (!count || text.size() != 1 || *count > 100'000'000) return std::nullopt;
  std::int64_t unit = 0;
  switch (text.front()) {
    case 's': unit = 1; break;
    case 'm': unit = 60; break;
    case 'h': unit = 3600; break;
    case 'd': unit = 86400; break;
    case 'w': unit = 7 * 86400; break;
    default: return std::nullopt;
  }
  return now_us - *count * unit * kSecond;
}

bool take_two(std::string_view& text, int& value) {
  if (text.size() < 2 || !scan::is_digit(text[0]) || !scan::is_digit(text[1])) return false;
  value = (text[0] - '0') * 10 + (text[1] - '0');
  text.remove_prefix(2);
  return true;
}

}  // namespace

std::optional<std::int64_t> parse_user_time(std::string_view text, std::int64_t now_us) {
  if (text == "now") return now_us;
  if (text == "today") return midnight(now_us, 0);
  if (text == "yesterday") return midnight(now_us, 1);
  if (text.starts_with('-')) return relative(text, now_us);
  std::tm time{};
  const auto year = text.size() > 4 ? scan::take_number(text) : std::nullopt;
  if (!year || *year < 1970 || *year > 9999) return std::nullopt;
  time.tm_year = static_cast<int>(*year) - 1900;
  if (!scan::take(text, "-") || !take_two(text, time.tm_mon) || !scan::take(text, "-") || !take_two(text, time.tm_mday)) return std::nullopt;
  if (time.tm_mon < 1 || time.tm_mon > 12 || time.tm_mday < 1 || time.tm_mday > 31) return std::nullopt;
  time.tm_mon -= 1;
  time.tm_isdst = -1;
  if (scan::take(text, "T") || scan::take(text, " ")) {
    if (!take_two(text, time.tm_hour) || !scan::take(text, ":") || !take_two(text, time.tm_min)) return std::nullopt;
    if (scan::take(text, ":") && !take_two(text, time.tm_sec)) return std::nullopt;
    if (time.tm_hour > 24 || time.tm_min > 59 || time.tm_sec > 60) return std::nullopt;
    if (scan::take(text, ".") && !scan::take_number(text)) return std::nullopt;
  }
  if (text.empty()) return std::mktime(&time) * kSecond;
  if (text == "Z") return timegm(&time) * kSecond;
  const int sign = text.front() == '+' ? 1 : text.front() == '-' ? -1 : 0;
  text.remove_prefix(1);
  int hours = 0, minutes = 0;
  if (sign == 0 || !take_two(text, hours)) return std::nullopt;
  scan::take(text, ":");
  if (!text.empty() && !take_two(text, minutes)) return std::nullopt;
  if (!text.empty()) return std::nullopt;
  return (timegm(&time) - sign * (hours * 3600 + minutes * 60)) * kSecond;
}

}  // namespace mtalens
