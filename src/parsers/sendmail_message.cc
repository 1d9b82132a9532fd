// A message's life: it arrives (`from=`), is tried (`to=`), goes (`done;`), and what is sent about it.
//
//   6ANHjtoR007259: to=<fred@customer.example>, delay=00:00:01, xdelay=00:00:00, mailer=esmtp, pri=30082,
//     relay=mx.bt.lon5.cpcloud.co.uk. [127.1.0.1], dsn=4.0.0, reply=421 Too many …, stat=Deferred: 421 Too many …
//
// sendmail writes the fields in a fixed order (logdelivery() in deliver.c, logsender() in headers.c); what
// strangers may choose stands in the addresses, the message id and, last, the reply.
#include <algorithm>
#include <array>

#include "parsers/sendmail_lines.h"

namespace mtalens::sendmail {
namespace {

constexpr std::int64_t kSecond = 1'000'000;

// The two digits at `at` as a number; not digits: far more than any clock shows.
constexpr std::int64_t two_digits(std::string_view text, std::size_t at) {
  if (!scan::is_digit(text[at]) || !scan::is_digit(text[at + 1])) return 1000;
  return (text[at] - '0') * 10 + (text[at + 1] - '0');
}

// `00:05:53` or `1+00:05:53` at the front, as pintvl() in convtime.c writes it: days, hours, minutes, seconds.
// -1: no interval stands there.
std::int64_t take_interval(std::string_view& text) {
  constexpr std::size_t kClock = 8;  // HH:MM:SS
  auto clock = text;
  std::int64_t days = 0;
  if (clock.size() > kClock && clock[2] != ':') {
    days = scan::take_number(clock).value_or(-1);
    if (days < 0 || days > 100'000 || !scan::take(clock, "+")) return -1;
  }
  if (clock.size() < kClock || clock[2] != ':' || clock[5] != ':') return -1;
  const auto hours = two_digits(clock, 0), minutes = two_digits(clock, 3), seconds = two_digits(clock, 6);
  if (hours > 23 || minutes > 59 || seconds > 59) return -1;
  text = clock.substr(kClock);
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * kSecond;
}

// What stands before the next `, `; `text` goes on there.
std::string_view take_value(std::string_view& text) {
  const auto value = text.substr(0, text.find(", "));
  text.remove_prefix(value.size());
  return value;
}

// What stands between the front and the field `mark` (`, delay=`), where the address before it is cut short
// or odd beyond reading.
std::optional<std::string_view> take_up_to(std::string_view& text, std::string_view mark) {
  const auto at = text.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  const auto taken = text.substr(0, at);
  text.remove_prefix(at);
  return taken;
}

// ---- from= -----------------------------------------------------------------------------------------

// The fields behind the message id, in sendmail's order.
enum class Tail : std::uint8_t { bodytype, proto, daemon, tls_verify, tls_version, cipher, auth, authid, relay, end };
constexpr std::array<std::string_view, 9> kTailFields{
    "bodytype=", "proto=", "daemon=", "tls_verify=", "tls_version=", "cipher=", "auth=", "authid=", "relay="};

// One that may stand before that one, its name taken off; `end`: none.
Tail take_tail_field(std::string_view& field, Tail behind) {
  for (auto at = static_cast<std::size_t>(behind); !field.empty() && at-- > 0;) {
    const auto name = kTailFields[at];
    if (name.front() == field.front() && scan::take(field, name)) return static_cast<Tail>(at);
  }
  return Tail::end;
}

void set_tail_field(Event& event, Tail name, std::string_view value) {
  if (name == Tail::relay) set_client(event, value);
  if (name == Tail::authid) event.auth_user = value;
  if (name == Tail::tls_version && value != "NONE") event.tls_version = value;
  if (name == Tail::cipher && value != "NONE") event.tls_cipher = value;
}

// `msgid=…, bodytype=8BITMIME, proto=ESMTP, daemon=MTA, relay=host [address]`: the message id is the sender's text, so
// the fields behind it are read from the end, as long as they stand in order.
void read_arrival_tail(Event& event, std::string_view tail) {
  for (auto behind = Tail::end; !tail.empty();) {
    const auto comma = tail.rfind(", ");
    auto field = comma == std::string_view::npos ? tail : tail.substr(comma + 2);
    const auto name = take_tail_field(field, behind);
    if (name == Tail::end || field.ends_with('>')) break;
    set_tail_field(event, name, field);
    behind = name;
    tail = comma == std::string_view::npos ? std::string_view{} : tail.substr(0, comma);
  }
  if (scan::take(tail, "msgid=")) {
    if (scan::take(tail, "<") && tail.ends_with('>')) tail.remove_suffix(1);
    event.message_id = tail;
  }
}

// The sender, of which sendmail writes 200 characters: a quote in it may be left open.
std::optional<std::string_view> take_sender(std::string_view& text) {
  constexpr std::size_t kMost = 200;
  auto length = address_length(text);
  if (length > kMost) length = std::min(length, length_of_characters(text, kMost));
  if (!text.substr(length).starts_with(", size=")) return take_up_to(text, ", size=");
  const auto sender = text.substr(0, length);
  text.remove_prefix(length);
  return sender;
}

// <boss@lab.example>, size=76, class=0, nrcpts=1, msgid=<…>, proto=ESMTP, daemon=MTA, relay=localhost [127.0.0.1]
bool parse_arrival(const Line& line, std::string_view rest, std::vector<Event>& events) {
  const auto sender = take_sender(rest);
  if (!sender) return false;
  Event& event = append_event(line, EventKind::received, events);
  event.sender = bare_address(*sender);
  event.null_sender = event.sender.empty();
  while (scan::take(rest, ", ")) {
    auto value = rest;
    if (scan::take(value, "size=")) {
      event.size_bytes = scan::take_number(value).value_or(-1);
    } else if (scan::take(value, "nrcpts=")) {
      event.recipients = scan::take_number(value).value_or(-1);
    } else if (!scan::take(value, "class=") && !scan::take(value, "pri=")) {
      read_arrival_tail(event, rest);
      break;
    }
    rest.remove_prefix(std::min(rest.find(", "), rest.size()));
  }
  return true;
}

// ---- to= -------------------------------------------------------------------------------------------

// What a `to=` line says, as it stands there.
struct Delivery {
  std::string_view recipients, owner, mailer, relay, dsn, stage, reply, status;
  std::int64_t delay_us = -1;
  bool more_follows = false;
};

// Whether the status quotes the reply. Both lose their middle where they are longer than 203 characters
// (shortenstring(), STATLEN), the status at another place: `Deferred: ` stands before its text.
bool quotes(std::string_view status, std::string_view reply) {
  constexpr std::size_t kLongest = 203, kKept = 80;
  scan::take(status, "Deferred: ");
  if (status == reply) return true;
  if (reply.size() < kLongest || status.size() < 2 * kKept) return false;
  return status.substr(0, kKept) == reply.substr(0, kKept) &&
         status.substr(status.size() - kKept) == reply.substr(reply.size() - kKept);
}

// The reply and the status from `REPLY, stat=STATUS`. A stranger may have put `, stat=` into his reply, and
// the status may quote it: then the two halves are the same text. Else the status is sendmail's own words.
bool split_reply(std::string_view text, Delivery& delivery) {
  constexpr std::string_view kMark = ", stat=";
  const auto last = text.rfind(kMark);
  if (last == std::string_view::npos) {
    delivery.reply = text;
    return true;
  }
  auto at = text.find(kMark);
  while (at != last && !quotes(text.substr(at + kMark.size()), text.substr(0, at)))
    at = text.find(kMark, at + 1);
  delivery.reply = text.substr(0, at);
  delivery.status = text.substr(at + kMark.size());
  return true;
}

// `<fred@customer.example> (1001/1001)`: who controls the delivery. A bare name is a local user.
void read_controlling_user(Event& event, std::string_view text) {
  std::int64_t uid = -1;
  if (text.ends_with(')')) {
    const auto open = text.rfind(" (");
    if (open != std::string_view::npos) {
      auto ids = text.substr(open + 2);
      uid = scan::take_number(ids).value_or(-1);
      text = text.substr(0, open);
    }
  }
  const auto address = bare_address(text);
  if (address.find('@') == std::string_view::npos) {
    event.uid = uid;
  } else if (address != event.recipient) {
    event.original_recipient = address;
  }
}

// Where the list of recipients ends: at the first `, ` outside of addresses, with a field behind it.
bool take_recipients(std::string_view& text, Delivery& delivery) {
  std::size_t at = address_length(text);
  while (at + 1 < text.size() && text[at + 1] != ' ')
    at += 1 + address_length(text.substr(at + 1));
  const auto behind = text.substr(std::min(at, text.size()));
  if (scan::starts(behind, ", delay=") || scan::starts(behind, ", ctladdr=") || scan::starts(behind, ", [more]")) {
    delivery.recipients = text.substr(0, at);
    text = behind;
  } else if (const auto cut = take_up_to(text, ", delay=")) {
    delivery.recipients = *cut;
  }
  delivery.more_follows = scan::take(text, ", [more]");
  return !delivery.recipients.empty();
}

bool take_owner(std::string_view& text, Delivery& delivery) {
  delivery.owner = text.substr(0, address_length(text));
  if (text.substr(delivery.owner.size()).starts_with(", delay=")) {
    text.remove_prefix(delivery.owner.size());
    return true;
  }
  const auto cut = take_up_to(text, ", delay=");
  delivery.owner = cut.value_or(std::string_view{});
  return cut.has_value();
}

// `text` behind `to=`. False: it is no line of a delivery, for none lacks its status.
bool read_delivery(std::string_view text, Delivery& delivery) {
  if (!take_recipients(text, delivery)) return false;
  while (scan::take(text, ", ") && !text.empty()) {
    switch (text.front()) {
      case 'c':
        if (scan::take(text, "ctladdr=") && !take_owner(text, delivery)) return false;
        break;
      case 'd':
        if (scan::take(text, "delay="))
          delivery.delay_us = take_interval(text);
        else if (scan::take(text, "dsn="))
          delivery.dsn = scan::enhanced_code_at(take_value(text));
        break;
      case 'm':
        if (scan::take(text, "mailer=")) delivery.mailer = take_value(text);
        break;
      case 'r':
        if (scan::take(text, "reply=")) return split_reply(text, delivery);
        if (scan::take(text, "relay=")) delivery.relay = take_value(text);
        break;
      case 's':
        if (scan::take(text, "stat=")) {
          delivery.status = text;
          return true;
        }
        if (scan::take(text, "stage=")) delivery.stage = take_value(text);
        break;
      default:
        break;
    }
    if (!scan::starts(text, ", ")) take_value(text);  // a field of no use here, or what is left of an odd one
  }
  return false;
}

// The words of sysexits and of queue.c that tell a temporary failure; what else is not `Sent` is final.
bool is_deferral(std::string_view status) {
  constexpr std::array<std::string_view, 5> kWords{"Deferred", "queued", "quarantined", "I/O error",
                                                   "Operating system error"};
  return std::any_of(kWords.begin(), kWords.end(), [&](auto word) { return status.starts_with(word); });
}

// sendmail writes reply= for failures only, whatever the words behind it.
bool is_delivered(const Delivery& delivery) {
  return scan::starts(delivery.status, "Sent") && delivery.reply.empty();
}

Outcome outcome_of_failure(const Delivery& delivery, std::uint16_t code) {
  if (is_deferral(delivery.status)) return Outcome::deferred;
  if (code >= 500) return Outcome::bounced;
  return code >= 400 || delivery.dsn.starts_with('4') ? Outcome::deferred : Outcome::bounced;
}

// Mailers that end on this machine. No mailer at all: sendmail refused or dropped the message itself.
bool is_local_mailer(std::string_view mailer) {
  constexpr std::array<std::string_view, 11> kLocal{"local",   "*file*", "*include*", "prog", "procmail", "lmtp",
                                                    "discard", "error",  "maildrop",  "",     "lda"};
  return std::find(kLocal.begin(), kLocal.end(), mailer) != kLocal.end() || scan::starts(mailer, "cyrus") ||
         scan::starts(mailer, "dovecot");
}

bool is_this_machine(const Event& event) {
  if (!event.relay_address.empty()) return event.relay_address == "127.0.0.1" || event.relay_address == "::1";
  return event.relay == "localhost" || event.relay == "[127.0.0.1]" || event.relay == "[IPv6:::1]";
}

// The id that the next hop on this machine gave the message: `[2.0.0 ]QID Message accepted for delivery`, or
// a filter's `… queued as ID`.
std::string_view next_queue_id(std::string_view reply) {
  if (const auto enhanced = scan::enhanced_code_at(reply); !enhanced.empty()) {
    reply.remove_prefix(enhanced.size());
    scan::take(reply, " ");
  }
  if (reply.ends_with(" Message accepted for delivery")) return reply.substr(0, reply.find(' '));
  constexpr std::string_view kQueuedAs = "queued as ";
  const auto at = reply.rfind(kQueuedAs);
  if (at == std::string_view::npos) return {};
  const auto id = reply.substr(at + kQueuedAs.size());
  return id.substr(0, id.find_first_of(" )"));
}

// sendmail's own rulesets speak here as if the other side had: tls_server and its like, with 454 (8.16 on) or
// 403, a code that nobody else uses.
bool is_own_tls_verdict(const Event& event) {
  return event.code == 403 || (event.code == 454 && event.reply.find("TLS handshake") != std::string_view::npos);
}

// _FFR_LOG_STAGE writes the state of the conversation.
Stage stage_named(std::string_view name) {
  if (name == "GREET") return Stage::connect;
  if (name == "EHLO") return Stage::helo;
  if (name == "STARTTLS") return Stage::starttls;
  if (name == "AUTH") return Stage::auth;
  if (name == "MAIL") return Stage::mail;
  if (name == "RCPT") return Stage::rcpt;
  if (name == "DATA") return Stage::data;
  if (name == "EOM" || name == "DATA2") return Stage::eod;
  return Stage::none;
}

// sendmail names no stage. A reply about the recipient's address (x.1.1 to x.1.6) or mailbox (x.2.0 to x.2.2)
// is an answer to RCPT; x.1.7 and x.1.8 are about the sender, x.2.3 about the size.
bool speaks_of_recipient(std::string_view enhanced) {
  if (enhanced.size() != 5) return false;
  const char detail = enhanced[4];
  return (enhanced[2] == '1' && detail >= '0' && detail <= '6') ||
         (enhanced[2] == '2' && detail >= '0' && detail <= '2');
}

void set_delivered(Event& event, const Delivery& delivery) {
  event.outcome = Outcome::delivered;
  auto status = delivery.status;
  scan::take(status, "Sent");
  if (scan::take(status, " (") && status.ends_with(')')) event.reply = status.substr(0, status.size() - 1);
  if (!event.local) return;
  event.other_queue_id = next_queue_id(event.reply);
  if (!event.other_queue_id.empty()) event.relation = Relation::queued_as;
}

// Why it failed: the reply where sendmail logs one (8.16 on), for the status may only tell how the socket died
// after it. That reply is the conversation's last, though: where it is the farewell after a refused RCPT
// (`reply=221 2.0.0 Bye, stat=Deferred: 421 Too many …`), and where there is none, it is what the status says.
std::string_view reason_of_failure(const Delivery& delivery) {
  const bool refuses = delivery.reply.starts_with('4') || delivery.reply.starts_with('5');
  auto reason = delivery.reply;
  if (!refuses && !delivery.status.empty()) {
    reason = delivery.status;
    if (scan::take(reason, "Deferred")) scan::take(reason, ": ");
  }
  return reason;
}

void set_failure(Event& event, const Delivery& delivery) {
  const auto reason = reason_of_failure(delivery);
  set_reply(event, reason);
  event.outcome = outcome_of_failure(delivery, event.code);
  event.stage = stage_named(delivery.stage);

  // The address of the relay is logged once a connection is tried (makeconnection() in daemon.c); without it
  // sendmail repeats the status it remembers of the host, or the name server had no answer.
  const bool tried = !event.relay_address.empty();
  if (event.outcome == Outcome::deferred && !event.local && !tried) {
    event.secondary = delivery.reply.empty() && !scan::starts(reason, "Name server:") && reason != "quarantined";
  }
  if (is_own_tls_verdict(event)) {
    event.stage = Stage::starttls;
    return;
  }
  if (!tried || event.local) return;
  // Before 8.16 a 5xx is not quoted, only translated.
  const bool translated = event.code == 0 && delivery.dsn.starts_with('5') &&
                          (delivery.status == "User unknown" || delivery.status == "Service unavailable");
  event.counts_refusal = event.code >= 400 || translated;
  if (event.stage != Stage::none) return;
  if (event.counts_refusal && speaks_of_recipient(event.enhanced_code.empty() ? delivery.dsn : event.enhanced_code)) {
    event.stage = Stage::rcpt;
  } else if (scan::starts(reason, "Connection refused")) {
    event.stage = Stage::connect;
  }
}

// The first recipient's attempt is made; the others on the line share all but the address with it.
void append_other_recipients(std::string_view list, std::vector<Event>& events) {
  while (scan::take(list, ",")) {
    const auto item = list.substr(0, address_length(list));
    list.remove_prefix(item.size());
    if (item.empty()) continue;
    events.push_back(events.back());
    Event& event = events.back();
    event.recipient = bare_address(item);
    event.same_transaction = true;
    event.counts_refusal = false;
  }
}

// <a@x>,<b@x>, [more], ctladdr=<list@y> (8/0), delay=00:00:01, …, stat=Sent (ok)
bool parse_delivery(const Line& line, std::string_view rest, std::vector<Event>& events) {
  Delivery delivery;
  if (!read_delivery(rest, delivery)) return false;
  Event& event = append_event(line, EventKind::attempt, events);
  const auto first = address_length(delivery.recipients);
  event.recipient = bare_address(delivery.recipients.substr(0, first));
  event.more_follows = delivery.more_follows;
  event.delay_us = delivery.delay_us;
  if (!delivery.owner.empty()) read_controlling_user(event, delivery.owner);
  const auto relay = relay_of(delivery.relay);
  event.relay = relay.host;
  event.relay_address = relay.address;
  event.local = is_local_mailer(delivery.mailer) || is_this_machine(event);
  if (is_delivered(delivery)) {
    set_delivered(event, delivery);
  } else {
    set_failure(event, delivery);
  }
  if (event.enhanced_code.empty()) event.enhanced_code = delivery.dsn;
  append_other_recipients(delivery.recipients.substr(first), events);
  return true;
}

// ---- one id and another ----------------------------------------------------------------------------

bool append_related(const Line& line, Relation relation, std::string_view id, std::string_view other,
                    std::vector<Event>& events) {
  Event& event = append_event(line, EventKind::related, events);
  event.queue_id = id;
  event.relation = relation;
  event.other_queue_id = other;
  return true;
}

// A notice about the message: `DSN: User unknown`, `sender notify: Cannot send message for 5 days`.
bool parse_notice(const Line& line, std::string_view notice_id, std::string_view words, std::vector<Event>& events) {
  if (scan::starts(words, "Return receipt")) return append(line, EventKind::note, events);
  const bool delay = scan::starts(words, "Warning: ");
  append_related(line, delay ? Relation::delay_notice : Relation::bounce, line.queue_id, notice_id, events);
  Event& event = events.back();
  event.reply = words;
  if (scan::starts(words, "Cannot send message ") || scan::starts(words, "delivery time expired")) {
    event.ended = Ended::expired;
    event.returned_to_sender = true;
  }
  return true;
}

// 6ANHlB3R014757: DSN: Cannot send message for 1 minute, 10 seconds
bool parse_other_id(const Line& line, std::vector<Event>& events) {
  if (line.queue_id.empty()) return false;
  auto rest = line.text;
  const auto other = queue_id_at(rest);
  if (other.empty()) return false;
  rest.remove_prefix(other.size());
  if (!scan::take(rest, ": ")) return false;
  for (const auto* kind : {"DSN: ", "sender notify: ", "return to sender: ", "postmaster notify: "}) {
    if (scan::take(rest, kind)) return parse_notice(line, other, rest, events);
  }
  // Some recipients go on under an id of their own.
  if (scan::starts(rest, "clone: ")) return append_related(line, Relation::requeued_from, other, line.queue_id, events);
  return false;
}

// split: count=2, ids=A; B
bool parse_split(const Line& line, std::string_view rest, std::vector<Event>& events) {
  if (!scan::take_until(rest, ", id")) return false;
  scan::take(rest, "s");
  if (!scan::take(rest, "=")) return false;
  const auto before = events.size();
  while (!rest.empty()) {
    const auto id = rest.substr(0, rest.find_first_of(";, "));
    rest.remove_prefix(id.size());
    rest.remove_prefix(std::min(rest.find_first_not_of(";, "), rest.size()));
    if (!id.empty()) append_related(line, Relation::requeued_from, id, line.queue_id, events);
  }
  return events.size() > before;
}

bool append_ended(const Line& line, Ended how, std::vector<Event>& events) {
  append_event(line, EventKind::ended, events).ended = how;
  return true;
}

// done; delay=00:00:03, ntries=1
bool parse_done(const Line& line, std::string_view rest, std::vector<Event>& events) {
  append_ended(line, Ended::removed, events);
  if (scan::take(rest, "delay=")) events.back().delay_us = take_interval(rest);
  return true;
}

}  // namespace

bool parse_message(const Line& line, std::vector<Event>& events) {
  auto rest = line.text;
  if (scan::take(rest, "to=")) return parse_delivery(line, rest, events);
  if (scan::take(rest, "from=")) return parse_arrival(line, rest, events);
  if (scan::take(rest, "done; ")) return parse_done(line, rest, events);
  if (scan::take(rest, "split: ")) return parse_split(line, rest, events);
  // Before 8.10: the clone's line names the original.
  if (scan::take(rest, "clone ")) {
    return append_related(line, Relation::requeued_from, line.queue_id, rest.substr(0, rest.find(',')), events);
  }
  if (rest == "discarded" || scan::starts(rest, "Losing ")) return append_ended(line, Ended::deleted, events);
  return parse_other_id(line, events);
}

}  // namespace mtalens::sendmail
