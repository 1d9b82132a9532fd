#include "track/party.h"

#include <algorithm>

namespace mtalens {
namespace {

constexpr std::int64_t kMinute = 60'000'000;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::size_t kMostSpells = 1 << 16;  // of one party; further ones are added to the last

constexpr std::int64_t kDay = 24 * kHour;
constexpr std::size_t kMostOriginsOfParty = 1 << 14;

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

}  // namespace

void QueueCurve::waited(std::int64_t from_us, std::int64_t to_us) {
  const auto from = floor_div(from_us, kMinute);
  if (to_us == kNoTime) return add(from, 1);
  const auto to = floor_div(to_us, kMinute);
  if (to <= from) return;  // in and out within a minute: it never queued up
  add(from, 1);
  add(to, -1);
}

void QueueCurve::add(std::int64_t minute, std::int32_t change) {
  changes_.emplace_back(minute, change);
  if (changes_.size() >= compact_at_) {
    compact();
    compact_at_ = std::max<std::size_t>(1024, 2 * changes_.size());
  }
}

void QueueCurve::compact() {
  join_changes();
  if (changes_.size() <= kMostChangesOfParty) return;
  const auto middle = [this] { return changes_[changes_.size() / 2].first * kMinute; };
  fold(middle(), INT64_MIN);
  if (changes_.size() > kMostChangesOfParty) fold(middle(), middle());
}

void QueueCurve::join_changes() {
  std::sort(changes_.begin(), changes_.end());
  auto kept = changes_.begin();
  for (auto at = changes_.begin(); at != changes_.end();) {
    auto sum = *at;
    for (++at; at != changes_.end() && at->first == sum.first; ++at) sum.second += at->second;
    if (sum.second != 0) *kept++ = sum;
  }
  changes_.erase(kept, changes_.end());
}

const std::vector<std::pair<std::int64_t, std::int32_t>>& QueueCurve::changes() {
  compact();
  return changes_;
}

void DayTable::add(std::int64_t time_us) {
  const auto day = floor_div(time_us, kDay);
  auto place = days_.end();
  while (place != days_.begin() && std::prev(place)->first > day) --place;  // mostly none: days come in their order
  if (place != days_.begin() && std::prev(place)->first == day) {
    std::prev(place)->second += 1;
  } else if (days_.size() < kMostDays) {
    days_.insert(place, {day, 1});
  } else if (place == days_.begin()) {
    days_.front().second += 1;
  } else {
    days_[1].second += days_[0].second;
    days_.insert(place, {day, 1});
    days_.erase(days_.begin());
  }
}

Hour& HourTable::hour_at(std::int64_t time_us) {
  const auto hour = floor_div(time_us, kHour);
  if (last_ < hours_.size() && hours_[last_].first == hour) return hours_[last_].second;
  auto place = hours_.end();
  if (!hours_.empty() && hours_.back().first >= hour) {
    place = std::lower_bound(hours_.begin(), hours_.end(), hour, [](const auto& a, auto b) { return a.first < b; });
  }
  if (place == hours_.end() || place->first != hour) {
    if (hours_.size() >= kMostHoursOfParty) {
      make_room();
      return hour_at(time_us);
    }
    place = hours_.insert(place, {hour, {}});
  }
  last_ = static_cast<std::size_t>(place - hours_.begin());
  return place->second;
}

void HourTable::make_room() {
  const auto middle = [this] { return hours_[hours_.size() / 2].first; };
  fold(middle() * kHour, INT64_MIN);
  if (hours_.size() <= kMostHoursOfParty * 3 / 4) return;
  Hour before;
  const auto kept = std::lower_bound(hours_.begin(), hours_.end(), middle(), [](const auto& a, auto b) { return a.first < b; });
  for (auto at = hours_.begin(); at != kept; ++at) before.add(at->second);
  std::prev(kept)->second = before;
  hours_.erase(hours_.begin(), std::prev(kept));
  last_ = 0;
}

void Party::accepted_message(std::int64_t time_us, std::uint32_t times) {
  accepted += times;
  hours.at(time_us).accepted += times;
  const bool fits = !spells.empty() && spells.back().throttled == 0 &&
                    floor_div(spells.back().first_accepted_us, kHour) == floor_div(time_us, kHour);
  if (!fits && spells.size() < kMostSpells) spells.emplace_back().first_accepted_us = time_us;
  Spell& spell = spells.back();
  spell.last_accepted_us = time_us;
  spell.accepted += times;
  spell.accepted_recipients += times;
}

void Party::throttled_refusal(std::int64_t time_us, std::uint32_t times) {
  throttled += times;
  hours.at(time_us).throttled += times;
  if (spells.empty()) spells.emplace_back();
  Spell& spell = spells.back();
  if (spell.throttled == 0) spell.first_throttled_us = time_us;
  spell.last_throttled_us = time_us;
  spell.throttled += times;
}

GroupCounts& Party::group(std::uint16_t meaning) {
  for (auto& group : groups) {
    if (group.meaning == meaning) return group;
  }
  groups.emplace_back().meaning = meaning;
  return groups.back();
}

// Further ones than can be kept count among those that nobody is named for.
OriginCounts& Party::origin(OriginKey key) {
  if (origins.size() >= kMostOriginsOfParty && !origins.contains(key.value())) key = {};
  OriginCounts& counts = origins[key.value()];
  counts.kind = key.kind;
  counts.who = key.who;
  return counts;
}

void Party::seen_by(std::string_view mta) {
  for (const auto seen : mtas) {
    if (seen.data() == mta.data()) return;
  }
  mtas.push_back(mta);
}

void QueueCurve::fold(std::int64_t hourly_us, std::int64_t from_us) {
  const auto hourly = floor_div(hourly_us, kMinute), from = floor_div(from_us, kMinute);
  join_changes();
  if (changes_.empty() || changes_.front().first >= hourly) return;
  for (auto& [minute, change] : changes_) {
    if (minute < hourly) minute = std::max(floor_div(minute, 60) * 60, from);
  }
  join_changes();
}

void HourTable::fold(std::int64_t hourly_us, std::int64_t from_us) {
  const auto hourly = floor_div(hourly_us, kHour), from = floor_div(from_us, kHour);
  std::vector<std::pair<std::int64_t, Hour>> kept;
  for (const auto& [number, hour] : hours_) {
    if (number < from) continue;
    const auto place = number < hourly ? floor_div(number, 24) * 24 : number;
    if (kept.empty() || kept.back().first != place) {
      kept.emplace_back(place, hour);
    } else {
      kept.back().second.add(hour);
    }
  }
  hours_ = std::move(kept);
  last_ = 0;
}

void Party::fold(std::int64_t hourly_us, std::int64_t from_us) {
  queue.fold(hourly_us, from_us);
  hours.fold(hourly_us, from_us);
  std::erase_if(spells, [&](const Spell& spell) { return std::max(spell.last_accepted_us, spell.last_throttled_us) < from_us; });
}

}  // namespace mtalens
