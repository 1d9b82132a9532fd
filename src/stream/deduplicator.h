// Tells whether a line was already seen in another source: Debian's rsyslog writes mail to mail.log and to
// syslog, older ones to mail.info too.
//
// Two lines are the same when their second, host, program, pid and text are. Of a line that stands n times in
// one source and m times in another, max(n, m) happened. Lines are remembered for 10 to 20 seconds of log time.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "mtalens/log_line.h"

namespace mtalens {

class Deduplicator {
 public:
  // True where `line`, read from `source`, is one more copy of a line that another source gave.
  bool is_duplicate(const LogLine& line, std::uint32_t source);

  // Source i of before is new_of_old[i] from now on; the largest number where it is there no more.
  void renumber(const std::vector<std::uint32_t>& new_of_old);

  // What a state keeps on disk (src/state/archive.h).
  template <typename Archive>
  void fields(Archive& archive) {
    archive(current_, previous_, current_from_us_);
  }

 private:
  struct Seen {
    std::uint32_t most = 0;               // times that some source gave it
    std::vector<std::uint32_t> by_source;  // times that each source gave it

    template <typename Archive>
    void fields(Archive& archive) {
      archive(most, by_source);
    }
  };
  using Window = std::unordered_map<std::uint64_t, Seen>;

  Window current_, previous_;
  std::int64_t current_from_us_ = kNoTime;
};

}  // namespace mtalens
