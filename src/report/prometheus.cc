// The report as metrics, for node_exporter's textfile collector. They are gauges: a log that was rotated away takes its
// counts with it. Labels are bounded: the first providers and TLS peers in the report's order have theirs, the others
// are summed up as "others".
#include <fmt/format.h>

#include <map>

#include "report/document.h"
#include "report/report.h"
#include "report/safe_text.h"
#include "rules/wording.h"

namespace mtalens {
namespace {

constexpr std::size_t kProviders = 50;
constexpr std::size_t kPeers = 50;

std::string label(std::string_view text) {
  std::string out;
  for (const char c : safe_text(text, 200)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

class Metrics {
 public:
  void begin(std::string_view name, std::string_view help) {
    name_ = name;
    out_ += fmt::format("# HELP {0} {1}\n# TYPE {0} gauge\n", name, help);
  }
  void value(std::string_view labels, double number) {
    out_ += labels.empty() ? fmt::format("{} {}\n", name_, number) : fmt::format("{}{{{}}} {}\n", name_, labels, number);
  }
  std::string take() { return std::move(out_); }

 private:
  std::string name_, out_;
};

double seconds(std::int64_t us) { return us == kNoTime ? 0 : static_cast<double>(us) / 1e6; }

template <typename Number>
void by_provider(Metrics& metrics, const Analysis& analysis, std::string_view name, std::string_view help, Number number) {
  metrics.begin(name, help);
  double others = 0;
  for (std::size_t i = 0; i < analysis.providers.size(); ++i) {
    const auto& p = analysis.providers[i];
    if (i < kProviders) {
      metrics.value(fmt::format("provider=\"{}\"", label(p.name)), static_cast<double>(number(p)));
    } else {
      others += static_cast<double>(number(p));
    }
  }
  if (analysis.providers.size() > kProviders) metrics.value("provider=\"others\"", others);
}

void tls_failures(Metrics& metrics, const std::vector<TlsPeer>& peers) {
  metrics.begin("mtalens_tls_failed_handshakes", "TLS handshakes that failed, in the log read.");
  std::map<std::string, std::uint64_t> series;
  for (std::size_t i = 0; i < peers.size(); ++i) {
    const bool named = i < kPeers;
    for (std::size_t cause = 1; cause < peers[i].causes.size(); ++cause) {
      if (peers[i].causes[cause] == 0) continue;
      const auto direction = peers[i].direction == Direction::inbound ? "inbound" : "outbound";
      series[fmt::format("peer=\"{}\",direction=\"{}\",cause=\"{}\"", named ? label(peers[i].peer) : "others", direction,
                         cause_name(static_cast<TlsCause>(cause)))] += peers[i].causes[cause];
    }
  }
  for (const auto& [labels, failed] : series) metrics.value(labels, static_cast<double>(failed));
}

void findings_by_id(Metrics& metrics, const std::vector<Finding>& findings) {
  std::map<std::string, std::uint64_t> series;
  for (const auto& f : findings) ++series[fmt::format("id=\"{}\",severity=\"{}\"", label(f.id), severity_name(f.severity))];
  metrics.begin("mtalens_findings", "Findings of the report, by what they are.");
  for (const auto& [labels, count] : series) metrics.value(labels, static_cast<double>(count));
}

void limits(Metrics& metrics, const std::vector<Finding>& findings) {
  metrics.begin("mtalens_provider_limit", "What a provider takes in one window, as its refusals show it.");
  std::map<std::string, double> series;
  for (const auto& f : findings) {
    if (f.subject.empty() || f.subject.front().first != "provider" || !f.numbers.contains("limit")) continue;
    const auto& limit = f.numbers["limit"];
    if (!limit.is_object() || !limit.contains("value") || !limit["value"].is_number() || !limit.contains("unit") || !limit.contains("per")) continue;
    if (series.size() >= kProviders) break;
    series.emplace(fmt::format("provider=\"{}\",unit=\"{}\",per=\"{}\"", label(f.subject.front().second),
                               label(limit["unit"].get<std::string>()), label(limit["per"].get<std::string>())),
                   limit["value"].get<double>());
  }
  for (const auto& [labels, value] : series) metrics.value(labels, value);
}

}  // namespace

std::string prometheus_report(const Analysis& analysis, const std::vector<Finding>& findings) {
  Metrics metrics;
  const auto single = [&](std::string_view name, std::string_view help, double number) {
    metrics.begin(name, help);
    metrics.value({}, number);
  };
  single("mtalens_log_end_timestamp_seconds", "When the last line read was written.", seconds(analysis.input.to_us));
  single("mtalens_log_lines", "Lines read.", static_cast<double>(analysis.input.lines));
  single("mtalens_unrecognized_lines", "Lines of a mail program that were not understood.", static_cast<double>(analysis.input.unrecognized_lines));
  single("mtalens_recipients_delivered", "Recipients delivered, in the log read.", static_cast<double>(analysis.totals.delivered));
  single("mtalens_recipients_bounced", "Recipients bounced, in the log read.", static_cast<double>(analysis.totals.bounced));
  single("mtalens_recipients_expired", "Recipients given up after waiting too long, in the log read.", static_cast<double>(analysis.totals.expired));
  single("mtalens_queue_recipients", "Recipients waiting at the end of the log.", static_cast<double>(analysis.totals.queued));

  by_provider(metrics, analysis, "mtalens_provider_accepted_messages", "Messages the provider took, in the log read.", [](const Provider& p) { return p.accepted; });
  by_provider(metrics, analysis, "mtalens_provider_refusals", "Replies of refusal, in the log read.", [](const Provider& p) { return p.refusals; });
  by_provider(metrics, analysis, "mtalens_provider_throttled_refusals", "Refusals that mean: you send too much.", [](const Provider& p) { return p.throttled; });
  by_provider(metrics, analysis, "mtalens_provider_deferred_attempts", "Tries that were deferred, one recipient each.", [](const Provider& p) { return p.attempts.deferred; });
  by_provider(metrics, analysis, "mtalens_provider_queue_recipients", "Recipients waiting at the end of the log.", [](const Provider& p) { return p.queue.queued; });
  tls_failures(metrics, analysis.tls);
  findings_by_id(metrics, findings);
  limits(metrics, findings);

  metrics.begin("mtalens_provider_queue_oldest_age_seconds", "Age of the oldest recipient waiting at the end of the log.");
  for (std::size_t i = 0; i < analysis.providers.size() && i < kProviders; ++i) {
    const auto& p = analysis.providers[i];
    const auto age = p.queue.oldest_us == kNoTime ? 0 : analysis.input.to_us - p.queue.oldest_us;
    metrics.value(fmt::format("provider=\"{}\"", label(p.name)), seconds(age));
  }
  return metrics.take();
}

}  // namespace mtalens
