// What the MTA's retries cost: tries at a closed door, deferrals that only echo them, and whether mail would flow
// sooner with fewer of them.
#pragma once

#include <cstdint>
#include <optional>

#include "mtalens/analysis.h"
#include "rules/limit.h"

namespace mtalens {

struct Retries {
  std::uint64_t refused = 0;      // throttled replies
  std::uint64_t closed_door = 0;  // of these: after the reply that told of the wall and before the reset
  std::uint64_t echoes = 0;       // deferrals without a try, because of these refusals
  // Where the limit resets while mail waits: how long after it mail flows again, and until all of it is used up
  // (medians, microseconds).
  std::optional<std::int64_t> flows_after_us;
  std::optional<std::int64_t> used_up_after_us;
  std::uint64_t missed = 0;  // messages that waited on though the limit had room for them

  // No mail flows later than it could.
  bool delays_nothing() const;
};

Retries retries_of(const Provider& provider, const std::optional<Limit>& limit);

}  // namespace mtalens
