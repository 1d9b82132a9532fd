// CRC-64 (ECMA-182, reflected, as xz uses it): tells a damaged file, and one file's beginning from another's. Not
// against attackers.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace mtalens {

inline std::uint64_t crc64(std::string_view bytes, std::uint64_t before = 0) {
  static constexpr auto kTable = [] {
    std::array<std::uint64_t, 256> table{};
    for (std::uint64_t i = 0; i < table.size(); ++i) {
      std::uint64_t value = i;
      for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0xC96C5795D7870F42u : 0);
      table[i] = value;
    }
    return table;
  }();
  std::uint64_t crc = ~before;
  for (const char c : bytes) crc = kTable[(crc ^ static_cast<unsigned char>(c)) & 0xFF] ^ (crc >> 8);
  return ~crc;
}

}  // namespace mtalens
