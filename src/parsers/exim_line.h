// What the parts of the Exim parser share: message ids, the host forms of Exim's log lines, quoted fields,
// durations, and the one function for each group of lines.
//
// Facts here are from Exim's sources (deliver.c, receive.c, smtp_in.c, host.c, transports/smtp.c), 4.80 to 4.99.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "mtalens/event.h"
#include "mtalens/log_line.h"
#include "mtalens/parser.h"

namespace mtalens::exim {

// The length of the message id at the front of `text`: 16 (6-6-2, up to Exim 4.96), 23 (6-11-4, from 4.97), else 0.
std::size_t message_id_length(std::string_view text);

// One line with its message id, its split mark and, behind that, Exim's own stamp taken off.
struct Line {
  const LogLine* log;
  std::string_view queue_id;  // empty: the line is about no message
  std::string_view text;
};

// An event with the header and the message id of the line, at the end of `events`.
Event& append(std::vector<Event>& events, const Line& line, EventKind kind);

// How Exim writes the other side, behind `H=` or `from `:
//   mx.example.com [192.0.2.1]:25*   host.example.com (helo) [192.0.2.1]:41556   (helo) [192.0.2.1]   [192.0.2.1]
// A peer chooses its helo: the first `) [address]` counts that no further `)` follows.
struct Host {
  std::string_view name;  // verified by DNS; empty where it was not
  std::string_view helo;
  std::string_view address;
  std::uint16_t port = 0;
};
// Takes a host form off the front; a word alone is a name. False, with nothing taken, where there is none.
bool take_host(std::string_view& text, Host& host);
// Name, or else what it called itself.
std::string_view name_of(const Host& host);

// Whether one of `heads` stands at the front; cheap for the many lines where none does.
bool starts_with_any(std::string_view text, const auto& heads) {
  for (const std::string_view head : heads) {
    if (!text.empty() && text.front() == head.front() && text.starts_with(head)) return true;
  }
  return false;
}

// The rest of a field's value, to the next space; `text` goes on at that space.
std::string_view take_value(std::string_view& text);
// An address or a message id: up to the next space that is neither in quotes nor behind a backslash.
std::string_view take_mailbox(std::string_view& text);
// A value that opens with a double quote, to the quote that closes it (`\"` does not); the quotes are dropped.
std::optional<std::string_view> take_quoted(std::string_view& text);
// Drops a field nobody needs, to the next space outside quotes. The quotes of DN="…" hold what the peer chose, with
// nothing escaped: they close where a space, a colon or the end follows.
void skip_field(std::string_view& text);
// X=TLS1.3:TLS_AES_256_GCM_SHA384:256
void read_tls(std::string_view value, Event& event);
// 1d2h3m4s, 0.127s: microseconds, -1 where it is no duration.
std::int64_t duration_us(std::string_view text);

// The groups of lines. Each says false, with nothing appended, where it does not know the words.
bool parse_arrival(const Line& line, std::string_view text, std::vector<Event>& events);   // <= (=
bool parse_delivery(const Line& line, std::string_view text, std::vector<Event>& events);  // => -> >>
bool parse_deferral(const Line& line, std::string_view text, std::vector<Event>& events);  // ==
bool parse_failure(const Line& line, std::string_view text, std::vector<Event>& events);   // **
bool parse_remote_host(const Line& line, std::vector<Event>& events);                      // ID H=host [ip]: …
bool parse_old_remote_host(const Line& line, std::vector<Event>& events);                  // its like up to Exim 4.86
bool parse_tls(const Line& line, std::vector<Event>& events);
bool parse_client(const Line& line, std::vector<Event>& events);  // H=, U=, F=
bool parse_words(const Line& line, std::vector<Event>& events);   // everything else

// One SMTP reply within Exim's own words, e.g. `SMTP error from remote mail server after end of data: 421 …`.
struct RemoteError {
  Stage stage = Stage::none;
  bool lmtp = false;
  Host host;               // only up to Exim 4.86, which names it here instead of in H=
  std::string_view reply;  // the remote's words with their code
};
std::optional<RemoteError> read_remote_error(std::string_view message);
// How far the conversation had come, by the command that Exim names: `pipelined MAIL FROM:<…>`, `end of data`.
Stage stage_of_command(std::string_view command);

// Appends the failed handshake that a deferral or a fallback tells of: words are `(gnutls_handshake): reason`.
void append_outbound_tls_failure(const Line& line, const Host& host, std::string_view words, bool fallback,
                                 std::vector<Event>& events);

}  // namespace mtalens::exim
