// What daemons wrap around the text itself, and its unwrapping:
//   [ID 702911 mail.notice] text                      Solaris
//   message repeated 3 times: [ text]                 rsyslog
//   2026-11-23 09:16:16.123 +0000 [4433] text         Exim's own stamp behind syslog's
#pragma once

#include "mtalens/log_line.h"
#include "syslog/scratch.h"
#include "syslog/stamp.h"

namespace mtalens {

// Takes all of it off line.text; sets line.times, and line.pid where only Exim's stamp tells it. `scratch`
// holds the text where it is no longer one piece of the line (Exim's `[1/2] STAMP text`).
void unwrap(LogLine& line, Scratch& scratch);

// Exim's own stamp. Its parts behind the seconds are options of Exim's: log_timezone, +millisec, +pid.
struct EximStamp {
  stamp::WallTime wall;
  std::int32_t fraction_us = 0;
  bool has_zone = false;
  std::int32_t zone_s = 0;
  std::uint32_t pid = 0;
};

// Takes what may follow `2026-11-23 09:16:16`, with the space before the text. False: something else follows.
bool take_behind_exim_seconds(std::string_view& text, EximStamp& stamp);

// Takes the whole stamp; false, with `text` as it was, where there is none.
bool take_exim_stamp(std::string_view& text, EximStamp& stamp);

}  // namespace mtalens
