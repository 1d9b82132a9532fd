// The words for what a reply means and why a handshake failed, and back again.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "mtalens/event.h"

namespace mtalens {

// What a reply means, in CONTRACT.md's words; `none`: nothing was refused.
enum class Meaning : std::uint16_t {
  none,
  throttle_too_many_messages,
  throttle_rate,
  throttle_connections,
  throttle_reputation,
  greylisting,
  mailbox_full,
  unknown_user,
  policy,
  blocklist,
  content,
  size,
  tls_required,
  dns,
  timeout,
  connection,
  loop,
  other,
};

// "throttle/too-many-messages"; empty for none.
std::string_view name(Meaning meaning);
// Nothing for a word that is no meaning.
std::optional<Meaning> meaning_named(std::string_view word);

constexpr bool is_throttle(Meaning meaning) {
  return meaning >= Meaning::throttle_too_many_messages && meaning <= Meaning::throttle_reputation;
}

// "no-shared-cipher"; empty for none.
std::string_view cause_name(TlsCause cause);
std::optional<TlsCause> cause_named(std::string_view word);

// "eod"; empty for none.
std::string_view stage_name(Stage stage);

}  // namespace mtalens
