// What became of one recipient (deliver.c, transports/smtp.c, retry.c):
//   => fred@bt.example <fred@customer.example> R=route T=remote_smtp H=mx.bt.example [192.0.2.1]:25 X=… CV=yes
//      DN="CN=…" C="250 2.0.0 Ok" QT=3s DT=1s
//   == a@bt.example R=route T=remote_smtp defer (-46) H=mx.bt.example [192.0.2.1]: SMTP error from remote mail server
//      after end of data: 421 Too many messages
//   ** a@bt.example R=route T=remote_smtp H=mx.bt.example [192.0.2.1] : SMTP error from remote mail server after RCPT
//      TO:<a@bt.example>: 550 No such user
//   ** a@bt.example: retry timeout exceeded
#include <algorithm>
#include <array>
#include <functional>

#include "parsers/exim_line.h"
#include "parsers/scan.h"

namespace mtalens::exim {
namespace {

// --- whom it was for --------------------------------------------------------------------------------------------

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

// Whether `front` is this local part with its quotes taken off, and then an address goes on (a redirected one has
// another domain, its parents may follow it). In lower case, as deliver_split_address() (deliver.c) makes it.
bool is_unquoted(std::string_view front, std::string_view local_part) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < local_part.size(); ++i) {
    if (local_part[i] == '"') continue;
    if (local_part[i] == '\\' && i + 1 < local_part.size()) ++i;
    if (at == front.size() || lower(front[at++]) != lower(local_part[i])) return false;
  }
  if (at == 0 || at == front.size() || front[at] != '@') return false;
  const auto behind = front.substr(std::min(front.find(' ', at), front.size()));
  return behind.empty() || (scan::starts(behind, " (") && behind.ends_with(')'));
}

// The same where a router took a prefix off: `real-` of `<"real-odd one"@domain>`.
bool is_unquoted_tail(std::string_view front, std::string_view local_part) {
  constexpr std::size_t kLongestPrefix = 32;
  for (std::size_t from = 1; from < std::min(local_part.size(), kLongestPrefix); ++from) {
    if (is_unquoted(front, local_part.substr(from))) return true;
  }
  return false;
}

bool holds_quoting(std::string_view text) {
  return text.find('"') != std::string_view::npos || text.find('\\') != std::string_view::npos;
}

// The start of ` <"…"@domain>` that repeats all before it in its proper form: Exim writes a quoted local part without
// its quotes in front and with them in the brackets, so that a stranger's address may hold what looks like fields, and
// like such a repetition. The last one is Exim's.
std::size_t find_quoted_twin(std::string_view text) {
  constexpr std::size_t kLongest = 512;  // of a local part; SMTP has 64
  text = text.substr(0, 8 * kLongest);
  auto twin = std::string_view::npos;
  if (!holds_quoting(text)) return twin;
  auto tail = twin;
  for (auto at = text.find('<'); at != std::string_view::npos; at = text.find('<', at + 1)) {
    if (at < 2 || text[at - 1] != ' ') continue;
    auto rest = text.substr(at);
    const auto address = scan::take_angle(rest);
    if (!address) continue;
    const auto local_part = address->substr(0, address->rfind('@'));
    if (local_part.size() > kLongest || !holds_quoting(local_part)) continue;
    const auto front = text.substr(0, at - 1);
    if (is_unquoted(front, local_part)) twin = at - 1;
    if (tail == std::string_view::npos && is_unquoted_tail(front, local_part)) tail = at - 1;
  }
  return twin != std::string_view::npos ? twin : tail;
}

// A pipe, a file, an autoreply, `:blackhole:`, a file name for the transport to complete.
bool is_no_mailbox(std::string_view text) {
  return text.starts_with('|') || text.starts_with('/') || text.starts_with('>') || text.starts_with(':') ||
         scan::starts(text, "save ");
}

