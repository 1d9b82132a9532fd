// A fast hash for short texts: queue ids, host names, addresses. Not for storage, not against attackers: tables
// that strangers could fill compare the texts themselves and bound their size.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "syslog/bytes.h"

namespace mtalens {

using bytes::same;

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

}  // namespace mtalens
