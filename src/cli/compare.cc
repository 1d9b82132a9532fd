// mtalens compare: before a moment against after it, or one set of logs against another.
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/reading.h"
#include "report/report.h"

namespace mtalens {

int run_compare(const Options& options) {
  const auto earlier = analyze_inputs(options, options.until_us, false);
  const TextStyle style{options.color, page_width(), options.verbose};
  const bool json = options.format == "json";
  std::string said;
  bool complete = earlier.complete;
  if (options.with.empty()) {
    said = json ? json_compare(earlier.analysis, options.at_us) : text_compare(earlier.analysis, options.at_us, style);
  } else {
    Options second = options;
    second.files = options.with;
    const auto later = analyze_inputs(second, options.until_us, false);
    complete = complete && later.complete;
    said = json ? json_compare(earlier.analysis, later.analysis) : text_compare(earlier.analysis, later.analysis, style);
  }
  Output output(options.output);
  output.write(said);
  output.done();
  return complete ? 0 : 2;
}

}  // namespace mtalens
