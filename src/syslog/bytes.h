// The few steps that reading a header takes over and over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mtalens::bytes {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
constexpr bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}

// Drops `prefix` from the front of `text` and says whether it was there.
inline bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// Takes what stands before the first space, and the spaces behind it; all of it where there is none.
inline std::string_view take_word(std::string_view& text) {
  const auto word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  while (!text.empty() && text[0] == ' ')
    text.remove_prefix(1);
  return word;
}

// The decimal digits at the front of `text`: how many, and their value, which stops growing near 2^60.
struct Number {
  std::size_t size = 0;
  std::int64_t value = 0;
};
inline Number number_at(std::string_view text) {
  constexpr std::int64_t kLargest = std::int64_t{1} << 60;
  Number number;
  while (number.size < text.size() && is_digit(text[number.size])) {
    if (number.value < kLargest / 10) number.value = number.value * 10 + (text[number.size] - '0');
    ++number.size;
  }
  return number;
}

// A process id; 0 where the number is none.
inline std::uint32_t as_pid(std::int64_t value) {
  return value > 0 && value <= UINT32_MAX ? static_cast<std::uint32_t>(value) : 0;
}

}  // namespace mtalens::bytes
