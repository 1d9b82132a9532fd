// Answers remembered for texts, for what a log asks again with every line. Direct-mapped: a new text takes the place of
// the one in its slot, so memory is bounded and there is nothing to clean up.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "knowledge/reply_text.h"
#include "mtalens/event.h"
#include "syslog/bytes.h"

namespace mtalens {
namespace answer_cache {

inline std::uint64_t load(const char* bytes) {
  std::uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

__extension__ using Wide = unsigned __int128;

inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  const auto product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

inline constexpr std::uint64_t kOdd[] = {0x9E3779B97F4A7C15u, 0xC2B2AE3D27D4EB4Fu, 0x165667B19E3779F9u,
                                         0xD6E8FEB86659FD93u};

// The last one to eight bytes of a text, its size known to be at least that: loads of fixed size, which may
// overlap, cost less than a copy of a size that is not known when compiling.
inline std::uint64_t tail_of(const char* at, std::size_t left) {
  if (left >= 4) {
    std::uint32_t front, back;
    std::memcpy(&front, at, 4);
    std::memcpy(&back, at + left - 4, 4);
    return std::uint64_t{front} << 32 | back;
  }
  const auto byte = [at](std::size_t i) { return std::uint64_t{static_cast<unsigned char>(at[i])}; };
  return byte(0) << 16 | byte(left / 2) << 8 | byte(left - 1);
}

// Thirty-two bytes a step in two lanes that the processor runs side by side. The slot's text is compared
// afterwards, so a collision costs time, never truth.
inline std::uint64_t hash_of(std::string_view text, std::uint64_t seed) {
  std::uint64_t first = seed ^ kOdd[0];
  std::uint64_t second = text.size() * kOdd[1];
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left > 32; left -= 32, at += 32) {
    first = mix(load(at) ^ kOdd[2], load(at + 8) ^ first);
    second = mix(load(at + 16) ^ kOdd[3], load(at + 24) ^ second);
  }
  if (left > 16) {
    first = mix(load(at) ^ kOdd[2], load(at + 8) ^ first);
    second = mix(load(at + left - 16) ^ kOdd[3], load(at + left - 8) ^ second);
  } else if (left > 8) {
    first = mix(load(at) ^ kOdd[2], load(at + left - 8) ^ first);
  } else if (left > 0) {
    first = mix(tail_of(at, left) ^ kOdd[2], first);
  }
  return mix(first ^ kOdd[1], second ^ kOdd[0]);
}

// An enhanced code (at most `5.255.255`) as a number; longer text is none.
inline std::uint64_t packed(std::string_view enhanced_code) {
  std::uint64_t value = 0;
  for (const char c : enhanced_code.substr(0, 9))
    value = value * 11 + (c >= '0' && c <= '9' ? static_cast<std::uint64_t>(c - '0') : 10u);
  return value;
}

}  // namespace answer_cache

// Remembers an answer for a text and whatever else it depends on, which goes into `seed` whole.
template <class Answer, std::size_t Slots>
class AnswerCache {
 public:
  static_assert((Slots & (Slots - 1)) == 0);

  template <class Make>
  Answer get(std::string_view text, std::uint64_t seed, Make make) {
    if (text.size() > kLongestReply) [[unlikely]] return make();  // a host's name of a mebibyte is not remembered
    const auto hash = answer_cache::hash_of(text, seed);
    Slot& slot = slots_[hash & (Slots - 1)];
    if (slot.used && slot.hash == hash && slot.seed == seed && bytes::same(slot.text, text)) return slot.answer;
    const Answer answer = make();
    slot.text.assign(text);
    slot.hash = hash;
    slot.seed = seed;
    slot.answer = answer;
    slot.used = true;
    return answer;
  }

 private:
  struct Slot {
    std::uint64_t hash = 0;
    std::uint64_t seed = 0;
    std::string text;
    Answer answer{};
    bool used = false;
  };
  std::array<Slot, Slots> slots_;
};

// Longer replies are answered by their front, as the knowledge itself looks at no more.
inline std::string_view answered_part(std::string_view text) {
  return text.substr(0, kLongestReply);
}

// What the meaning of a reply depends on besides its text.
inline std::uint64_t reply_seed(const Event& event) {
  return answer_cache::packed(event.enhanced_code) << 30 ^ std::uint64_t{event.operator_id} << 14 ^
         std::uint64_t{event.code} << 4 ^ static_cast<std::uint64_t>(event.stage);
}

}  // namespace mtalens
