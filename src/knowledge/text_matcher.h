// Finds which of some hundred entries a text is about: by literal, then by what else they ask.
//
// All literals are looked for in one walk over the text, through a table of their first four bytes, so that
// the cost does not grow with the number of entries. Regular expressions are compiled when first needed.
#pragma once

#include <atomic>
#include <boost/regex.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mtalens {

// A regular expression that is compiled when first asked, by whichever thread asks first. One that took too many steps
// on kMostGivenUp texts is asked no more: who wrote them shall not hold up the rest.
class LazyRegex {
 public:
  static constexpr std::uint32_t kMostGivenUp = 16;

  explicit LazyRegex(std::string_view expression) : expression_(expression) {}

  // Whether it matches anywhere in the text; the first group, if it has one, goes to `group`. Nothing: the
  // expression takes too many steps on this text.
  std::optional<bool> try_match(std::string_view text, std::string_view* group = nullptr) const;
  bool matches(std::string_view text, std::string_view* group = nullptr) const {
    if (given_up_ >= kMostGivenUp) return false;
    const auto found = try_match(text, group);
    if (!found) ++given_up_;
    return found.value_or(false);
  }
  std::uint32_t given_up() const { return given_up_; }  // on so many texts

 private:
  std::string_view expression_;
  mutable std::once_flag once_;
  mutable boost::regex compiled_;
  mutable std::atomic<std::uint32_t> given_up_ = 0;
};

class TextMatcher {
 public:
  // What the matcher needs to know of an entry.
  struct Row {
    std::span<const std::string_view> literals;
    std::string_view regex;
    bool yields = false;  // to another row of the same rank with a literal as long
  };

  explicit TextMatcher(const std::vector<Row>& rows);

  // The index of the row that decides on `text` (lower case); -1: none. Of the rows with a literal in it and
  // a rank that is not negative, the highest rank is asked first, then the longest literal, then those that do not
  // yield, then the first;
  // the first whose expression matches decides. What its first group holds goes to `group`.
  int find(std::string_view text, const std::function<int(std::size_t)>& rank, std::string_view* group = nullptr) const;
  // On how many texts the row's expression gave up.
  std::uint32_t given_up(std::size_t row) const { return regexes_[row] == nullptr ? 0 : regexes_[row]->given_up(); }

 private:
  struct Literal {
    std::string text;  // lower case
    std::uint32_t row = 0;
  };
  static std::uint32_t bucket(const char* four_bytes);

  std::vector<Literal> literals_;                     // the longest first
  std::vector<std::vector<std::uint32_t>> by_start_;  // bucket of the first four bytes -> indices of literals_
  std::vector<std::unique_ptr<LazyRegex>> regexes_;   // of each row; null: none
};

}  // namespace mtalens
