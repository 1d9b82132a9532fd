// One line with its header taken off: what syslog, journald or Exim itself put before the text.
#pragma once

#include <cstdint>
#include <string_view>

#include "mtalens/event.h"

namespace mtalens {

class Scratch;

// How the header looked; parsers need it only to tell Exim's own log from everything else.
enum class HeaderForm : std::uint8_t {
  none,      // no header was found: the line cannot be read
  rfc3164,   // Nov 23 09:13:57 host tag[pid]: text
  iso8601,   // 2026-11-23T09:16:13.657376+00:00 host tag[pid]: text (rsyslog, journalctl -o short-iso)
  rfc5424,   // <22>1 2026-11-23T09:16:13Z host tag pid msgid - text
  journal,   // one JSON object (journalctl -o json)
  exim,      // 2026-11-23 09:16:16 1xVQ9o-0003Ae-0l … (Exim's mainlog: no host, no tag)
};

// Views into the line (or into the reader's scratch space for escaped journald text): valid until the
// next batch of lines.
struct LogLine {
  HeaderForm form = HeaderForm::none;
  std::uint32_t pid = 0;           // 0: none named
  std::uint32_t times = 1;         // `message repeated N times: [ text ]` stands for N
  std::int64_t time_us = kNoTime;  // microseconds since the epoch, UTC
  std::string_view host;           // empty: none named
  std::string_view program;        // the tag without its pid; "exim" for Exim's own form
  std::string_view text;           // what the program said
  std::string_view raw;            // the whole line, without its newline or carriage return
  Scratch* scratch = nullptr;      // where a parser puts a text that does not stand in the line as it is; null: nowhere
};

}  // namespace mtalens
