#include "rules/change.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>

#include "rules/limit.h"
#include "rules/wording.h"

namespace mtalens {
namespace {

constexpr std::int64_t kHour = 3'600'000'000;
constexpr std::int64_t kDay = 24 * kHour;
constexpr std::int64_t kNearby = 6 * kHour;   // a moment so close is the change itself
constexpr double kOfNote = 0.1;               // share of the mail that makes an origin's begin and end moments
constexpr std::uint32_t kHoursToCompare = 20;  // of the 24 of a day
constexpr std::int64_t kDaysForOneRestart = 3;  // where they come more often, they are routine
constexpr double kTellingShare = 0.25;          // of what wanted to go there before, that a restart's difference must be

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// People write by their own clock: the process's zone.
struct LocalHour {
  std::size_t weekend = 0;  // 1: Saturday or Sunday
  std::size_t of_day = 0;
};

LocalHour local_hour(std::int64_t hour) {
  const std::time_t seconds = hour * 3600;
  std::tm local{};
  localtime_r(&seconds, &local);
  return {local.tm_wday == 0 || local.tm_wday == 6 ? 1u : 0u, static_cast<std::size_t>(local.tm_hour)};
}

// What came in at one hour of the day, over all days of one kind.
struct Slot {
  std::uint32_t hours = 0;
  std::uint64_t inflow = 0;
};
using Slots = std::array<std::array<Slot, 24>, 2>;  // [weekend][hour of the day]

struct Hours {
  std::int64_t begin = 0, end = 0;  // since the epoch, end excluded
};

// Whole hours only: the hour of the change belongs to neither side.
Hours whole_hours(std::int64_t from_us, std::int64_t to_us) {
  return {-floor_div(-from_us, kHour), floor_div(to_us, kHour)};
}

HourCounts counts_at(const Provider& provider, std::int64_t hour) {
  const auto place = hour - provider.first_hour;
  if (place < 0) return {};
  if (place < static_cast<std::int64_t>(provider.hours.size())) return provider.hours[static_cast<std::size_t>(place)];
  HourCounts after;  // nothing happens any more, what waits waits on
  after.queued = provider.hours.empty() ? 0 : provider.hours.back().queued;
  return after;
}

Slots slots_of(const Provider& provider, Hours hours) {
  Slots out{};
  for (auto hour = hours.begin; hour < hours.end; ++hour) {
    const auto local = local_hour(hour);
    Slot& slot = out[local.weekend][local.of_day];
    slot.hours += 1;
    slot.inflow += counts_at(provider, hour).inflow;
  }
  return out;
}

std::uint32_t common_hours(const Slots& a, const Slots& b, std::size_t kind) {
  std::uint32_t out = 0;
  for (std::size_t i = 0; i < 24; ++i) out += a[kind][i].hours > 0 && b[kind][i].hours > 0;
  return out;
}

// What a day brings, by the hours of the day that the other side has too.
void measure_offered(Side& side, const Slots& own, const Slots& other, std::size_t kind) {
  double rate = 0, variance = 0;
  std::uint32_t common = 0;
  for (std::size_t i = 0; i < 24; ++i) {
    const Slot& slot = own[kind][i];
    if (slot.hours == 0 || other[kind][i].hours == 0) continue;
    ++common;
    side.compared_hours += slot.hours;
    rate += static_cast<double>(slot.inflow) / slot.hours;
    variance += static_cast<double>(std::max<std::uint64_t>(slot.inflow, 1)) / slot.hours / slot.hours;
  }
  if (common == 0) return;
  side.offered_per_day = rate * 24 / common;
  side.offered_error = std::sqrt(variance) * 24 / common;
}

// What it takes on a day on which it throttles: over whole days (a quota may be used up in the first hour), else as its
// limit says, else over all there is.
std::optional<double> taken_per_day(const Provider& provider, Hours hours) {
  double taken = 0, all = 0, days = 0;
  bool throttled = false;
  for (auto day = floor_div(hours.begin, 24); day * 24 < hours.end; ++day) {
    std::uint64_t refusals = 0, out = 0;
    for (auto hour = std::max(day * 24, hours.begin); hour < std::min(day * 24 + 24, hours.end); ++hour) {
      const auto counts = counts_at(provider, hour);
      refusals += counts.throttled;
      out += counts.outflow - std::min(counts.outflow, counts.expired);
    }
    all += static_cast<double>(out);
    throttled |= refusals > 0;
    const bool whole = day * 24 >= hours.begin && day * 24 + 24 <= hours.end;
    if (!whole || refusals == 0) continue;
    taken += static_cast<double>(out);
    days += 1;
  }
  if (!throttled) return std::nullopt;
  if (days > 0) return taken / days;
  const auto limit = limit_of(provider);
  if (limit && limit->per == Limit::Per::day) return static_cast<double>(limit->value);
  return all * 24 / static_cast<double>(std::max<std::int64_t>(hours.end - hours.begin, 1));
}

Side side_of(const Provider& provider, std::int64_t from_us, std::int64_t to_us) {
  Side side;
  side.from_us = from_us;
  side.to_us = to_us;
  const auto hours = whole_hours(from_us, to_us);
  std::uint64_t expired = 0;
  for (auto hour = hours.begin; hour < hours.end; ++hour) {
    const auto counts = counts_at(provider, hour);
    side.throttled += counts.throttled;
    expired += counts.expired;
  }
  if (hours.begin >= hours.end) return side;
  side.expired_per_day = static_cast<double>(expired) * 24 / static_cast<double>(hours.end - hours.begin);
  side.queued_first = counts_at(provider, hours.begin - 1).queued;
  side.queued_last = counts_at(provider, hours.end - 1).queued;
  side.oldest_age_s = counts_at(provider, hours.end - 1).oldest_age_s;
  side.taken_per_day = taken_per_day(provider, hours);
  return side;
}

std::string number(double value) { return grouped(static_cast<std::uint64_t>(std::max(0.0, value) + 0.5)); }

bool fits(const Side& side) { return !side.taken_per_day || side.offered_per_day <= *side.taken_per_day; }

std::string against_taken(const Side& side) {
  if (!side.taken_per_day) return "all of it is taken";
  return fmt::format("{} the {} it takes", fits(side) ? "within" : "more than", number(*side.taken_per_day));
}

Sureness sureness_of_difference(const Change& change) {
  const auto hours = std::min(change.before.compared_hours, change.after.compared_hours);
  if (change.significance >= 4 && hours >= 24) return Sureness::high;
  return change.significance >= 3 ? Sureness::medium : Sureness::low;
}

Sureness sureness_of_sameness(const Change& change, double error) {
  const auto hours = std::min(change.before.compared_hours, change.after.compared_hours);
  const auto share = 2 * error / std::max(change.before.offered_per_day, 1.0);
  if (share < 0.25 && hours >= 48) return Sureness::high;
  return share < 0.5 && hours >= 24 ? Sureness::medium : Sureness::low;
}

// What is offered beyond what is taken.
double excess(const Side& side) { return fits(side) ? 0 : side.offered_per_day - *side.taken_per_day; }

// By how much a day the change eases the queue; negative: it burdens it. Where only one side was throttled, what is
// offered there beyond what is taken has gone with the throttling, or come with it.
double relief_of(const Side& before, const Side& after) {
  const auto less_offered = before.offered_per_day - after.offered_per_day;
  if (before.taken_per_day && after.taken_per_day) return less_offered + *after.taken_per_day - *before.taken_per_day;
  return before.taken_per_day ? std::max(less_offered, excess(before)) : std::min(less_offered, -excess(after));
}

void decide(Change& change) {
  const Side& before = change.before;
  const Side& after = change.after;
  const auto error = std::hypot(before.offered_error, after.offered_error);
  const bool both_full = before.taken_per_day && after.taken_per_day;
  const auto more_taken = both_full ? *after.taken_per_day - *before.taken_per_day : 0;
  const auto relief = relief_of(before, after);
  change.significance = std::abs(relief) / std::max(error, 1e-9);
  const bool differs = std::abs(relief) >= std::max({2 * error, 0.1 * before.offered_per_day, 1.0});
  const auto offered = fmt::format("{} a day want to go there ({} before)", number(after.offered_per_day), number(before.offered_per_day));
  const auto taken = both_full && std::abs(more_taken) >= 1
                         ? fmt::format("; it takes {} a day, {} before", number(*after.taken_per_day), number(*before.taken_per_day))
                         : ", " + against_taken(after);
  change.why = offered + taken;
  if (!differs) {
    change.verdict = Verdict::no_difference;
    change.sureness = sureness_of_sameness(change, error);
    if (before.throttled > 0 && after.throttled == 0) change.why += "; the refusals ended, but they had not held the queue up";
  } else if (relief > 0 && before.taken_per_day) {
    change.verdict = Verdict::helped;
    change.sureness = sureness_of_difference(change);
    change.why += fits(after) ? "; the queue drains" : "; not enough: the queue still grows";
  } else if (relief < 0 && after.taken_per_day) {
    change.verdict = Verdict::made_worse;
    change.sureness = sureness_of_difference(change);
  } else {  // more or less, but nothing was held up by it
    change.verdict = Verdict::no_difference;
    change.sureness = Sureness::medium;
  }
}

// The longest stretch of days without a message of an origin that was at work.
std::int64_t longest_pause_days(const TrafficOrigin& origin) {
  std::int64_t longest = 0, last = 0;
  bool first = true;
  for (const auto& [day, messages] : origin.days) {
    if (!first) longest = std::max(longest, day - last - 1);
    last = day;
    first = false;
  }
  return longest;
}

// Silent for so long, it has not begun yet, or is over: longer than it ever paused.
std::int64_t telling_silence(const TrafficOrigin& origin) {
  const auto interval = (origin.last_us - origin.first_us) / static_cast<std::int64_t>(std::max<std::uint64_t>(origin.messages - 1, 1));
  return std::max((1 + longest_pause_days(origin)) * kDay, 10 * interval);
}

}  // namespace

std::vector<Moment> moments_of(const Provider& provider, const InputSummary& input) {
  std::vector<Moment> out;
  for (const auto& origin : provider.origins) {
    const bool nameless = origin.kind == OriginKind::other || origin.kind == OriginKind::bounce;
    const bool of_note = static_cast<double>(origin.messages) >= kOfNote * static_cast<double>(provider.messages);
    if (nameless || !of_note || origin.messages < 2 || origin.first_us == kNoTime) continue;
    const auto silence = telling_silence(origin);
    if (origin.first_us - input.from_us >= silence) out.push_back({.at_us = origin.first_us, .kind = Moment::Kind::origin_began, .origin = &origin});
    if (input.named_until_us() - origin.last_us >= silence) out.push_back({.at_us = origin.last_us, .kind = Moment::Kind::origin_ended, .origin = &origin});
  }
  if (const auto limit = limit_of(provider); limit && limit->changed_us != kNoTime) {
    out.push_back({.at_us = limit->changed_us, .kind = Moment::Kind::limit_changed, .limit_before = limit->before, .limit_after = limit->value});
  }
  std::sort(out.begin(), out.end(), [](const Moment& a, const Moment& b) { return a.at_us < b.at_us; });
  return out;
}

std::optional<Moment> telling_restart(const Provider& provider, const Analysis& analysis) {
  const auto days = (analysis.input.to_us - analysis.input.from_us) / kDay;
  if (static_cast<std::int64_t>(analysis.restarts.size()) * kDaysForOneRestart > days) return std::nullopt;
  const auto moments = moments_of(provider, analysis.input);
  std::optional<Moment> out;
  double most = 0;
  for (const auto& restart : analysis.restarts) {
    const auto explained = [&](const Moment& moment) { return std::abs(moment.at_us - restart.at_us) <= kDay; };
    if (std::any_of(moments.begin(), moments.end(), explained)) continue;
    const auto change = judge_change(provider, analysis.input, restart.at_us);
    const auto relief = std::abs(relief_of(change.before, change.after));
    const bool decided = change.verdict == Verdict::helped || change.verdict == Verdict::made_worse;
    if (!decided || change.sureness != Sureness::high || change.significance <= most) continue;
    if (relief < kTellingShare * change.before.offered_per_day) continue;
    most = change.significance;
    out = Moment{.at_us = restart.at_us, .kind = Moment::Kind::restarted, .mta = restart.mta};
  }
  return out;
}

std::string moment_words(const Moment& moment) {
  if (moment.kind == Moment::Kind::restarted) return fmt::format("{} was restarted or took up a new configuration", mta_title(moment.mta));
  if (moment.kind == Moment::Kind::limit_changed) {
    return fmt::format("its limit changed from {} to {}", grouped(moment.limit_before), grouped(moment.limit_after));
  }
  const auto& origin = *moment.origin;
  const auto verb = moment.kind == Moment::Kind::origin_began ? "began" : "ended";
  switch (origin.kind) {
    case OriginKind::forward: return fmt::format("the forward of {} {}", origin.address, verb);
    case OriginKind::list: return fmt::format("the list {} {} to send", origin.address, moment.kind == Moment::Kind::origin_began ? "began" : "ceased");
    case OriginKind::login: return fmt::format("the mail of the login {} {}", origin.auth_user, verb);
    case OriginKind::local_user: return fmt::format("the mail of the local account {} {}", origin.local_user, verb);
    default: return {};
  }
}

Change judge_change(const Stretch& earlier, const Stretch& later) {
  Change change;
  change.at_us = later.from_us;
  change.before = side_of(*earlier.provider, earlier.from_us, earlier.to_us);
  change.after = side_of(*later.provider, later.from_us, later.to_us);
  const auto before = slots_of(*earlier.provider, whole_hours(earlier.from_us, earlier.to_us));
  const auto after = slots_of(*later.provider, whole_hours(later.from_us, later.to_us));
  change.on_weekends = common_hours(before, after, 0) < kHoursToCompare;
  const std::size_t kind = change.on_weekends ? 1 : 0;
  measure_offered(change.before, before, after, kind);
  measure_offered(change.after, after, before, kind);
  if (common_hours(before, after, kind) < kHoursToCompare) {
    change.why = earlier.to_us - earlier.from_us < kDay
                     ? "the log tells of less than a day before it"
                     : "the days since then are too few, or of another kind (weekend or not) than those before";
  } else {
    decide(change);
  }
  return change;
}

Change judge_change(const Provider& provider, const InputSummary& input, std::int64_t at_us) {
  auto from_us = input.from_us, to_us = input.named_until_us();
  for (const auto& moment : moments_of(provider, input)) {
    if (moment.at_us < at_us - kNearby) from_us = std::max(from_us, moment.at_us);
    if (moment.at_us > at_us + kNearby) to_us = std::min(to_us, moment.at_us);
  }
  return judge_change({&provider, std::min(from_us, at_us), at_us}, {&provider, at_us, std::max(to_us, at_us)});
}

bool had_trouble(const Provider& provider, const Change& change) {
  constexpr std::uint32_t kManyWaiting = 20;
  return change.before.throttled + change.after.throttled > 0 || provider.queue.peak >= kManyWaiting;
}

std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::helped: return "helped";
    case Verdict::made_worse: return "made-worse";
    case Verdict::no_difference: return "made-no-difference";
    case Verdict::too_early: return "too-early";
  }
  return "";
}

std::string_view verdict_words(Verdict verdict) {
  switch (verdict) {
    case Verdict::helped: return "helped";
    case Verdict::made_worse: return "made it worse";
    case Verdict::no_difference: return "made no difference";
    case Verdict::too_early: return "too early to tell";
  }
  return "";
}

std::string_view sureness_name(Sureness sureness) {
  return sureness == Sureness::high ? "high" : sureness == Sureness::medium ? "medium" : "low";
}

}  // namespace mtalens
