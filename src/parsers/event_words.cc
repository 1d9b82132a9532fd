// The tables of words; the order is that of the enumerations.
#include "parsers/event_words.h"

#include <array>

namespace mtalens {
namespace {

constexpr std::array<std::string_view, 12> kKinds = {"received", "queued",     "attempt",  "refusal",    "ended", "related",
                                                     "tls",      "tls_detail", "rejected", "connection", "restart", "note"};
static_assert(kKinds.size() == static_cast<std::size_t>(EventKind::note) + 1);

constexpr std::array<std::string_view, 5> kOutcomes = {"", "delivered", "deferred", "bounced", "expired"};
static_assert(kOutcomes.size() == static_cast<std::size_t>(Outcome::expired) + 1);

constexpr std::array<std::string_view, 9> kStageWords = {"",     "connect", "helo", "starttls", "auth",
                                                     "mail", "rcpt",    "data", "eod"};
static_assert(kStageWords.size() == static_cast<std::size_t>(Stage::eod) + 1);

constexpr std::array<std::string_view, 5> kEnded = {"", "removed", "expired", "requeued", "deleted"};
static_assert(kEnded.size() == static_cast<std::size_t>(Ended::deleted) + 1);

constexpr std::array<std::string_view, 3> kDirections = {"", "inbound", "outbound"};
static_assert(kDirections.size() == static_cast<std::size_t>(Direction::outbound) + 1);

constexpr std::array<std::string_view, 3> kHandshakes = {"", "established", "failed"};
static_assert(kHandshakes.size() == static_cast<std::size_t>(Handshake::failed) + 1);

constexpr std::array<std::string_view, 8> kCauses = {
    "", "no-shared-cipher", "protocol-version", "certificate", "connection-lost", "not-tls", "timeout", "other"};
static_assert(kCauses.size() == static_cast<std::size_t>(TlsCause::other) + 1);

constexpr std::array<std::string_view, 7> kRelations = {"",          "bounce",        "delay_notice", "forwarded_as",
                                                        "queued_as", "requeued_from", "bounce_of"};
static_assert(kRelations.size() == static_cast<std::size_t>(Relation::bounce_of) + 1);

template <class Words, class Enum>
std::string_view word_at(const Words& words, Enum value) {
  const auto index = static_cast<std::size_t>(value);
  return index < words.size() ? words[index] : std::string_view{};
}

}  // namespace

std::string_view word_of(EventKind kind) {
  return word_at(kKinds, kind);
}
std::string_view word_of(Outcome outcome) {
  return word_at(kOutcomes, outcome);
}
std::string_view word_of(Stage stage) {
  return word_at(kStageWords, stage);
}
std::string_view word_of(Ended ended) {
  return word_at(kEnded, ended);
}
std::string_view word_of(Direction direction) {
  return word_at(kDirections, direction);
}
std::string_view word_of(Handshake handshake) {
  return word_at(kHandshakes, handshake);
}
std::string_view word_of(TlsCause cause) {
  return word_at(kCauses, cause);
}
std::string_view word_of(Relation relation) {
  return word_at(kRelations, relation);
}

std::string_view word_of(OriginKind kind) {
  switch (kind) {
    case OriginKind::forward: return "forward";
    case OriginKind::bounce: return "bounce";
    case OriginKind::list: return "list";
    case OriginKind::login: return "login";
    case OriginKind::local_user: return "local_user";
    case OriginKind::other: return "other";
  }
  return "";
}

}  // namespace mtalens
