// What the wall clock in the zone of the process (TZ) shows, in UTC.
//
// "Local seconds" count the wall clock as if it were UTC: 1970-01-01 00:00:00 on the wall is 0.
#pragma once

#include <cstdint>

namespace mtalens {

// How far a wall clock is ahead of UTC. In the hour that the end of summer time repeats it shows every
// second twice: `offset_s` is the first pass (summer time), `second_offset_s` the second.
struct ZoneOffset {
  std::int32_t offset_s = 0;
  std::int32_t second_offset_s = 0;

  bool repeated() const { return offset_s != second_offset_s; }
};

// A value, cheap to copy. Remembers the last quarter of an hour it was asked for: every change of a
// zone's clock in living memory begins and ends at a full quarter.
class LocalZone {
 public:
  // Takes up a TZ that was changed since the process began.
  LocalZone();

  // A second that the beginning of summer time skips is read as if the clock had not been changed.
  ZoneOffset at(std::int64_t local_s) {
    if (local_s < begin_ || local_s >= end_) look_up(local_s);
    return offset_;
  }

 private:
  void look_up(std::int64_t local_s);

  std::int64_t begin_ = 0;  // the local seconds that offset_ holds for
  std::int64_t end_ = 0;
  ZoneOffset offset_;
};

// How far the wall clock is ahead of UTC at that second of UTC.
std::int32_t zone_offset_at_utc(std::int64_t utc_s);

}  // namespace mtalens
