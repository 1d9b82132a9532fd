// Any bytes as what a state holds behind its checksum: read back or refused; what was read reports, and is written as
// it was read.
#include "knowledge/knowledge.h"
#include "mtalens/rule.h"
#include "report/report.h"
#include "state/archive.h"
#include "stream/stream_state.h"
#include "target.h"
#include "track/tracker.h"

namespace mtalens::fuzz {
namespace {

struct All {
  StreamState stream;
  Tracker tracker{Knowledge::builtin(), {.keep_queue = true, .our_domains = {}}};
};

bool read(std::string_view bytes, All& all) {
  try {
    Reader reader(bytes);
    reader(all.stream, all.tracker);
    return true;
  } catch (const DamagedState&) {
    return false;
  }
}

std::string written(All& all) {
  Writer writer;
  writer(all.stream, all.tracker);
  return writer.bytes();
}

}  // namespace

void state(std::string_view bytes) {
  in_zone("UTC");
  All first, second;
  if (!read(bytes, first)) return;
  const auto kept = written(first);
  must(read(kept, second), "what was written can be read");
  must(written(second).size() == kept.size(), "and is written as it was read");
  const auto analysis = first.tracker.analysis(first.stream.input);
  json_report(analysis, judge(analysis, Knowledge::builtin()));
}

}  // namespace mtalens::fuzz
