#include "syslog/stamp.h"

#include "syslog/bytes.h"
#include "syslog/word.h"

namespace mtalens::stamp {

namespace {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// The two digits at `at`, which must lie inside `text`; at least 256 where they are not both digits.
constexpr unsigned two_digits(std::string_view text, std::size_t at) {
  const unsigned tens = static_cast<unsigned char>(text[at]) - unsigned{'0'};
  const unsigned ones = static_cast<unsigned char>(text[at + 1]) - unsigned{'0'};
  return tens > 9 || ones > 9 ? 256 : tens * 10 + ones;
}

// 0 where it is no English month's first three letters.
int month_of(std::string_view name) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  for (std::size_t at = 0; at < kMonths.size(); at += 3) {
    if (name[0] == kMonths[at] && name[1] == kMonths[at + 1] && name[2] == kMonths[at + 2]) {
      return static_cast<int>(at / 3) + 1;
    }
  }
  return 0;
}

// `09:13:57` at `at`, or -1.
int second_of_day(std::string_view text, std::size_t at) {
  return text.size() < at + word::kBytes ? -1 : word::second_of_day(word::load(text.data() + at));
}

}  // namespace

std::size_t read_bsd(std::string_view text, WallTime& wall) {
  if (text.size() < 14 || text[3] != ' ') return 0;
  WallTime read;
  read.month = month_of(text);
  if (read.month == 0) return 0;

  std::size_t at = text[4] == ' ' ? 5 : 4;
  const auto day_from = at;
  while (at < day_from + 2 && is_digit(text[at]))
    read.day = read.day * 10 + (text[at++] - '0');
  if (read.day < 1 || read.day > 31 || text[at] != ' ') return 0;
  ++at;

  if (text.size() >= at + 5 && text[at + 4] == ' ') {
    const auto century = two_digits(text, at);
    const auto year = two_digits(text, at + 2);
    if (century < 19 || century > 99 || year > 99) return 0;
    read.year = static_cast<int>(century * 100 + year);
    at += 5;
  }
  read.second_of_day = second_of_day(text, at);
  if (read.second_of_day < 0) return 0;
  wall = read;
  return at + 8;
}

std::size_t read_iso(std::string_view text, WallTime& wall) {
  if (text.size() < kIsoSize || text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != ' ')) return 0;
  const auto century = two_digits(text, 0);
  const auto year = two_digits(text, 2);
  const auto month = two_digits(text, 5);
  const auto day = two_digits(text, 8);
  const auto second = second_of_day(text, 11);
  if (century < 19 || century > 99 || year > 99 || month - 1 > 11 || day - 1 > 30 || second < 0) return 0;
  wall = {static_cast<int>(century * 100 + year), static_cast<int>(month), static_cast<int>(day), second};
  return kIsoSize;
}

std::size_t read_long_fraction(std::string_view text, std::int32_t& fraction_us) {
  if (text.size() < 2 || !is_digit(text[1])) return 0;
  std::int32_t value = 0;
  std::int32_t unit = 100'000;
  std::size_t at = 1;
  for (; at < text.size() && is_digit(text[at]); ++at) {
    value += (text[at] - '0') * unit;
    unit /= 10;
  }
  fraction_us = value;
  return at;
}

std::size_t read_zone(std::string_view text, std::int32_t& ahead_s) {
  if (text.empty()) return 0;
  if (text[0] == 'Z') {
    ahead_s = 0;
    return 1;
  }
  if (text.size() < 3 || (text[0] != '+' && text[0] != '-')) return 0;
  const auto hours = two_digits(text, 1);
  if (hours > 23) return 0;
  std::size_t at = text.size() > 3 && text[3] == ':' ? 4 : 3;
  unsigned minutes = 0;
  if (text.size() >= at + 2 && two_digits(text, at) < 60) {
    minutes = two_digits(text, at);
    at += 2;
  } else {
    at = 3;
  }
  const auto seconds = static_cast<std::int32_t>(hours * 3600 + minutes * 60);
  ahead_s = text[0] == '-' ? -seconds : seconds;
  return at;
}

}  // namespace mtalens::stamp
