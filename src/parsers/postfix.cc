// Postfix: which lines are its own, and who reads which. The words are those of Postfix 2.3 to 3.12.
//
//   postfix/smtpd[8]: 5A2C63F1: client=mail.example.com[192.0.2.1]
//   postfix/qmgr[3]: 5A2C63F1: from=<jo@example.com>, size=5360, nrcpt=1 (queue active)
//   postfix/smtp[9]: 5A2C63F1: to=<al@example.org>, relay=mx.example.org[192.0.2.2]:25, …, status=sent (250 Ok)
#include <array>
#include <utility>

#include "parsers/postfix_line.h"
#include "syslog/word.h"

namespace mtalens {
namespace postfix {
namespace {

using scan::take;

Daemon daemon_of(std::string_view program) {
  if (program.ends_with("/smtp")) return Daemon::smtp;  // the two that write most of a log come first
  if (program.ends_with("/qmgr")) return Daemon::qmgr;
  const auto slash = program.rfind('/');
  if (slash == std::string_view::npos) return program.ends_with("-script") ? Daemon::script : Daemon::none;
  const auto name = program.substr(slash + 1);

  static constexpr std::pair<std::string_view, Daemon> kNames[] = {
      {"smtpd", Daemon::smtpd},
      {"cleanup", Daemon::cleanup},
      {"scache", Daemon::scache},
      {"local", Daemon::local},
      {"lmtp", Daemon::lmtp},
      {"pickup", Daemon::pickup},
      {"bounce", Daemon::bounce},
      {"postscreen", Daemon::postscreen},
      {"error", Daemon::error},
      {"pipe", Daemon::pipe},
      {"virtual", Daemon::virtual_mailbox},
      {"anvil", Daemon::anvil},
      {"tlsproxy", Daemon::tlsproxy},
      {"dnsblog", Daemon::dnsblog},
      {"oqmgr", Daemon::qmgr},
      {"nqmgr", Daemon::qmgr},
      {"discard", Daemon::discard},
      {"master", Daemon::master},
      {"postsuper", Daemon::postsuper},
      {"postfix-script", Daemon::script},
      {"policy-spf", Daemon::spf_policy},
      {"policyd-spf", Daemon::spf_policy},
  };
  for (const auto& [known, daemon] : kNames) {
    if (name == known) return daemon;
  }
  return Daemon::other;
}

enum : std::uint8_t { kHex = 1, kBase52 = 2 };

// Which alphabets of queue ids a byte belongs to.
constexpr std::array<std::uint8_t, 256> kQueueIdBytes = [] {
  std::array<std::uint8_t, 256> table{};
  for (const char c : std::string_view("0123456789ABCDEF")) {
    table[static_cast<unsigned char>(c)] |= kHex;
  }
  for (const char c : std::string_view("0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz")) {
    table[static_cast<unsigned char>(c)] |= kBase52;
  }
  return table;
}();

// A short id is five digits of microseconds and the inode; a long one six of seconds, four of microseconds, "z" and
// the inode (global/mail_queue.h).
constexpr std::size_t kShortestHexId = 6;
constexpr std::size_t kShortestBase52Id = 12;
constexpr std::size_t kLongestId = 26;

// The alphabets that all bytes of a word belong to, if they make it long enough for an id of that kind.
bool is_id_of(std::uint8_t alphabets, std::size_t length) {
  if (length > kLongestId) return false;
  return ((alphabets & kHex) && length >= kShortestHexId) || ((alphabets & kBase52) && length >= kShortestBase52Id);
}

// How many hexadecimal digits the text begins with, eight at a time; 0 where it ends before they do.
std::size_t hex_digits(std::string_view text) {
  for (std::size_t at = 0; at + word::kBytes <= text.size() && at <= kLongestId; at += word::kBytes) {
    const auto bytes = word::load(text.data() + at);
    const auto others = (word::bytes_between(bytes, '0', '9') | word::bytes_between(bytes, 'A', 'F')) ^ word::kHighBits;
    if (others != 0) return at + word::first_index(others);
  }
  return 0;
}

// `QID: ` or `NOQUEUE: ` off the front of the text; without either the line stays as it is.
void take_queue_id(Line& line) {
  // Nearly every id is a short one.
  const auto digits = hex_digits(line.text);
  if (digits >= kShortestHexId && digits <= kLongestId && scan::starts(line.text.substr(digits), ": ")) {
    line.queue_id = line.text.substr(0, digits);
    line.text.remove_prefix(digits + 2);
    return;
  }
  std::uint8_t alphabets = kHex | kBase52;
  std::size_t length = 0;
  for (const char c : line.text) {
    const auto of = kQueueIdBytes[static_cast<unsigned char>(c)];
    if (!of) break;
    alphabets &= of;
    ++length;
  }
  if (is_id_of(alphabets, length) && line.text.substr(length).starts_with(": ")) {
    line.queue_id = line.text.substr(0, length);
    line.text.remove_prefix(length + 2);
  } else {
    take(line.text, "NOQUEUE: ");
  }
}

bool parse_line(const Line& line) {
  if (!line.queue_id.empty() && scan::starts(line.text, "to=")) return parse_delivery(line);
  if (line.queue_id.empty() && parse_severity(line)) return true;
  switch (line.daemon) {
    case Daemon::smtp:
    case Daemon::lmtp:
      return parse_tls(line) || parse_smtp_trouble(line) || parse_note(line);
    case Daemon::qmgr:
    case Daemon::pickup:
    case Daemon::bounce:
    case Daemon::postsuper:
      return parse_queue(line) || parse_note(line);
    case Daemon::cleanup:
      return parse_queue(line) || parse_smtpd(line) || parse_note(line);
    case Daemon::smtpd:
      return parse_smtpd(line) || parse_tls(line) || parse_note(line);
    case Daemon::postscreen:
      return parse_postscreen(line) || parse_tls(line) || parse_note(line);
    case Daemon::tlsproxy:
      return parse_tls(line) || parse_note(line);
    default:
      return parse_note(line);
  }
}

class PostfixParser final : public Parser {
 public:
  std::string_view mta() const override { return "postfix"; }

