// What a run cost, stage by stage.
#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "mtalens/analysis.h"
#include "rules/wording.h"

namespace mtalens {

// Seconds since it was asked last, or since it was made.
class Stopwatch {
 public:
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    return std::chrono::duration<double>(now - std::exchange(last_, now)).count();
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

// Seconds by the clock on the wall.
struct Cost {
  double reading = 0;  // reading, parsing, joining: they go side by side
  double joining = 0;  // of these, on one thread at a time
  double analysis = 0;
  double rules = 0;
  double writing = 0;
};

// "61,685 lines, 7.1 MB in 0.12 s (59 MB/s): 0.09 s to read and parse, …; 24 MB of memory at most"
std::string cost_words(const InputSummary& input, const Cost& cost, Units units);

}  // namespace mtalens
