#include "input/journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <system_error>

#include "input/journal_entry.h"

#ifdef MTALENS_WITH_SYSTEMD
#include <systemd/sd-journal.h>
#endif

namespace mtalens {

#ifdef MTALENS_WITH_SYSTEMD

namespace {

void must(int result) {
  if (result < 0) throw std::system_error(-result, std::generic_category());
}

}  // namespace

Journal::Journal() {
  must(sd_journal_open(&journal_, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM));
  for (const char* match : {"SYSLOG_FACILITY=2", "SYSLOG_IDENTIFIER=systemd-journald"}) {
    must(sd_journal_add_match(journal_, match, 0));
    must(sd_journal_add_disjunction(journal_));
  }
}

// The library closes what it is given, but for where it fails.
Journal::Journal(int fd) {
  int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  const int result = sd_journal_open_files_fd(&journal_, &own, 1, 0);
  if (result < 0 && own >= 0) close(own);
  must(result);
}

Journal::~Journal() { sd_journal_close(journal_); }

void Journal::go_on_behind(const std::string& cursor) {
  if (cursor.empty()) return;
  behind_ = cursor;
  at_cursor_ = true;
  must(sd_journal_seek_cursor(journal_, cursor.c_str()));
}

bool Journal::next(std::string& lines) {
  int moved = sd_journal_next(journal_);
  if (moved > 0 && at_cursor_ && sd_journal_test_cursor(journal_, behind_.c_str()) > 0) moved = sd_journal_next(journal_);
  must(moved);
  if (moved == 0) return false;
  at_cursor_ = false;
  JournalFields fields;
  std::uint64_t time_us = 0;
  must(sd_journal_get_realtime_usec(journal_, &time_us));
  fields.realtime = std::to_string(time_us);
  for (const char* name : {"MESSAGE", "_HOSTNAME", "SYSLOG_IDENTIFIER", "_COMM", "SYSLOG_PID", "_PID"}) {
    const void* data = nullptr;
    std::size_t size = 0;
    if (sd_journal_get_data(journal_, name, &data, &size) < 0) continue;  // the entry does not bear it
    std::string_view value(static_cast<const char*>(data), size);         // NAME=value
    value.remove_prefix(std::min(size, std::string_view(name).size() + 1));
    *fields.field(name) = value;
  }
  append_journal_line(fields, lines);
  return true;
}

std::string Journal::cursor() const {
  char* text = nullptr;
  if (sd_journal_get_cursor(journal_, &text) < 0) return behind_;  // no entry came
  const std::unique_ptr<char, decltype(&std::free)> owned(text, &std::free);
  return text;
}

bool Journal::wait(std::chrono::milliseconds patience) {
  return sd_journal_wait(journal_, static_cast<std::uint64_t>(std::chrono::microseconds(patience).count())) > SD_JOURNAL_NOP;
}

#else

namespace {

[[noreturn]] void not_built() { throw std::system_error(std::make_error_code(std::errc::not_supported)); }

}  // namespace

Journal::Journal() { not_built(); }
Journal::Journal(int) { not_built(); }
Journal::~Journal() = default;
void Journal::go_on_behind(const std::string&) {}
bool Journal::next(std::string&) { return false; }
std::string Journal::cursor() const { return behind_; }
bool Journal::wait(std::chrono::milliseconds) { return false; }

#endif

}  // namespace mtalens
