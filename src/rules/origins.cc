#include "rules/origins.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "rules/wording.h"

namespace mtalens {
namespace {

// Messages a day, where the limit is one of messages and its window is known.
std::optional<std::uint64_t> limit_per_day(const std::optional<Limit>& limit) {
  if (!limit || limit->of_recipients) return std::nullopt;
  if (limit->per == Limit::Per::day) return limit->value;
  if (limit->per == Limit::Per::hour) return limit->value * 24;
  return std::nullopt;
}

}  // namespace

Remaining without(const Provider& provider, const TrafficOrigin& origin, const std::optional<Limit>& limit) {
  Remaining out;
  out.limit_per_day = limit_per_day(limit);
  if (origin.days.empty()) return out;
  std::map<std::int64_t, std::uint64_t> rest;  // by day
  for (const auto& [day, messages] : origin.days) rest[day] = 0;
  for (const auto& other : provider.origins) {
    if (&other == &origin) continue;
    for (const auto& [day, messages] : other.days) {
      if (const auto at = rest.find(day); at != rest.end()) at->second += messages;
    }
  }
  std::uint64_t sum = 0;
  for (const auto& [day, messages] : rest) {
    sum += messages;
    out.most = std::max(out.most, messages);
    if (out.limit_per_day && messages > *out.limit_per_day) ++out.days_above;
  }
  out.days = rest.size();
  out.mean = static_cast<double>(sum) / static_cast<double>(out.days);
  return out;
}

std::string remaining_words(const Remaining& remaining) {
  if (remaining.most == 0) return "nothing else goes there on these days";
  auto out = fmt::format("without it at most {} a day remain", grouped(remaining.most));
  if (!remaining.limit_per_day) return out;
  const auto limit = grouped(*remaining.limit_per_day);
  if (remaining.days_above == 0) return out + fmt::format(", within the {} that it takes", limit);
  return out + fmt::format(", above the {} that it takes on {} of {}", limit, grouped(remaining.days_above),
                           counted(remaining.days, "day"));
}

std::string date_of_day(std::int64_t day) { return iso_utc(day * 86'400'000'000).substr(0, 10); }

}  // namespace mtalens
