// What we know about the world: who runs which mail hosts, what their replies mean, why handshakes fail.
//
// Loaded once from patterns/ (built into the binary, and from directories that add to it or override it),
// then read by any number of threads. The hot path asks through a Classifier, which remembers answers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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
constexpr bool is_throttle(Meaning meaning) {
  return meaning >= Meaning::throttle_too_many_messages && meaning <= Meaning::throttle_reputation;
}

class Knowledge {
 public:
  // Only what is built in. Lives as long as the program.
  static const Knowledge& builtin();

  // 0: not known. Host and domain in any case, without a final dot; a host also as an address literal.
  std::uint32_t operator_of_relay(std::string_view host) const;
  std::uint32_t operator_of_domain(std::string_view domain) const;
  // "BT Internet"; empty for 0.
  std::string_view operator_name(std::uint32_t operator_id) const;

  // What a 4xx or 5xx reply, or the MTA's own reason for a deferral or bounce, means. `code` 0 and
  // `enhanced_code` empty where the log has none. Never none: `other` for what nobody described yet.
  Meaning meaning_of(std::uint16_t code, std::string_view enhanced_code, std::string_view reply, Stage stage) const;

  // Why a handshake failed, by the library's or the MTA's words; `other` for words nobody described yet.
  TlsCause tls_cause_of(std::string_view words) const;
};

// One per thread: names each event's operator and meaning, and remembers what it was told, in bounded space.
class Classifier {
 public:
  explicit Classifier(const Knowledge& knowledge);
  // Sets operator_id (of the relay; of the recipient's domain where no relay is named) on attempts and
  // refusals, meaning on what was refused, deferred or bounced, and refines cause `other` on tls and tls_detail.
  void classify(Event& event);
};

}  // namespace mtalens
