// Gives each distinct text a small number and keeps the text once.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "track/hash.h"

namespace mtalens {

class Interner {
 public:
  Interner() : slots_(kFirstSlots) {}

  // Ids run from 0 in the order the texts were first seen.
  std::uint32_t id(std::string_view text) {
    const auto hash = hash_of(text);
    if (hash == last_hash_ && !texts_.empty() && same(text, texts_[last_id_])) return last_id_;
    const auto mark = static_cast<std::uint32_t>(hash >> 32);
    auto at = hash & (slots_.size() - 1);
    for (; slots_[at].id_plus_1 != 0; at = (at + 1) & (slots_.size() - 1)) {
      if (slots_[at].mark == mark && same(texts_[slots_[at].id_plus_1 - 1], text)) {
        last_hash_ = hash;
        return last_id_ = slots_[at].id_plus_1 - 1;
      }
    }
    texts_.push_back(keep(text));
    slots_[at] = {mark, static_cast<std::uint32_t>(texts_.size())};
    if (texts_.size() * 2 > slots_.size()) grow();
    last_hash_ = hash;
    return last_id_ = static_cast<std::uint32_t>(texts_.size() - 1);
  }

  // The id of a text that was seen before.
  std::optional<std::uint32_t> find(std::string_view text) const {
    for (auto at = hash_of(text) & (slots_.size() - 1); slots_[at].id_plus_1 != 0; at = (at + 1) & (slots_.size() - 1)) {
      if (same(texts_[slots_[at].id_plus_1 - 1], text)) return slots_[at].id_plus_1 - 1;
    }
    return std::nullopt;
  }

  std::string_view text(std::uint32_t id) const { return texts_[id]; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(texts_.size()); }

  // On disk it is the table of its texts (src/state/archive.h).
  template <typename Archive>
  void fields(Archive& archive) {
    std::vector<std::string> table(texts_.begin(), texts_.end());
    archive(table);
    if constexpr (Archive::kReads) {
      *this = Interner();
      for (const auto& text : table) id(text);
      archive.require(texts_.size() == table.size());
    }
  }

 private:
  struct Slot {
    std::uint32_t mark = 0;  // the hash's upper half
    std::uint32_t id_plus_1 = 0;
  };
  static constexpr std::size_t kFirstSlots = 64;  // a power of two
  static constexpr std::size_t kArenaBlock = 1 << 16;

  std::string_view keep(std::string_view text) {
    if (text.empty()) return {};
    if (text.size() > arena_left_) {
      arena_left_ = text.size() > kArenaBlock ? text.size() : kArenaBlock;
      arena_.push_back(std::make_unique_for_overwrite<char[]>(arena_left_));
      arena_at_ = arena_.back().get();
    }
    char* const begin = arena_at_;
    std::memcpy(begin, text.data(), text.size());
    arena_at_ += text.size();
    arena_left_ -= text.size();
    return {begin, text.size()};
  }

  void grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.id_plus_1 == 0) continue;
      auto at = hash_of(texts_[slot.id_plus_1 - 1]) & (slots_.size() - 1);
      while (slots_[at].id_plus_1 != 0) at = (at + 1) & (slots_.size() - 1);
      slots_[at] = slot;
    }
  }

  std::vector<Slot> slots_;
  std::vector<std::string_view> texts_;
  std::vector<std::unique_ptr<char[]>> arena_;
  char* arena_at_ = nullptr;
  std::size_t arena_left_ = 0;
  std::uint64_t last_hash_ = 0;  // of the text asked for last: the same is often asked for again
  std::uint32_t last_id_ = 0;
};

}  // namespace mtalens
