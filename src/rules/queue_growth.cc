// Whether the queue toward somebody grows, and whether it will ever be empty.
#include <fmt/format.h>

#include <algorithm>

#include "mtalens/rule.h"
#include "rules/limit.h"
#include "rules/outlook.h"
#include "rules/wording.h"

namespace mtalens {
namespace {

constexpr std::uint64_t kWorthSaying = 5;      // recipients: fewer are everyday's greylisting
constexpr std::int64_t kOldEnough = 3'600'000'000;  // an hour: younger mail may just be on its way

double rounded(double value) { return static_cast<double>(static_cast<std::int64_t>(value * 10 + 0.5)) / 10; }

class QueueGrowth : public Rule {
 public:
  std::string_view name() const override { return "queue_growth"; }

  void judge(const Analysis& analysis, const Knowledge&, std::vector<Finding>& findings) const override {
    for (const auto& provider : analysis.providers) {
      if (provider.expired > provider.expired_notices) findings.push_back(expired(analysis, provider));
      const auto& queue = provider.queue;
      if (queue.queued - queue.notices < kWorthSaying || analysis.input.to_us - queue.oldest_us < kOldEnough) continue;
      const auto flow = flow_of(provider, analysis.input);
      const auto forecast = forecast_of(analysis, provider, limit_of(provider));
      if (forecast.empties_at_us) continue;
      const bool grows = flow.in_per_day > flow.out_per_day * 1.05 + 0.5;
      findings.push_back(grows ? growing(analysis, provider, flow, forecast) : never_empties(analysis, provider, flow, forecast));
    }
  }

 private:
  static nlohmann::ordered_json numbers_of(const Analysis& analysis, const Provider& provider, const Flow& flow, const Forecast& forecast) {
    nlohmann::ordered_json out;
    out["queued"] = provider.queue.queued;
    out["oldest_age_s"] = provider.queue.oldest_us == kNoTime ? 0 : (analysis.input.to_us - provider.queue.oldest_us) / 1'000'000;
    out["peak"] = provider.queue.peak;
    out["peak_at"] = provider.queue.peak_at_us == kNoTime ? nlohmann::ordered_json() : nlohmann::ordered_json(iso_utc(provider.queue.peak_at_us));
    out["inflow_per_day"] = rounded(flow.in_per_day);
    out["outflow_per_day"] = rounded(flow.out_per_day);
    out["empties_at"] = forecast.empties_at_us ? nlohmann::ordered_json(iso_utc(*forecast.empties_at_us)) : nlohmann::ordered_json();
    out["expires"] = nlohmann::ordered_json::array();
    for (const auto& [at, recipients] : expiries(provider, forecast.patience.us)) {
      if (out["expires"].size() < 24) out["expires"].push_back({{"at", iso_utc(at)}, {"recipients", recipients}});
    }
    if (provider.queue.queued > 0) out["forecast"] = forecast_numbers(forecast);
    return out;
  }

  static void add_wait(Finding& out, const Analysis& analysis, const Provider& provider, const Flow& flow, const Forecast& forecast) {
    out.details.push_back(fmt::format("{} wait, the oldest {}; at most {} waited, on {}",
                                      counted(provider.queue.queued, "recipient"),
                                      duration(analysis.input.to_us - provider.queue.oldest_us),
                                      grouped(provider.queue.peak), moment(provider.queue.peak_at_us)));
    out.details.push_back(fmt::format("in {:.0f} a day, out {:.0f} a day over the last {:.1f} days", flow.in_per_day,
                                      flow.out_per_day, flow.days));
    const auto soon = expiries(provider, forecast.patience.us);
    if (!soon.empty()) {
      out.details.push_back(fmt::format("what waits goes back to its senders after {}: the first on {}", patience_words(forecast.patience),
                                        moment(soon.front().first)));
    }
    out.details.push_back(forecast_words(forecast));
    out.details.push_back(forecast_basis(forecast));
  }

  static Finding base(const Analysis& analysis, const Provider& provider, const Flow& flow, const Forecast& forecast) {
    Finding out;
    out.subject = {{"provider", provider.name}};
    out.numbers = numbers_of(analysis, provider, flow, forecast);
    out.occurrences = provider.queue.queued;
    if (!provider.groups.empty()) out.evidence.push_back(provider.groups.front().last);
    return out;
  }

  static Finding growing(const Analysis& analysis, const Provider& provider, const Flow& flow, const Forecast& forecast) {
    Finding out = base(analysis, provider, flow, forecast);
    out.id = "queue/growing";
    out.severity = Severity::critical;
    out.title = fmt::format("The queue toward {} grows by about {:.0f} a day and never empties", provider.name,
                            flow.in_per_day - flow.out_per_day);
    out.meaning = "More mail comes in than goes out: it waits ever longer, and the oldest goes back to its senders.";
    out.remedy = "Send less there (see who causes it), or get more through (see the refusals).";
    add_wait(out, analysis, provider, flow, forecast);
    return out;
  }

  static Finding never_empties(const Analysis& analysis, const Provider& provider, const Flow& flow, const Forecast& forecast) {
    Finding out = base(analysis, provider, flow, forecast);
    out.id = "queue/never-empties";
    out.severity = Severity::warning;
    out.title = fmt::format("The queue toward {} does not empty", provider.name);
    out.meaning = "As much comes in as goes out, or nothing moves: what waits now keeps waiting.";
    out.remedy = "Look at why its mail is deferred, and take out of the queue what nobody needs any more.";
    add_wait(out, analysis, provider, flow, forecast);
    return out;
  }

  static Finding expired(const Analysis& analysis, const Provider& provider) {
    const auto flow = flow_of(provider, analysis.input);
    const auto forecast = forecast_of(analysis, provider, limit_of(provider));
    Finding out = base(analysis, provider, flow, forecast);
    out.id = "queue/expired";
    out.severity = Severity::critical;
    out.occurrences = provider.expired - provider.expired_notices;
    const auto waited = analysis.longest_wait_before_expiry_us;
    out.title = fmt::format("{} for {} waited {} and went back", counted(out.occurrences, "recipient"), provider.name,
                            waited > 0 ? duration(waited) : std::string("too long"));
    out.numbers["expired"] = provider.expired;
    out.meaning = "The MTA gave up: the senders got a bounce, the recipients never saw the mail.";
    out.remedy = "Tell the senders; mend the cause of the deferrals before more expires.";
    return out;
  }
};

}  // namespace

const Rule& queue_growth_rule() {
  static const QueueGrowth rule;
  return rule;
}

}  // namespace mtalens
