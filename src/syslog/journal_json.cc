#include "syslog/journal_json.h"

#include "syslog/bytes.h"
#include "syslog/json_text.h"

namespace mtalens {

namespace {

using json::skip_space;
using json::Span;
using json::take_value;
using json::unescape;

// `[72,101,108]`: journald's way to write bytes that are not UTF-8.
std::string_view bytes_of(std::string_view array, Scratch& scratch) {
  char* const room = scratch.take(array.size());
  char* out = room;
  unsigned value = 0;
  bool in_number = false;
  for (const char c : array) {
    if (bytes::is_digit(c)) {
      value = (value * 10 + static_cast<unsigned>(c - '0')) & 0xFFF;
      in_number = true;
    } else if (in_number) {
      *out++ = static_cast<char>(value);
      value = 0;
      in_number = false;
    }
  }
  const auto size = static_cast<std::size_t>(out - room);
  scratch.give_back(array.size() - size);
  return {room, size};
}

// A field's text. A field that an entry has several times is an array of its values: the first counts.
std::string_view text_of(Span value, Scratch& scratch) {
  if (value.starts_with('[')) {
    auto rest = value.substr(1);
    const auto first = take_value(rest);
    if (!first.starts_with('"') && !first.starts_with('[')) return bytes_of(value, scratch);
    value = first;
  }
  if (value.starts_with('[')) return bytes_of(value, scratch);
  if (value.starts_with('"')) return unescape(value.substr(1, value.size() - 2), scratch);
  return value == "null" ? std::string_view{} : value;
}

// -1 where it is no number.
std::int64_t number_of(Span value, Scratch& scratch) {
  const auto text = text_of(value, scratch);
  const auto number = bytes::number_at(text);
  return number.size > 0 && number.size == text.size() ? number.value : -1;
}

// The values of the fields that we read, as they stand in the line.
struct Fields {
  Span realtime, host, identifier, command, pid, syslog_pid, message;

  void set(std::string_view key, Span value) {
    Span* const field = find(key);
    if (field && field->empty()) *field = value;
  }

 private:
  Span* find(std::string_view key) {
    if (key == "MESSAGE") return &message;
    if (key == "SYSLOG_IDENTIFIER") return &identifier;
    if (key == "SYSLOG_PID") return &syslog_pid;
    if (key == "__REALTIME_TIMESTAMP") return &realtime;
    if (key == "_HOSTNAME") return &host;
    if (key == "_PID") return &pid;
    if (key == "_COMM") return &command;
    return nullptr;
  }
};

// Whether `line` is one object and nothing else.
bool read_fields(std::string_view line, Fields& fields) {
  if (!bytes::take(line, "{")) return false;
  skip_space(line);
  if (bytes::take(line, "}")) return line.empty();
  while (true) {
    const auto key = take_value(line);
    if (!key.starts_with('"')) return false;
    skip_space(line);
    if (!bytes::take(line, ":")) return false;
    const auto value = take_value(line);
    if (value.empty()) return false;
    fields.set(key.substr(1, key.size() - 2), value);
    skip_space(line);
    if (bytes::take(line, ",")) {
      skip_space(line);
      continue;
    }
    if (!bytes::take(line, "}")) return false;
    skip_space(line);
    return line.empty();
  }
}

}  // namespace

std::optional<JournalEntry> read_journal_json(std::string_view line, Scratch& scratch) {
  Fields fields;
  if (!read_fields(line, fields)) return std::nullopt;
  JournalEntry entry;
  entry.time_us = number_of(fields.realtime, scratch);
  if (entry.time_us < 0) return std::nullopt;
  entry.host = text_of(fields.host, scratch);
  entry.identifier = text_of(fields.identifier.empty() ? fields.command : fields.identifier, scratch);
  entry.message = text_of(fields.message, scratch);
  // The pid that the program gave is the one in its tag; the sender's is a relaying daemon's at times.
  entry.pid = bytes::as_pid(number_of(fields.syslog_pid.empty() ? fields.pid : fields.syslog_pid, scratch));
  return entry;
}

}  // namespace mtalens
