// mtalens events: the common record, one JSON object a line.
#include "report/events.h"

#include "cli/commands.h"
#include "cli/known.h"
#include "cli/output.h"
#include "cli/reading.h"

namespace mtalens {

int run_events(const Options& options) {
  Output output(options.output);
  std::string text;
  const auto reading = read_inputs(options, kAllKinds, [&](const Batch& batch, const std::vector<std::string>& names) {
    text.clear();
    for (const auto& run : batch.runs) {
      for (auto i = run.events_begin; i < run.events_end; ++i) {
        const Event& event = batch.events[i];
        if (!is_asked_for(event, options)) continue;
        append_event(text, event, names[run.source], run.first_line + event.line_number, known(options).knowledge);
      }
    }
    output.write(text);
  });
  output.done();
  return reading.complete ? 0 : 2;
}

}  // namespace mtalens
