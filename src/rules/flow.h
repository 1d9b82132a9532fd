// In- and outflow toward a provider, in recipients a day, and when its queue will be empty.
#pragma once

#include <optional>

#include "mtalens/analysis.h"

namespace mtalens {

struct Flow {
  double in_per_day = 0;
  double out_per_day = 0;
  double days = 0;  // of log that these are measured over
  // Where the queue is not empty and does not grow; nothing: it never empties.
  std::optional<std::int64_t> empties_at_us;
};

// Measured over the last `kFlowDays` days of the log, or all of it where it is shorter.
inline constexpr int kFlowDays = 3;
Flow flow_of(const Provider& provider, const InputSummary& input);

// The MTA's own patience: how long a message waits before it goes back to its sender, microseconds. Seen in the
// log where a message expired, else the MTA's default: Postfix 5 days (maximal_queue_lifetime), sendmail 5 days
// (confTO_QUEUERETURN), Exim 4 days (the usual retry rule).
struct Patience {
  std::int64_t us = 0;
  bool seen = false;
};
Patience patience_of(const Analysis& analysis, const Provider& provider);

// When those who wait now will be sent back if nothing moves: (time, recipients) by hour, soonest first.
std::vector<std::pair<std::int64_t, std::uint64_t>> expiries(const Provider& provider, std::int64_t patience_us);

}  // namespace mtalens