// The words in front of the brackets. A pipe's command may hold spaces: it goes on to the brackets, if they stand
// before the fields.
std::string_view take_no_mailbox(std::string_view& text) {
  auto until = text.find(' ');
  const auto brackets = text.find(" <");
  if (brackets < std::min(text.find(" R="), text.find(" T="))) until = brackets;
  const auto destination = text.substr(0, until);
  text.remove_prefix(destination.size());
  return destination;
}

// An address, up to a space or to the colon of `addr: reason`.
std::string_view take_address(std::string_view& text) {
  const auto whole = text;
  take_quoted(text);  // "a b"@c.example, as retry.c writes it
  take_value(text);
  auto address = whole.substr(0, whole.size() - text.size());
  if (address.ends_with(':')) {
    address.remove_suffix(1);
    text = whole.substr(address.size());
  }
  return address;
}

bool same_address(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return x == y || ((x ^ y) == 0x20 && ((x | 0x20) >= 'a' && (x | 0x20) <= 'z'));
  });
}

// `recipient (its parents) <the address it was at first>`
void take_recipient(std::string_view& text, Event& event) {
  if (const auto twin = find_quoted_twin(text); twin != std::string_view::npos) {
    text.remove_prefix(twin + 1);
    event.recipient = scan::take_angle(text).value_or(std::string_view{});
    return;
  }
  const auto destination = is_no_mailbox(text) ? take_no_mailbox(text) : take_address(text);
  if (scan::starts(text, " (")) {
    const auto close = text.find(") ");
    text.remove_prefix(close == std::string_view::npos ? text.size() : close + 1);
  }
  std::string_view original;
  if (scan::starts(text, " <")) {
    auto behind = text.substr(1);
    if (const auto inside = scan::take_angle(behind)) {
      original = *inside;
      text = behind;
    }
  }
  const bool is_address = destination.find('@') != std::string_view::npos;
  if (!original.empty() && (!is_address || is_no_mailbox(destination))) {
    event.recipient = original;
  } else if (is_address) {
    event.recipient = destination;
    if (!same_address(original, destination)) event.original_recipient = original;
  }
}

// --- by which way -----------------------------------------------------------------------------------------------

struct Way {
  Host host;
  std::string_view transport;
};

// Transports that Exim's and Debian's configurations, cPanel's and Dovecot's documentation name so.
bool is_local_transport(std::string_view name) {
  if (name.find("smtp") != std::string_view::npos) return false;  // remote_smtp and its kin
  constexpr std::array<std::string_view, 14> kParts{"lmtp",
                                                    "pipe",
                                                    "appendfile",
                                                    "autoreply",
                                                    "address_file",
                                                    "_reply",
                                                    "address_directory",
                                                    "local_delivery",
                                                    "maildir",
                                                    "mailbox",
                                                    "procmail",
                                                    "maildrop",
                                                    "virtual_userdelivery",
                                                    "dovecot"};
  return std::any_of(kParts.begin(), kParts.end(),
                     [name](std::string_view part) { return name.find(part) != std::string_view::npos; });
}

bool is_this_machine(const Host& host) {
  return host.address == "127.0.0.1" || host.address == "::1" || host.name == "localhost";
}

void set_relay(const Host& host, Event& event) {
  if (host.address.empty() && host.name.empty()) return;
  event.relay = scan::without_final_dot(host.name);
  event.relay_address = host.address;
  event.relay_port = host.port;
}

// A value up to the next space, or to the colon that begins the reason.
std::string_view take_before_reason(std::string_view& text) {
  const auto whole = text;
  auto value = take_value(text);
  if (value.ends_with(':')) {
    value.remove_suffix(1);
    text = whole.substr(value.size());
  }
  return value;
}

