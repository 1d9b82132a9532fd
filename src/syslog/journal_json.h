// Reads one line of `journalctl -o json`: {"__REALTIME_TIMESTAMP":"1764000973657376","MESSAGE":"…", …}
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "mtalens/event.h"
#include "syslog/scratch.h"

namespace mtalens {

// Views into the line, or into scratch memory where the JSON escapes something.
struct JournalEntry {
  std::int64_t time_us = kNoTime;
  std::uint32_t pid = 0;
  std::string_view host;
  std::string_view identifier;  // what syslog calls the tag
  std::string_view message;     // bytes as the program wrote them, UTF-8 or not
};

// Nothing where the line is not one whole JSON object, or no journal entry with a time.
std::optional<JournalEntry> read_journal_json(std::string_view line, Scratch& scratch);

}  // namespace mtalens
