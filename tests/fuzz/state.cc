// Any bytes as what a state holds behind its checksum: read back or refused, never a crash; what was read reports.
#include <cstdint>
#include <string_view>

#include "knowledge/knowledge.h"
#include "mtalens/rule.h"
#include "report/report.h"
#include "state/archive.h"
#include "track/tracker.h"

using namespace mtalens;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Tracker tracker(Knowledge::builtin(), {.keep_queue = true, .our_domains = {}});
  try {
    Reader reader(std::string_view(reinterpret_cast<const char*>(data), size));
    reader(tracker);
  } catch (const DamagedState&) {
    return 0;
  }
  const auto analysis = tracker.analysis({});
  json_report(analysis, judge(analysis, Knowledge::builtin()));
  return 0;
}
