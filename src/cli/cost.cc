#include "cli/cost.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include "rules/wording.h"

namespace mtalens {

std::string cost_words(const InputSummary& input, const Cost& cost) {
  const auto all = cost.reading + cost.analysis + cost.rules + cost.writing;
  const auto megabytes = static_cast<double>(input.bytes) / 1e6;
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return fmt::format("{}, {:.1f} MB in {:.3f} s ({:.0f} MB/s): {:.3f} s to read and parse, {:.3f} s of them to join; "
                     "{:.3f} s for the analysis, {:.3f} s for the rules, {:.3f} s to write; {} MB of memory at most",
                     counted(input.lines, "line"), megabytes, all, all > 0 ? megabytes / all : 0, cost.reading, cost.joining,
                     cost.analysis, cost.rules, cost.writing, used.ru_maxrss / 1024);
}

}  // namespace mtalens
