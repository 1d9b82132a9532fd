// Did a change help? Judged by what was offered to a provider and what it takes, never by refusals: those are made by
// retries, and a queue that drains well is refused more than one that stands still.
//
// What was offered before and after is compared over the same hours of the same kind of days: a weekend, on which less
// is written, is no cure for the days before it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mtalens/analysis.h"

namespace mtalens {

// From `from_us` to `to_us`, in whole hours. Recipients, by the day.
struct Side {
  std::int64_t from_us = kNoTime;
  std::int64_t to_us = kNoTime;
  double offered_per_day = 0;       // that wanted to go there, over the hours that both sides have
  double offered_error = 0;         // standard error of it
  std::uint32_t compared_hours = 0; // it is measured over
  std::optional<double> taken_per_day;  // where it throttled: what it takes
  double expired_per_day = 0;
  std::uint64_t throttled = 0;      // refusals
  std::uint32_t queued_first = 0;   // at its beginning and at its end
  std::uint32_t queued_last = 0;
  std::uint32_t oldest_age_s = 0;   // at its end
};

enum class Verdict : std::uint8_t { too_early, no_difference, helped, made_worse };
enum class Sureness : std::uint8_t { low, medium, high };

struct Change {
  std::int64_t at_us = kNoTime;
  Side before, after;
  bool on_weekends = false;  // only weekends could be compared
  Verdict verdict = Verdict::too_early;
  Sureness sureness = Sureness::low;
  double significance = 0;  // of the difference: how many times its standard error it is
  std::string why;
};

// What happened at a moment, of itself.
struct Moment {
  enum class Kind : std::uint8_t { origin_began, origin_ended, limit_changed, restarted };
  std::int64_t at_us = kNoTime;
  Kind kind = Kind::origin_began;
  const TrafficOrigin* origin = nullptr;  // of the provider's, where it began or ended
  std::uint64_t limit_before = 0, limit_after = 0;
  std::string_view mta = {};              // that was restarted
};

// The moments at which what wants to go there, or what is taken, changed by itself, in their order.
std::vector<Moment> moments_of(const Provider& provider, const InputSummary& input);
// The restart after which what wants to go there, or what is taken, differs beyond doubt, and none of those moments
// explains it. A log tells of a restart, not of what was changed for it.
std::optional<Moment> telling_restart(const Provider& provider, const Analysis& analysis);
// "the forward of fred@customer.example began"
std::string moment_words(const Moment& moment);

// What one provider did in a stretch of log.
struct Stretch {
  const Provider* provider = nullptr;
  std::int64_t from_us = kNoTime;
  std::int64_t to_us = kNoTime;
};

Change judge_change(const Stretch& before, const Stretch& after);
// Each side goes as far as the log does, or to the next of its moments that lies more than a few hours away, which is
// judged by itself.
Change judge_change(const Provider& provider, const InputSummary& input, std::int64_t at_us);

// Whether there was anything to mend: it throttled, or mail waited for it for hours.
bool had_trouble(const Provider& provider, const Change& change);

std::string_view verdict_name(Verdict verdict);    // "made-no-difference"
std::string_view verdict_words(Verdict verdict);   // "made no difference"
std::string_view sureness_name(Sureness sureness);

}  // namespace mtalens
