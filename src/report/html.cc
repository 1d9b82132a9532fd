// The report as one page that is sent around: src/report/html holds its template, style and script. Findings and tables
// are written here, so that the page reads without its script; the JSON report goes along for the plots.
#include <fmt/format.h>

#include <map>

#include "report/document.h"
#include "report/html_page.h"
#include "report/markup.h"
#include "report/report.h"
#include "rules/wording.h"

namespace mtalens {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kCurves = 12;  // providers whose history goes along; all are in the JSON report

// Equal numbers in a row become "number*times": most hours of a year are like the one before.
std::string runs(const std::vector<std::int64_t>& numbers) {
  std::string out;
  for (std::size_t i = 0; i < numbers.size();) {
    std::size_t end = i;
    while (end < numbers.size() && numbers[end] == numbers[i]) ++end;
    out += out.empty() ? "" : " ";
    out += end - i == 1 ? fmt::format("{}", numbers[i]) : fmt::format("{}*{}", numbers[i], end - i);
    i = end;
  }
  return out;
}

// A waiting message grows older by the same hour each hour: steps run longer than ages.
std::vector<std::int64_t> steps(std::vector<std::int64_t> numbers) {
  for (std::size_t i = numbers.size(); i-- > 1;) numbers[i] -= numbers[i - 1];
  return numbers;
}

void pack_history(Json& document) {
  std::size_t curves = 0;
  for (auto& provider : document["providers"]) {
    auto& history = provider["history"];
    if (history.is_null()) continue;
    if (++curves > kCurves) {
      history = nullptr;
      continue;
    }
    for (auto& [name, column] : history.items()) {
      if (!column.is_array()) continue;
      auto numbers = column.get<std::vector<std::int64_t>>();
      column = runs(name == "queued" || name == "oldest_age_s" ? steps(std::move(numbers)) : numbers);
    }
  }
}

// Within <script> only a `<` could end it; in JSON it may stand as an escape, for it is only ever within strings.
std::string script_data(const Json& document) {
  std::string out;
  for (const char c : document.dump(-1, ' ', true, Json::error_handler_t::replace)) {
    if (c == '<' || c == '>' || c == '&') {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out;
}

std::string number_cell(std::uint64_t number) {
  return fmt::format("<td data-value=\"{}\">{}</td>", number, grouped(number));
}

std::string bar_cell(std::uint64_t bad, std::uint64_t all) {
  if (all == 0) return "<td data-value=\"0\">–</td>";
  const auto percent = 100.0 * static_cast<double>(bad) / static_cast<double>(all);
  return fmt::format("<td data-value=\"{0:.3f}\">{0:.0f} % <svg class=\"bar\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" "
                     "aria-hidden=\"true\"><rect class=\"all\" width=\"100\" height=\"10\"/><rect class=\"bad\" width=\"{0:.1f}\" "
                     "height=\"10\"/></svg></td>", percent);
}

std::string table_head(std::string_view id, std::string_view title, std::initializer_list<const char*> columns) {
  std::string out = fmt::format("<section aria-labelledby=\"{0}-title\">\n<h2 id=\"{0}-title\">{1}</h2>\n<div class=\"wide\">"
                                "<table class=\"list\" id=\"{0}\">\n<thead><tr>", id, title);
  for (const auto* column : columns) out += fmt::format("<th scope=\"col\">{}</th>", column);
  return out + "</tr></thead>\n<tbody>\n";
}

std::string provider_table(const Analysis& analysis) {
  std::string out = table_head("providers", "Providers", {"Provider", "Accepted", "Refused", "Throttled", "Delivered", "Deferred",
                                                          "Wasted tries", "Queued", "Oldest"});
  for (const auto& p : analysis.providers) {
    const auto age = p.queue.oldest_us == kNoTime ? 0 : analysis.input.to_us - p.queue.oldest_us;
    out += fmt::format("<tr><td>{}</td>", html_text(p.name));
    for (const auto number : {p.accepted, p.refusals, p.throttled, p.attempts.delivered, p.attempts.deferred}) out += number_cell(number);
    out += bar_cell(p.attempts.deferred, p.attempts.delivered + p.attempts.deferred + p.attempts.bounced) + number_cell(p.queue.queued);
    out += fmt::format("<td data-value=\"{}\">{}</td></tr>\n", age / 1'000'000, age == 0 ? "–" : duration(age));
  }
  return out + "</tbody></table></div>\n<p class=\"hint\">Accepted: messages. Refused, throttled: replies. Delivered, deferred: tries, "
               "one recipient each; wasted tries are the deferred among them. Queued: recipients.</p>\n</section>\n";
}

std::string causes(const TlsPeer& peer) {
  std::vector<std::string> out;
  for (std::size_t i = 1; i < peer.causes.size(); ++i) {
    if (peer.causes[i] > 0) out.push_back(fmt::format("{} {}", grouped(peer.causes[i]), cause_name(static_cast<TlsCause>(i))));
  }
  return list_of(out, out.size());
}

std::string tls_table(const std::vector<TlsPeer>& peers) {
  if (peers.empty()) return "";
  std::string out = table_head("tls", "Failed TLS handshakes", {"Peer", "Address", "Direction", "Causes", "Handshakes", "Failed", "Share",
                                                                "In clear afterwards", "Waiting", "Expired"});
  for (const auto& peer : peers) {
    out += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td>", html_text(peer.peer), html_text(peer.address),
                       direction_name(peer.direction), html_text(causes(peer)));
    out += number_cell(peer.handshakes) + number_cell(peer.failed) + bar_cell(peer.failed, peer.handshakes);
    out += number_cell(peer.fallbacks) + number_cell(peer.waiting) + number_cell(peer.expired) + "</tr>\n";
  }
  return out + "</tbody></table></div>\n</section>\n";
}

std::string curves_hint(std::size_t providers) {
  if (providers <= kCurves) return "";
  return fmt::format("<p class=\"hint\">Curves of the first {} of {} providers; the JSON report has those of all.</p>\n", kCurves, grouped(providers));
}

// Puts each part where the template has its mark; what was put in is not looked at again.
std::string filled(std::string_view page, const std::map<std::string_view, std::string>& parts) {
  std::string out;
  for (std::size_t mark; (mark = page.find("<!--")) != std::string_view::npos;) {
    const auto end = page.find("-->", mark);
    const auto part = parts.find(page.substr(mark + 4, end - mark - 4));
    out += page.substr(0, mark);
    if (part != parts.end()) out += part->second;
    page.remove_prefix(end + 3);
  }
  return out += page;
}

}  // namespace

std::string html_report(const Analysis& analysis, const std::vector<Finding>& findings) {
  auto document = report_document(analysis, findings);
  pack_history(document);
  const auto source = html_text(source_words(analysis));
  return filled(kHtmlPage,
                {{"title", "mtalens: " + gist(findings) + " · " + source},
                 {"head", fmt::format("<header>\n<h1>{}</h1>\n<p class=\"soft\">{} · {}</p>\n{}</header>", gist(findings), source,
                                      counted(analysis.input.lines, "line"), html_totals(analysis.totals, analysis.input))},
                 {"story", "<h2 id=\"story-title\">Findings</h2>\n" + html_findings(findings)},
                 {"curves-of", curves_hint(analysis.providers.size())},
                 {"tables", provider_table(analysis) + tls_table(analysis.tls)},
                 {"foot", fmt::format("<footer>mtalens {} · {} mail lines, {} not understood</footer>", MTALENS_VERSION,
                                      grouped(analysis.input.mail_lines), grouped(analysis.input.unrecognized_lines))},
                 {"data", script_data(document)}});
}

}  // namespace mtalens
