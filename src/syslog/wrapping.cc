#include "syslog/wrapping.h"

#include <cstring>

#include "syslog/bytes.h"
#include "syslog/header.h"

namespace mtalens {

namespace {

// Drops `[ID 702911 mail.notice] `.
void drop_message_id(std::string_view& text) {
  auto rest = text;
  if (!bytes::take(rest, "[ID ")) return;
  const auto number = bytes::number_at(rest);
  rest.remove_prefix(number.size);
  if (number.size == 0 || !bytes::take(rest, " ")) return;
  std::size_t at = 0;
  while (at < rest.size() && (bytes::is_lower(rest[at]) || bytes::is_digit(rest[at]) || rest[at] == '.'))
    ++at;
  rest.remove_prefix(at);
  if (!bytes::take(rest, "]")) return;
  bytes::take(rest, " ");
  text = rest;
}

// `3 times` or `1 time` at the front: the number, and `text` goes on behind it; or 0.
std::uint32_t take_times(std::string_view& text) {
  const auto number = bytes::number_at(text);
  if (number.value <= 0 || number.value > UINT32_MAX) return 0;
  auto rest = text.substr(number.size);
  if (!bytes::take(rest, " times") && !bytes::take(rest, " time")) return 0;
  text = rest;
  return static_cast<std::uint32_t>(number.value);
}

// Takes the text out of `message repeated 3 times: [ text]`.
void open_repetition(LogLine& line) {
  auto rest = line.text;
  if (!bytes::take(rest, "message repeated ")) return;
  const auto times = take_times(rest);
  if (times == 0 || !bytes::take(rest, ": [")) return;
  bytes::take(rest, " ");
  if (rest.ends_with(']')) rest.remove_suffix(1);
  line.times = times;
  line.text = rest;
}

// The size of `[1/2] ` or `[2\2] `, by which Exim numbers the pieces of a long line; or 0.
std::size_t piece_mark_size(std::string_view text) {
  if (text.empty() || text[0] != '[') return 0;
  const auto piece = bytes::number_at(text.substr(1));
  const auto slash = 1 + piece.size;
  if (piece.size == 0 || slash >= text.size() || (text[slash] != '/' && text[slash] != '\\')) return 0;
  const auto pieces = bytes::number_at(text.substr(slash + 1));
  const auto close = slash + 1 + pieces.size;
  return pieces.size > 0 && text.substr(close, 2) == "] " ? close + 2 : 0;
}

// `[4433] ` without a stamp before it: log_selector = +pid, syslog_timestamp = no.
std::size_t exim_pid_size(std::string_view text, const LogLine& line) {
  if (!line.program.starts_with("exim") || text.empty() || text[0] != '[') return 0;
  const auto number = bytes::number_at(text.substr(1));
  const auto close = 1 + number.size;
  const bool own = line.pid == 0 || bytes::as_pid(number.value) == line.pid;
  return number.size > 0 && own && text.substr(close, 2) == "] " ? close + 2 : 0;
}

void drop_exim_stamp(LogLine& line, Scratch& scratch) {
  const auto mark_size = piece_mark_size(line.text);
  auto text = line.text.substr(mark_size);
  EximStamp stamp;
  const auto size = read_exim_stamp(text, stamp);
  if (!size) {
    if (mark_size == 0) line.text.remove_prefix(exim_pid_size(text, line));
    return;
  }
  text.remove_prefix(*size);
  if (line.pid == 0) line.pid = stamp.pid;
  if (mark_size == 0) {
    line.text = text;
    return;
  }
  char* const joined = scratch.take(mark_size + text.size());
  std::memcpy(joined, line.text.data(), mark_size);
  std::memcpy(joined + mark_size, text.data(), text.size());
  line.text = {joined, mark_size + text.size()};
}

}  // namespace

std::optional<std::size_t> read_exim_options(std::string_view text, EximStamp& stamp) {
  std::size_t at = stamp::read_fraction(text, stamp.fraction_us);
  if (at == text.size()) return at;
  if (text[at++] != ' ') return std::nullopt;
  if (at == text.size()) return at;
  // `+0100 `: always a sign and four digits.
  if ((text[at] == '+' || text[at] == '-') && text.size() > at + 5 && text[at + 5] == ' ' &&
      stamp::read_zone(text.substr(at, 5), stamp.zone_s) == 5) {
    stamp.has_zone = true;
    at += 6;
  }
  // `[4433] `, which no address is: those have dots or colons.
  if (at < text.size() && text[at] == '[') {
    const auto number = bytes::number_at(text.substr(at + 1));
    const auto close = at + 1 + number.size;
    if (number.size > 0 && text.substr(close, 2) == "] ") {
      stamp.pid = bytes::as_pid(number.value);
      at = close + 2;
    }
  }
  return at;
}

std::optional<std::size_t> read_exim_stamp(std::string_view text, EximStamp& stamp) {
  if (stamp::read_iso(text, stamp.wall) == 0 || text[10] != ' ') return std::nullopt;
  const auto size = read_behind_exim_seconds(text.substr(stamp::kIsoSize), stamp);
  if (!size) return std::nullopt;
  return stamp::kIsoSize + *size;
}

void unwrap(LogLine& line, Scratch& scratch) {
  if (line.text.empty()) return;
  if (line.text[0] == '[') drop_message_id(line.text);
  if (line.text.starts_with('m')) open_repetition(line);
  if (!line.text.empty() && (bytes::is_digit(line.text[0]) || line.text[0] == '[')) drop_exim_stamp(line, scratch);
}

std::uint32_t repeat_count(std::string_view text) {
  if (text.empty() || (text[0] != 'l' && text[0] != 'L' && text[0] != '-')) return 0;
  bytes::take(text, "--- ");  // macOS
  if (bytes::take(text, "last message repeated ")) return take_times(text);
  // syslog-ng: Last message 'TEXT' repeated 3 times, suppressed by syslog-ng on HOST
  const auto quoted = bytes::take(text, "Last message '");
  const auto close = text.rfind("' repeated ");
  if (!quoted || close == std::string_view::npos) return 0;
  text.remove_prefix(close + 11);
  const auto times = take_times(text);
  return text.starts_with(", suppressed by syslog-ng") ? times : 0;
}

std::uint32_t repeats_line_before(const LogLine& line) {
  return line.program.empty() || line.program == "last" ? repeat_count(line.text) : 0;
}

}  // namespace mtalens
