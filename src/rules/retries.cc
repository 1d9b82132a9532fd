#include "rules/retries.h"

#include <algorithm>
#include <vector>

namespace mtalens {
namespace {

constexpr std::int64_t kHour = 3'600'000'000;
constexpr std::int64_t kSoon = 2 * kHour;  // after a reset: any MTA's own pace

struct Window {
  std::int64_t index = 0;
  std::uint64_t accepted = 0, throttled = 0;
  std::int64_t first_accepted_us = kNoTime, walled_us = kNoTime;
};

// The windows of a limit that resets; the spells come in the order of their times, none is longer than an hour of
// acceptances, but its refusals may go on into the next window.
std::vector<Window> windows_of(const std::vector<Spell>& spells, const Limit& limit) {
  std::vector<Window> out;
  const auto at = [&](std::int64_t time_us) -> Window& {
    const auto index = (time_us - limit.resets_us) / limit.period_us();
    if (out.empty() || out.back().index < index) out.emplace_back().index = index;
    return out.back();
  };
  for (const auto& spell : spells) {
    if (spell.accepted > 0) {
      Window& window = at(spell.first_accepted_us);
      if (window.accepted == 0) window.first_accepted_us = spell.first_accepted_us;
      window.accepted += spell.accepted;
    }
    if (spell.throttled > 0) {
      Window& window = at(spell.first_throttled_us);
      if (window.throttled == 0) window.walled_us = spell.first_throttled_us;
      window.throttled += spell.throttled;
    }
  }
  return out;
}

std::uint32_t queued_at(const Provider& provider, std::int64_t time_us) {
  const auto at = (time_us - 1) / kHour - provider.first_hour;
  return at >= 0 && at < static_cast<std::int64_t>(provider.hours.size()) ? provider.hours[static_cast<std::size_t>(at)].queued : 0;
}

std::optional<std::int64_t> median(std::vector<std::int64_t> values) {
  if (values.empty()) return std::nullopt;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

void add_resets(Retries& out, const Provider& provider, const Limit& limit) {
  const auto windows = windows_of(provider.spells, limit);
  std::vector<std::int64_t> flows, used_up;
  for (std::size_t i = 0; i < windows.size(); ++i) {
    const auto& window = windows[i];
    out.closed_door += window.throttled > 0 ? window.throttled - 1 : 0;
    const auto begins_us = window.index * limit.period_us() + limit.resets_us;
    const bool waited = i > 0 && windows[i - 1].throttled > 0 && queued_at(provider, begins_us) > 0;
    if (!waited || window.accepted == 0) continue;
    flows.push_back(window.first_accepted_us - begins_us);
    if (window.throttled > 0) {
      used_up.push_back(window.walled_us - begins_us);
    } else if (i + 1 < windows.size() && window.accepted < limit.value) {
      out.missed += std::min<std::uint64_t>(limit.value - window.accepted, queued_at(provider, begins_us + limit.period_us()));
    }
  }
  out.flows_after_us = median(flows);
  out.used_up_after_us = median(used_up);
}

}  // namespace

bool Retries::delays_nothing() const {
  return missed == 0 && flows_after_us && *flows_after_us <= kSoon && used_up_after_us && *used_up_after_us <= kSoon;
}

Retries retries_of(const Provider& provider, const std::optional<Limit>& limit) {
  Retries out;
  out.refused = provider.throttled;
  out.echoes = provider.attempts.secondary;
  if (limit && limit->resets()) {
    add_resets(out, provider, *limit);
  } else if (limit) {
    for (const auto& spell : provider.spells) out.closed_door += spell.throttled > 0 ? spell.throttled - 1 : 0;
  }
  return out;
}

}  // namespace mtalens
