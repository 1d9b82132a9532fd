#include "cli/cost.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include "rules/wording.h"

namespace mtalens {

std::string cost_words(const InputSummary& input, const Cost& cost, Units units) {
  const auto all = cost.reading + cost.analysis + cost.rules + cost.writing;
  const auto a_second = all > 0 ? static_cast<std::uint64_t>(static_cast<double>(input.bytes) / all) : 0;
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return fmt::format("{}, {} in {:.3f} s ({} a second): {:.3f} s to read and parse, {:.3f} s of them to join; "
                     "{:.3f} s for the analysis, {:.3f} s for the rules, {:.3f} s to write; {} of memory at most",
                     counted(input.lines, "line"), size(input.bytes, units), all, size(a_second, units), cost.reading,
                     cost.joining, cost.analysis, cost.rules, cost.writing,
                     size(static_cast<std::uint64_t>(used.ru_maxrss) * 1024, units));
}

}  // namespace mtalens
