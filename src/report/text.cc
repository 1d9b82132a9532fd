// The report for people: what was read, what is wrong and what to do, then the table of providers.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "report/report.h"
#include "report/safe_text.h"
#include "rules/wording.h"

namespace mtalens {
namespace {

constexpr std::size_t kIndent = 10;       // of what belongs to a finding
constexpr std::size_t kFullFindings = 6;  // further ones get one line each
constexpr std::size_t kProviderRows = 12;

class Page {
 public:
  explicit Page(const TextStyle& style) : style_(style) {}

  void line(std::string_view text = {}) {
    out_ += text;
    out_ += '\n';
  }

  // Breaks at blanks; what follows the first line is indented like it.
  void paragraph(std::size_t indent, std::string_view text) {
    const std::string lead(indent, ' ');
    const std::size_t room = style_.width > indent + 20 ? style_.width - indent : 20;
    while (!text.empty()) {
      auto cut = text.size();
      if (columns(text) > room) {
        cut = text.rfind(' ', room);
        if (cut == std::string_view::npos || cut == 0) cut = text.find(' ');
        if (cut == std::string_view::npos) cut = text.size();
      }
      line(lead + std::string(text.substr(0, cut)));
      text.remove_prefix(std::min(text.size(), cut));
      while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    }
  }