// One ` KEY=value` that deliveries, deferrals and failures share; the space is gone already.
void take_field(std::string_view& text, Event& event, Way& way) {
  if (scan::take(text, "H=")) {
    Host host;
    take_host(text, host);
    // A second one could only be the peer's invention, in its certificate's DN=.
    if (way.host.name.empty() && way.host.address.empty()) way.host = host;
  } else if (scan::take(text, "T=")) {
    way.transport = take_before_reason(text);
  } else if (scan::take(text, "R=")) {
    take_before_reason(text);
  } else if (scan::take(text, "X=")) {
    const auto session = take_before_reason(text);
    if (event.tls_version.empty()) read_tls(session, event);  // as with H=
  } else if (scan::take(text, "F=")) {
    if (const auto sender = scan::take_angle(text)) {
      event.sender = *sender;
      event.null_sender = sender->empty();
    }
  } else if (scan::take(text, "P=")) {  // the return path
    if (!scan::take_angle(text)) take_value(text);
  } else if (scan::starts(text, "DN=\"")) {
    skip_field(text);
  } else {
    take_before_reason(text);
  }
}

// --- with which words -------------------------------------------------------------------------------------------

void set_reply(std::string_view reply, Event& event) {
  event.reply = reply;
  const auto codes = scan::reply_codes(reply);
  event.code = codes.code;
  event.enhanced_code = codes.enhanced;
}

void take_delivery_field(std::string_view& text, Event& event, Way& way) {
  if (scan::take(text, "C=")) {
    if (const auto reply = take_quoted(text)) {
      set_reply(*reply, event);
    } else {
      skip_field(text);
    }
  } else if (scan::take(text, "S=")) {
    auto value = take_value(text);
    event.size_bytes = scan::take_number(value).value_or(-1);
  } else if (scan::take(text, "QT=")) {
    event.delay_us = duration_us(take_value(text));
  } else {
    take_field(text, event, way);
  }
}

// Exim did not try: it waits for a retry time, a queue runner or a free slot (smtp.c, deliver.c, parse of
// queue_domains and hold_domains).
bool is_secondary(std::string_view reason) {
  constexpr std::array<std::string_view, 14> kReasons{
      "retry time not reached",
      "Retry time not yet reached",
      "some host address lookups failed and retry time not reached",
      "all hosts",  // … have been failing for a long time and were last tried after this message arrived
      "connection limit reached for all hosts",
      "concurrency limit reached for transport",
      "no host found for existing SMTP connection",
      "reusing SMTP connection skips previous routing defer",
      "domain is held",
      "domain is in queue_domains",
      "domain matches queue_",
      "first-pass only routing",  // -odqs, queue_smtp_domains, control = queue
      "SMTP delivery explicitly queued",
      "remote delivery not attempted",
  };
  return starts_with_any(reason, kReasons);
}

// strerror's words for a connection that did not come about.
bool is_connection_error(std::string_view reason) {
  constexpr std::array<std::string_view, 8> kReasons{
      "Connection refused",     "Connection timed out", "Operation timed out", "No route to host",
      "Network is unreachable", "Network Error",        "Host is down",        "Connection reset by peer",
  };
  return starts_with_any(reason, kReasons);
}

// The other words of strerror and exim_errstr (log.c) that a call to a host may end with.
bool is_call_error(std::string_view reason) {
  constexpr std::array<std::string_view, 16> kReasons{
      "Address family not supported",
      "Bad file descriptor",
      "Broken pipe",
      "Cannot assign requested address",
      "Connection aborted",
      "Event requests",
      "Failed to start",
      "Input/output error",
      "Interrupted system call",
      "Invalid argument",
      "Negotiation failed",
      "Operation not permitted",
      "Permission denied",
      "Protocol error",
      "Too many open files",
      "Unknown error",
  };
  return is_connection_error(reason) || starts_with_any(reason, kReasons);
}

// The command in `SMTP timeout after …`, `Remote host closed connection in response to …` and their like.
Stage stage_of_reason(std::string_view reason) {
  constexpr std::array<std::string_view, 3> kTls{"TLS session", "a TLS session is required", "bad first read from TLS"};
  if (starts_with_any(reason, kTls)) return Stage::starttls;
  if (is_connection_error(reason)) return Stage::connect;
  constexpr std::array<std::string_view, 6> kHeads{
      "SMTP timeout after ",
      "LMTP timeout after ",
      "Remote host closed connection in response to ",
      "Remote host closed connection after ",  // up to 4.82
      "Malformed SMTP reply in response to ",
      "Malformed SMTP reply (an empty line) in response to ",
  };
  for (const auto head : kHeads) {
    if (scan::take(reason, head)) return stage_of_command(reason);
  }
  return Stage::none;
}

