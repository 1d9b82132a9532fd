// Infers a provider's limit from what it accepted before each wall.
//
// A wall is where acceptance turns into throttled refusals. Where the counts between the moments at which mail
// began to flow again agree, and these moments lie at one time of the day (or the hour), that is the limit.
// No limit is claimed where refusals come and go without a wall.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mtalens/analysis.h"

namespace mtalens {

struct Limit {
  enum class Per : std::uint8_t { unknown, hour, day };
  enum class Confidence : std::uint8_t { low, medium, high };

  std::uint64_t value = 0;
  bool of_recipients = false;  // else of messages
  Per per = Per::unknown;
  bool rolling = false;        // the window rolls; else it begins at resets_us
  std::uint32_t walls = 0;
  std::uint32_t agreeing = 0;
  Confidence confidence = Confidence::low;
  // When it resets, since the beginning of the day (or hour), UTC: the full hour (or minute 0) where that is
  // possible, else the middle of what is possible. -1: not known.
  std::int64_t resets_us = -1;
  // The tightest pair seen: the last refusal before a reset and the first acceptance after it.
  std::int64_t last_refusal_us = kNoTime;
  std::int64_t first_acceptance_us = kNoTime;
};

std::optional<Limit> infer_limit(const std::vector<Spell>& spells);

}  // namespace mtalens
