#include "rules/flow.h"

#include <algorithm>
#include <map>

namespace mtalens {
namespace {

constexpr std::int64_t kHour = 3'600'000'000;
constexpr std::int64_t kDay = 24 * kHour;

}  // namespace

Flow flow_of(const Provider& provider, const InputSummary& input) {
  Flow flow;
  if (input.to_us == kNoTime || provider.hours.empty()) return flow;
  const auto from_us = std::max(input.from_us, input.to_us - kFlowDays * kDay);
  std::uint64_t in = 0, out = 0;
  const auto named_until_us = input.named_until_us();
  const auto named_from_us = std::max(input.from_us, named_until_us - kFlowDays * kDay);
  for (std::size_t i = 0; i < provider.hours.size(); ++i) {
    const auto begin_us = (provider.first_hour + static_cast<std::int64_t>(i)) * kHour;
    if (begin_us + kHour > named_from_us && begin_us < named_until_us) in += provider.hours[i].inflow;
    if (begin_us + kHour > from_us) out += provider.hours[i].outflow;
  }
  const auto days = [](std::int64_t us) { return std::max(static_cast<double>(us) / kDay, 1.0 / 24); };
  flow.days = days(input.to_us - from_us);
  flow.in_per_day = static_cast<double>(in) / days(named_until_us - named_from_us);
  flow.out_per_day = static_cast<double>(out) / flow.days;
  return flow;
}

Patience patience_of(const Analysis& analysis, const Provider& provider) {
  if (analysis.longest_wait_before_expiry_us > 0) return {analysis.longest_wait_before_expiry_us, Patience::Source::expired};
  const bool exim = !provider.mtas.empty() && provider.mtas.front() == "exim";
  const auto usual = (exim ? 4 : 5) * kDay;
  const auto& queue = provider.queue;
  const auto oldest = queue.oldest_us == kNoTime ? 0 : analysis.input.to_us - queue.oldest_us;
  if (oldest > usual) return {(oldest / kDay + 1) * kDay, Patience::Source::still_waiting};
  return {usual, Patience::Source::mta_default};
}

std::vector<std::pair<std::int64_t, std::uint64_t>> expiries(const Provider& provider, std::int64_t patience_us) {
  std::map<std::int64_t, std::uint64_t> by_hour;
  for (const auto arrived_us : provider.queue.arrivals_us) {
    const auto at = arrived_us + patience_us;
    by_hour[(at / kHour + 1) * kHour] += 1;
  }
  return {by_hour.begin(), by_hour.end()};
}

}  // namespace mtalens
