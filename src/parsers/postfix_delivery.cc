// What became of a recipient, as Postfix's delivery agents say it, and what an SMTP client says of a host that it
// gave up on before any recipient was decided.
//
//   401E2A72A39: to=<y@yahoo.co.uk>, orig_to=<sales@example.com>, relay=mta7.am0.yahoodns.net[127.1.0.7]:25,
//       delay=6.5, delays=0.1/0/6/0.4, dsn=4.7.0, status=deferred (host mta7…[127.1.0.7] said: 421 4.7.0 [TSS04] …
//       (in reply to MAIL FROM command))
//   401E2A72A39: host mta7.am0.yahoodns.net[127.1.0.7] refused to talk to me: 421 4.7.0 …
#include <algorithm>

#include "parsers/postfix_line.h"

namespace mtalens::postfix {
namespace {

using scan::take;

// Seconds with up to six decimals: "6.5", "63495".
std::int64_t microseconds(std::string_view seconds) {
  const auto whole = scan::take_number(seconds);
  if (!whole || *whole > 9'000'000'000) return -1;
  std::int64_t us = *whole * 1'000'000;
  if (!take(seconds, ".")) return us;
  for (std::int64_t unit = 100'000; unit > 0 && !seconds.empty() && scan::is_digit(seconds.front()); unit /= 10) {
    us += (seconds.front() - '0') * unit;
    seconds.remove_prefix(1);
  }
  return us;
}

void name_relay(Event& event, const scan::HostAndAddress& peer) {
  if (!event.relay.empty()) return;  // relay= named it; what a reply quotes is only words
  event.relay = scan::without_final_dot(peer.host);
  event.relay_address = peer.address;
  event.relay_port = peer.port;
}

void read_codes(Event& event) {
  const auto codes = scan::reply_codes(event.reply);
  event.code = codes.code;
  if (event.enhanced_code.empty()) event.enhanced_code = codes.enhanced;
}

// Where the last ` (in reply to … command)` begins, Postfix's own behind the other side's words, which may hold any.
std::size_t in_reply_to_at(std::string_view quoted) {
  constexpr std::size_t kLongest = 48;  // " (in reply to XFORWARD name/address command)" and some
  if (!quoted.ends_with(')')) return std::string_view::npos;
  const auto from = quoted.size() - std::min(quoted.size(), kLongest);
  auto last = std::string_view::npos;
  for (auto at = quoted.find("(in reply to ", from); at != std::string_view::npos;
       at = quoted.find("(in reply to ", at + 1)) {
    last = at;
  }
  return last;
}

void set_reply(Event& event, std::string_view reply) {
  event.reply = reply;
  read_codes(event);
  event.counts_refusal = event.code >= 400;
}

// The other side's words, and what it answered with them: `421 … (in reply to end of DATA command)`.
void read_quoted_reply(Event& event, std::string_view quoted) {
  if (const auto at = in_reply_to_at(quoted); at != std::string_view::npos && at > 0) {
    event.stage = stage_of(quoted.substr(at + 13));
    quoted = quoted.substr(0, at - 1);
  }
  set_reply(event, quoted);
}

// "lost connection with H while sending RCPT TO", "conversation with H timed out while receiving the initial …":
// the words behind the first verb tell the stage.
Stage stage_of_activity(std::string_view words) {
  const auto at = words.find("while ");
  if (at == std::string_view::npos) return Stage::none;
  words.remove_prefix(at + 6);
  for (const auto verb : {"sending ", "performing ", "receiving ", "the "}) {
    take(words, verb);
  }
  return stage_of(words);
}

// The host off the front of the text, and into the event; nearly always it is relay= once more.
bool take_relay(Event& event, std::string_view& text) {
  auto rest = text;
  if (!event.relay.empty() && take(rest, event.relay) && take(rest, "[") && take(rest, event.relay_address) &&
      take(rest, "]")) {
    text = rest;
    return true;
  }
  const auto peer = take_peer(text);
  if (peer) name_relay(event, *peer);
  return peer.has_value();
}

// `H[ip] said: …`, `H[ip] refused to talk to me: …`; false where the host's name is not followed by such words. Only
// behind `said` does Postfix add what it was in reply to.
bool read_host_said(Event& event, std::string_view text) {
  if (!take_relay(event, text)) return false;
  if (take(text, " said: ")) {
    read_quoted_reply(event, text);
  } else if (take(text, " refused to talk to me: ")) {
    set_reply(event, text);
    event.stage = Stage::connect;
  } else if (take(text, " refused to start TLS: ")) {
    set_reply(event, text);
    event.stage = Stage::starttls;
  } else {
    return false;
  }
  return true;
}

// Reasons that are Postfix's own but name the host they are about. The reason stays whole, as the reply.
bool read_host_trouble(Event& event, std::string_view text) {
  auto rest = text;
  const bool knows = take(rest, "lost connection with ") || take(rest, "conversation with ") ||
                     take(rest, "connect to ") || take(rest, "local data error while talking to ") ||
                     take(rest, "TLS is required, but was not offered by host ");
  if (!knows) return false;
  event.reply = text;
  if (const auto peer = take_peer(rest)) {
    name_relay(event, *peer);
    event.stage = scan::starts(text, "connect to ") ? Stage::connect : stage_of_activity(rest);
  }
  return true;
}

// The login at a smarthost: `SASL authentication failed; server H[ip] said: 535 …`.
bool read_login_refused(Event& event, std::string_view text) {
  auto rest = text;
  if (!take(rest, "SASL authentication failed") && !take(rest, "SASL [CACHED] authentication failed")) return false;
  event.reply = text;
  event.stage = Stage::auth;
  if (take(rest, "; server ") && read_host_said(event, rest)) event.stage = Stage::auth;
  // A cached failure repeats what was said earlier; nothing was sent now.
  if (scan::starts(text, "SASL [CACHED]")) event.counts_refusal = false;
  return true;
}

// `Cannot start TLS: handshake failure`, and after a handshake `Server certificate not verified`, `not trusted`: the host
// is in relay= alone.
bool read_tls_trouble(Event& event, std::string_view text) {
  if (scan::starts(text, "Server certificate not ")) {
    event.cause = TlsCause::certificate;
  } else if (!scan::starts(text, "Cannot start TLS")) {
    return false;
  }
  event.reply = text;
  event.stage = Stage::starttls;
  return true;
}

// The words of an SMTP client about a host, whoever they are for.
bool read_smtp_words(Event& event, std::string_view text) {
  auto rest = text;
  take(rest, "Protocol error: ");  // the reply had neither 4xx nor 5xx where one was due
  if (take(rest, "host ") || take(rest, "TLS is required, but host ")) {
    if (read_host_said(event, rest)) return true;
  }
  return read_host_trouble(event, text) || read_login_refused(event, text) || read_tls_trouble(event, text);
}

// What stands in the parentheses behind status=.
void read_reason(Event& event, std::string_view text) {
  auto rest = text;
  if (take(rest, "delivery temporarily suspended: ")) event.secondary = true;
  const bool is_reply = !rest.empty() && scan::is_digit(rest.front());
  if (!is_reply && read_smtp_words(event, rest)) {
    if (event.secondary) event.counts_refusal = false;
    return;
  }
  if (take(rest, "delivery via ")) {  // an address probe: `delivery via mx.example.com[192.0.2.1]:25: 250 Ok`
    if (const auto peer = take_peer(rest)) name_relay(event, *peer);
    take(rest, ": ");
  }
  event.reply = rest;
  read_codes(event);
}

// `250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 33DE0DC24C3`: the id is ours only where the
// relay is.
void read_new_id(Event& event) {
  auto reply = event.reply;
  if (take(reply, "forwarded as ")) {
    if (!is_queue_id(reply)) return;
    event.local = true;
    event.relation = Relation::forwarded_as;
    event.other_queue_id = reply;
    return;
  }
  constexpr std::string_view kQueuedAs = "queued as ";
  const auto at = event.local ? reply.rfind(kQueuedAs) : std::string_view::npos;
  if (at == std::string_view::npos) return;
  reply.remove_prefix(at + kQueuedAs.size());
  const auto id = reply.substr(0, reply.find_first_of(" )>;,"));
  if (!is_queue_id(id)) return;
  event.relation = Relation::queued_as;
  event.other_queue_id = id;
}

enum class Probe : bool { no, yes };  // an address verification: no mail was sent

struct Status {
  Outcome outcome = Outcome::none;
  Probe probe = Probe::no;
};

// The word behind status=, taken off.
std::optional<Status> take_status(std::string_view& text) {
  if (take(text, "sent")) return Status{Outcome::delivered};
  if (take(text, "deferred") || take(text, "SOFTBOUNCE")) return Status{Outcome::deferred};  // soft_bounce = yes
  if (take(text, "bounced")) return Status{Outcome::bounced};
  if (take(text, "expired")) return Status{Outcome::expired};
  if (take(text, "deliverable") || take(text, "undeliverable")) return Status{Outcome::none, Probe::yes};
  return std::nullopt;
}

bool delivers_locally(Daemon daemon) {
  return daemon == Daemon::local || daemon == Daemon::virtual_mailbox || daemon == Daemon::pipe ||
         daemon == Daemon::lmtp || daemon == Daemon::discard;
}

void read_relay(Event& event, std::string_view value, Daemon daemon) {
  event.local = delivers_locally(daemon);
  if (value == "none") return;
  auto rest = value;
  const auto peer = take_peer(rest);
  if (!peer) {  // relay=local, relay=virtual, or a pipe's own name
    event.relay = value;
    if (value == "local" || value == "virtual") event.local = true;
    return;
  }
  name_relay(event, *peer);
  const bool socket = peer->address.empty();
  if (socket || is_this_host(peer->host, peer->address)) event.local = true;
}

// `, name=value` off the front. The name is a literal, so that looking for it is one comparison of a few bytes.
template <std::size_t kSize>
std::optional<std::string_view> take_field(std::string_view& text, const char (&name)[kSize]) {
  if (!take(text, std::string_view(name, kSize - 1))) return std::nullopt;
  const auto value = text.substr(0, text.find(','));
  text.remove_prefix(value.size());
  return value;
}

// What stands between the recipient and its status, in Postfix's order (global/log_adhoc.c).
void take_fields(Event& event, std::string_view& text, Daemon daemon) {
  if (const auto relay = take_field(text, ", relay=")) read_relay(event, *relay, daemon);
  take_field(text, ", conn_use=");
  if (const auto delay = take_field(text, ", delay=")) event.delay_us = microseconds(*delay);
  if (const auto delays = take_field(text, ", delays=")) event.conversation = *delays;
  take_field(text, ", tls=");
  if (const auto dsn = take_field(text, ", dsn=")) event.enhanced_code = *dsn;
}

// status=deferred (reason)
bool read_status(Event& event, std::string_view text) {
  if (!take(text, ", status=")) return false;
  const auto status = take_status(text);
  if (!status || !(text.empty() || text.starts_with(' '))) return false;
  event.outcome = status->outcome;
  if (take(text, " (")) {
    if (text.ends_with(')')) text.remove_suffix(1);  // not so where syslog cut the line
    read_reason(event, text);
    read_new_id(event);
  }
  if (status->probe == Probe::yes) event.kind = event.counts_refusal ? EventKind::refusal : EventKind::note;
  return true;
}

bool read_delivery(Event& event, std::string_view text, Daemon daemon) {
  if (!take(text, "to=")) return false;
  const auto recipient = take_address(text, ", relay=", ", orig_to=");
  if (!recipient) return false;
  event.recipient = *recipient;
  auto rest = text;
  if (take(rest, ", orig_to=")) {
    const auto original = take_address(rest, ", relay=", ", relay=");
    if (!original) return false;
    event.original_recipient = *original;
    text = rest;
  }
  take_fields(event, text, daemon);
  return read_status(event, text);
}

}  // namespace

bool parse_delivery(const Line& line) {
  Event& event = add(line, EventKind::attempt);
  if (read_delivery(event, line.text, line.daemon)) return true;
  line.events.pop_back();
  return false;
}

bool parse_smtp_trouble(const Line& line) {
  if (line.text == "Cannot start TLS: handshake failure") {
    Event& event = add(line, EventKind::tls_detail);
    event.direction = Direction::outbound;
    event.reply = line.text;
    return true;
  }
  if (line.queue_id.empty() && !scan::starts(line.text, "connect to ")) return false;
  Event& event = add(line, EventKind::note);
  if (!read_smtp_words(event, line.text)) {
    line.events.pop_back();
    return false;
  }
  if (event.counts_refusal) event.kind = EventKind::refusal;
  return true;
}

}  // namespace mtalens::postfix
