// What daemons wrap around the text itself, and its unwrapping:
//   [ID 702911 mail.notice] text                      Solaris
//   message repeated 3 times: [ text]                 rsyslog
//   2026-11-23 09:16:16.123 +0000 [4433] text         Exim's own stamp behind syslog's
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "mtalens/log_line.h"
#include "syslog/scratch.h"
#include "syslog/stamp.h"

namespace mtalens {

// Takes all of it off line.text; sets line.times, and line.pid where only Exim's stamp tells it. `scratch`
// holds the text where it is no longer one piece of the line (Exim's `[1/2] STAMP text`).
void unwrap(LogLine& line, Scratch& scratch);

// Whether unwrap() might find anything: a look at two bytes spares it nearly every line.
inline bool may_be_wrapped(std::string_view text) {
  return text.size() > stamp::kIsoSize && (text[0] == '[' || (text[0] == 'm' && text[1] == 'e') || text[4] == '-');
}

// Exim's own stamp. Its parts behind the seconds are options of Exim's: log_timezone, +millisec, +pid.
struct EximStamp {
  stamp::WallTime wall;
  std::int32_t fraction_us = 0;
  bool has_zone = false;
  std::int32_t zone_s = 0;
  std::uint32_t pid = 0;
};

// The size of what may follow `2026-11-23 09:16:16`, with the space before the text; nothing where that is
// no stamp of Exim's.
std::optional<std::size_t> read_exim_options(std::string_view text, EximStamp& stamp);
inline std::optional<std::size_t> read_behind_exim_seconds(std::string_view text, EximStamp& stamp) {
  const bool no_option = text.size() > 1 && text[0] == ' ' && text[1] != '+' && text[1] != '-' && text[1] != '[';
  if (no_option) return 1;
  return read_exim_options(text, stamp);
}

// The size of the whole stamp, or nothing.
std::optional<std::size_t> read_exim_stamp(std::string_view text, EximStamp& stamp);

}  // namespace mtalens
