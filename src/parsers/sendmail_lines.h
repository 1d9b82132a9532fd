// What the parts of the sendmail parser share: a line without its queue id, and how sendmail writes
// addresses, peers and `, name=value` fields.
//
// The parts go by what a line is about: sendmail.cc (whose line it is), sendmail_message.cc (a message
// comes, is tried, goes), sendmail_session.cc (who connected, what was refused), sendmail_ruleset.cc
// (what the rulesets refused), sendmail_tls.cc (handshakes), sendmail_notes.cc (all else sendmail says).
//
// Formats are those of sendmail 8.9 to 8.18, read off its calls of sm_syslog().
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "mtalens/event.h"
#include "mtalens/log_line.h"
#include "mtalens/parser.h"
#include "parsers/scan.h"

namespace mtalens::sendmail {

inline constexpr std::string_view kMta = "sendmail";

struct Line {
  const LogLine& log;
  std::string_view queue_id;  // empty: none, or NOQUEUE
  std::string_view text;      // what stands behind it
};

inline Event& append_event(const Line& line, EventKind kind, std::vector<Event>& events) {
  Event& event = events.emplace_back(event_from(line.log, kMta, kind));
  event.ends_by_outcomes = true;
  event.queue_id = line.queue_id;
  return event;
}

// An event that says no more than its kind.
inline bool append(const Line& line, EventKind kind, std::vector<Event>& events) {
  append_event(line, kind, events);
  return true;
}

// The queue id at the front, empty where none stands there.
std::string_view queue_id_at(std::string_view text);

// How many bytes of the log that many characters take at the front: sendmail writes each backslash as two, a control
// character as `\n` or `\033` (str2prt() in libsm/util.c).
std::size_t length_of_characters(std::string_view text, std::size_t count);

// How far the `<…>` at the front goes; 0: none stands there, or it never closes.
std::size_t angle_length(std::string_view text);

// How far the address at the front goes: to the first comma outside of <…> and "…", or to the end.
std::size_t address_length(std::string_view text);

// An address as sendmail logs it (`<a@b>`, `a@b (Name)`, `Name <a@b>`, `fred`) without all but itself.
std::string_view bare_address(std::string_view text);

struct Peer {
  std::string_view host;
  std::string_view address;
};

// Who talks to us, sendmail's ${_}: `host [address] (may be forged)`, `[address]`, `user@localhost`.
Peer client_of(std::string_view text);

// Whom we talk to: `host. [address]`, or `host.` where no connection was tried.
Peer relay_of(std::string_view text);

void set_client(Event& event, std::string_view client);

// Sets reply, code and enhanced code.
void set_reply(Event& event, std::string_view reply);

// `name=value` at the front; `text` goes on at the `, ` behind it.
struct Field {
  std::string_view name;
  std::string_view value;
};
std::optional<Field> take_field(std::string_view& text);

// The parts. Each appends what the line says, or answers false and appends nothing.
bool parse_message(const Line& line, std::vector<Event>& events);
bool parse_session(const Line& line, std::vector<Event>& events);
bool parse_ruleset(const Line& line, std::vector<Event>& events);
bool parse_tls(const Line& line, std::vector<Event>& events);
bool parse_note(const Line& line, std::vector<Event>& events);

}  // namespace mtalens::sendmail
