// The findings as JUnit's XML: what CI systems show beside the tests.
#include <fmt/format.h>

#include <algorithm>

#include "report/document.h"
#include "report/markup.h"
#include "report/report.h"

namespace mtalens {
namespace {

std::string test_case(const Finding& finding, bool failed) {
  std::string name = finding.id;
  for (const auto& [key, value] : finding.subject) name += " " + value;
  std::string out = fmt::format("  <testcase classname=\"mtalens\" name=\"{}\"", html_text(name));
  if (!failed) return out + "/>\n";
  out += fmt::format(">\n    <failure type=\"{}\" message=\"{}\">", severity_name(finding.severity), html_text(finding.title));
  for (const auto& detail : finding.details) out += html_text(detail) + "\n";
  for (const auto& line : finding.evidence) out += fmt::format("{}:{}: {}\n", html_text(line.source), line.line, html_text(line.text));
  return out + "</failure>\n  </testcase>\n";
}

}  // namespace

std::string junit_report(const std::vector<Finding>& findings, const std::function<bool(const Finding&)>& fails) {
  const auto failures = std::count_if(findings.begin(), findings.end(), fails);
  std::string out = fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"mtalens\" tests=\"{}\" failures=\"{}\">\n",
                                std::max<std::size_t>(findings.size(), 1), failures);
  for (const auto& finding : findings) out += test_case(finding, fails(finding));
  if (findings.empty()) out += "  <testcase classname=\"mtalens\" name=\"nothing is wrong\"/>\n";
  return out + "</testsuite>\n";
}

}  // namespace mtalens
