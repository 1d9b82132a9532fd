// Any bytes as a log: read, joined, judged and told. The numbers do not depend on how it is cut into blocks, the
// tracker says what its slow twin says, and no report lets through what a terminal or a browser would obey.
#include <array>
#include <nlohmann/json.hpp>

#include "../unit/agreement.h"
#include "../unit/twin.h"
#include "knowledge/knowledge.h"
#include "mtalens/rule.h"
#include "report/report.h"
#include "target.h"
#include "track/tracker.h"

namespace mtalens::fuzz {
namespace {

Analysis analyze(const ReadOptions& options) {
  Tracker tracker(Knowledge::builtin(), {.keep_queue = true, .our_domains = {}});
  auto input = read_into(options, [&](const Batch& batch, const auto& names) { tracker.add(batch, names); });
  return tracker.analysis(std::move(input));
}

bool is_plain(const std::string& text) {
  for (const unsigned char c : text) {
    if ((c < 0x20 && c != '\n') || c == 0x7f) return false;
  }
  return true;
}

}  // namespace

void log(std::string_view bytes) {
  in_zone("UTC");
  Decisions decisions(bytes);
  auto options = reading({file_with(decisions.rest())});
  options.block_bytes = 1 + decisions.byte();
  const auto cut = analyze(options);
  options.block_bytes = 1 << 16;
  const auto whole = analyze(options);
  const auto findings = judge(whole, Knowledge::builtin());
  const auto told = json_report(whole, findings);
  must(told == json_report(cut, judge(cut, Knowledge::builtin())), "a log says the same however it is cut");
  must(nlohmann::json::accept(told), "the report is JSON");
}

void joining(std::string_view bytes) {
  in_zone("UTC");
  test::Twin twin;
  Tracker tracker(Knowledge::builtin(), {.keep_queue = true, .our_domains = {}});
  auto input = read_into(reading({file_with(bytes)}), [&](const Batch& batch, const auto& names) {
    tracker.add(batch, names);
    for (const auto& event : batch.events)
      twin.see(event);
  });
  must(test::disagreement(tracker.analysis(std::move(input)), twin).empty(), "the tracker says what its twin says");
}

void report(std::string_view bytes) {
  in_zone("UTC");
  Decisions decisions(bytes);
  const auto form = decisions.byte() % 8;
  const auto analysis = analyze(reading({file_with(decisions.rest())}));
  const auto findings = judge(analysis, Knowledge::builtin());
  const TextStyle narrow{.color = false, .width = 80, .verbose = true, .unicode = true};
  switch (form) {
    case 0:
      return must(is_plain(text_report(analysis, findings, narrow)), "the text is plain");
    case 1:
      return must(is_plain(text_queue(analysis, analysis.input.to_us, narrow)), "the queue's text is plain");
    case 2:
      return must(is_plain(markdown_report(analysis, findings)), "the markdown is plain");
    case 3:
      return must(nlohmann::json::accept(json_queue(analysis, analysis.input.to_us)), "the queue is JSON");
    case 4:
      return must(csv_report(analysis).find("\n=") == std::string::npos, "no row is a formula");
    case 5:
      return must(is_plain(prometheus_report(analysis, findings)), "the metrics are plain");
    case 6:
      return must(html_report(analysis, findings).find("<script>alert") == std::string::npos,
                  "the page holds no markup of the log's");
    default:
      return must(is_plain(text_compare(analysis, analysis.input.to_us, narrow)), "the comparison is plain");
  }
}

}  // namespace mtalens::fuzz
