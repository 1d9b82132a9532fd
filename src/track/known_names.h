// Gives each of so many names a small number; of those that come when it is full only about how many they are is known.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "track/about_how_many.h"
#include "track/interner.h"

namespace mtalens {

class KnownNames {
 public:
  static constexpr std::size_t kLongest = 255;  // RFC 1035, 2.3.4

  // `longest`: of a longer one its beginning stands for it.
  explicit KnownNames(std::uint32_t most, std::size_t longest = kLongest) : most_(most), longest_(longest) {}

  // Ids run from 0 in the order the names were first seen. None: it is one too many.
  std::optional<std::uint32_t> id(std::string_view name) {
    name = name.substr(0, longest_);
    if (kept_.size() < most_) [[likely]] return kept_.id(name);
    const auto known = kept_.find(name);
    if (!known) further_.add(name);
    return known;
  }
  // The id of a name that was seen before.
  std::optional<std::uint32_t> find(std::string_view name) const { return kept_.find(name.substr(0, longest_)); }

  std::string_view text(std::uint32_t id) const { return kept_.text(id); }
  std::uint32_t size() const { return kept_.size(); }
  std::uint64_t further() const { return further_.count(); }  // about

  template <typename Archive>
  void fields(Archive& archive) {
    archive(kept_, further_);
    archive.require(kept_.size() <= most_);
  }

 private:
  std::uint32_t most_;
  std::size_t longest_;
  Interner kept_;
  AboutHowMany further_;
};

}  // namespace mtalens
