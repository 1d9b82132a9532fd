// mtalens queue: what the queue held at a moment.
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/reading.h"
#include "report/report.h"

namespace mtalens {

int run_queue(const Options& options) {
  const auto until_us = options.at_us == kNoTime ? options.until_us : options.at_us;
  const auto [analysis, complete, cost] = analyze_inputs(options, until_us, true);
  const auto at_us = options.at_us == kNoTime ? analysis.input.to_us : options.at_us;
  if (options.state_out == "-") return complete ? 0 : 2;
  Output output(options.output);
  output.write(options.format == "json" ? json_queue(analysis, at_us)
                                        : text_queue(analysis, at_us, {options.color, page_width(), options.verbose, locale_is_utf8()}));
  output.done();
  return complete ? 0 : 2;
}

}  // namespace mtalens
