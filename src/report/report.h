// What an analysis looks like on paper. Reports compute nothing: they print what rules and tracking found.
#pragma once

#include <string>
#include <vector>

#include "mtalens/analysis.h"
#include "mtalens/finding.h"

namespace mtalens {

struct TextStyle {
  bool color = false;
  std::size_t width = 100;  // columns
  bool verbose = false;
  bool unicode = true;  // blocks in charts, else ASCII
};

// The diagnosis for people.
std::string text_report(const Analysis& analysis, const std::vector<Finding>& findings, const TextStyle& style);
// The same for programs: schema mtalens.report/1.
std::string json_report(const Analysis& analysis, const std::vector<Finding>& findings);

// What the queue held at a moment.
std::string text_queue(const Analysis& analysis, std::int64_t at_us, const TextStyle& style);
// Schema mtalens.queue/1.
std::string json_queue(const Analysis& analysis, std::int64_t at_us);

// Before a moment against after it.
std::string text_compare(const Analysis& analysis, std::int64_t at_us, const TextStyle& style);
// Schema mtalens.compare/1.
std::string json_compare(const Analysis& analysis, std::int64_t at_us);

// qshape's age buckets: their names and their upper ends in minutes; the last has none.
inline constexpr std::size_t kAgeBuckets = 10;
extern const char* const kAgeBucketNames[kAgeBuckets];
std::size_t age_bucket(std::int64_t age_us);

}  // namespace mtalens
