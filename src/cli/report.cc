// mtalens report: the diagnosis.
#include "report/report.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "cli/commands.h"
#include "cli/known.h"
#include "cli/output.h"
#include "cli/reading.h"
#include "mtalens/rule.h"
#include "rules/wording.h"

namespace mtalens {

namespace {

bool is_clean(const std::vector<Finding>& findings) {
  return std::none_of(findings.begin(), findings.end(), [](const Finding& f) { return f.severity >= Severity::warning; });
}

// RFC 5322 takes any name left of the @: the moment and the process make it unlike every other.
MailHeader mail_header(const Options& options) {
  using namespace std::chrono;
  char host[256] = "localhost";
  gethostname(host, sizeof host - 1);
  const auto now = duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
  return {options.mail_from, options.mail_to, now, fmt::format("mtalens.{}.{}@{}", now, getpid(), host)};
}

std::string formatted(const Options& options, const Analysis& analysis, const std::vector<Finding>& findings) {
  const auto& format = options.format;
  if (format == "json") return json_report(analysis, findings);
  if (format == "html") return html_report(analysis, findings);
  if (format == "markdown") return markdown_report(analysis, findings);
  if (format == "csv") return csv_report(analysis);
  if (format == "prometheus") return prometheus_report(analysis, findings);
  if (format == "junit") return junit_report(findings, [](const Finding& f) { return f.severity >= Severity::warning; });
  if (format == "mail") return mail_report(analysis, findings, mail_header(options));
  return text_report(analysis, findings, {options.color, page_width(), options.verbose, locale_is_utf8()});
}

}  // namespace

int run_report(const Options& options) {
  auto& [analysis, complete, cost] = lasting<Joined>(analyze_inputs(options, options.until_us, false));
  Stopwatch watch;
  const auto& findings = lasting<std::vector<Finding>>(judge(analysis, known(options).knowledge));
  cost.rules = watch.lap();
  if (options.state_out == "-") return complete ? 0 : 2;
  if (options.quiet_when_clean && is_clean(findings)) return complete ? 0 : 2;
  // The collector of Prometheus runs under a name of its own; there is no address in it.
  Output output(options.output, options.format == "prometheus" ? 0644 : 0600);
  output.write(formatted(options, analysis, findings));
  output.done();
  cost.writing = watch.lap();
  if (options.verbose && !options.quiet) fmt::print(stderr, "mtalens: {}\n", cost_words(analysis.input, cost, options.units));
  return complete ? 0 : 2;
}

}  // namespace mtalens
