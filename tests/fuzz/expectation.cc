// Any text as what `check` expects of a report: held against one, or what is wrong with it by line.
#include "check/expectation.h"

#include "../unit/flow_generator.h"
#include "knowledge/knowledge.h"
#include "mtalens/rule.h"
#include "report/report.h"
#include "target.h"
#include "track/tracker.h"

namespace mtalens::fuzz {
namespace {

nlohmann::ordered_json some_report() {
  Tracker tracker(Knowledge::builtin(), {.keep_queue = true, .our_domains = {}});
  const auto log = test::invent_flow("exim", 1, 60).log;
  auto input =
      read_into(reading({file_with(log)}), [&](const Batch& batch, const auto& names) { tracker.add(batch, names); });
  const auto analysis = tracker.analysis(std::move(input));
  return nlohmann::ordered_json::parse(json_report(analysis, judge(analysis, Knowledge::builtin())));
}

}  // namespace

void expectation(std::string_view bytes) {
  in_zone("UTC");
  static const auto kReport = some_report();
  static const bool kMet = Expectation(expectation_of(kReport)).deviations(nlohmann::json(kReport)).empty();
  must(kMet, "a report meets what is expected after it");
  try {
    const Expectation expected(bytes);
    for (const auto& deviation : expected.deviations(nlohmann::json(kReport)))
      must(deviation.line > 0 && !deviation.says.empty(), "a deviation has its line");
    for (const auto& finding : kReport["findings"])
      expected.names(nlohmann::json(finding));
  } catch (const ExpectationError&) {
  }
}

}  // namespace mtalens::fuzz
