// The report for a ticket or a wiki. What comes from a log stands where Markdown reads nothing: escaped, or in code.
#include <fmt/format.h>

#include <algorithm>

#include "report/document.h"
#include "report/markup.h"
#include "report/report.h"
#include "report/safe_text.h"
#include "rules/wording.h"

namespace mtalens {
namespace {

// Every punctuation mark that could mean something; `@` too, so that no address becomes a link or a mention.
std::string escaped(std::string_view text) {
  static constexpr std::string_view kMarks = "\\`*_{}[]()<>#+!|~&@:";
  std::string out;
  for (const char c : safe_text(text)) {
    if (kMarks.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

// A fenced block; its fence is longer than any row of backticks within.
std::string fenced(std::string_view text) {
  std::string inside, fence = "```";
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    inside += safe_text(text.substr(0, end)) + "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  while (inside.find(fence) != std::string::npos) fence += '`';
  return fence + "\n" + inside + fence + "\n";
}

std::string section(const Finding& finding) {
  std::string out = fmt::format("## {}: {}\n\n", severity_name(finding.severity), escaped(finding.title));
  for (const auto& detail : finding.details) out += "- " + escaped(detail) + "\n";
  if (!finding.details.empty()) out += "\n";
  out += escaped(finding.meaning) + "\n\n";
  if (!finding.remedy.empty()) out += "What to do:\n\n" + fenced(finding.remedy) + "\n";
  for (const auto& line : finding.evidence) {
    out += fmt::format("{}, line {}:\n\n{}\n", escaped(line.source), line.line, fenced(line.text));
  }
  return out;
}

}  // namespace

std::string markdown_report(const Analysis& analysis, const std::vector<Finding>& findings) {
  const auto& totals = analysis.totals;
  std::string out = fmt::format("# {}\n\n{}\n\n{}, {}: {} delivered, {} bounced, {} expired, {} queued\n\n", gist(findings),
                                escaped(source_words(analysis)), counted(totals.messages, "message"),
                                counted(totals.recipients, "recipient"), grouped(totals.delivered), grouped(totals.bounced),
                                grouped(totals.expired), grouped(totals.queued));
  if (analysis.input.unnamed_since_us != kNoTime) {
    out += fmt::format("{} of the queued have no name yet in this log.\n\n", grouped(analysis.input.unnamed_recipients));
  }
  for (const auto& finding : findings) out += section(finding);
  out += "## Providers\n\n| Provider | accepted | refused | throttled | deferred | queued | oldest |\n|---|---:|---:|---:|---:|---:|---:|\n";
  for (const auto& p : analysis.providers) {
    out += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", escaped(p.name), grouped(p.accepted), grouped(p.refusals),
                       grouped(p.throttled), grouped(p.attempts.deferred), grouped(p.queue.queued),
                       p.queue.oldest_us == kNoTime ? "" : duration(analysis.input.to_us - p.queue.oldest_us));
  }
  return out;
}

}  // namespace mtalens
