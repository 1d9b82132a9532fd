#include "rules/limit.h"

#include <algorithm>
#include <utility>

#include "knowledge/meaning.h"

namespace mtalens {
namespace {

constexpr std::int64_t kMinute = 60'000'000;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

constexpr std::uint32_t kWallsBeyondDoubt = 5;
constexpr std::size_t kMostChanges = 16;  // places where the counts change that are looked at: a limit has few
constexpr std::size_t kMostTries = 16;  // times of a reset that are tried beside the full hours

// What was accepted until a wall, and how the wall ended.
struct Wall {
  std::int64_t begins_us = kNoTime;   // first acceptance
  std::int64_t wall_us = kNoTime;     // first refusal
  std::int64_t last_refusal_us = kNoTime;
  std::int64_t opens_us = kNoTime;    // next acceptance; kNoTime: not seen
  std::uint64_t messages = 0;
  std::uint64_t recipients = 0;
};

// Several connections hit a wall at once, so that single acceptances fall among the first refusals, and the
// log's lines come late: what lies this close together is one wall.
std::int64_t smear(std::int64_t period) { return period / 48; }

std::vector<Wall> walls_of(const std::vector<Spell>& spells, std::int64_t smear_us) {
  std::vector<Wall> walls;
  Wall now;
  for (const auto& spell : spells) {
    if (spell.accepted > 0) {
      const bool reopened = now.wall_us != kNoTime && spell.first_accepted_us - now.last_refusal_us > 0 &&
                            spell.first_accepted_us - now.wall_us > smear_us;
      if (reopened) {
        now.opens_us = spell.first_accepted_us;
        walls.push_back(now);
        now = {};
      }
      if (now.begins_us == kNoTime) now.begins_us = spell.first_accepted_us;
      now.messages += spell.accepted;
      now.recipients += spell.accepted_recipients;
    }
    if (spell.throttled > 0) {
      if (now.wall_us == kNoTime) now.wall_us = spell.first_throttled_us;
      now.last_refusal_us = spell.last_throttled_us;
    }
  }
  if (now.wall_us != kNoTime) walls.push_back(now);
  return walls;
}

// How far a count may be off and still agree. Small ones must be the same: one more or less agrees with anything.
std::uint64_t tolerance(std::uint64_t value) { return value < 10 ? 0 : std::max<std::uint64_t>(1, value / 25); }

bool agree(std::uint64_t count, std::uint64_t value) {
  return count + tolerance(value) >= value && count <= value + tolerance(value);
}

// The count most walls agree on, and how many do.
std::pair<std::uint64_t, std::uint32_t> most_common(std::vector<std::uint64_t> counts) {
  std::sort(counts.begin(), counts.end());
  std::pair<std::uint64_t, std::uint32_t> best{0, 0};
  std::ptrdiff_t best_exactly = 0;
  for (auto value = counts.begin(); value != counts.end();) {
    const auto next = std::upper_bound(value, counts.end(), *value);
    const auto least = *value - tolerance(*value), most = *value + tolerance(*value);
    const auto near = std::upper_bound(next, counts.end(), most) - std::lower_bound(counts.begin(), value, least);
    const auto agreeing = static_cast<std::uint32_t>(near);
    if (std::pair(agreeing, next - value) > std::pair(best.second, best_exactly)) {
      best = {*value, agreeing};
      best_exactly = next - value;
    }
    value = next;
  }
  return best;
}

// A window that begins at the same time of each period.
struct Window {
  std::int64_t index = 0;
  std::uint64_t messages = 0, recipients = 0, after_wall = 0;
  std::int64_t walled_us = kNoTime;
};

std::vector<Window> windows_of(const std::vector<Spell>& spells, std::int64_t period, std::int64_t offset_us) {
  std::vector<Window> windows;  // the spells come in the order of their times
  const auto window_at = [&](std::int64_t time_us) -> Window& {
    const auto index = (time_us - offset_us) / period;
    if (windows.empty() || windows.back().index < index) windows.emplace_back().index = index;
    return windows.back();
  };
  for (const auto& spell : spells) {
    if (spell.accepted > 0) {
      Window& window = window_at(spell.first_accepted_us);
      window.messages += spell.accepted;
      window.recipients += spell.accepted_recipients;
      const bool after = window.walled_us != kNoTime && spell.first_accepted_us - window.walled_us > smear(period);
      if (after) window.after_wall += spell.accepted;
    }
    if (spell.throttled > 0) {
      Window& window = window_at(spell.first_throttled_us);
      if (window.walled_us == kNoTime) window.walled_us = spell.first_throttled_us;
    }
  }
  return windows;
}

// Where the counts of the walls go over from one value to another: how many came before, or nothing.
std::optional<std::size_t> change_of(const std::vector<std::uint64_t>& counts, std::uint32_t agreeing_on_one) {
  std::optional<std::size_t> best;
  std::uint32_t most = agreeing_on_one + 1;
  std::size_t tried = 0;
  for (std::size_t at = 2; at + 2 <= counts.size() && tried < kMostChanges; ++at) {
    const bool steady = agree(counts[at - 2], counts[at - 1]) && agree(counts[at + 1], counts[at]);
    if (!steady || agree(counts[at], counts[at - 1])) continue;
    ++tried;
    const auto middle = counts.begin() + static_cast<std::ptrdiff_t>(at);
    const auto before = most_common({counts.begin(), middle}), after = most_common({middle, counts.end()});
    if (before.second < 2 || after.second < 2 || agree(before.first, after.first) || before.second + after.second <= most) continue;
    most = before.second + after.second;
    best = at;
  }
  return best;
}

struct Fit {
  Limit limit;
  std::size_t exactly = 0;  // walls that show the very value
  bool holds = false;
};

Fit fit_fixed(const std::vector<Spell>& spells, std::int64_t period, std::int64_t offset_us) {
  const auto windows = windows_of(spells, period, offset_us);
  std::vector<std::uint64_t> messages, recipients;
  std::vector<std::int64_t> begins_us;
  std::uint64_t broken = 0;
  for (const auto& window : windows) {
    if (window.walled_us == kNoTime || window.messages == 0) continue;
    messages.push_back(window.messages);
    recipients.push_back(window.recipients);
    begins_us.push_back(window.index * period + offset_us);
    broken += window.after_wall > tolerance(window.messages) ? 1 : 0;
  }
  if (messages.empty()) return {};
  Fit fit;
  const auto by_messages = most_common(messages);
  const auto by_recipients = most_common(recipients);
  fit.limit.of_recipients = by_recipients.second > by_messages.second;
  const auto& best = fit.limit.of_recipients ? by_recipients : by_messages;
  fit.limit.value = best.first;
  fit.limit.agreeing = best.second;
  fit.limit.walls = static_cast<std::uint32_t>(messages.size());
  const auto& counts = fit.limit.of_recipients ? recipients : messages;
  if (const auto change = change_of(counts, best.second)) {
    const auto middle = counts.begin() + static_cast<std::ptrdiff_t>(*change);
    const auto before = most_common({counts.begin(), middle}), after = most_common({middle, counts.end()});
    fit.limit.before = before.first;
    fit.limit.value = after.first;
    fit.limit.agreeing = before.second + after.second;
    fit.limit.changed_us = begins_us[*change];
  }
  fit.exactly = static_cast<std::size_t>(std::count(counts.begin(), counts.end(), fit.limit.value));
  for (const auto& window : windows) {
    const bool earlier = fit.limit.changed_us != kNoTime && window.index * period + offset_us < fit.limit.changed_us;
    const auto value = earlier ? fit.limit.before : fit.limit.value;
    const auto count = fit.limit.of_recipients ? window.recipients : window.messages;
    if (window.walled_us == kNoTime && count > value + tolerance(value)) ++broken;  // it took more without a wall
  }
  fit.holds = broken * 5 <= messages.size() && fit.limit.agreeing * 5 >= messages.size() * 3;
  return fit;
}

Limit::Confidence confidence_of(const Limit& limit) {
  if (limit.agreeing >= 3 && limit.agreeing * 5 >= limit.walls * 4) return Limit::Confidence::high;
  if (limit.agreeing >= 2 && limit.agreeing * 5 >= limit.walls * 3) return Limit::Confidence::medium;
  return Limit::Confidence::low;
}

// Where in the period mail begins to flow again: between these two, by every wall whose end was seen and that
// does not contradict the others. Offsets of up to 2 * period, so that an interval may cross the period's end.
void find_reset(Limit& limit, const std::vector<Wall>& walls, std::int64_t period, std::int64_t offset_us) {
  std::int64_t from = offset_us - period / 2, to = offset_us + period / 2;
  std::int64_t tightest = INT64_MAX;
  for (const auto& wall : walls) {
    if (wall.opens_us == kNoTime) continue;
    // The reset nearest to the offset.
    const auto turn = (wall.opens_us - offset_us + period / 2) / period;
    const auto opens = wall.opens_us - turn * period;
    const auto closed = wall.last_refusal_us - turn * period;
    if (opens < from || closed > to) continue;
    from = std::max(from, closed);
    to = std::min(to, opens);
    if (wall.opens_us - wall.last_refusal_us < tightest) {
      tightest = wall.opens_us - wall.last_refusal_us;
      limit.last_refusal_us = wall.last_refusal_us;
      limit.first_acceptance_us = wall.opens_us;
    }
  }
  if (tightest == INT64_MAX) return;
  const auto round = (to >= 0 ? to / kHour : (to - kHour + 1) / kHour) * kHour;  // the last full hour before `to`
  const auto resets = round >= from - kMinute ? round : from + (to - from) / 2;
  limit.resets_us = ((resets % period) + period) % period;
}

std::optional<Limit> fixed_limit(const std::vector<Spell>& spells, Limit::Per per) {
  const auto period = per == Limit::Per::day ? kDay : kHour;
  const auto walls = walls_of(spells, smear(period));
  if (walls.size() < 2) return std::nullopt;
  std::optional<Limit> best;
  std::size_t exactly = 0;
  std::int64_t best_offset = 0;
  std::size_t tried = 0;
  const auto try_offset = [&](std::int64_t offset) {
    Fit fit = fit_fixed(spells, period, offset);
    if (!fit.holds) return;
    if (best && std::pair(fit.limit.agreeing, fit.exactly) <= std::pair(best->agreeing, exactly)) return;
    best = fit.limit;
    exactly = fit.exactly;
    best_offset = offset;
  };
  // Candidates: the times at which mail began to flow again, and the round hours.
  if (per == Limit::Per::day) {
    for (int hour = 0; hour < 24; ++hour) try_offset(hour * kHour);
  } else {
    try_offset(0);
  }
  for (const auto& wall : walls) {
    if (wall.opens_us == kNoTime || ++tried > kMostTries) continue;
    try_offset(wall.opens_us % period - wall.opens_us % kMinute % period);
  }
  if (!best || best->agreeing < 2) return std::nullopt;
  best->per = per;
  best->confidence = confidence_of(*best);
  find_reset(*best, walls, period, best_offset);
  return best;
}

// How many spells took more than `value` within a period: where the window rolls, none does. Only what surely
// falls into the period is counted.
std::size_t spells_above(const std::vector<Spell>& spells, std::int64_t period, std::uint64_t value) {
  std::size_t above = 0, oldest = 0;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < spells.size(); ++i) {
    if (spells[i].accepted == 0) continue;
    sum += spells[i].accepted;
    for (; oldest < i && (spells[oldest].accepted == 0 ||
                         spells[oldest].first_accepted_us <= spells[i].last_accepted_us - period); ++oldest) {
      sum -= spells[oldest].accepted;
    }
    above += sum > value + std::max<std::uint64_t>(1, value / 100) ? 1 : 0;
  }
  return above;
}

std::optional<Limit> rolling_limit(const std::vector<Spell>& spells, Limit::Per per) {
  const auto period = per == Limit::Per::day ? kDay : kHour;
  std::vector<std::uint64_t> counts;
  std::uint64_t sum = 0;
  std::size_t oldest = 0;
  const auto first = std::find_if(spells.begin(), spells.end(), [](const Spell& spell) { return spell.accepted > 0; });
  if (first == spells.end()) return std::nullopt;
  for (std::size_t i = 0; i < spells.size(); ++i) {
    sum += spells[i].accepted;
    if (spells[i].throttled == 0 || spells[i].accepted == 0) continue;
    while (oldest < i && (spells[oldest].accepted == 0 || spells[oldest].last_accepted_us <= spells[i].first_throttled_us - period)) {
      sum -= spells[oldest++].accepted;
    }
    if (spells[i].first_throttled_us - first->first_accepted_us >= period) counts.push_back(sum);
  }
  if (counts.size() < 4) return std::nullopt;
  const auto [value, agreeing] = most_common(counts);
  if (agreeing * 5 < counts.size() * 4 || value < 2) return std::nullopt;
  // Refusals at random leave about as much in any period, but then as often a little more as a little less.
  if (spells_above(spells, period, value) * 50 > spells.size()) return std::nullopt;
  Limit limit;
  limit.value = value;
  limit.per = per;
  limit.rolling = true;
  limit.walls = static_cast<std::uint32_t>(counts.size());
  limit.agreeing = agreeing;
  limit.confidence = Limit::Confidence::medium;
  return limit;
}

// Walls that agree on a count, though when it resets cannot be told.
std::optional<Limit> bare_limit(const std::vector<Spell>& spells) {
  auto walls = walls_of(spells, kMinute / 60);
  std::erase_if(walls, [](const Wall& wall) { return wall.messages < 2; });
  std::vector<std::uint64_t> counts;
  for (const auto& wall : walls) counts.push_back(wall.messages);
  if (counts.size() < 2) return std::nullopt;
  const auto [value, agreeing] = most_common(counts);
  if (agreeing < 2 || agreeing * 5 < counts.size() * 4) return std::nullopt;
  Limit limit;
  limit.value = value;
  limit.walls = static_cast<std::uint32_t>(counts.size());
  limit.agreeing = agreeing;
  // The next connection is welcome at once.
  const auto at_once = std::count_if(walls.begin(), walls.end(), [](const Wall& wall) {
    return wall.opens_us != kNoTime && wall.opens_us - wall.last_refusal_us <= kMinute;
  });
  if (static_cast<std::size_t>(at_once) * 5 >= walls.size() * 4) limit.per = Limit::Per::connection;
  return limit;
}

}  // namespace

