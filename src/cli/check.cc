// mtalens check: for CI. Says what is wrong in a log, or where its report is not as a file expects.
#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "check/expectation.h"
#include "cli/commands.h"
#include "cli/known.h"
#include "cli/output.h"
#include "cli/reading.h"
#include "mtalens/rule.h"
#include "report/document.h"
#include "report/report.h"
#include "report/safe_text.h"
#include "rules/wording.h"

namespace mtalens {
namespace {

// One reason to fail, and the place to look at: a line of the log or of the expectation.
struct Failure {
  std::string file;
  std::size_t line = 0;  // 0: none
  std::string says;
};

std::string read_whole(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw UsageError(fmt::format("--expect: {}: cannot be read", file));
  return {std::istreambuf_iterator<char>(in), {}};
}

Expectation read_expectation(const std::string& file) {
  try {
    return Expectation(read_whole(file));
  } catch (const ExpectationError& error) {
    throw UsageError(fmt::format("--expect: {}: {}", file, error.what()));
  }
}

Failure failure_of(const Finding& finding) {
  Failure out;
  if (!finding.evidence.empty()) {
    out.file = finding.evidence.front().source;
    out.line = finding.evidence.front().line;
  }
  out.says = fmt::format("{}: {} ({})", severity_name(finding.severity), finding.title, finding.id);
  return out;
}

// In the order of the report: those that are grave enough and, where there is an expectation, not expected.
void add_findings(const std::vector<Finding>& findings, const nlohmann::json& report, const Expectation* expectation,
                  Severity fail_on, std::vector<Failure>& failures) {
  for (std::size_t i = 0; i < findings.size(); ++i) {
    if (findings[i].severity < fail_on) continue;
    if (expectation != nullptr && expectation->names(report.at("findings")[i])) continue;
    failures.push_back(failure_of(findings[i]));
  }
}

std::string line_for_people(const Failure& failure) {
  const auto says = safe_text(failure.says);
  if (failure.line == 0) return says + "\n";
  return fmt::format("{}:{}: {}\n", safe_text(failure.file), failure.line, says);
}

// A workflow command: what delimits it is written as %XX ("Workflow commands for GitHub Actions").
std::string escaped_for_github(std::string_view text, bool in_property) {
  std::string out;
  for (const char c : text) {
    const bool delimits = c == '%' || (in_property && (c == ':' || c == ','));
    delimits ? out += fmt::format("%{:02X}", static_cast<unsigned char>(c)) : out += c;
  }
  return out;
}

std::string line_for_github(const Failure& failure) {
  const auto says = escaped_for_github(safe_text(failure.says), false);
  if (failure.line == 0) return fmt::format("::error::{}\n", says);
  return fmt::format("::error file={},line={}::{}\n", escaped_for_github(safe_text(failure.file), true), failure.line, says);
}

// A test case for each finding, and one for each number that is not as expected.
std::string junit_of(const std::vector<Finding>& findings, const nlohmann::json& report, const Expectation* expectation,
                     const Options& options, const std::vector<Failure>& failures) {
  static constexpr std::string_view kDeviation = "check/expectation";
  auto cases = findings;
  for (const auto& failure : failures) {
    if (options.expect.empty() || failure.file != options.expect) continue;
    Finding& deviation = cases.emplace_back();
    deviation.id = kDeviation;
    deviation.severity = Severity::critical;
    deviation.title = failure.says;
    deviation.subject = {{"line", std::to_string(failure.line)}};
  }
  return junit_report(cases, [&](const Finding& finding) {
    if (finding.id == kDeviation) return true;
    const auto place = static_cast<std::size_t>(&finding - cases.data());
    return finding.severity >= options.fail_on && (expectation == nullptr || !expectation->names(report.at("findings")[place]));
  });
}

bool runs_at_github() {
  const char* told = std::getenv("GITHUB_ACTIONS");
  return told != nullptr && std::string_view(told) == "true";
}

std::string verdict(const Analysis& analysis, const std::vector<Failure>& failures, bool expected) {
  if (failures.empty()) {
    return fmt::format("{}: {}\n", expected ? "as expected" : "nothing is wrong", counted(analysis.input.lines, "line"));
  }
  return fmt::format("{} in {}\n", counted(failures.size(), "failure"), counted(analysis.input.lines, "line"));
}

}  // namespace

int run_check(const Options& options) {
  std::optional<Expectation> expectation;
  if (!options.expect.empty()) expectation = read_expectation(options.expect);
  const auto [analysis, complete, cost] = analyze_inputs(options, options.until_us, false);
  const auto findings = judge(analysis, known(options).knowledge);
  const auto text = json_report(analysis, findings);
  if (!options.write_expect.empty()) {
    Output output(options.write_expect);
    output.write(expectation_of(nlohmann::ordered_json::parse(text)));
    output.done();
    return complete ? 0 : 2;
  }
  const auto report = nlohmann::json::parse(text);
  std::vector<Failure> failures;
  if (expectation) {
    for (auto& deviation : expectation->deviations(report)) failures.push_back({options.expect, deviation.line, std::move(deviation.says)});
  }
  add_findings(findings, report, expectation ? &*expectation : nullptr, options.fail_on, failures);

  Output output(options.output);
  if (options.format == "junit") {
    output.write(junit_of(findings, report, expectation ? &*expectation : nullptr, options, failures));
    output.done();
    return !complete ? 2 : failures.empty() ? 0 : 1;
  }
  const bool github = runs_at_github();
  for (const auto& failure : failures) output.write(github ? line_for_github(failure) : line_for_people(failure));
  output.write(verdict(analysis, failures, expectation.has_value()));
  output.done();
  if (!complete) return 2;
  return failures.empty() ? 0 : 1;
}

}  // namespace mtalens
