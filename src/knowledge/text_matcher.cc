// See text_matcher.h.
#include "knowledge/text_matcher.h"

#include <algorithm>
#include <cstring>

#include "knowledge/reply_text.h"

namespace mtalens {
namespace {

constexpr std::size_t kStart = 4;
constexpr std::uint32_t kBucketBits = 11;

}  // namespace

std::optional<bool> LazyRegex::try_match(std::string_view text, std::string_view* group) const {
  std::call_once(once_, [this] {
    compiled_.assign(expression_.begin(), expression_.end(), boost::regex::perl | boost::regex::icase);
  });
  try {
    boost::cmatch found;
    if (!boost::regex_search(text.data(), text.data() + text.size(), found, compiled_)) return false;
    if (group != nullptr && found.size() > 1 && found[1].matched) {
      *group = {found[1].first, static_cast<std::size_t>(found[1].length())};
    }
    return true;
  } catch (const std::runtime_error&) {
    return std::nullopt;
  }
}

std::uint32_t TextMatcher::bucket(const char* four_bytes) {
  std::uint32_t start;
  std::memcpy(&start, four_bytes, kStart);
  return (start * 0x9E3779B1u) >> (32 - kBucketBits);
}

TextMatcher::TextMatcher(const std::vector<Row>& rows) : by_start_(1u << kBucketBits) {
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (const auto literal : rows[row].literals) {
      literals_.push_back({plain_words(literal), static_cast<std::uint32_t>(row)});
    }
    regexes_.push_back(rows[row].regex.empty() ? nullptr : std::make_unique<LazyRegex>(rows[row].regex));
  }
  std::stable_sort(literals_.begin(), literals_.end(), [&rows](const Literal& a, const Literal& b) {
    if (a.text.size() != b.text.size()) return a.text.size() > b.text.size();
    return !rows[a.row].yields && rows[b.row].yields;
  });
  for (std::uint32_t index = 0; index < literals_.size(); ++index) {
    const auto& text = literals_[index].text;
    if (text.size() >= kStart) by_start_[bucket(text.data())].push_back(index);
  }
}

int TextMatcher::find(std::string_view text, const std::function<int(std::size_t)>& rank,
                      std::string_view* group) const {
  struct Candidate {
    int rank;
    std::uint32_t literal;
    bool operator<(const Candidate& other) const {
      return rank != other.rank ? rank > other.rank : literal < other.literal;
    }
  };
  std::vector<Candidate> candidates;
  for (std::size_t at = 0; at + kStart <= text.size(); ++at) {
    for (const auto index : by_start_[bucket(text.data() + at)]) {
      const auto& literal = literals_[index];
      if (!text.substr(at).starts_with(literal.text)) continue;
      if (const int its_rank = rank(literal.row); its_rank >= 0) candidates.push_back({its_rank, index});
    }
  }
  std::sort(candidates.begin(), candidates.end());
  for (const auto& candidate : candidates) {
    const auto row = literals_[candidate.literal].row;
    if (regexes_[row] == nullptr || regexes_[row]->matches(text, group)) return static_cast<int>(row);
  }
  return -1;
}

}  // namespace mtalens
