#include "input/journal_entry.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <iterator>

namespace mtalens {
namespace {

// 9999-12-31: what lies beyond has no such stamp.
constexpr std::int64_t kLatest = 253'402'300'799'999'999;

std::string stamp(const std::string& realtime) {
  using namespace std::chrono;
  std::int64_t time_us = -1;
  std::from_chars(realtime.data(), realtime.data() + realtime.size(), time_us);
  if (time_us < 0 || time_us > kLatest) return {};
  const sys_time<microseconds> time{microseconds(time_us)};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}+00:00 ", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

// A host or tag: one word.
void append_word(std::string_view word, std::string& to) {
  for (const char c : word) to += static_cast<unsigned char>(c) <= ' ' ? '_' : c;
}

void append_text(std::string_view text, std::string& to) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  for (auto end = text.find('\n'); end != text.npos; end = text.find('\n')) {
    to += text.substr(0, end);
    to += "#012";
    text.remove_prefix(end + 1);
  }
  to += text;
}

}  // namespace

std::string* JournalFields::field(std::string_view name) {
  if (name == "MESSAGE") return &message;
  if (name == "SYSLOG_IDENTIFIER") return &identifier;
  if (name == "__REALTIME_TIMESTAMP") return &realtime;
  if (name == "_HOSTNAME") return &host;
  if (name == "SYSLOG_PID") return &syslog_pid;
  if (name == "_PID") return &pid;
  if (name == "_COMM") return &command;
  return nullptr;
}

void append_journal_line(const JournalFields& entry, std::string& lines) {
  lines += stamp(entry.realtime);
  append_word(entry.host.empty() ? "localhost" : std::string_view(entry.host), lines);
  lines += ' ';
  append_word(entry.identifier.empty() ? entry.command : entry.identifier, lines);
  const auto& pid = entry.syslog_pid.empty() ? entry.pid : entry.syslog_pid;
  if (!pid.empty()) {
    lines += '[';
    append_word(pid, lines);
    lines += ']';
  }
  lines += ": ";
  append_text(entry.message, lines);
  lines += '\n';
}

}  // namespace mtalens
