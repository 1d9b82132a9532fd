// A fast hash for short texts: queue ids, host names, addresses. Not for storage, not against attackers: tables
// that strangers could fill compare the texts themselves and bound their size.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace mtalens {

inline std::uint64_t fold_multiply(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

inline std::uint64_t hash_of(std::string_view text, std::uint64_t seed = 0) {
  constexpr std::uint64_t kOdd1 = 0xA0761D6478BD642Fu, kOdd2 = 0xE7037ED1A0B428DBu;
  const auto load = [](const char* from) {
    std::uint64_t value;
    std::memcpy(&value, from, sizeof value);
    return value;
  };
  const char* at = text.data();
  std::size_t left = text.size();
  std::uint64_t hash = seed ^ kOdd1 ^ left;
  while (left > 16) {
    hash = fold_multiply(load(at) ^ kOdd1, load(at + 8) ^ hash);
    at += 16;
    left -= 16;
  }
  std::uint64_t first = 0, second = 0;
  if (left >= 8) {
    first = load(at);
    second = load(at + left - 8);
  } else if (left > 0) {
    std::memcpy(&first, at, left);
  }
  return fold_multiply(kOdd2 ^ first, hash ^ second ^ kOdd2);
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

}  // namespace mtalens
