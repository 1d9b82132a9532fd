// The written forms of a stamp, and their parts. Each function reads from the front of `text` and says how
// many bytes that took; 0, with nothing else changed, where there is no such thing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "syslog/word.h"

namespace mtalens::stamp {

// What the wall clock showed. A leap second is second 60, and of the last minute of a day 86400.
struct WallTime {
  int year = 0;  // 0: the stamp has none
  int month = 0;
  int day = 0;
  int second_of_day = 0;
};

// `Nov 23 09:13:57`, `Nov  3 09:13:57`, `Nov 3 09:13:57`, `Nov 23 2026 09:13:57`
std::size_t read_bsd(std::string_view text, WallTime& wall);

// `2026-11-23T09:16:13` or `2026-11-23 09:16:13`: always kIsoSize bytes.
inline constexpr std::size_t kIsoSize = 19;
std::size_t read_iso(std::string_view text, WallTime& wall);

// `.657376`, as many digits as there are; in microseconds.
std::size_t read_long_fraction(std::string_view text, std::int32_t& fraction_us);
inline std::size_t read_fraction(std::string_view text, std::int32_t& fraction_us) {
  if (text.empty() || (text[0] != '.' && text[0] != ',')) return 0;
  if (text.size() > word::kBytes) {
    constexpr std::int32_t kUnits[] = {0, 100'000, 10'000, 1'000, 100, 10, 1};
    const auto digits = word::load(text.data() + 1);
    const auto count = word::digit_count(digits);
    if (count >= 1 && count <= 6) {
      fraction_us = static_cast<std::int32_t>(word::number(digits, count)) * kUnits[count];
      return 1 + count;
    }
  }
  return read_long_fraction(text, fraction_us);
}

// `Z`, `+01:00`, `+0100`, `+01`; seconds ahead of UTC.
std::size_t read_zone(std::string_view text, std::int32_t& ahead_s);

}  // namespace mtalens::stamp