// Up to 4.86 the host stood within the words, here and in `SMTP error from remote mail server after …: host …: 421 …`:
//   Remote host mx.example [192.0.2.1] closed connection in response to end of data
//   SMTP timeout while connected to mx.example [192.0.2.1] after initial connection
//   mx.example [192.0.2.1] Connection refused
struct OldFailure {
  Host host;
  Stage stage = Stage::none;
};
std::optional<OldFailure> read_old_failure(std::string_view reason) {
  OldFailure failure;
  const bool closed = scan::take(reason, "Remote host ");
  const bool timeout = !closed && scan::take(reason, "SMTP timeout while connected to ");
  if (!take_host(reason, failure.host) || failure.host.address.empty() || !failure.host.helo.empty())
    return std::nullopt;
  if (closed || timeout) {
    if (!scan::take(reason, closed ? " closed connection in response to " : " after ")) return std::nullopt;
    failure.stage = stage_of_command(reason);
    return failure;
  }
  if (!scan::take(reason, ": ") && !scan::take(reason, " ")) return std::nullopt;
  if (!is_connection_error(reason)) return std::nullopt;
  failure.stage = Stage::connect;
  return failure;
}

// Which lines write a refusal that no other line writes. 4xx to MAIL, DATA and end of data and everything at the
// greeting or HELO has an `H=` line of its own for each host; RCPT has one only where further hosts will be tried,
// 5xx to MAIL, DATA and end of data never (smtp.c, FAILED: and write_logs()). Up to 4.86, which name the host
// within the words, only the greeting and HELO were always written apart.
bool deferral_counts(Stage stage, bool names_host_in_words) {
  if (stage == Stage::rcpt) return true;
  return names_host_in_words && (stage == Stage::mail || stage == Stage::data || stage == Stage::eod);
}

bool failure_counts(Stage stage) {
  return stage != Stage::connect && stage != Stage::helo;
}

// Reads the reason of a deferral or failure; true where it is the other side's 4xx or 5xx to count here.
bool read_reason(std::string_view reason, Event& event, Way& way) {
  const auto error = read_remote_error(reason);
  if (!error) {
    event.reply = reason;
    event.stage = stage_of_reason(reason);
    if (way.host.address.empty() && event.stage == Stage::none) {
      if (const auto old = read_old_failure(reason)) {
        way.host = old->host;
        event.stage = old->stage;
      }
    }
    return false;
  }
  set_reply(error->reply, event);
  event.stage = error->stage;
  const bool names_host_in_words = !error->host.address.empty();
  if (names_host_in_words) way.host = error->host;
  if (error->lmtp) {
    event.local = true;
    return false;
  }
  if (event.code < 400) return false;
  return event.outcome == Outcome::deferred ? deferral_counts(error->stage, names_host_in_words)
                                            : failure_counts(error->stage);
}

// What stands before the message id, the stamp: the recipients of one transaction are written in one go, so it tells
// their transaction from the next try's. Empty where the text is no part of the line (journald's JSON).
std::string_view stamp_of(const Line& line) {
  const auto raw = line.log->raw;
  const char* const id = line.queue_id.data();
  const std::less<> before;
  if (before(id, raw.data()) || !before(id, raw.data() + raw.size())) return {};
  return raw.substr(0, static_cast<std::size_t>(id - raw.data()));
}

// One refusal to MAIL, DATA or end of data is written for each recipient: the transaction makes it one again.
void count_refusal(const Line& line, Event& event) {
  event.counts_refusal = true;
  if (event.stage != Stage::rcpt) event.conversation = stamp_of(line);
}