  // `postfix`, `postfix/smtp`, `postfix-out/submission/smtpd`, `postfix-script`; a different syslog_name
  // (`relay/smtp`) by its daemon. Not `postfixadmin`, not `postfix-mta-sts-resolver`.
  bool claims_program(std::string_view program) const override {
    if (program == "postfix" || scan::starts(program, "postfix/")) return true;
    const auto slash = program.rfind('/');
    if (slash == std::string_view::npos) return scan::starts(program, "postfix") && program.ends_with("-script");
    if (scan::starts(program, "postfix-")) return true;
    static constexpr std::string_view kUnmistakable[] = {
        "smtpd",    "smtp",   "lmtp",  "qmgr",   "cleanup", "pickup",          "bounce",    "postscreen",
        "tlsproxy", "tlsmgr", "anvil", "scache", "dnsblog", "trivial-rewrite", "postsuper", "postfix-script",
    };
    for (const auto name : kUnmistakable) {
      if (program.substr(slash + 1) == name) return true;
    }
    return false;
  }

  bool claims_text(const LogLine&) const override { return false; }

  bool parse(const LogLine& log, std::vector<Event>& events) const override {
    Line line{log, daemon_of(log.program), {}, log.text, events};
    take_queue_id(line);
    return parse_line(line);
  }
};

}  // namespace

bool is_queue_id(std::string_view word) {
  std::uint8_t alphabets = kHex | kBase52;
  for (const char c : word) {
    alphabets &= kQueueIdBytes[static_cast<unsigned char>(c)];
  }
  return is_id_of(alphabets, word.size());
}

Event& add(const Line& line, EventKind kind) {
  // Converted where it lies, so that it is not built first and copied then.
  struct Start {
    const LogLine& log;
    EventKind kind;
    operator Event() const { return event_from(log, "postfix", kind); }
  };
  Event& event = line.events.emplace_back(Start{line.log, kind});
  event.queue_id = line.queue_id;
  return event;
}

std::optional<scan::HostAndAddress> take_peer(std::string_view& text) {
  const auto open = text.find('[');
  if (open == std::string_view::npos) return std::nullopt;
  const auto close = text.find(']', open);
  if (close == std::string_view::npos) return std::nullopt;
  scan::HostAndAddress peer;
  peer.host = text.substr(0, open);
  if (peer.host.find(' ') != std::string_view::npos) return std::nullopt;
  const auto address = text.substr(open + 1, close - open - 1);
  if (address.find('/') == std::string_view::npos) peer.address = address;
  text.remove_prefix(close + 1);

  auto rest = text;
  if (take(rest, ":")) {
    const auto port = scan::take_number(rest);
    if (port && *port <= 65535) {
      peer.port = static_cast<std::uint16_t>(*port);
      text = rest;
    }
  }
  return peer;
}

std::optional<std::string_view> take_address(std::string_view& text, std::string_view after,
                                             std::string_view or_after) {
  const auto ends_well = [&](std::string_view rest) {
    return rest.empty() || rest.starts_with(after) || rest.starts_with(or_after);
  };
  const auto take_to = [&](std::size_t close) {
    const auto inside = text.substr(1, close - 1);
    text.remove_prefix(close + 1);
    return inside;
  };
  if (!text.starts_with('<')) {
    const auto word = text.substr(0, text.find(','));
    text.remove_prefix(word.size());
    return word;
  }
  // Nearly every address has no quotes and is done with here, without a call (a tenth of such a line's time).
  auto close = text.find('>');
  if (close == std::string_view::npos) return std::nullopt;
  const bool quoted = text.substr(0, close).find('"') != std::string_view::npos;
  if (!quoted && ends_well(text.substr(close + 1))) return take_to(close);

  auto rest = text;
  if (const auto inside = scan::take_angle(rest); inside && ends_well(rest)) {
    text = rest;
    return inside;
  }
  for (; close != std::string_view::npos; close = text.find('>', close + 1)) {
    if (ends_well(text.substr(close + 1))) return take_to(close);
  }
  return std::nullopt;
}

Stage stage_of(std::string_view words) {
  static constexpr std::pair<std::string_view, Stage> kStages[] = {
      {"RCPT", Stage::rcpt},
      {"end of", Stage::eod},  // "end of DATA command", "end of data -- message may be
                               // sent more than once"
      {"END-OF-MESSAGE", Stage::eod},
      {"MAIL", Stage::mail},
      {"DATA", Stage::data},
      {"BDAT", Stage::data},
      {"message body", Stage::data},
      {"EHLO", Stage::helo},
      {"HELO", Stage::helo},
      {"LHLO", Stage::helo},
      {"CONNECT", Stage::connect},
      {"initial", Stage::connect},  // "initial server greeting", "initial SMTP
                                    // greeting"
      {"STARTTLS", Stage::starttls},
      {"TLS", Stage::starttls},
      {"AUTH", Stage::auth},
  };
  for (const auto& [begin, stage] : kStages) {
    if (words.starts_with(begin)) return stage;
  }
  return Stage::none;
}

bool is_this_host(std::string_view host, std::string_view address) {
  if (!address.empty()) return address == "127.0.0.1" || address == "::1";
  return host == "localhost" || scan::starts(host, "localhost.") || scan::starts(host, "127.") || host == "::1";
}

}  // namespace postfix

const Parser& postfix_parser() {
  static const postfix::PostfixParser parser;
  return parser;
}

}  // namespace mtalens
