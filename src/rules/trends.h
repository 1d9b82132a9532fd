// What is new, worse, better or over since a moment, against the day and the week before it: the daily report's news.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mtalens/analysis.h"

namespace mtalens {

// So long before the moment the log is asked.
inline constexpr std::int64_t kTrendsBefore = 7 * 86'400'000'000;

// `whole` counts from kTrendsBefore before `since_us`, or from earlier. Nothing where it has not a day of log before
// `since_us`. New ones first, then worse, better, over; the largest difference first.
std::optional<Trends> trends_of(const Analysis& whole, std::int64_t since_us);

std::string_view trend_name(Trend::Kind kind);  // "new", "worse", "better", "over"
std::string_view trend_name(Trend::What what);  // "refusals", "expired", "queue", "handshakes"
// "Yahoo: 12 refusals a day; none the week before"
std::string trend_words(const Trend& trend);

}  // namespace mtalens
