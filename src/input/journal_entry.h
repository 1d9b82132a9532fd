// An entry of systemd's journal as one line of text, in the form of rsyslog and `journalctl -o short-iso-precise`:
// 2026-11-23T09:16:13.657376+00:00 host tag[pid]: text
#pragma once

#include <string>
#include <string_view>

namespace mtalens {

// The fields that make a line (systemd.journal-fields(7)).
struct JournalFields {
  std::string realtime;  // __REALTIME_TIMESTAMP: microseconds since 1970
  std::string host;      // _HOSTNAME
  std::string identifier, command;  // SYSLOG_IDENTIFIER, and _COMM where there is none
  std::string syslog_pid, pid;      // SYSLOG_PID, and _PID where there is none
  std::string message;

  // Where the field of that name goes; null: a line does not bear it.
  std::string* field(std::string_view name);
};

// Appends it to `lines` with its newline. Newlines in its text become `#012`, as rsyslog writes them.
void append_journal_line(const JournalFields& entry, std::string& lines);

}  // namespace mtalens
