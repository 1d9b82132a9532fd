// What becomes of a queue if mail goes on coming as it came on the last day of the log.
//
// Hour by hour: new mail comes in, the provider takes what its limit leaves (or, where no limit is known, what it
// took lately), what has waited longer than the MTA's patience goes back to its senders. Which of the waiting
// messages gets through is chance, so each has the same: numbers of recipients are expected values.
// A weekend, a new forward or a cure is not in it: nobody can read those from the log before they happen.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "mtalens/analysis.h"
#include "rules/flow.h"
#include "rules/limit.h"

namespace mtalens {

struct Forecast {
  struct Hour {
    double queued = 0;   // when it ends
    double expired = 0;  // within it
  };

  std::int64_t from_us = kNoTime;
  std::vector<Hour> hours;  // hours[0] begins at from_us
  std::optional<std::int64_t> empties_at_us;  // nothing: not within kForecastDays
  double inflow_per_day = 0;                  // recipients
  double taken_per_day = 0;                   // at most
  Patience patience;
  std::uint64_t unnamed = 0;  // recipients that wait besides, for whom the log has not told yet; 0 where only a handful

  double expired_by(std::int64_t time_us) const;
};

inline constexpr int kForecastDays = 60;

Forecast forecast_of(const Analysis& analysis, const Provider& provider, const std::optional<Limit>& limit);

}  // namespace mtalens
