// Who connected, logged in or went away, and what was refused outside of the rulesets.
//
//   t7QJXCPI084848: host [address] did not issue MAIL/EXPN/VRFY/ETRN during connection to MTA
//   rA37ZTSC026250: <a@x>... No such user here
#include <algorithm>
#include <array>

#include "parsers/sendmail_lines.h"

namespace mtalens::sendmail {
namespace {

bool append_connection(const Line& line, std::string_view client, std::vector<Event>& events) {
  set_client(append_event(line, EventKind::connection, events), client);
  return true;
}

Event& append_rejected(const Line& line, Stage stage, std::string_view client, std::vector<Event>& events) {
  Event& event = append_event(line, EventKind::rejected, events);
  event.stage = stage;
  set_client(event, client);
  return event;
}

// What stands before the last `mark`; `text` goes on behind it.
std::optional<std::string_view> take_until_last(std::string_view& text, std::string_view mark) {
  const auto at = text.rfind(mark);
  if (at == std::string_view::npos) return std::nullopt;
  const auto taken = text.substr(0, at);
  text.remove_prefix(at + mark.size());
  return taken;
}

// ---- AUTH ------------------------------------------------------------------------------------------

// AUTH=server, relay=host [address], authid=fred, mech=PLAIN, bits=0
bool parse_login(const Line& line, std::string_view rest, std::vector<Event>& events) {
  const auto client = scan::take_until(rest, ", authid=");
  const auto user = client ? take_until_last(rest, ", mech=") : std::nullopt;
  if (!user) return false;
  append_connection(line, *client, events);
  events.back().auth_user = *user;
  return true;
}

// AUTH failure (LOGIN): authentication failure (-13) SASL(-13): …, user=fred, relay=host [address]
bool parse_login_failure(const Line& line, std::vector<Event>& events) {
  auto client = line.text;
  const auto words = take_until_last(client, ", relay=");
  if (!words) return false;
  Event& event = append_rejected(line, Stage::auth, client, events);
  auto user = *words;
  if (const auto reason = scan::take_until(user, ", user=")) {
    event.reply = *reason;
    event.auth_user = user;
  } else {
    event.reply = *words;
  }
  return true;
}

bool parse_auth(const Line& line, std::vector<Event>& events) {
  auto rest = line.text;
  if (!scan::take(rest, "AUTH")) return false;
  if (scan::take(rest, "=server, relay=")) return parse_login(line, rest, events);
  if (scan::starts(rest, "=client, ")) return append(line, EventKind::note, events);
  if (scan::starts(rest, " failure (")) return parse_login_failure(line, events);
  return false;
}

// ---- milters ---------------------------------------------------------------------------------------

// Milter: connect: host=mail.example, addr=192.0.2.7, reject=550 5.7.1 Command rejected
bool parse_milter_connect(const Line& line, std::string_view rest, std::vector<Event>& events) {
  const auto host = scan::take_until(rest, ", addr=");
  const auto address = host ? scan::take_until(rest, ", ") : std::nullopt;
  if (!address) return false;
  Event& event = append_rejected(line, Stage::connect, *host, events);
  event.client_address = *address;
  if (const auto equals = rest.find('='); equals != std::string_view::npos) rest.remove_prefix(equals + 1);
  set_reply(event, rest);
  return true;
}

// Milter: to=<a@x>, reject=550 5.7.1 …: `what` is ahead of the verdict.
bool parse_milter_verdict(const Line& line, Stage stage, std::string_view what, std::string_view rest,
                          std::vector<Event>& events) {
  if (rest == ", discard") return append(line, EventKind::note, events);
  if (!scan::take(rest, ", reject=")) return false;
  Event& event = append_rejected(line, stage, {}, events);
  if (stage == Stage::rcpt) event.recipient = bare_address(what);
  if (stage == Stage::mail) event.sender = bare_address(what);
  if (stage == Stage::helo) event.client = what;
  set_reply(event, rest);
  return true;
}

// `Milter: …` is what sendmail made of the filters' answers; each filter's own, `milter=NAME, …`, is a note.
bool parse_milter(const Line& line, std::vector<Event>& events) {
  auto rest = line.text;
  if (!scan::take(rest, "Milter: ")) return false;
  if (scan::take(rest, "connect: host=")) return parse_milter_connect(line, rest, events);
  if (scan::take(rest, "cmd=data")) return parse_milter_verdict(line, Stage::data, {}, rest, events);
  if (scan::take(rest, "data")) return parse_milter_verdict(line, Stage::eod, {}, rest, events);
  if (scan::take(rest, "helo=")) {
    const auto end = std::min(rest.rfind(", reject="), rest.size());
    return parse_milter_verdict(line, Stage::helo, rest.substr(0, end), rest.substr(end), events);
  }
  const bool sender = scan::take(rest, "from=");
  if (!sender && !scan::take(rest, "to=")) return false;
  const auto end = address_length(rest);
  return parse_milter_verdict(line, sender ? Stage::mail : Stage::rcpt, rest.substr(0, end), rest.substr(end), events);
}

// ---- refusals in words -----------------------------------------------------------------------------

// What usrerr() says while a client gives its recipients and its mail (srvrsmtp.c, collect.c), where no
// address stands before it.
constexpr std::array<std::string_view, 21> kRefusals{
    "Addressee unknown",
    "Authentication required",
    "Command rejected",
    "Eight bit data not allowed",
    "Headers too large",
    "Insufficient disk space",
    "Invalid sender address",
    "Message exceeds maximum fixed size",
    "Message size exceeds ",
    "Missing recipient",
    "NUL byte not allowed",
    "Need MAIL ",
    "Need RCPT ",
    "Out of disk space for temp file",
    "Please try again later",
    "Relaying denied",
    "Sorry, ",
    "Syntax error in ",
    "Too many parameters",
    "Too many recipients",
    "header overflow from ",
};

// <a@x>... User unknown
bool parse_refused_address(const Line& line, std::vector<Event>& events) {
  if (line.queue_id.empty()) return false;
  const auto text = line.text;
  std::size_t length = text.find("... ");
  if (text.starts_with('<')) {
    length = angle_length(text);
    if (!text.substr(length).starts_with("... ")) return false;
  } else if (length != std::string_view::npos && text.substr(0, length).find(' ') != std::string_view::npos) {
    return false;
  }
  if (length == 0 || length == std::string_view::npos) return false;
  Event& event = append_rejected(line, Stage::rcpt, {}, events);
  event.recipient = bare_address(text.substr(0, length));
  event.reply = text.substr(length + 4);
  return true;
}

bool parse_refusal(const Line& line, std::vector<Event>& events) {
  const auto says = [&](auto words) { return line.text.starts_with(words); };
  if (std::none_of(kRefusals.begin(), kRefusals.end(), says)) return parse_refused_address(line, events);
  append_rejected(line, Stage::none, {}, events).reply = line.text;
  return true;
}

// rejecting commands from host [address] due to pre-greeting traffic after 6 seconds
bool parse_early_talker(const Line& line, std::string_view rest, std::vector<Event>& events) {
  const auto client = scan::take_until(rest, " due to pre-greeting traffic");
  if (!client) return false;
  append_rejected(line, Stage::connect, *client, events).reply = line.text;
  return true;
}

// SMTP MAIL command (<a@x>) from host [address] tempfailed (due to previous checks)
bool parse_refused_command(const Line& line, std::string_view rest, std::vector<Event>& events) {
  const auto command = scan::take_until(rest, " command (");
  if (!command || !rest.ends_with(" tempfailed (due to previous checks)")) return false;
  if (!take_until_last(rest, ") from ")) return false;
  const auto client = rest.substr(0, rest.rfind(" tempfailed"));
  const auto stage = *command == "MAIL"       ? Stage::mail
                     : *command == "AUTH"     ? Stage::auth
                     : *command == "STARTTLS" ? Stage::starttls
                                              : Stage::none;
  append_rejected(line, stage, client, events).reply = line.text;
  return true;
}

// tcpwrappers (host, address) rejection
bool parse_tcpwrappers(const Line& line, std::string_view rest, std::vector<Event>& events) {
  const auto host = scan::take_until(rest, ", ");
  const auto address = scan::take_until(rest, ") rejection");
  if (!host || !address) return false;
  append_rejected(line, Stage::connect, *host, events).client_address = *address;
  return true;
}

// ---- connections -----------------------------------------------------------------------------------

// A client named in the middle of the words.
struct ClientBetween {
  std::string_view before, behind;  // behind empty: to the line's end
};
constexpr std::array kClientsBetween{
    ClientBetween{"lost input channel from ", " to "},
    ClientBetween{"timeout waiting for input from ", " during "},
    ClientBetween{"connect from ", ""},
    ClientBetween{"unauthorized PIPELINING, sleeping, relay=", ""},
    ClientBetween{"ERROR: srv_features=tempfail, relay=", ", access "},
};

// A client at the front: `host [address]: possible SMTP attack: command=AUTH, count=5`.
constexpr std::array<std::string_view, 5> kBehindClient{
    ": possible SMTP attack: ",
    ": probable open proxy: ",
    ": SMTP violation, input too long",
    ": Possible SMTP RCPT flood, ",
    " did not issue MAIL/EXPN/VRFY/ETRN during connection to ",
};

// `host [address]: VRFY root [rejected]`, `host [address]: ETRN example.com`
bool is_probe(std::string_view words) {
  for (const auto* command : {"VRFY ", "vrfy ", "EXPN ", "expn ", "ETRN "}) {
    if (words.starts_with(command)) return true;
  }
  return words.ends_with(" [rejected]");
}

// How far a client at the front goes: `host`, `[address]` or `host [address]`, `(may be forged)` included.
std::size_t client_length(std::string_view text) {
  auto rest = text;
  if (!rest.starts_with('[')) rest.remove_prefix(std::min(rest.find_first_of(" :"), rest.size()));
  if (scan::take(rest, " [") || scan::take(rest, "[")) {
    rest.remove_prefix(std::min(rest.find(']'), rest.size()));
    scan::take(rest, "]");
  }
  scan::take(rest, " (may be forged)");
  return text.size() - rest.size();
}

bool parse_client_first(const Line& line, std::vector<Event>& events) {
  auto rest = line.text;
  const auto client = rest.substr(0, client_length(rest));
  rest.remove_prefix(client.size());
  if (client.empty()) return false;
  const bool known =
      std::any_of(kBehindClient.begin(), kBehindClient.end(), [&](auto words) { return rest.starts_with(words); });
  const bool probe = !line.queue_id.empty() && scan::take(rest, ": ") && is_probe(rest);
  return (known || probe) && append_connection(line, client, events);
}

bool parse_connection(const Line& line, std::vector<Event>& events) {
  for (const auto& known : kClientsBetween) {
    auto rest = line.text;
    if (!scan::take(rest, known.before)) continue;
    const auto client = known.behind.empty() ? rest : rest.substr(0, rest.find(known.behind));
    return append_connection(line, client, events);
  }
  return parse_client_first(line, events);
}

// "debug" command from host [address] (address); invalid domain name (x) from host [address];
// collect: unexpected close on connection from host, sender=<a@x>
bool parse_oddity(const Line& line, std::vector<Event>& events) {
  auto rest = line.text;
  if (scan::take(rest, "collect: ")) {
    if (scan::starts(rest, "premature EOM")) return append(line, EventKind::connection, events);
    auto client = rest;
    if (!scan::take_until(client, " on connection from ")) return false;
    return append_connection(line, client.substr(0, client.find(", sender=")), events);
  }
  if (scan::take(rest, "invalid domain name (")) {
    return take_until_last(rest, ") from ") && append_connection(line, rest, events);
  }
  if (scan::take(rest, "\"") && take_until_last(rest, "\" command from ")) {
    return append_connection(line, rest.substr(0, rest.rfind(" (")), events);
  }
  return false;
}

}  // namespace

bool parse_session(const Line& line, std::vector<Event>& events) {
  auto rest = line.text;
  // The conversation itself, from log level 15 on: any words may stand there.
  if (scan::starts(rest, "<-- ") || scan::starts(rest, "--- ")) return append(line, EventKind::note, events);
  if (scan::take(rest, "rejecting commands from ")) return parse_early_talker(line, rest, events);
  if (scan::take(rest, "tcpwrappers (")) return parse_tcpwrappers(line, rest, events);
  if (scan::take(rest, "SMTP ") && parse_refused_command(line, rest, events)) return true;
  return parse_auth(line, events) || parse_milter(line, events) || parse_oddity(line, events) ||
         parse_connection(line, events) || parse_refusal(line, events);
}

}  // namespace mtalens::sendmail
