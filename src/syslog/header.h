// Takes the header off a line: every form that syslog daemons, journald and Exim write.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "mtalens/log_line.h"
#include "syslog/scratch.h"
#include "syslog/stamp.h"
#include "syslog/stamp_clock.h"
#include "syslog/tag.h"
#include "syslog/wrapping.h"

namespace mtalens {

// One per thread. Remembers the last second and host it read, so that most headers cost a comparison.
class HeaderReader {
 public:
  // Begins a stretch of lines of one source; forgets the last one's scratch text.
  void start(const StampClock& clock);
  // The same, with the texts that need memory in the caller's: they live until he clears it, whatever
  // the reader does next.
  void start(const StampClock& clock, Scratch& scratch);

  // The line's header and text. `raw` has no newline; a carriage return at its end is dropped.
  // form == none where no header could be read: `text` is then the whole line.
  LogLine read(std::string_view raw);

  // The clock after the lines read so far.
  const StampClock& clock() const { return clock_; }

 private:
  // Each reads one family of forms off `text`, which begins at the stamp; false: no such header.
  bool read_header(std::string_view text, LogLine& line);
  bool read_bsd(std::string_view text, LogLine& line);
  bool read_dated(std::string_view text, LogLine& line);
  bool read_iso(std::string_view text, LogLine& line);
  bool read_exim(std::string_view text, LogLine& line);
  bool read_rfc5424(std::string_view text, LogLine& line);
  bool read_journal(std::string_view text, LogLine& line);
  bool read_undated(std::string_view text, LogLine& line);

  std::size_t read_bsd_second(std::string_view text, LogLine& line);
  bool read_iso_second(std::string_view text);
  std::int64_t iso_utc_us() const;
  std::int64_t iso_local_us();
  std::size_t read_iso_zone(std::string_view text);
  std::size_t read_iso_stamp(std::string_view text, LogLine& line);
  void set_exim_time(const EximStamp& stamp, LogLine& line);
  void read_host_and_tag(std::string_view text, LogLine& line);
  std::string_view take_new_host(std::string_view text, LogLine& line);

  Scratch& scratch() { return lent_ != nullptr ? *lent_ : own_; }

  StampClock clock_;
  Scratch own_;
  Scratch* lent_ = nullptr;

  // The last `Nov 23 09:13:57` as the words (see word.h) `Nov 23 ` and `09:13:57`. Date 0: none yet.
  struct LastBsd {
    std::uint64_t date = 0;
    std::uint64_t time = 0;
    int month = 0;
    int day = 0;
    std::int64_t time_us = kNoTime;
  };
  LastBsd bsd_;

  // The last `2026-11-23T09:16:13` as the words `2026-11-`, `6-11-23T` and `09:16:13`, and its time as if it
  // were in UTC. Its time in the zone of the process: kNoTime until a line without a zone asks for it.
  struct LastIso {
    std::uint64_t month = 0;
    std::uint64_t date = 0;
    std::uint64_t time = 0;
    stamp::WallTime wall;
    std::int64_t day_us = 0;
    std::int64_t local_us = kNoTime;
  };
  LastIso iso_;

  // The last zone behind such a stamp: at most six bytes, here with the one that followed them.
  struct LastZone {
    static constexpr std::uint64_t kUnknown = UINT64_MAX;  // which no seven bytes are
    std::uint64_t bytes = kUnknown;
    std::size_t size = 0;
    std::int64_t ahead_us = 0;
  };
  LastZone zone_;

  std::array<char, 256> host_{};
  std::size_t host_size_ = 0;

  KnownTags tags_;
};

// The count in `last message repeated 3 times` (the text of a line of that syslogd), 0 for any other text.
std::uint32_t repeat_count(std::string_view text);
// The same of a whole line: how often it says that the line before it came again; 0 for any other line.
std::uint32_t repeats_line_before(const LogLine& line);

// Which year the first stamp of a file is in, seen from its end: `last_modified_us` dates the last stamp, and
// each turn of the year between `lines` (some or all lines of the file, in order) steps back one.
// Where no line has a stamp without a year: the year of last_modified_us.
int year_of_first_stamp(const std::vector<std::string_view>& lines, std::int64_t last_modified_us);

}  // namespace mtalens
