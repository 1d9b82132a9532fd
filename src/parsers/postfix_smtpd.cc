// Clients: who connected, what they handed in, and what was refused to them, by smtpd, by postscreen before it and by
// cleanup for the content.
//
//   smtpd:      5A2C63F1: client=mail.example.com[192.0.2.1], sasl_method=PLAIN, sasl_username=jo
//   smtpd:      NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 554 5.7.1 <al@example.org>: Relay access denied;
//                   from=<x@example.net> to=<al@example.org> proto=ESMTP helo=<friend>
//   postscreen: NOQUEUE: reject: RCPT from [192.0.2.7]:2413: 550 5.7.1 …; from=<…>, to=<…>, proto=SMTP, helo=<…>
//   cleanup:    5A2C63F1: reject: header Subject: … from unknown[192.0.2.7]; from=<…> to=<…> proto=… helo=<…>: 5.7.1 …
#include <algorithm>

#include "parsers/postfix_line.h"

namespace mtalens::postfix {
namespace {

using scan::take;

void set_client(Event& event, const scan::HostAndAddress& peer) {
  event.client = peer.host;
  event.client_address = peer.address;
}

bool add_client(const Line& line, EventKind kind, const scan::HostAndAddress& peer) {
  set_client(add(line, kind), peer);
  return true;
}

// `, sasl_sender=…, orig_queue_id=…, orig_client=…` stand behind the login's name, which may hold commas itself: all
// three are taken off the end, and the id of the message before a filter is given.
std::string_view take_fields_behind_login(std::string_view& text) {
  std::string_view id;
  for (const std::string_view mark : {", orig_client=", ", orig_queue_id=", ", sasl_sender="}) {
    if (text.find(mark) == std::string_view::npos) continue;  // nearly always, and found out faster than by rfind
    const auto at = text.rfind(mark);
    if (mark == ", orig_queue_id=") id = text.substr(at + mark.size());
    text = text.substr(0, at);
  }
  return id;
}

// client=host[address], and behind it what is known of the login and of the message's life before a filter
bool parse_arrival(const Line& line) {
  auto rest = line.text;
  if (!take(rest, "client=")) return false;
  const auto peer = take_peer(rest);
  if (!peer) return false;
  // NOQUEUE: the message goes on to a proxy (smtpd_proxy_filter), it is in no queue of ours.
  Event& event = add(line, line.queue_id.empty() ? EventKind::connection : EventKind::received);
  set_client(event, *peer);
  if (rest.empty()) return true;
  const auto id = take_fields_behind_login(rest);
  // Handed on with XFORWARD: from another machine it would be that one's id.
  if (is_queue_id(id) && is_this_host(peer->host, peer->address)) {
    event.relation = Relation::requeued_from;
    event.other_queue_id = id;
  }
  if (take(rest, ", sasl_method=")) rest.remove_prefix(std::min(rest.find(','), rest.size()));
  if (take(rest, ", sasl_username=")) event.auth_user = rest;
  return true;
}

// The envelope behind a refusal: `; from=<…> to=<…> proto=… helo=<…>`, with commas in postscreen; some may lack.
struct Envelope {
  std::size_t begin = 0, end = 0;  // of the text it stands in
  std::optional<std::string_view> sender, recipient;
};

void set_envelope(Event& event, const Envelope& envelope) {
  event.sender = envelope.sender.value_or(std::string_view{});
  event.null_sender = envelope.sender && envelope.sender->empty();
  event.recipient = envelope.recipient.value_or(std::string_view{});
}

// `<address>` as Postfix writes it from 3.5 on: a local part that is no plain word stands in quotes.
std::optional<std::string_view> take_proper_address(std::string_view& text) {
  auto rest = text;
  if (!take(rest, "<")) return std::nullopt;
  if (take(rest, "\"")) {
    std::size_t at = 0;
    while (at < rest.size() && rest[at] != '"')
      at += rest[at] == '\\' ? 2 : 1;
    if (at >= rest.size()) return std::nullopt;
    rest.remove_prefix(at + 1);
  }
  const auto end = rest.find('>');
  if (end == std::string_view::npos) return std::nullopt;
  for (const char odd : {'<', '"', ' '}) {
    if (rest.substr(0, end).find(odd) != std::string_view::npos) return std::nullopt;
  }
  rest.remove_prefix(end + 1);
  const auto inside = text.substr(1, text.size() - rest.size() - 2);
  text = rest;
  return inside;
}

// The envelope at `begin`, if all of it is proper and what may follow follows: a login, the words of a check of
// cleanup, nothing.
std::optional<Envelope> envelope_at(std::string_view text, std::size_t begin) {
  Envelope envelope{begin, begin, std::nullopt, std::nullopt};
  auto rest = text.substr(begin + 1);
  const auto next = [&](std::string_view name) {
    auto field = rest;
    take(field, ",");
    if (!take(field, " ") || !take(field, name)) return false;
    rest = field;
    return true;
  };
  if (next("from=") && !(envelope.sender = take_proper_address(rest))) return std::nullopt;
  if (next("to=") && !(envelope.recipient = take_proper_address(rest))) return std::nullopt;
  if (next("proto=")) rest.remove_prefix(std::min(rest.find_first_of(" ,:"), rest.size()));
  if (next("helo=") && !take_proper_address(rest)) return std::nullopt;
  envelope.end = text.size() - rest.size();
  const bool goes_on = envelope.end > begin + 1 && (scan::starts(rest, ": ") || scan::starts(rest, " sasl_"));
  return rest.empty() || goes_on ? std::optional(envelope) : std::nullopt;
}

// The last envelope. What stands before it, a reply or a header, may play one; what stands in its quotes, too.
std::optional<Envelope> find_envelope(std::string_view text) {
  std::optional<Envelope> last;
  for (auto at = text.find(';'); at != std::string_view::npos; at = text.find(';', at)) {
    const auto envelope = envelope_at(text, at);
    if (envelope) last = envelope;
    at = envelope ? envelope->end : at + 1;
  }
  return last;
}

// The envelope from ` from=<…>` on, however odd its addresses: up to 3.4 Postfix did not quote them.
void read_old_envelope(Event& event, std::string_view text) {
  const auto next = [&] {
    take(text, ",");
    take(text, " ");
  };
  next();
  if (take(text, "from=")) {
    if (const auto sender = take_address(text, " ", ",")) {
      event.sender = *sender;
      event.null_sender = sender->empty();
    }
    next();
  }
  if (take(text, "to=")) {
    if (const auto recipient = take_address(text, " ", ",")) event.recipient = *recipient;
  }
}

// Where such an envelope begins behind a reply: at the first `;` with an envelope's field behind it. What stands before
// it may hold semicolons ("Service unavailable; Client host … blocked"); an address behind its codes is stepped over.
std::size_t old_envelope_at(std::string_view text) {
  std::size_t from = 0;
  auto rest = text.substr(std::min(text.find_first_not_of("0123456789.- "), text.size()));
  if (scan::take_angle(rest)) from = text.size() - rest.size();
  for (auto at = text.find(';', from); at != std::string_view::npos; at = text.find(';', at + 1)) {
    const auto behind = text.substr(at + 1);
    if (behind.empty()) return at;
    for (const auto field : {" from=<", " to=<", " proto="}) {
      if (behind.starts_with(field)) return at;
    }
  }
  return text.size();
}

// The reply and the envelope behind it. cleanup's milters cut the three digits off their replies.
void read_refusal(Event& event, std::string_view text) {
  const auto envelope = find_envelope(text);
  const auto end = envelope ? envelope->begin : old_envelope_at(text);
  event.reply = text.substr(0, end);
  const auto codes = scan::reply_codes(event.reply);
  event.code = codes.code;
  event.enhanced_code = codes.code ? codes.enhanced : scan::enhanced_code_at(event.reply);
  if (envelope) {
    set_envelope(event, *envelope);
  } else if (end < text.size()) {
    read_old_envelope(event, text.substr(end + 1));
  }
}

// An access decision: `reject: RCPT from host[address]: 554 … ; from=<…> …`. Only a refusal keeps the mail out;
// `warn`, `hold`, `filter`, `discard`, `redirect`, `bcc`, `prepend` say what else was done with it.
struct Action {
  std::string_view word;
  EventKind kind;
};
constexpr Action kActions[] = {
    {"reject: ", EventKind::rejected},
    {"milter-reject: ", EventKind::rejected},
    {"milter-header-reject: ", EventKind::rejected},
    {"milter-body-reject: ", EventKind::rejected},
    {"reject_warning: ", EventKind::note},
    {"warn: ", EventKind::note},
    {"warning: ", EventKind::note},
    {"info: ", EventKind::note},
    {"hold: ", EventKind::note},
    {"discard: ", EventKind::note},
    {"filter: ", EventKind::note},
    {"redirect: ", EventKind::note},
    {"bcc: ", EventKind::note},
    {"delay: ", EventKind::note},
    {"pass: ", EventKind::note},
    {"prepend: ", EventKind::note},
    {"replace: ", EventKind::note},
    {"strip: ", EventKind::note},
    {"permit: ", EventKind::note},
    {"milter-hold: ", EventKind::note},
    {"milter-discard: ", EventKind::note},
    {"milter-header-", EventKind::note},
    {"milter-body-", EventKind::note},
    {"trigger: ", EventKind::note},
};

const Action* take_action(std::string_view& text) {
  for (const auto& action : kActions) {
    if (take(text, action.word)) return &action;
  }
  return nullptr;
}

// `RCPT from host[address]: ` off the front.
struct Where {
  Stage stage = Stage::none;
  scan::HostAndAddress client;
};
std::optional<Where> take_where(std::string_view& text) {
  auto rest = text;
  const auto command = scan::take_until(rest, " from ");
  if (!command || command->find(' ') != std::string_view::npos) return std::nullopt;
  const auto client = take_peer(rest);
  if (!client || !take(rest, ": ")) return std::nullopt;
  text = rest;
  return Where{stage_of(*command), *client};
}

bool parse_access_action(const Line& line) {
  auto rest = line.text;
  const auto* action = take_action(rest);
  if (!action) return false;
  const auto where = take_where(rest);
  if (!where) return false;
  Event& event = add(line, action->kind);
  event.stage = where->stage;
  set_client(event, where->client);
  read_refusal(event, rest);
  return true;
}

// The check's own words stand behind the envelope.
void set_words(Event& event, std::string_view words) {
  event.reply = words;
  event.enhanced_code = scan::enhanced_code_at(words);
}

void set_client_before(Event& event, std::string_view content) {
  const auto from = content.rfind(" from ");
  if (from == std::string_view::npos) return;
  auto client = content.substr(from + 6);
  if (const auto peer = take_peer(client)) set_client(event, *peer);
}

// A header or body check of cleanup: `reject: header Subject: … from host[address]; from=<…> … helo=<…>: text`. What
// the header holds is the sender's to choose.
bool parse_content_action(const Line& line) {
  auto rest = line.text;
  const auto* action = take_action(rest);
  if (!action) return false;
  const bool knows = scan::starts(rest, "header ") || scan::starts(rest, "body ") || scan::starts(rest, "mime-error ") ||
                     scan::starts(rest, "content ") || scan::starts(action->word, "milter-");
  if (!knows) return false;
  Event& event = add(line, action->kind);
  event.stage = Stage::eod;
  event.reply = rest;
  if (const auto envelope = find_envelope(rest)) {
    set_client_before(event, rest.substr(0, envelope->begin));
    set_envelope(event, *envelope);
    if (auto words = rest.substr(envelope->end); take(words, ": ")) set_words(event, words);
    return true;
  }
  const auto end = std::min(rest.rfind("; from=<"), rest.rfind("; proto="));
  if (end == std::string_view::npos) return true;
  set_client_before(event, rest.substr(0, end));
  rest.remove_prefix(end + 1);
  read_old_envelope(event, rest);
  if (const auto words = rest.rfind(">: "); words != std::string_view::npos) set_words(event, rest.substr(words + 3));
  return true;
}

// The before-queue filter's answer: `proxy-reject: END-OF-MESSAGE: 554 5.7.0 Reject; from=<…> …`
bool parse_proxy_answer(const Line& line) {
  auto rest = line.text;
  const bool rejects = take(rest, "proxy-reject: ");
  if (!rejects && !take(rest, "proxy-accept: ")) return false;
  const auto command = scan::take_until(rest, ": ");
  if (!command) return false;
  Event& event = add(line, rejects ? EventKind::rejected : EventKind::note);
  event.stage = stage_of(*command);
  read_refusal(event, rest);
  return true;
}

// Comings and goings: the words, and behind them the client, at once or behind ` from `.
bool parse_connection(const Line& line) {
  auto rest = line.text;
  if (take(rest, "connect from ") || take(rest, "disconnect from ")) {
    const auto peer = take_peer(rest);
    return peer && add_client(line, EventKind::connection, *peer);
  }
  for (const auto words : {"lost connection after ", "timeout after ", "too many errors after ",
                           "bare <LF> received after ", "improper command pipelining after "}) {
    if (!take(rest, words)) continue;
    const auto stage = stage_of(rest);
    if (!scan::take_until(rest, " from ")) return false;
    const auto peer = take_peer(rest);
    if (!peer) return false;
    Event& event = add(line, EventKind::connection);
    set_client(event, *peer);
    event.stage = stage;
    return true;
  }
  if (take(rest, "abort: TLS from ")) {
    const auto peer = take_peer(rest);
    return peer && add_client(line, EventKind::connection, *peer);
  }
  return false;
}

}  // namespace

bool parse_smtpd(const Line& line) {
  return parse_connection(line) || parse_arrival(line) || parse_access_action(line) || parse_content_action(line) ||
         parse_proxy_answer(line);
}

bool parse_postscreen(const Line& line) {
  if (parse_access_action(line)) return true;
  struct Words {
    std::string_view begin;
    EventKind kind;
  };
  static constexpr Words kWords[] = {
      {"CONNECT from [", EventKind::connection},
      {"DISCONNECT [", EventKind::connection},
      {"PASS NEW [", EventKind::connection},
      {"PASS OLD [", EventKind::connection},
      {"HANGUP after ", EventKind::connection},
      {"PREGREET ", EventKind::note},
      {"DNSBL rank ", EventKind::note},
      {"WHITELISTED [", EventKind::note},
      {"BLACKLISTED [", EventKind::note},
      {"ALLOWLISTED [", EventKind::note},
      {"DENYLISTED [", EventKind::note},
      {"WHITELIST VETO [", EventKind::note},
      {"ALLOWLIST VETO [", EventKind::note},
      {"COMMAND TIME LIMIT from [", EventKind::note},
      {"COMMAND COUNT LIMIT from [", EventKind::note},
      {"COMMAND LENGTH LIMIT from [", EventKind::note},
      {"COMMAND PIPELINING from [", EventKind::note},
      {"NON-SMTP COMMAND from [", EventKind::note},
      {"BARE NEWLINE from [", EventKind::note},
      {"DATA without valid RCPT from [", EventKind::note},
      {"BDAT without valid RCPT from [", EventKind::note},
      {"reject: connect from [", EventKind::rejected},
  };
  for (const auto& words : kWords) {
    if (!line.text.starts_with(words.begin)) continue;
    // Nothing before the client's address is the client's choice, nor holds a bracket.
    auto rest = line.text.substr(std::min(line.text.find('['), line.text.size()));
    const auto peer = take_peer(rest);
    return peer && add_client(line, words.kind, *peer);
  }
  return false;
}

}  // namespace mtalens::postfix