std::optional<Limit> infer_limit(const std::vector<Spell>& spells) {
  for (const auto per : {Limit::Per::day, Limit::Per::hour}) {
    if (auto limit = fixed_limit(spells, per)) return limit;
  }
  for (const auto per : {Limit::Per::day, Limit::Per::hour}) {
    if (auto limit = rolling_limit(spells, per)) return limit;
  }
  return bare_limit(spells);
}

namespace {

bool is_of_most_walls(const Provider& provider, const RefusalGroup& group) { return group.refusals * 2 >= provider.throttled; }

std::optional<Limit> limit_behind(const RefusalGroup& group, const std::vector<Spell>& spells) {
  const auto limit = infer_limit(spells);
  switch (static_cast<Meaning>(group.meaning)) {
    case Meaning::throttle_too_many_messages: return limit;
    case Meaning::throttle_rate: return limit;
    default: break;
  }
  const bool beyond_doubt = limit && limit->resets() && limit->value > 1 && limit->agreeing >= kWallsBeyondDoubt &&
                            limit->agreeing * 10 >= limit->walls * 9;
  return beyond_doubt ? limit : std::nullopt;
}

}  // namespace

std::optional<Limit> limit_of(const Provider& provider, const RefusalGroup& group) {
  return is_of_most_walls(provider, group) ? limit_behind(group, provider.spells) : std::nullopt;
}

