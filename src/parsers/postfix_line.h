// What Postfix's line parsers share: a line with its queue id taken off, and the small steps that its words need.
//
//   postfix/smtp[9]: 401E2A72A39: to=<y@yahoo.co.uk>, relay=mta7.am0.yahoodns.net[127.1.0.7]:25, …
//           ^ daemon ^ queue_id   ^ text
//
// One file per subject: postfix_delivery (what became of a recipient), postfix_queue (a message's way in and out),
// postfix_smtpd (clients and what they were refused), postfix_tls, postfix_notes (the rest whose words we know).
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "mtalens/parser.h"
#include "parsers/scan.h"

namespace mtalens::postfix {

// The program that wrote the line: the last part of its tag.
enum class Daemon : std::uint8_t {
  none,   // the tag is the instance alone: "postfix"
  other,  // a program we have no words for; Postfix's severities and deliveries are still its own
  anvil,
  bounce,
  cleanup,
  discard,
  dnsblog,
  error,
  lmtp,
  local,
  master,
  pickup,
  pipe,
  postscreen,
  postsuper,
  qmgr,
  scache,
  script,
  smtp,
  smtpd,
  spf_policy,
  tlsproxy,
  virtual_mailbox,
};

struct Line {
  const LogLine& log;
  Daemon daemon = Daemon::other;
  std::string_view queue_id;  // empty: none stood there, or NOQUEUE
  std::string_view text;      // behind the queue id
  std::vector<Event>& events;
};

// Each answers whether the line was its own; false: nothing was appended.
bool parse_delivery(const Line& line);      // QID: to=<…>, …, status=…
bool parse_smtp_trouble(const Line& line);  // QID: host … said: …, and the rest an SMTP client says of a host
bool parse_queue(const Line& line);       // QID: from=<…>, message-id=, removed, … of the programs around the queue
bool parse_smtpd(const Line& line);       // what smtpd says of its clients, and cleanup of their content
bool parse_postscreen(const Line& line);  // what postscreen says of its clients
bool parse_tls(const Line& line);         // handshakes
bool parse_severity(const Line& line);    // warning:, error:, fatal:, panic:
bool parse_tls_library(const Line& line, std::string_view words);  // warning: TLS library problem: …
bool parse_note(const Line& line);                                 // anything else whose words we know

// Appends an event with the header's fields and the queue id; filled in place, it is never copied.
Event& add(const Line& line, EventKind kind);

// A queue id: 5 or more hexadecimal digits (A to F in capitals), or a long one in base 52 (digits and consonants).
bool is_queue_id(std::string_view word);

// `host[address]`, `host[address]:port` or `[address]:port` at the front, taken off. The name has no space. A socket's
// path in the brackets (`mail.example[private/dovecot-lmtp]`) is no address, and left out.
std::optional<scan::HostAndAddress> take_peer(std::string_view& text);

// `<address>` at the front whose end is followed by one of `after` (or ends the text), so that neither brackets nor
// quotes in an address can shift the walk; without brackets (old versions): up to the next comma.
std::optional<std::string_view> take_address(std::string_view& text, std::string_view after, std::string_view or_after);

// How far the conversation was, by the words Postfix has for it: "MAIL FROM command", "sending end of data", "EHLO".
Stage stage_of(std::string_view words);

// The peer itself: the machine Postfix runs on. Its address tells, where one is named: anybody may call a host
// localhost.example.
bool is_this_host(std::string_view host, std::string_view address);

}  // namespace mtalens::postfix
