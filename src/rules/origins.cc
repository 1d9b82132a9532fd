#include "rules/origins.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <vector>

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

std::string_view kind_words(OriginKind kind) {
  switch (kind) {
    case OriginKind::forward: return "forwarded";
    case OriginKind::bounce: return "bounces and notices";
    case OriginKind::list: return "from mailing lists";
    case OriginKind::login: return "by logins";
    case OriginKind::local_user: return "by accounts of this machine";
    case OriginKind::other: return "from users and relays";
  }
  return "";
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

std::string origin_words(const Provider& provider) {
  std::array<std::uint64_t, 6> by_kind{};
  for (const auto& origin : provider.origins) by_kind[static_cast<std::size_t>(origin.kind)] += origin.messages;
  std::vector<std::pair<std::uint64_t, std::size_t>> order;
  for (std::size_t i = 0; i < by_kind.size(); ++i) {
    if (by_kind[i] > 0) order.emplace_back(by_kind[i], i);
  }
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::string out;
  for (const auto& [messages, kind] : order) {
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", grouped(messages), kind_words(static_cast<OriginKind>(kind)));
  }
  return out;
}

std::string date_of_day(std::int64_t day) { return iso_utc(day * 86'400'000'000).substr(0, 10); }

}  // namespace mtalens
