// What Exim as a server says of a client (smtp_in.c, acl.c, daemon.c): what it would not take in, who came and went.
//   H=host.example (helo) [192.0.2.1]:4711 I=[192.0.2.9]:25 F=<a@b.example> rejected RCPT <c@d.example>: relay not
//   permitted login authenticator failed for (helo) [192.0.2.1]: 535 Incorrect authentication data (set_id=brian) SMTP
//   call from [192.0.2.1] dropped: too many nonmail commands (last was "RSET") no MAIL in SMTP connection from
//   [192.0.2.1] D=10s C=EHLO,QUIT
#include <algorithm>
#include <array>

#include "parsers/exim_line.h"
#include "parsers/scan.h"

namespace mtalens::exim {
namespace {

void set_client(const Host& host, Event& event) {
  event.client = name_of(host);
  event.client_address = host.address;
}

// `host (helo) [address]` at the front, after `H=` where that is written.
void read_client(std::string_view text, Event& event) {
  scan::take(text, "H=");
  Host host;
  if (take_host(text, host)) set_client(host, event);
}

void set_sender(std::string_view sender, Event& event) {
  event.sender = sender;
  event.null_sender = sender.empty();
}

void set_reply(std::string_view reply, Event& event) {
  event.reply = reply;
  const auto codes = scan::reply_codes(reply);
  event.code = codes.code;
  event.enhanced_code = codes.enhanced;
}

// --- H=… U=… F=… and then what happened ---------------------------------------------------------------------------

// Takes the fields off the front; what is left are the words. False where no field stands there.
bool take_fields(std::string_view& text, Event& event) {
  const auto before = text.size();
  scan::take(text, "DS ");
  while (!text.empty()) {
    auto rest = text;
    if (scan::take(rest, "H=")) {
      Host host;
      if (!take_host(rest, host)) return false;
      set_client(host, event);
    } else if (scan::take(rest, "F=")) {
      const auto in_brackets = scan::take_angle(rest);
      set_sender(in_brackets ? *in_brackets : take_value(rest), event);
      scan::take(rest, ":");  // F=<…>: rejected by DCC
    } else if (scan::take(rest, "U=")) {
      const auto user = take_value(rest);
      if (event.client.empty() && event.client_address.empty()) event.client = user;
    } else if (scan::take(rest, "X=")) {
      read_tls(take_value(rest), event);
    } else if (rest.find('=') < rest.find_first_of(" \"") && rest.front() >= 'A' && rest.front() <= 'Z') {
      skip_field(rest);  // I= Ci= CV= DN= SNI= P= A= SPF= DMARC=
    } else {
      break;
    }
    text = rest;
    if (!scan::take(text, " ")) break;
  }
  return text.size() < before;
}

// acl_wherenames[] (globals.c) and what stands behind them in `rejected …`.
bool read_rejection(std::string_view words, Event& event) {
  scan::take(words, "temporarily ");
  if (!scan::take(words, "rejected ")) return false;
  if (scan::take(words, "RCPT ")) {
    event.stage = Stage::rcpt;
    if (const auto address = scan::take_angle(words)) {
      event.recipient = *address;
    } else {
      event.recipient = words.substr(0, std::min(words.find(": "), words.find(' ')));
    }
  } else if (scan::take(words, "MAIL ")) {
    event.stage = Stage::mail;
    if (const auto address = scan::take_angle(words)) set_sender(*address, event);
  } else if (scan::starts(words, "connection") || scan::starts(words, "\"connect\"")) {
    event.stage = Stage::connect;
  } else if (scan::starts(words, "EHLO") || scan::starts(words, "HELO")) {
    event.stage = Stage::helo;
  } else if (scan::starts(words, "STARTTLS")) {
    event.stage = Stage::starttls;
  } else if (scan::starts(words, "AUTH")) {
    event.stage = Stage::auth;
  } else if (scan::starts(words, "DATA")) {
    event.stage = Stage::data;
  } else if (scan::starts(words, "after DATA") || scan::starts(words, "by ") || scan::starts(words, "during ") ||
             scan::starts(words, "after ")) {
    event.stage = Stage::eod;
  }
  event.kind = EventKind::rejected;
  scan::take_until(words, ": ");
  set_reply(words, event);
  return true;
}

// What became of a recipient whose mail was handed on while it came in: `jo@a.example F=<…> P=<…> tmp-reject from
// cutthrough after DATA: R=all T=smtp H=…` (verify.c).
bool read_cutthrough_rejection(std::string_view words, Event& event) {
  constexpr std::string_view kWords = "tmp-reject from cutthrough after DATA:";
  const auto recipient = take_value(words);
  if (recipient.find('@') == std::string_view::npos || !scan::take(words, " ")) return false;
  if (!take_fields(words, event) || !words.starts_with(kWords)) return false;
  event.kind = EventKind::rejected;
  event.stage = Stage::eod;
  event.recipient = recipient;
  event.reply = words;
  return true;
}

bool read_words(std::string_view words, Event& event) {
  if (read_rejection(words, event) || read_cutthrough_rejection(words, event)) return true;
  if (scan::starts(words, "dropped by ")) {  // 'connect' ACL
    event.kind = EventKind::rejected;
    event.stage = Stage::connect;
    if (scan::take_until(words, ": ")) event.reply = words;
    return true;
  }
  event.reply = words;
  if (scan::starts(words, "incomplete transaction (")) {
    event.kind = EventKind::connection;
    return true;
  }
  // A sender that does not verify gets its `rejected` in a line of its own, if it is rejected at all.
  constexpr std::array<std::string_view, 4> kNotes{"sender verify fail for ", "sender verify defer for ",
                                                   "Warning: ", "PRDR "};
  if (starts_with_any(words, kNotes) ||
      (scan::starts(words, "RCPT ") && words.find(": discarded by ") != std::string_view::npos)) {
    event.kind = EventKind::note;
    return true;
  }
  return false;
}

bool parse_fields_and_words(const Line& line, std::vector<Event>& events) {
  auto words = line.text;
  constexpr std::array<std::string_view, 4> kFirst{"H=", "U=", "F=", "DS H="};
  if (!starts_with_any(words, kFirst)) return false;
  Event& event = append(events, line, EventKind::note);
  if (take_fields(words, event) && read_words(words, event)) return true;
  events.pop_back();
  return false;
}

// --- words that lead to the client ----------------------------------------------------------------------------------

struct Known {
  std::string_view head;
  EventKind kind;
  Stage stage = Stage::none;
  // What stands before the client, found from the right: a stranger's words come first and Exim's own last.
  // Empty: the client follows at once.
  std::string_view mark = {};
};

constexpr auto kRejected = EventKind::rejected;
constexpr auto kConnection = EventKind::connection;
constexpr auto kNote = EventKind::note;

constexpr std::array kKnown{
    Known{"SMTP connection from ", kConnection},
    Known{"SMTP connection Ci=", kConnection, Stage::none, " from "},
    Known{"SMTP connection lost after final dot", kConnection, Stage::eod, " H="},
    Known{"no MAIL in SMTP connection from ", kConnection},
    Known{"no MAIL in TFO SMTP connection from ", kConnection},
    Known{"no MAIL in TFO* SMTP connection from ", kConnection},
    Known{"unexpected disconnection while reading SMTP command from ", kConnection},
    Known{"unexpected EOF while reading SMTP command from ", kConnection},
    Known{"SMTP command timeout on connection from ", kConnection},
    Known{"SMTP command timeout on TLS connection from ", kConnection},
    Known{"SMTP data timeout (message abandoned) on connection from ", kConnection, Stage::data},
    Known{"Error or EOF on input from ", kConnection},
    Known{"SMTP call from ", kRejected},
    Known{"Connection from ", kRejected, Stage::connect},
    Known{"connection from ", kRejected, Stage::connect},
    Known{"refused connection from ", kRejected, Stage::connect},
    Known{"temporarily refused connection from ", kRejected, Stage::connect},
    Known{"rejected EHLO from ", kRejected, Stage::helo},
    Known{"rejected HELO from ", kRejected, Stage::helo},
    Known{"rejected \"", kRejected, Stage::helo, " from "},
    Known{"temporarily rejected \"", kRejected, Stage::helo, " from "},
    Known{"rejected XCLIENT from ", kRejected},
    Known{"rejected MAIL from ", kRejected, Stage::mail},
    Known{"rejected MAIL command ", kRejected, Stage::mail},
    Known{"rejected MAIL FROM:<", kRejected, Stage::mail, "H="},
    Known{"rejected from <", kRejected, Stage::eod, "H="},
    Known{"unqualified sender rejected: <", kRejected, Stage::mail, " H="},
    Known{"unqualified recipient rejected: <", kRejected, Stage::rcpt, " H="},
    Known{"unqualified verify rejected: <", kRejected, Stage::none, " H="},
    Known{"unqualified expn rejected: <", kRejected, Stage::none, " H="},
    Known{"too many recipients: message rejected: sender=<", kRejected, Stage::rcpt, " H="},
    Known{"too many recipients: excess temporarily rejected: sender=<", kRejected, Stage::rcpt, " H="},
    Known{"overlong message header line received from ", kRejected, Stage::data},
    Known{"ridiculously long message header received from ", kRejected, Stage::data},
    Known{"SMTP syntax error in \"", kRejected, Stage::none, " H="},
    Known{"SMTP protocol error in \"", kRejected, Stage::none, " H="},
    Known{"VRFY failed for ", kRejected, Stage::none, " H="},
    Known{"ignoring AUTH=", kNote, Stage::none, " H="},
    Known{"ETRN ", kNote, Stage::none, " received from "},
    Known{"ATRN ", kNote, Stage::none, " received from "},
    Known{"getsockopt() failed from ", kNote},
    Known{"no IP address found for host ", kNote, Stage::none, "connection from "},
};

bool names_sender(std::string_view head) {
  return head.ends_with('<') && head.find("recipient ") == std::string_view::npos;
}

// What stands behind the client: ` I=[192.0.2.9]:25 D=10s C=EHLO,QUIT`, ` dropped: too many nonmail commands`,
// `: message too big`.
std::string_view behind_client(std::string_view text) {
  while (scan::starts(text, " I=") || scan::starts(text, " Ci=") || scan::starts(text, " U=")) {
    text.remove_prefix(1);
    skip_field(text);
  }
  if (!scan::take(text, ": ")) scan::take(text, " ");
  return text;
}

bool parse_known(const Line& line, std::vector<Event>& events) {
  const auto known = std::find_if(kKnown.begin(), kKnown.end(),
                                  [&line](const Known& entry) { return line.text.starts_with(entry.head); });
  if (known == kKnown.end()) return false;
  Event& event = append(events, line, known->kind);
  event.stage = known->stage;
  auto text = line.text.substr(known->head.size());
  if (known->head.ends_with('<')) {
    auto address = line.text.substr(known->head.size() - 1);
    if (const auto inside = scan::take_angle(address)) {
      if (names_sender(known->head)) {
        set_sender(*inside, event);
      } else {
        event.recipient = *inside;
      }
      text = address;
    }
  }
  if (!known->mark.empty()) {
    const auto at = text.rfind(known->mark);
    if (at == std::string_view::npos) {  // a local user, U=
      event.reply = known->kind == kNote ? line.text : behind_client(text);
      return true;
    }
    text.remove_prefix(at + known->mark.size());
  }
  scan::take(text, "H=");
  Host host;
  if (take_host(text, host)) set_client(host, event);
  event.reply = known->kind == kNote ? line.text : behind_client(text);
  return true;
}

// SMTP protocol synchronization error (input sent without waiting for greeting): rejected connection from H=… input="…"
// SMTP protocol synchronization error (next input sent too soon: …): rejected "RSET" H=… next input="QUIT\r\n"
bool parse_synchronization_error(const Line& line, std::vector<Event>& events) {
  auto text = line.text;
  if (!scan::take(text, "SMTP protocol synchronization error (") &&
      !scan::take(text, "SMTP protocol violation: synchronization error ("))
    return false;
  Event& event = append(events, line, kRejected);
  event.reply = line.text;
  // Both ends are the client's words: the command before is short, so the first mark it is.
  const bool greeting = text.find("): rejected connection from ") < text.find('"');
  if (greeting) event.stage = Stage::connect;
  if (scan::take_until(text, greeting ? "): rejected connection from " : "\" H=")) read_client(text, event);
  return true;
}

// login authenticator failed for [H=]host (helo) [address]: 535 Incorrect authentication data (set_id=brian)
bool parse_inbound_login(const Line& line, std::string_view text, std::vector<Event>& events) {
  scan::take(text, "H=");
  Host host;
  if (!take_host(text, host)) return false;
  Event& event = append(events, line, kRejected);
  event.stage = Stage::auth;
  set_client(host, event);
  if (!scan::take_until(text, ": ")) return true;
  set_reply(text, event);
  constexpr std::string_view kUser = "(set_id=";
  const auto user = text.find(kUser);
  if (user != std::string_view::npos && text.ends_with(')')) {
    event.auth_user = text.substr(user + kUser.size());
    event.auth_user.remove_suffix(1);
  }
  return true;
}

// plain authenticator failed H=mx.example [192.0.2.1] 535 5.7.8 no: our login at a smarthost
bool parse_outbound_login(const Line& line, std::string_view text, std::vector<Event>& events) {
  Host host;
  if (!take_host(text, host) || !scan::take(text, " ")) return false;
  Event& event = append(events, line, EventKind::refusal);
  event.stage = Stage::auth;
  event.relay = scan::without_final_dot(host.name);
  event.relay_address = host.address;
  event.relay_port = host.port;
  set_reply(text, event);
  event.counts_refusal = event.code >= 400;
  return true;
}

bool parse_login(const Line& line, std::vector<Event>& events) {
  auto text = line.text;
  take_value(text);
  if (!scan::take(text, " authenticator ")) return false;
  if (scan::take(text, "failed for ")) return parse_inbound_login(line, text, events);
  if (scan::take(text, "failed H=")) return parse_outbound_login(line, text, events);
  if (!scan::starts(text, "cancelled authentication H=") && !text.starts_with('(')) return false;  // (LOGIN): Cyrus …
  append(events, line, kNote).reply = text;
  return true;
}

}  // namespace

bool parse_client(const Line& line, std::vector<Event>& events) {
  return parse_fields_and_words(line, events) || parse_synchronization_error(line, events) ||
         parse_known(line, events) || parse_login(line, events);
}

}  // namespace mtalens::exim
