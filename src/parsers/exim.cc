// Exim's main log, and the same lines through syslog:
//   1xVY79-0002qH-04 <= boss@lab.example.com H=(client.example.net) [127.0.0.1]:38870 P=esmtp S=304 for a@b.example
//   1xVY79-0002qH-04 => a@b.example R=route T=remote_smtp H=mx.b.example [192.0.2.1] C="250 2.0.0 Ok: queued"
//   1xVY79-0002qH-04 Completed
// This file tells the lines apart; exim_*.cc read them.
#include "mtalens/parser.h"
#include "parsers/exim_line.h"
#include "parsers/scan.h"

namespace mtalens {
namespace {

using exim::Line;

// `[1/3] `, `[2\3] `: Exim splits what is too long for syslog (log.c). 0: the line is whole.
std::int64_t take_split_mark(std::string_view& text) {
  auto rest = text;
  if (!scan::take(rest, "[")) return 0;
  const auto part = scan::take_number(rest);
  if (!part || *part < 1 || !(scan::take(rest, "/") || scan::take(rest, "\\"))) return 0;
  const auto parts = scan::take_number(rest);
  if (!parts || *parts < *part || !scan::take(rest, "] ")) return 0;
  text = rest;
  return *part;
}

// `2026-11-23 09:16:16 `, with `.123`, ` +0000` and `[pid]` where they are switched on: it stands behind a split mark.
void take_stamp(std::string_view& text) {
  constexpr std::string_view kShape = "dddd-dd-dd dd:dd:dd";
  if (text.size() <= kShape.size()) return;
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    if (kShape[i] == 'd' ? !scan::is_digit(text[i]) : text[i] != kShape[i]) return;
  }
  text.remove_prefix(kShape.size());
  if (scan::take(text, ".")) scan::take_number(text);
  if (text.size() > 6 && text[0] == ' ' && (text[1] == '+' || text[1] == '-') && text[6] == ' ') text.remove_prefix(6);
  scan::take(text, " ");
  auto rest = text;
  if (scan::take(rest, "[") && scan::take_number(rest) && scan::take(rest, "] ")) text = rest;
}

constexpr std::uint16_t mark(char first, char second) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(first) << 8 | static_cast<unsigned char>(second));
}

std::uint16_t mark_of(std::string_view text) {
  return text.size() > 3 && text[2] == ' ' ? mark(text[0], text[1]) : std::uint16_t{0};
}

bool parse_of_message(const Line& line, std::vector<Event>& events) {
  const auto text = line.text.size() > 3 ? line.text.substr(3) : std::string_view{};
  switch (mark_of(line.text)) {
    case mark('<', '='):
    case mark('(', '='):
      return parse_arrival(line, text, events);
    case mark('=', '>'):
    case mark('>', '>'):
      return parse_delivery(line, text, events);
    case mark('-', '>'):
      if (!parse_delivery(line, text, events)) return false;
      events.back().same_transaction = true;
      return true;
    case mark('=', '='):
      return parse_deferral(line, text, events);
    case mark('*', '*'):
      return parse_failure(line, text, events);
    case mark('*', '>'):
      append(events, line, EventKind::note);
      return true;  // -N: nothing was sent
    default:
      break;
  }
  if (line.text.starts_with('C')) return parse_words(line, events);  // `Completed`, a third of all lines
  if (scan::starts(line.text, "H=") && parse_remote_host(line, events)) return true;
  return parse_tls(line, events) || parse_client(line, events) || parse_words(line, events) ||
         parse_old_remote_host(line, events);
}

class EximParser : public Parser {
 public:
  std::string_view mta() const override { return "exim"; }

  bool claims_program(std::string_view program) const override {
    if (!scan::take(program, "exim")) return false;
    const char next = program.empty() ? '-' : program.front();
    return scan::is_digit(next) || next == '-' || next == '_' || next == '.' || next == '/';
  }

  bool claims_text(const LogLine& line) const override {
    const auto length = exim::message_id_length(line.text);
    if (length == 0 || line.text.size() <= length || line.text[length] != ' ') return false;
    const auto text = line.text.substr(length + 1);
    switch (mark_of(text)) {
      case mark('<', '='):
      case mark('(', '='):
      case mark('=', '>'):
      case mark('-', '>'):
      case mark('>', '>'):
      case mark('*', '>'):
      case mark('=', '='):
      case mark('*', '*'):
        return true;
      default:
        return text == "Completed" || scan::starts(text, "Completed QT=");
    }
  }

  bool parse(const LogLine& log, std::vector<Event>& events) const override {
    Line line{&log, {}, log.text};
    if (const auto part = take_split_mark(line.text)) {
      if (part > 1) {  // the rest of a line: its beginning says what it is
        append(events, line, EventKind::note);
        return true;
      }
      take_stamp(line.text);
    }
    const auto length = exim::message_id_length(line.text);
    if (length != 0 && line.text.size() > length && line.text[length] == ' ') {
      line.queue_id = line.text.substr(0, length);
      line.text.remove_prefix(length + 1);
      return parse_of_message(line, events);
    }
    return parse_tls(line, events) || parse_client(line, events) || parse_words(line, events);
  }
};

}  // namespace

const Parser& exim_parser() {
  static const EximParser parser;
  return parser;
}

}  // namespace mtalens
