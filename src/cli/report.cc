// mtalens report: the diagnosis.
#include "report/report.h"

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/reading.h"
#include "knowledge/knowledge.h"
#include "mtalens/rule.h"

namespace mtalens {

int run_report(const Options& options) {
  const auto [analysis, complete] = analyze_inputs(options, options.until_us, false);
  const auto findings = judge(analysis, Knowledge::builtin());
  Output output(options.output);
  output.write(options.format == "json" ? json_report(analysis, findings)
                                        : text_report(analysis, findings, {options.color, page_width(), options.verbose}));
  output.done();
  return complete ? 0 : 2;
}

}  // namespace mtalens
