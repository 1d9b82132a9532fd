// What went on toward a provider day by day: a column for each day, a row for each number, and the queue drawn above
// them in blocks.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "mtalens/analysis.h"

namespace mtalens {

// Fewer days need no chart.
inline constexpr std::size_t kDaysWorthAChart = 2;

struct ChartStyle {
  std::size_t width = 80;  // columns of the page
  bool unicode = true;     // blocks, else ASCII
  std::int64_t named_until_us = std::numeric_limits<std::int64_t>::max();  // InputSummary::named_until_us
};

// Its lines, without what stands above it; the last days, as many as fit. `limit`: messages a day, 0 where it has none.
// Empty where the hours tell of too few days.
std::vector<std::string> day_chart(const Provider& provider, std::uint64_t limit, const ChartStyle& style);

// One character for each value, as high as its share of `most`; nothing at all is a blank.
std::string blocks(const std::vector<std::uint64_t>& values, std::uint64_t most, bool unicode);

}  // namespace mtalens
