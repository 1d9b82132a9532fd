// What an analysis looks like on paper. Reports compute nothing: they print what rules and tracking found.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "mtalens/analysis.h"
#include "mtalens/finding.h"

namespace mtalens {

struct TextStyle {
  bool color = false;
  std::size_t width = 100;  // columns
  bool verbose = false;
  bool unicode = true;  // blocks in charts, else ASCII
};

// The diagnosis for people.
std::string text_report(const Analysis& analysis, const std::vector<Finding>& findings, const TextStyle& style);
// The same for programs: schema mtalens.report/1.
std::string json_report(const Analysis& analysis, const std::vector<Finding>& findings);

// The same as one page without outside references.
std::string html_report(const Analysis& analysis, const std::vector<Finding>& findings);
// The same for a ticket or a wiki: CommonMark with tables.
std::string markdown_report(const Analysis& analysis, const std::vector<Finding>& findings);
// The providers, one a row: RFC 4180, and nothing in it that a spreadsheet would take for a formula.
std::string csv_report(const Analysis& analysis);
// The text format of Prometheus, for node_exporter's textfile collector.
std::string prometheus_report(const Analysis& analysis, const std::vector<Finding>& findings);
// One test case for each finding; those at or above `fail_on` have failed.
std::string junit_report(const std::vector<Finding>& findings, const std::function<bool(const Finding&)>& fails);

struct MailHeader {
  std::string from;
  std::vector<std::string> to;
  std::int64_t at_us = 0;   // Date
  std::string message_id;   // without its angle brackets
};
// The same as a complete MIME message, text and HTML, for `sendmail -t`.
std::string mail_report(const Analysis& analysis, const std::vector<Finding>& findings, const MailHeader& header);

// What the queue held at a moment.
std::string text_queue(const Analysis& analysis, std::int64_t at_us, const TextStyle& style);
// Schema mtalens.queue/1.
std::string json_queue(const Analysis& analysis, std::int64_t at_us);

// One finding, as it stands in the JSON report.
nlohmann::ordered_json json_finding(const Finding& finding);

// Before a moment against after it.
std::string text_compare(const Analysis& analysis, std::int64_t at_us, const TextStyle& style);
// The logs of before against those of after, each as a whole.
std::string text_compare(const Analysis& before, const Analysis& after, const TextStyle& style);
std::string json_compare(const Analysis& before, const Analysis& after);
// Schema mtalens.compare/1.
std::string json_compare(const Analysis& analysis, std::int64_t at_us);

// qshape's age buckets: their names and their upper ends in minutes; the last has none.
inline constexpr std::size_t kAgeBuckets = 10;
extern const char* const kAgeBucketNames[kAgeBuckets];
std::size_t age_bucket(std::int64_t age_us);

}  // namespace mtalens
