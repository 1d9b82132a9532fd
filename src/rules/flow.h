// In- and outflow toward a provider, in recipients a day, and how long its mail may wait.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "mtalens/analysis.h"

namespace mtalens {

struct Flow {
  double in_per_day = 0;
  double out_per_day = 0;
  double days = 0;  // of log that these are measured over
};

// Measured over the last `kFlowDays` days of the log, or all of it where it is shorter.
inline constexpr int kFlowDays = 3;
Flow flow_of(const Provider& provider, const InputSummary& input);

// The MTA's own patience: how long a message waits before it goes back to its sender, microseconds. Seen in the
// log where a message expired, else the MTA's default: Postfix 5 days (maximal_queue_lifetime), sendmail 5 days
// (confTO_QUEUERETURN), Exim 4 days (the usual retry rule); longer where something has waited longer than that.
struct Patience {
  enum class Source : std::uint8_t { mta_default, still_waiting, expired };
  std::int64_t us = 0;
  Source source = Source::mta_default;
};
Patience patience_of(const Analysis& analysis, const Provider& provider);

// When those who wait now will be sent back if nothing moves: (time, recipients) by hour, soonest first.
std::vector<std::pair<std::int64_t, std::uint64_t>> expiries(const Provider& provider, std::int64_t patience_us);

}  // namespace mtalens
