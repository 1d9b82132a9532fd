// The age buckets of Postfix's qshape(1): 5 minutes, then doubling.
#include "report/report.h"

namespace mtalens {

const char* const kAgeBucketNames[kAgeBuckets] = {"5m",  "10m",  "20m",  "40m",   "80m",
                                                  "160m", "320m", "640m", "1280m", "1280m+"};

std::size_t age_bucket(std::int64_t age_us) {
  std::int64_t end_us = 5 * 60'000'000LL;
  for (std::size_t bucket = 0; bucket + 1 < kAgeBuckets; ++bucket, end_us *= 2) {
    if (age_us < end_us) return bucket;
  }
  return kAgeBuckets - 1;
}

}  // namespace mtalens
