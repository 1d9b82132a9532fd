// Reads what sendmail (sm-mta, sm-msp-queue, or any tag that -L set) writes to syslog: `QID: text`.
//
//   t7QJY1aB084899: to=<fred@btinternet.com>, delay=00:00:01, …, stat=Deferred: 421 Too many messages …
#include <algorithm>
#include <array>
#include <initializer_list>

#include "parsers/sendmail_lines.h"

namespace mtalens {
namespace sendmail {
namespace {

constexpr auto kAlphanumeric = [] {
  std::array<bool, 256> table{};
  for (const auto c : std::string_view("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}();

constexpr bool is_alphanumeric(char c) {
  return kAlphanumeric[static_cast<unsigned char>(c)];
}

// An entry too long for syslog comes in parts: `QID[1]: from=<…>, … ...`, `QID[2]: relay=…`. The first
// is read as far as it goes; the others say nothing by themselves.
struct Part {
  std::int64_t number = 0;  // 0: the entry is whole
};

Line take_queue_id(const LogLine& log, Part& part) {
  Line line{log, {}, log.text};
  auto rest = log.text;
  const auto id = queue_id_at(rest);
  if (!id.empty()) {
    rest.remove_prefix(id.size());
  } else if (!scan::take(rest, "NOQUEUE")) {
    return line;
  }
  if (scan::take(rest, "[")) part.number = scan::take_number(rest).value_or(0);
  if (part.number > 0 && !scan::take(rest, "]")) return line;
  if (!scan::take(rest, ": ")) return line;
  if (part.number > 0 && rest.ends_with(" ...")) rest.remove_suffix(4);
  line.queue_id = id;
  line.text = rest;
  return line;
}

bool parse_line(const LogLine& log, std::vector<Event>& events) {
  Part part;
  const auto line = take_queue_id(log, part);
  if (part.number > 1) return append(line, EventKind::note, events);
  return parse_message(line, events) || parse_tls(line, events) || parse_ruleset(line, events) ||
         parse_session(line, events) || parse_note(line, events);
}

// Fields that, in this order, only sendmail writes.
bool bears_in_order(std::string_view text, std::initializer_list<std::string_view> marks) {
  for (const auto mark : marks) {
    if (!scan::take_until(text, mark)) return false;
  }
  return true;
}

class SendmailParser final : public Parser {
 public:
  std::string_view mta() const override { return kMta; }

  bool claims_program(std::string_view program) const override {
    return program == "sendmail" || scan::starts(program, "sendmail-") || scan::starts(program, "sm-");
  }

  bool claims_text(const LogLine& log) const override {
    Part part;
    const auto line = take_queue_id(log, part);
    const auto text = line.text;
    if (scan::starts(text, "STARTTLS=server, ") || scan::starts(text, "STARTTLS=client, ")) return true;
    if (scan::starts(text, "ruleset=")) return bears_in_order(text, {", arg1="});
    if (line.queue_id.empty()) return false;
    if (scan::starts(text, "from=")) return bears_in_order(text, {", size=", ", class=", ", nrcpts="});
    if (scan::starts(text, "to=")) return bears_in_order(text, {", delay=", ", stat="});
    return false;
  }

  bool parse(const LogLine& log, std::vector<Event>& events) const override { return parse_line(log, events); }
};

}  // namespace

// A letter and letters or digits, and the process id at the end: t7QJXCPI084848 (8.10 on: 8 + 6 digits or
// more), fA1BCDe12345 (8.10 itself), QAA12345 (before). The digits tell it from words: `STARTTLS: …`.
std::string_view queue_id_at(std::string_view text) {
  constexpr std::size_t kShortest = 7, kLongest = 16, kPidDigits = 5;
  std::size_t length = 0;
  while (length < text.size() && length <= kLongest && is_alphanumeric(text[length]))
    ++length;
  if (length < kShortest || length > kLongest || length == text.size()) return {};
  if (text[length] != ':' && text[length] != '[') return {};
  const auto id = text.substr(0, length);
  const auto pid = id.substr(length - kPidDigits);
  return std::all_of(pid.begin(), pid.end(), scan::is_digit) ? id : std::string_view{};
}

std::size_t length_of_characters(std::string_view text, std::size_t count) {
  std::size_t at = 0;
  for (; count > 0 && at < text.size(); --count) {
    const bool octal = text[at] == '\\' && at + 1 < text.size() && scan::is_digit(text[at + 1]);
    at += text[at] != '\\' ? 1 : octal ? 4 : 2;
  }
  return std::min(at, text.size());
}

namespace {

// A walk through an address, which tells what stands outside of quotes.
struct AddressWalk {
  std::string_view text;
  std::size_t at = 0;
  bool quoted = false;

  // The character at `at`, '\0' where it is quoted or a quote; goes on behind it. A backslash, of which sendmail
  // writes two, quotes what follows.
  char step() {
    const char c = text[at];
    const auto rest = text.substr(at);
    if (c == '\\') {
      at += length_of_characters(rest, scan::starts(rest, "\\\\") ? 2 : 1);
      return '\0';
    }
    ++at;
    if (c == '"') quoted = !quoted;
    return c == '"' || quoted ? '\0' : c;
  }
};

// Nearly all addresses are `<…>` with neither quotes nor backslashes: the length of such a one, or 0.
std::size_t plain_angle_length(std::string_view text) {
  if (!text.starts_with('<')) return 0;
  const auto plain = text.substr(0, text.find('>') + 1);
  const bool odd = plain.find('"') != std::string_view::npos || plain.find('\\') != std::string_view::npos;
  return odd ? 0 : plain.size();
}

}  // namespace

std::size_t angle_length(std::string_view text) {
  if (const auto length = plain_angle_length(text)) return length;
  if (!text.starts_with('<')) return 0;
  for (AddressWalk walk{text}; walk.at < text.size();) {
    if (walk.step() == '>') return walk.at;
  }
  return 0;
}

std::size_t address_length(std::string_view text) {
  const auto length = plain_angle_length(text);
  if (length != 0 && (length == text.size() || text[length] == ',')) return length;
  bool bracketed = false;
  for (AddressWalk walk{text}; walk.at < text.size();) {
    const auto before = walk.at;
    const char c = walk.step();
    if (c == '<') bracketed = true;
    if (c == '>') bracketed = false;
    if (c == ',' && !bracketed) return before;
  }
  return text.size();
}

std::string_view bare_address(std::string_view text) {
  if (text.starts_with('<')) {
    const auto length = angle_length(text);
    return length != 0 ? text.substr(1, length - 2) : text.substr(1);  // cut short by sendmail
  }
  if (text.ends_with('>')) {  // Name <a@b>
    const auto open = text.rfind('<');
    if (open != std::string_view::npos) return text.substr(open + 1, text.size() - open - 2);
  }
  if (text.ends_with(')') && !text.starts_with('"')) {  // a@b (Name)
    const auto open = text.find(" (");
    if (open != std::string_view::npos) return text.substr(0, open);
  }
  return text;
}

Peer client_of(std::string_view text) {
  Peer peer{text, {}};
  if (const auto forged = text.find(" (may be forged)"); forged != std::string_view::npos) {
    peer.host = text = text.substr(0, forged);
  }
  const char close = text.empty() ? '\0' : text.back();
  if (close != ']' && close != ')') return peer;
  const auto open = text.rfind(close == ']' ? '[' : '(');
  if (open == std::string_view::npos) return peer;
  peer.address = text.substr(open + 1, text.size() - open - 2);
  scan::take(peer.address, "IPv6:");
  peer.host = text.substr(0, open);
  while (peer.host.ends_with(' '))
    peer.host.remove_suffix(1);
  // What an ident server claimed: user@host.
  if (const auto at = peer.host.rfind('@'); at != std::string_view::npos) peer.host.remove_prefix(at + 1);
  return peer;
}

Peer relay_of(std::string_view text) {
  Peer peer{text, {}};
  const auto open = text.ends_with(']') ? text.rfind(" [") : std::string_view::npos;
  if (open != std::string_view::npos) {
    peer.address = text.substr(open + 2, text.size() - open - 3);
    scan::take(peer.address, "IPv6:");
    peer.host = text.substr(0, open);
  }
  peer.host = scan::without_final_dot(peer.host);
  return peer;
}

void set_client(Event& event, std::string_view client) {
  const auto peer = client_of(client);
  event.client = peer.host;
  event.client_address = peer.address;
}

void set_reply(Event& event, std::string_view reply) {
  const auto codes = scan::reply_codes(reply);
  event.reply = reply;
  event.code = codes.code;
  event.enhanced_code = codes.enhanced;
}

std::optional<Field> take_field(std::string_view& text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const auto end = std::min(text.find(", ", equals + 1), text.size());
  const Field field{text.substr(0, equals), text.substr(equals + 1, end - equals - 1)};
  text.remove_prefix(end);
  return field;
}

}  // namespace sendmail

const Parser& sendmail_parser() {
  static const sendmail::SendmailParser parser;
  return parser;
}

}  // namespace mtalens
