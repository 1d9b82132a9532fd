// The tables of words behind meaning.h; the order is that of the enumerations.
#include "knowledge/meaning.h"

#include <array>

#include "parsers/event_words.h"

namespace mtalens {
namespace {

constexpr std::array<std::string_view, 18> kMeanings = {"",
                                                        "throttle/too-many-messages",
                                                        "throttle/rate",
                                                        "throttle/connections",
                                                        "throttle/reputation",
                                                        "greylisting",
                                                        "mailbox-full",
                                                        "unknown-user",
                                                        "policy",
                                                        "blocklist",
                                                        "content",
                                                        "size",
                                                        "tls-required",
                                                        "dns",
                                                        "timeout",
                                                        "connection",
                                                        "loop",
                                                        "other"};
static_assert(kMeanings.size() == static_cast<std::size_t>(Meaning::other) + 1);

template <class Word, class Words>
std::string_view word_at(const Words& words, Word value) {
  const auto index = static_cast<std::size_t>(value);
  return index < words.size() ? words[index] : std::string_view{};
}

template <class Word, class Words>
std::optional<Word> find_word(const Words& words, std::string_view word) {
  if (word.empty()) return std::nullopt;
  for (std::size_t index = 0; index < words.size(); ++index) {
    if (words[index] == word) return static_cast<Word>(index);
  }
  return std::nullopt;
}

}  // namespace

std::string_view name(Meaning meaning) {
  return word_at(kMeanings, meaning);
}
std::optional<Meaning> meaning_named(std::string_view word) {
  return find_word<Meaning>(kMeanings, word);
}

std::string_view cause_name(TlsCause cause) {
  return word_of(cause);
}
std::optional<TlsCause> cause_named(std::string_view word) {
  return named<TlsCause>(word);
}

std::string_view stage_name(Stage stage) {
  return word_of(stage);
}

}  // namespace mtalens
