// Eight bytes of text at a time, in one 64-bit word: byte 0 of the text is the lowest byte of the word.
// A stamp, a tag and a pid are a few such words; this is what makes a header cost some nanoseconds.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace mtalens::word {

inline constexpr std::size_t kBytes = 8;
inline constexpr std::uint64_t kEveryByte = 0x0101010101010101;
inline constexpr std::uint64_t kHighBits = 0x80 * kEveryByte;

// The eight bytes at `from`, all of which must be readable.
inline std::uint64_t load(const char* from) {
  std::uint64_t bytes;
  std::memcpy(&bytes, from, kBytes);
  if constexpr (std::endian::native == std::endian::big) {
    std::uint64_t swapped = 0;
    for (std::size_t i = 0; i < kBytes; ++i)
      swapped |= (bytes >> (8 * i) & 0xFF) << (56 - 8 * i);
    bytes = swapped;
  }
  return bytes;
}

// Only the first `count` bytes of a word, the others 0; count 0..8.
constexpr std::uint64_t first_bytes(std::uint64_t bytes, std::size_t count) {
  return count >= kBytes ? bytes : bytes & ((std::uint64_t{1} << (8 * count)) - 1);
}

// The high bit of each byte that lies in first..last, both below 0x80.
constexpr std::uint64_t bytes_between(std::uint64_t bytes, std::uint64_t first, std::uint64_t last) {
  const auto low = bytes & ~kHighBits;
  const auto not_below = low + (0x80 - first) * kEveryByte;
  const auto above = low + (0x7F - last) * kEveryByte;
  return not_below & ~above & ~bytes & kHighBits;
}

// The index of the first byte whose high bit is set; 8 where there is none.
constexpr std::size_t first_index(std::uint64_t marks) {
  return static_cast<std::size_t>(std::countr_zero(marks)) / 8;
}

// How many decimal digits the word begins with.
constexpr std::size_t digit_count(std::uint64_t bytes) {
  return first_index(bytes_between(bytes, '0', '9') ^ kHighBits);
}

// The number that the first `count` bytes write, all of them digits; count 1..8.
constexpr std::uint32_t number(std::uint64_t bytes, std::size_t count) {
  // Zeros in front: the digits move to the end of the word. Then pairs, fours, eight.
  auto digits = bytes - '0' * kEveryByte;
  digits <<= 8 * (kBytes - count);
  digits = digits * 10 + (digits >> 8);
  constexpr std::uint64_t kPairs = 0x000000FF000000FF;
  return static_cast<std::uint32_t>(((digits & kPairs) * (100 + (std::uint64_t{1000000} << 32)) +
                                     ((digits >> 16) & kPairs) * (1 + (std::uint64_t{10000} << 32))) >>
                                    32);
}

// `09:13:57` as a second of the day, 60 seconds allowed; -1 where the word is no time.
constexpr int second_of_day(std::uint64_t bytes) {
  constexpr std::uint64_t kColons = 0x00003A00003A0000;
  constexpr std::uint64_t kColonBytes = 0x0000FF0000FF0000;
  constexpr std::uint64_t kDigitMarks = kHighBits & ~kColonBytes;
  if ((bytes & kColonBytes) != kColons || (bytes_between(bytes, '0', '9') & kDigitMarks) != kDigitMarks) return -1;
  const auto digits = (bytes & ~kColonBytes) - ('0' * kEveryByte & ~kColonBytes);
  const auto pairs = digits * 10 + (digits >> 8);
  const auto hour = static_cast<int>(pairs & 0xFF);
  const auto minute = static_cast<int>(pairs >> 24 & 0xFF);
  const auto second = static_cast<int>(pairs >> 48 & 0xFF);
  return hour > 23 || minute > 59 || second > 60 ? -1 : hour * 3600 + minute * 60 + second;
}

}  // namespace mtalens::word
