// Who sends toward a provider, day by day, and what would remain without one of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "mtalens/analysis.h"
#include "rules/limit.h"

namespace mtalens {

// On the days on which an origin sent: what all the others sent.
struct Remaining {
  std::uint64_t days = 0;
  std::uint64_t most = 0;  // on one day, messages
  double mean = 0;
  std::optional<std::uint64_t> limit_per_day;
  std::uint64_t days_above = 0;  // on which more than that would remain
};
Remaining without(const Provider& provider, const TrafficOrigin& origin, const std::optional<Limit>& limit);

// "without it at most 30 a day remain, within the 49 that it takes"
std::string remaining_words(const Remaining& remaining);

// Days since the epoch, UTC: 2026-12-09.
std::string date_of_day(std::int64_t day);

}  // namespace mtalens
