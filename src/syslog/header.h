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

namespace mtalens {

// One per thread. Remembers the last second and host it read, so that most headers cost a comparison.
class HeaderReader {
 public:
  // Begins a stretch of lines of one source; forgets the last one's scratch text.
  void start(const StampClock& clock);

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

  std::int64_t bsd_second(std::string_view& text);
  std::size_t iso_second(std::string_view text);
  std::int64_t unzoned_second_us();
  bool take_iso_stamp(std::string_view& text, LogLine& line);
  void read_host_and_tag(std::string_view text, LogLine& line);
  void take_new_host(std::string_view& text, LogLine& line);

  StampClock clock_;
  Scratch scratch_;

  // The last `Nov 23 09:13:57` and its time.
  static constexpr std::size_t kBsdSize = 15;
  std::array<char, kBsdSize> bsd_{};
  std::int64_t bsd_us_ = kNoTime;

  // The last `2026-11-23T09:16:13` or `2026-11-23 09:16:13`, and what it is in UTC and in the local zone.
  std::array<char, stamp::kIsoSize> iso_{};
  stamp::WallTime iso_wall_;
  std::int64_t iso_utc_us_ = kNoTime;
  std::int64_t iso_local_us_ = kNoTime;  // kNoTime: nobody asked yet

  std::array<char, 256> host_{};
  std::size_t host_size_ = 0;
};

// The count in `last message repeated 3 times` (the text of a line of that syslogd), 0 for any other text.
std::uint32_t repeat_count(std::string_view text);

// Which year the first stamp of a file is in, seen from its end: `last_modified_us` dates the last stamp, and
// each turn of the year between `lines` (some or all lines of the file, in order) steps back one.
// Where no line has a stamp without a year: the year of last_modified_us.
int year_of_first_stamp(const std::vector<std::string_view>& lines, std::int64_t last_modified_us);

}  // namespace mtalens
