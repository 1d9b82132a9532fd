// What joining made of an event, for those who keep events themselves: which message and transaction it belongs to, who
// spoke, and what the tracker counted for it. Sums over these are the report's numbers.
//
// One event may be told several times: itself first, then a row for each further thing it changed (a recipient that left
// with the message, a handshake whose peer is known only now). Only the first stands for the event.
#pragma once

#include <cstdint>
#include <string_view>

#include "mtalens/analysis.h"
#include "mtalens/event.h"

namespace mtalens {

struct JoinedEvent {
  // All views are valid only while it is told.
  const Event* event = nullptr;
  bool first = true;  // the event itself, not what else it changed
  std::string_view source;
  std::uint64_t line = 0;

  std::uint64_t message = 0;      // a number of this host's message, the same in every run; 0: it belongs to none
  std::uint64_t transaction = 0;  // attempts of one message in one SMTP transaction share it; 0: no attempt

  // Who spoke, or who answers for the recipient's domain where no host is named.
  enum class Party : std::uint8_t { none, operated, relay, domain };
  Party party_kind = Party::none;
  std::string_view party;   // the operator, the host, the domain
  std::string_view recipient;
  std::string_view domain;  // the recipient's, lower case
  bool domain_has_operator = false;

  std::uint32_t messages = 0;  // 1: the first time that this message went toward the party
  OriginKind origin = OriginKind::other;  // of that message
  std::string_view origin_who;
  std::uint32_t accepted = 0;   // messages
  std::uint32_t refusals = 0;
  std::uint32_t throttled = 0;  // among the refusals
  std::uint32_t expired = 0;    // recipients
  std::int32_t waiting = 0;     // the change in the recipients that wait after a deferral, toward the party

  // A handshake that was counted, or of which more is known now: what changed.
  Direction tls_direction = Direction::none;
  std::string_view tls_peer, tls_address;
  TlsCause tls_cause = TlsCause::none;
  std::int32_t handshakes = 0;
  std::int32_t failed = 0;
};

}  // namespace mtalens
