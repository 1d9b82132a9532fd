// The words for what an event is, as `mtalens events` and the pattern files write them, and back again.
#pragma once

#include <optional>
#include <string_view>

#include "mtalens/analysis.h"
#include "mtalens/event.h"

namespace mtalens {

// "attempt", "delivered", "eod", "no-shared-cipher" …; empty for none.
std::string_view word_of(EventKind kind);
std::string_view word_of(Outcome outcome);
std::string_view word_of(Stage stage);
std::string_view word_of(Ended ended);
std::string_view word_of(Direction direction);
std::string_view word_of(Handshake handshake);
std::string_view word_of(TlsCause cause);
std::string_view word_of(Relation relation);
std::string_view word_of(OriginKind kind);

// The value of that word: of any enumeration above. Nothing for a word that is none of its.
template <class Enum>
std::optional<Enum> named(std::string_view word) {
  for (int value = 0; value < 32; ++value) {
    if (!word.empty() && word_of(static_cast<Enum>(value)) == word) return static_cast<Enum>(value);
  }
  return std::nullopt;
}

}  // namespace mtalens
