// mtalens events: what every line says, one JSON object a line; or, joined, as rows for ClickHouse.
#include "report/events.h"

#include <unistd.h>

#include <array>

#include "cli/commands.h"
#include "cli/known.h"
#include "cli/output.h"
#include "cli/reading.h"
#include "clickhouse/rows.h"

namespace mtalens {
namespace {

constexpr std::size_t kRowsOfABlock = 1 << 16;

int write_objects(const Options& options) {
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

std::string this_host() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

int write_rows(const Options& options) {
  Output output(options.output);
  clickhouse::Rows rows(options.upload, options.host.empty() ? this_host() : options.host);
  std::string block;
  const auto write = [&] {
    block.clear();
    rows.take(block);
    output.write(block);
  };
  const auto tell = [&](const JoinedEvent& joined) {
    if (!is_asked_for(*joined.event, options)) return;
    rows.add(joined);
    if (rows.size() == kRowsOfABlock) write();
  };
  // What is not written yet must not be in the state.
  const bool complete = join_inputs(options, tell, [&] {
    write();
    output.done();
  });
  return complete ? 0 : 2;
}

}  // namespace

int run_events(const Options& options) { return options.format == "clickhouse" ? write_rows(options) : write_objects(options); }

}  // namespace mtalens
