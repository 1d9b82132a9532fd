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
  enum class Per : std::uint8_t { unknown, connection, hour, day };
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
  // Where it changed while the log was written: what it was before, and the beginning of the window in which another
  // one showed first.
  std::uint64_t before = 0;
  std::int64_t changed_us = kNoTime;

  bool resets() const { return !rolling && resets_us >= 0; }
  std::int64_t period_us() const { return per == Per::day ? 86'400'000'000 : 3'600'000'000; }
};

std::optional<Limit> infer_limit(const std::vector<Spell>& spells);

// The limit behind the refusals of one meaning. What is said to be reputation or load mostly comes and goes; only
// where a count shows without exception, day after day, it is a limit all the same.
std::optional<Limit> limit_of(const Provider& provider, const RefusalGroup& group);
// Behind most of the provider's throttled refusals. None where several senders have one each.
std::optional<Limit> limit_of(const Provider& provider);

// What it takes from each of several senders that it throttled, behind the refusals of one meaning.
struct SenderLimit {
  const Sender* sender = nullptr;
  std::optional<Limit> limit;
};
std::vector<SenderLimit> limits_of_senders(const Provider& provider, const RefusalGroup& group);
// What it takes from all of them: where each has a limit, of one unit and for one length of time.
std::optional<Limit> sum_of(const std::vector<SenderLimit>& limits);

}  // namespace mtalens