  // Keeps its line breaks: configuration lines.
  void verbatim(std::size_t indent, std::string_view text) {
    const std::string lead(indent, ' ');
    while (!text.empty()) {
      const auto end = text.find('\n');
      line(lead + safe_text(text.substr(0, end)));
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
  }

  std::string painted(std::string_view text, std::string_view color) const {
    return style_.color ? fmt::format("\x1b[{}m{}\x1b[0m", color, text) : std::string(text);
  }

  std::size_t width() const { return style_.width; }
  std::string take() { return std::move(out_); }

 private:
  const TextStyle& style_;
  std::string out_;
};

std::string mta_title(const std::string& mta) {
  if (mta == "postfix") return "Postfix";
  if (mta == "exim") return "Exim";
  return mta;
}

// "maillog · Postfix on lab · 7 Dec 2026 – 17 Dec 2026 UTC · 21,604 lines, every one understood"
std::string headline(const InputSummary& input) {
  std::vector<std::string> sources, mtas;
  for (const auto& source : input.sources) {
    sources.push_back(source.name.substr(source.name.rfind('/') + 1));
    for (const auto& mta : source.mta) {
      if (std::find(mtas.begin(), mtas.end(), mta_title(mta)) == mtas.end()) mtas.push_back(mta_title(mta));
    }
  }
  std::string out = list_of(sources, 3);
  if (!mtas.empty()) {
    out += " · " + list_of(mtas, 4);
    if (!input.hosts.empty()) out += " on " + list_of(input.hosts, 3);
  }
  if (input.from_us != kNoTime) {
    const auto from = day(input.from_us), to = day(input.to_us);
    out += from == to ? fmt::format(" · {} {}–{} {}", from, clock_time(input.from_us), clock_time(input.to_us), zone_name(input.to_us))
                      : fmt::format(" · {} – {} {}", from, to, zone_name(input.to_us));
  }
  out += " · " + counted(input.lines, "line");
  if (input.mail_lines > 0 && input.unrecognized_lines == 0 && input.unreadable_lines == 0) out += ", every one understood";
  return safe_text(out);
}

void add_caveats(Page& page, const Analysis& analysis) {
  const auto& input = analysis.input;
  const auto say = [&](const std::string& text) { page.paragraph(0, "note: " + text); };
  if (input.lines == 0) say("there was nothing to read");
  if (input.lines > 0 && input.mail_lines == 0) say("no line of Postfix, sendmail or Exim was found in it");
  if (input.unrecognized_lines > 0) {
    say(fmt::format("{} of an MTA say something this program does not know; the first: {}:{}: {}",
                    counted(input.unrecognized_lines, "line"), safe_text(input.unrecognized.front().source),
                    input.unrecognized.front().line, safe_text(input.unrecognized.front().text, 160)));
  }
  if (input.unreadable_lines > 0) say(counted(input.unreadable_lines, "line") + " without a header that can be read");
  if (input.duplicate_lines > 0) say(fmt::format("{} stood in more than one input and counted once", counted(input.duplicate_lines, "line")));
  if (input.cut_lines > 0) say(counted(input.cut_lines, "line") + " longer than 1 MiB; only their beginning was read");
  if (input.lost_lines > 0) {
    say(fmt::format("the syslog daemon dropped {} (rate limit): every count is a lower bound", counted(input.lost_lines, "message")));
  }
}

std::string_view severity_word(Severity severity) {
  return severity == Severity::critical ? "CRITICAL" : severity == Severity::warning ? "WARNING" : "INFO";
}

std::string_view severity_color(Severity severity) {
  return severity == Severity::critical ? "1;31" : severity == Severity::warning ? "1;33" : "1;36";
}

std::string place_of(const Finding& finding) {
  if (finding.evidence.empty() || finding.evidence.front().line == 0) return {};
  const auto& first = finding.evidence.front();
  auto out = fmt::format("{}:{}", safe_text(first.source.substr(first.source.rfind('/') + 1), 60), first.line);
  if (finding.occurrences > 1) out += fmt::format(" (and {} more)", grouped(finding.occurrences - 1));
  return out;
}

void add_title(Page& page, const Finding& finding) {
  const auto word = severity_word(finding.severity);
  const auto title = safe_text(finding.title);
  const auto used = kIndent + columns(title);
  std::string out = page.painted(word, severity_color(finding.severity)) + std::string(kIndent - word.size(), ' ');
  if (used + 2 + finding.id.size() <= page.width()) {
    page.line(out + page.painted(title, "1") + std::string(page.width() - used - finding.id.size(), ' ') +
              page.painted(finding.id, "2"));
  } else {
    page.line(out + page.painted(title, "1"));
    page.line(std::string(kIndent, ' ') + page.painted(finding.id, "2"));
  }
}

void add_finding(Page& page, const Finding& finding, bool with_remedy) {
  add_title(page, finding);
  for (const auto& detail : finding.details) page.paragraph(kIndent, safe_text(detail, 400));
  page.paragraph(kIndent, safe_text(finding.meaning));
  if (with_remedy && !finding.remedy.empty()) {
    page.line(std::string(kIndent, ' ') + "what to do:");
    page.verbatim(kIndent + 2, finding.remedy);
  }
  if (const auto place = place_of(finding); !place.empty()) page.line(std::string(kIndent, ' ') + page.painted(place, "2"));
  page.line();
}

std::string cell(std::uint64_t number, std::size_t width) { return fmt::format("{:>{}}", grouped(number), width); }

// A name cut and padded to `width` columns.
std::string name_cell(const std::string& name, std::size_t width) {
  auto out = safe_text(name, width - 1);
  const auto used = columns(out);
  return out + std::string(used < width ? width - used : 1, ' ');
}

void add_providers(Page& page, const Analysis& analysis) {
  if (analysis.providers.empty()) return;
  const std::size_t name = std::clamp<std::size_t>(page.width() > 62 ? page.width() - 62 : 16, 16, 36);
  page.line(page.painted(fmt::format("{:<{}} {:>10} {:>9} {:>10} {:>9} {:>8} {:>8}", "Provider", name, "accepted", "refused",
                                     "throttled", "deferred", "queued", "oldest"), "1"));
  std::size_t shown = 0;
  for (const auto& p : analysis.providers) {
    if (shown++ == kProviderRows) break;
    page.line(name_cell(p.name, name) + ' ' + cell(p.accepted, 10) + ' ' + cell(p.refusals, 9) + ' ' + cell(p.throttled, 10) +
              ' ' + cell(p.attempts.deferred, 9) + ' ' + cell(p.queue.queued, 8) + ' ' +
              fmt::format("{:>8}", p.queue.oldest_us == kNoTime ? "-" : duration(analysis.input.to_us - p.queue.oldest_us)));
  }
  if (analysis.providers.size() > kProviderRows) {
    page.line(fmt::format("and {} more (all are in --format json)", counted(analysis.providers.size() - kProviderRows, "provider")));
  }
  page.line(page.painted("accepted: messages; refused, throttled: replies; deferred: tries; queued: recipients", "2"));
  page.line();
}

void add_totals(Page& page, const Totals& totals) {
  page.line(fmt::format("{}, {}: {} delivered, {} bounced, {} expired, {} queued", counted(totals.messages, "message"),
                        counted(totals.recipients, "recipient"), grouped(totals.delivered), grouped(totals.bounced),
                        grouped(totals.expired), grouped(totals.queued)));
}

}  // namespace

std::string text_report(const Analysis& analysis, const std::vector<Finding>& findings, const TextStyle& style) {
  Page page(style);
  page.paragraph(0, headline(analysis.input));
  add_caveats(page, analysis);
  page.line();
  std::size_t shown = 0;
  for (const auto& finding : findings) {
    if (!style.verbose && shown++ >= kFullFindings) {
      add_title(page, finding);
      continue;
    }
    add_finding(page, finding, style.verbose || finding.severity != Severity::info);
  }
  if (!style.verbose && findings.size() > kFullFindings) page.line();
  if (findings.empty() && analysis.input.mail_lines > 0) {
    page.line("Nothing stands out: nobody throttles you, no queue grows, no handshake fails.");
    page.line();
  }
  add_providers(page, analysis);
  add_totals(page, analysis.totals);
  return page.take();
}

std::string text_queue(const Analysis& analysis, std::int64_t at_us, const TextStyle& style) {
  Page page(style);
  std::uint64_t recipients = 0;
  std::map<std::string, std::array<std::uint64_t, kAgeBuckets>> ages;
  for (const auto& entry : analysis.queue) {
    recipients += entry.recipients.size() + entry.unnamed_recipients;
    for (const auto& recipient : entry.recipients) ++ages[recipient.provider][age_bucket(at_us - entry.arrived_us)];
  }
  page.line(fmt::format("{} in {} on {} {} {}", counted(recipients, "recipient"), counted(analysis.queue.size(), "message"),
                        day(at_us), clock_time(at_us), zone_name(at_us)));
  page.line();
  std::vector<std::pair<std::uint64_t, std::string>> order;
  for (const auto& [provider, counts] : ages) {
    std::uint64_t sum = 0;
    for (const auto count : counts) sum += count;
    order.emplace_back(sum, provider);
  }
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  std::string head = fmt::format("{:<28}{:>7}", "recipients by age", "all");
  for (const auto* bucket : kAgeBucketNames) head += fmt::format("{:>7}", bucket);
  if (!order.empty()) page.line(page.painted(head, "1"));
  for (const auto& [sum, provider] : order) {
    std::string row = name_cell(provider, 28) + fmt::format("{:>7}", grouped(sum));
    for (const auto count : ages[provider]) row += fmt::format("{:>7}", grouped(count));
    page.line(row);
  }
  if (!order.empty()) page.line();
  for (const auto& entry : analysis.queue) {
    page.line(fmt::format("{:<24} {:>8}  {}  from <{}>", safe_text(entry.queue_id, 24), duration(at_us - entry.arrived_us),
                          moment(entry.arrived_us), safe_text(entry.sender, 80)));
    for (const auto& recipient : entry.recipients) {
      page.paragraph(4, fmt::format("to <{}>{}", safe_text(recipient.address, 120),
                                    recipient.reason.empty() ? "" : ": " + safe_text(recipient.reason, 200)));
    }
  }
  return page.take();
}

}  // namespace mtalens
