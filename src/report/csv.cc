// The providers for a spreadsheet, one a row (RFC 4180).
#include <fmt/format.h>

#include "report/report.h"
#include "report/safe_text.h"

namespace mtalens {
namespace {

// Spreadsheets take a cell that begins with one of these for a formula, quotes or not: an apostrophe before it makes it
// text. Tabs and line ends are shown as escapes by safe_text().
std::string cell(std::string_view text) {
  std::string out = "\"";
  if (!text.empty() && std::string_view("=+-@\t\r\n").find(text.front()) != std::string_view::npos) out += '\'';
  for (const char c : safe_text(text)) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

}  // namespace

std::string csv_report(const Analysis& analysis) {
  std::string out =
      "provider,accepted,refusals,throttled,delivered,deferred,deferred_throttled,secondary,bounced,queued,oldest_age_s,peak\r\n";
  for (const auto& p : analysis.providers) {
    const auto& tries = p.attempts;
    const auto age = p.queue.oldest_us == kNoTime ? "" : fmt::format("{}", (analysis.input.to_us - p.queue.oldest_us) / 1'000'000);
    out += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{}\r\n", cell(p.name), p.accepted, p.refusals, p.throttled, tries.delivered,
                       tries.deferred, tries.throttled, tries.secondary, tries.bounced, p.queue.queued, age, p.queue.peak);
  }
  return out;
}

}  // namespace mtalens
