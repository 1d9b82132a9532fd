#include "track/history.h"

#include <algorithm>

namespace mtalens {
namespace {

constexpr std::int64_t kMinute = 60'000'000;
constexpr std::int64_t kHour = 60 * kMinute;

}  // namespace

void History::add(const std::vector<std::pair<std::int64_t, Hour>>& hours) {
  if (hours_.empty()) {
    hours_ = hours;
    return;
  }
  std::vector<std::pair<std::int64_t, Hour>> both;
  auto mine = hours_.cbegin();
  for (const auto& [number, hour] : hours) {
    for (; mine != hours_.cend() && mine->first < number; ++mine) both.push_back(*mine);
    both.emplace_back(number, hour);
    if (mine != hours_.cend() && mine->first == number) both.back().second.add((mine++)->second);
  }
  both.insert(both.end(), mine, hours_.cend());
  hours_ = std::move(both);
}

void History::find_peak(QueueNow& queue, std::int64_t from_us) {
  std::int64_t waiting = 0;
  const auto look = [&](std::int64_t time_us) {
    if (waiting <= static_cast<std::int64_t>(queue.peak)) return;
    queue.peak = static_cast<std::uint64_t>(waiting);
    queue.peak_at_us = time_us;
  };
  bool before = from_us != kNoTime;
  for (const auto& [minute, change] : queue_.changes()) {
    if (before && minute * kMinute >= from_us) {
      look(from_us);
      before = false;
    }
    waiting += change;
    if (!before) look(minute * kMinute);
  }
  if (before) look(from_us);
}

void History::write(Provider& provider, std::int64_t end_us) {
  if (hours_.empty()) return;
  constexpr std::int64_t kMostHours = 24 * 366 * 4;  // stamps that stray further are left out of the hours
  auto last = hours_.back().first;
  if (!provider.queue.arrivals_us.empty() && end_us / kHour > last) last = end_us / kHour;
  provider.first_hour = std::max(hours_.front().first, last - kMostHours);
  provider.hours.assign(static_cast<std::size_t>(last - provider.first_hour) + 1, {});
  for (const auto& [number, hour] : hours_) {
    if (number >= provider.first_hour) provider.hours[static_cast<std::size_t>(number - provider.first_hour)] = hour.counts;
  }
  write_queued(provider);
  write_oldest(provider, end_us);
}

void History::write_queued(Provider& provider) {
  const auto& changes = queue_.changes();
  auto change = changes.begin();
  std::int64_t waiting = 0;
  for (std::size_t i = 0; i < provider.hours.size(); ++i) {
    const auto end_minute = (provider.first_hour + static_cast<std::int64_t>(i) + 1) * 60;
    for (; change != changes.end() && change->first < end_minute; ++change) waiting += change->second;
    provider.hours[i].queued = static_cast<std::uint32_t>(std::max<std::int64_t>(0, waiting));
  }
}

// Backwards: the earliest arrival of those that were still to leave.
void History::write_oldest(Provider& provider, std::int64_t end_us) const {
  auto earliest = provider.queue.arrivals_us.empty() ? INT64_MAX : provider.queue.arrivals_us.front();
  auto hour = hours_.rbegin();
  for (std::size_t i = provider.hours.size(); i-- > 0;) {
    const auto number = provider.first_hour + static_cast<std::int64_t>(i);
    for (; hour != hours_.rend() && hour->first > number; ++hour) {
      earliest = std::min(earliest, hour->second.earliest_of_those_that_left_us);
    }
    const auto at_us = std::min((number + 1) * kHour, end_us);
    if (provider.hours[i].queued == 0 || earliest > at_us) continue;
    const auto age_s = (at_us - earliest) / 1'000'000;
    provider.hours[i].oldest_age_s = static_cast<std::uint32_t>(std::min<std::int64_t>(age_s, UINT32_MAX));
  }
}

}  // namespace mtalens
