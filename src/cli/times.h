// Times as users give them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace mtalens {

// `2026-12-09`, `2026-12-09T14:00[:05]` (in the process's zone, or with `Z` or `+01:00`), `now`, `today`,
// `yesterday`, `-36h` (also d, m, s): microseconds since the epoch, UTC.
std::optional<std::int64_t> parse_user_time(std::string_view text, std::int64_t now_us);

}  // namespace mtalens
