// Takes the header off a line: every form that syslog daemons, journald and Exim write.
#pragma once

#include <deque>
#include <string>
#include <string_view>

#include "mtalens/log_line.h"
#include "syslog/stamp_clock.h"

namespace mtalens {

// One per thread. Remembers the last second, host and tag it read, so that most headers cost a comparison.
class HeaderReader {
 public:
  // Begins a stretch of lines of one source; forgets the last one's scratch text.
  void start(const StampClock& clock);

  // The line's header and text. `raw` has no newline; a carriage return at its end is dropped.
  // form == none where no header could be read: `text` is then the whole line.
  LogLine read(std::string_view raw);

  // The clock after the lines read so far.
  const StampClock& clock() const;
};

// The count in `last message repeated 3 times` (the text of a line of that syslogd), 0 for any other text.
std::uint32_t repeat_count(std::string_view text);

// Which year the first stamp of a file is in, seen from its end: `last_modified_us` dates the last stamp, and
// each turn of the year between `lines` (some or all lines of the file, in order) steps back one.
// Where no line has a stamp without a year: the year of last_modified_us.
int year_of_first_stamp(const std::vector<std::string_view>& lines, std::int64_t last_modified_us);

}  // namespace mtalens