// A TLS failure that defers (ERRNO_TLSFAILURE) is written nowhere else.
std::string_view tls_failure_in(std::string_view reason) {
  if (scan::take(reason, "TLS session: ")) return reason;
  return scan::starts(reason, "bad first read from TLS conn") ? reason : std::string_view{};
}

void finish(const Way& way, Event& event) {
  set_relay(way.host, event);
  const bool no_host = event.outcome == Outcome::delivered && way.host.address.empty();
  if (no_host || is_this_machine(way.host) || is_local_transport(way.transport)) event.local = true;
}

void append_refusal(const Line& line, const Host& host, const RemoteError& error, std::vector<Event>& events) {
  Event& event = append(events, line, EventKind::refusal);
  set_relay(host, event);
  set_reply(error.reply, event);
  event.stage = error.stage;
  event.counts_refusal = event.code >= 400 && !error.lmtp;
}

// ` DT=1s` stands behind the reason of a failure, where it is switched on.
std::string_view without_delivery_time(std::string_view reason) {
  const auto at = reason.rfind(" DT=");
  if (at == std::string_view::npos || duration_us(reason.substr(at + 4)) < 0) return reason;
  return reason.substr(0, at);
}

}  // namespace

bool parse_delivery(const Line& line, std::string_view text, std::vector<Event>& events) {
  if (text.empty()) return false;
  Event& event = append(events, line, EventKind::attempt);
  event.outcome = Outcome::delivered;
  if (scan::starts(text, "blackhole (") || scan::starts(text, "discarded (")) {  // what an ACL or a filter threw away
    event.local = true;
    return true;
  }
  take_recipient(text, event);
  Way way;
  while (!text.empty()) {
    if (scan::take(text, " ")) {
      take_delivery_field(text, event, way);
    } else {
      take_value(text);
    }
  }
  finish(way, event);
  return true;
}

bool parse_deferral(const Line& line, std::string_view text, std::vector<Event>& events) {
  if (text.empty()) return false;
  Event& event = append(events, line, EventKind::attempt);
  event.outcome = Outcome::deferred;
  take_recipient(text, event);
  Way way;
  while (scan::take(text, " ")) {
    if (scan::starts(text, "defer (")) break;
    take_field(text, event, way);
  }
  const bool has_errno = scan::take(text, "defer (");
  const bool failed_call = has_errno && !text.starts_with('-') && !scan::starts(text, "0)");
  if (!has_errno || !scan::take_until(text, ")")) {
    events.pop_back();
    return false;
  }

  std::string_view reason;
  if (failed_call && scan::take(text, ": ")) {  // errno in words
    reason = text.substr(0, std::min({text.find(" H="), text.find(": "), text.find(" DT=")}));
    text.remove_prefix(reason.size());
  }
  while (scan::take(text, " ")) {
    take_field(text, event, way);
  }
  if (scan::take(text, ": ")) reason = text;
  if (read_reason(reason, event, way)) count_refusal(line, event);
  event.secondary = event.code == 0 && is_secondary(reason);
  finish(way, event);
  if (const auto words = tls_failure_in(reason); !words.empty()) {
    append_outbound_tls_failure(line, way.host, words, false, events);
  }
  return true;
}

bool parse_failure(const Line& line, std::string_view text, std::vector<Event>& events) {
  if (text.empty()) return false;
  Event& event = append(events, line, EventKind::attempt);
  event.outcome = Outcome::bounced;
  if (scan::starts(text, "mua_wrapper is set but")) {  // all recipients at once
    event.reply = text;
    return true;
  }
  take_recipient(text, event);
  Way way;
  while (!scan::starts(text, ": ") && !scan::starts(text, " : ") && scan::take(text, " ")) {
    if (scan::starts(text, "routing yielded") || scan::starts(text, "mua_wrapper forced")) break;
    take_field(text, event, way);
  }
  if (!scan::take(text, ": ")) scan::take(text, " : ");
  const auto reason = without_delivery_time(text);
  if (read_reason(reason, event, way)) count_refusal(line, event);
  const bool given_up = event.code == 0 && (reason.ends_with("retry timeout exceeded") || is_secondary(reason));
  if (given_up) event.outcome = Outcome::expired;
  finish(way, event);
  return true;
}

