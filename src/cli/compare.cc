// mtalens compare: before a moment against after it.
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/reading.h"
#include "report/report.h"

namespace mtalens {

int run_compare(const Options& options) {
  const auto [analysis, complete, cost] = analyze_inputs(options, options.until_us, false);
  Output output(options.output);
  output.write(options.format == "json" ? json_compare(analysis, options.at_us)
                                        : text_compare(analysis, options.at_us, {options.color, page_width(), options.verbose}));
  output.done();
  return complete ? 0 : 2;
}

}  // namespace mtalens
