#include "report/markup.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/document.h"
#include "report/safe_text.h"
#include "rules/wording.h"

namespace mtalens {
namespace {

// Line by line: in a remedy a line's end is no stranger's.
std::string html_lines(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    out += html_text(text.substr(0, end));
    if (end < text.size()) out += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string evidence(const std::vector<Evidence>& lines) {
  std::string out;
  for (const auto& line : lines) {
    out += fmt::format("<div class=\"soft\">{}, line {}</div><pre>{}</pre>\n", html_text(line.source), line.line, html_text(line.text));
  }
  return out;
}

std::string article(const Finding& finding) {
  const auto severity = severity_name(finding.severity);
  std::string out = fmt::format("<article class=\"finding {0}\" data-id=\"{1}\">\n<div class=\"severity\">{0}</div>\n<h3>{2}</h3>\n<ul>\n",
                                severity, html_text(finding.id), html_text(finding.title));
  for (const auto& detail : finding.details) out += fmt::format("<li>{}</li>\n", html_text(detail));
  out += fmt::format("</ul>\n<p>{}</p>\n", html_text(finding.meaning));
  if (!finding.remedy.empty()) {
    out += fmt::format("<details><summary>What to do</summary><pre>{}</pre></details>\n", html_lines(finding.remedy));
  }
  if (!finding.evidence.empty()) {
    out += fmt::format("<details class=\"evidence\"><summary>The lines that show it</summary>{}</details>\n", evidence(finding.evidence));
  }
  return out + "</article>\n";
}

}  // namespace

std::string html_text(std::string_view text) {
  std::string out;
  for (const char c : safe_text(text)) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string source_words(const Analysis& analysis) {
  const auto& input = analysis.input;
  std::vector<std::string> names;
  for (const auto& source : input.sources) names.push_back(source.name.substr(source.name.rfind('/') + 1));
  std::string out = list_of(names, 2);
  if (!input.hosts.empty()) out += " · " + list_of(input.hosts, 2);
  if (input.from_us != kNoTime) out += fmt::format(" · {} to {} {}", day(input.from_us), day(input.to_us), zone_name(input.to_us));
  return out;
}

std::string gist(const std::vector<Finding>& findings) {
  const auto critical = std::count_if(findings.begin(), findings.end(), [](const Finding& f) { return f.severity == Severity::critical; });
  if (findings.empty()) return "nothing is wrong";
  return fmt::format("{}, {} of them critical", counted(findings.size(), "finding"), critical);
}

std::string html_findings(const std::vector<Finding>& findings) {
  std::string out;
  for (const auto& finding : findings) out += article(finding);
  return findings.empty() ? "<p>No provider throttles this mail, no queue grows, no TLS handshake fails.</p>\n" : out;
}

std::string html_totals(const Totals& totals, const InputSummary& input) {
  std::string out = "<dl class=\"totals\">\n";
  const auto add = [&](const char* name, std::uint64_t number) {
    out += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", name, grouped(number));
  };
  add("messages", totals.messages);
  add("recipients", totals.recipients);
  add("delivered", totals.delivered);
  add("bounced", totals.bounced);
  add("expired", totals.expired);
  add("queued", totals.queued);
  if (input.unnamed_since_us != kNoTime) add("of these not named yet", input.unnamed_recipients);
  return out + "</dl>\n";
}

}  // namespace mtalens
