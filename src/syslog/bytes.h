// The few steps that reading a header takes over and over.
#pragma once

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
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

// The same bytes? For short texts, in place: memcmp's call costs more than the comparison.
inline bool same(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  const auto load = [](const char* from) {
    std::uint64_t value;
    std::memcpy(&value, from, sizeof value);
    return value;
  };
  std::size_t left = a.size();
  const char* x = a.data();
  const char* y = b.data();
  if (left < 8) {
    for (; left > 0; --left) {
      if (*x++ != *y++) return false;
    }
    return true;
  }
  for (; left > 8; left -= 8, x += 8, y += 8) {
    if (load(x) != load(y)) return false;
  }
  return load(x + left - 8) == load(y + left - 8);
}

// Where the byte stands first, or npos. In place: for a line's length the call of memchr costs as much as its work.
inline std::size_t find(std::string_view text, char byte) {
  std::size_t at = 0;
#ifdef __SSE2__
  const auto wanted = _mm_set1_epi8(byte);
  const auto marks_at = [&](std::size_t from) {
    const auto bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + from));
    return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, wanted)));
  };
  for (; at + 32 <= text.size(); at += 32) {
    const auto marks = marks_at(at) | marks_at(at + 16) << 16;
    if (marks != 0) return at + static_cast<std::size_t>(std::countr_zero(marks));
  }
#endif
  return text.find(byte, at);
}

}  // namespace mtalens::bytes