Stage stage_of_command(std::string_view command) {
  scan::take(command, "pipelined ");
  struct Known {
    std::string_view head;
    Stage stage;
  };
  constexpr std::array<Known, 13> kKnown{{
      {"end of data", Stage::eod},
      {"sending data block", Stage::data},
      {"MAIL FROM:", Stage::mail},
      {"RCPT TO:", Stage::rcpt},
      {"DATA", Stage::data},
      {"BDAT", Stage::data},
      {"initial connection", Stage::connect},
      {"EHLO", Stage::helo},
      {"HELO", Stage::helo},
      {"LHLO", Stage::helo},
      {"STARTTLS", Stage::starttls},
      {"AUTH", Stage::auth},
      {"RSET", Stage::mail},
  }};
  if (command.empty()) return Stage::none;
  for (const auto& known : kKnown) {
    if (command.front() == known.head.front() && command.starts_with(known.head)) return known.stage;
  }
  return Stage::none;
}

std::optional<RemoteError> read_remote_error(std::string_view message) {
  RemoteError error;
  if (scan::take(message, "LMTP error after ")) {
    error.lmtp = true;
  } else if (!scan::take(message, "SMTP error from remote mail server after ") &&
             !scan::take(message, "SMTP error from remote mailer after ")) {  // up to 4.76
    return std::nullopt;
  }
  error.stage = stage_of_command(message);
  // The address of MAIL FROM:<…> and RCPT TO:<…> may hold the very colon that ends the command.
  if (error.stage == Stage::mail || error.stage == Stage::rcpt) {
    const auto bracket = message.find(":<");
    if (bracket != std::string_view::npos) {
      message.remove_prefix(bracket + 1);
      scan::take_angle(message);
    }
  }
  if (!scan::take_until(message, ": ")) return std::nullopt;
  auto behind = message;
  if (scan::take(behind, "host ") && take_host(behind, error.host) && scan::take(behind, ": ")) {
    message = behind;
  } else {
    error.host = {};
  }
  error.reply = message;
  return error;
}

// The lines of parse_remote_host() up to 4.86, which have no H=.
bool parse_old_remote_host(const Line& line, std::vector<Event>& events) {
  if (const auto error = read_remote_error(line.text)) {
    if (error->host.address.empty()) return false;
    append_refusal(line, error->host, *error, events);
    return true;
  }
  const auto failure = read_old_failure(line.text);
  if (!failure) return false;
  Event& event = append(events, line, EventKind::note);
  set_relay(failure->host, event);
  event.stage = failure->stage;
  event.reply = line.text;
  return true;
}

bool parse_remote_host(const Line& line, std::vector<Event>& events) {
  auto text = line.text;
  Host host;
  if (!scan::take(text, "H=") || !take_host(text, host) || host.address.empty() || !host.helo.empty()) return false;
  const bool all_of_it = scan::take(text, ": ");  // write_logs(): this form has no other author
  if (!all_of_it && !scan::take(text, " ")) return false;

  if (scan::take(text, "TLS session: ")) {
    append_outbound_tls_failure(line, host, text, false, events);
    return true;
  }
  if (const auto error = read_remote_error(text)) {
    append_refusal(line, host, *error, events);
    return true;
  }
  const bool io_error = scan::starts(text, "TLS error on connection ");  // after a delivery, more often than not
  if (!all_of_it && !io_error && !is_call_error(text)) return false;
  Event& event = append(events, line, EventKind::note);
  set_relay(host, event);
  event.reply = text;
  if (!io_error) event.stage = stage_of_reason(text);
  return true;
}

}  // namespace mtalens::exim
