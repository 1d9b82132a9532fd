// Finds which of some hundred entries a text is about: by literal, then by what else they ask.
//
// All literals are looked for in one walk over the text, through a table of their first four bytes, so that
// the cost does not grow with the number of entries. Regular expressions are compiled when first needed.
#pragma once

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

// A regular expression that is compiled when first asked, by whichever thread asks first.
class LazyRegex {
 public:
  explicit LazyRegex(std::string_view expression) : expression_(expression) {}

  // Whether it matches anywhere in the text; the first group, if it has one, goes to `group`. Nothing: the
  // expression takes too many steps on this text.
  std::optional<bool> try_match(std::string_view text, std::string_view* group = nullptr) const;
  bool matches(std::string_view text, std::string_view* group = nullptr) const {
    return try_match(text, group).value_or(false);
  }

 private:
  std::string_view expression_;
  mutable std::once_flag once_;
  mutable boost::regex compiled_;
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