std::vector<SenderLimit> limits_of_senders(const Provider& provider, const RefusalGroup& group) {
  std::vector<SenderLimit> out;
  if (provider.senders.size() < 2 || !is_of_most_walls(provider, group)) return out;
  for (const auto& sender : provider.senders) {
    if (sender.throttled > 0) out.push_back({&sender, limit_behind(group, sender.spells)});
  }
  return out;
}

std::optional<Limit> sum_of(const std::vector<SenderLimit>& limits) {
  if (limits.empty() || !limits.front().limit) return std::nullopt;
  Limit sum = *limits.front().limit;
  sum.before = 0;
  sum.changed_us = sum.last_refusal_us = sum.first_acceptance_us = kNoTime;
  for (std::size_t i = 1; i < limits.size(); ++i) {
    const auto& limit = limits[i].limit;
    if (!limit || limit->per != sum.per || limit->of_recipients != sum.of_recipients) return std::nullopt;
    sum.value += limit->value;
    sum.walls += limit->walls;
    sum.agreeing += limit->agreeing;
    sum.confidence = std::min(sum.confidence, limit->confidence);
    sum.rolling = sum.rolling || limit->rolling;
    if (limit->resets_us != sum.resets_us) sum.resets_us = -1;
  }
  return sum.per == Limit::Per::day || sum.per == Limit::Per::hour ? std::optional(sum) : std::nullopt;
}

std::optional<Limit> limit_of(const Provider& provider) {
  for (const auto& group : provider.groups) {
    if (is_throttle(static_cast<Meaning>(group.meaning)) && group.refusals * 2 >= provider.throttled && group.refusals > 0) {
      return limit_of(provider, group);
    }
  }
  return std::nullopt;
}

}  // namespace mtalens
