#include "report/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>

namespace mtalens {
namespace {

constexpr std::size_t kLabel = 16;
constexpr std::size_t kNarrowest = 5;  // columns of a day
constexpr std::int64_t kHourSeconds = 3600;

std::tm local_of(std::int64_t hour) {
  const std::time_t seconds = hour * kHourSeconds;
  std::tm out{};
  localtime_r(&seconds, &out);
  return out;
}

// A day by the process's clock.
struct Day {
  int of_month = 0;
  std::string month;
  std::uint64_t inflow = 0, accepted = 0, expired = 0, throttled = 0, queued = 0;
  std::vector<std::uint64_t> queue;  // hour by hour
  bool named = true;                 // the log tells of all that came in
};

std::vector<Day> days_of(const Provider& provider, std::int64_t named_until_us) {
  std::vector<Day> out;
  int last = -1;
  for (std::size_t i = 0; i < provider.hours.size(); ++i) {
    const auto& hour = provider.hours[i];
    const auto local = local_of(provider.first_hour + static_cast<std::int64_t>(i));
    if (local.tm_yday != last) {
      last = local.tm_yday;
      std::array<char, 16> month{};
      std::strftime(month.data(), month.size(), "%b", &local);
      out.push_back({local.tm_mday, month.data(), 0, 0, 0, 0, 0, {}});
      out.back().queue.assign(static_cast<std::size_t>(local.tm_hour), 0);  // the log begins within the day
    }
    Day& day = out.back();
    day.inflow += hour.inflow;
    day.accepted += hour.accepted;
    day.expired += hour.expired;
    day.throttled += hour.throttled;
    day.queued = hour.queued;
    day.queue.push_back(hour.queued);
    day.named &= (provider.first_hour + static_cast<std::int64_t>(i)) * kHourSeconds * 1'000'000 <= named_until_us;
  }
  return out;
}

// `characters` for a day, each the most of its hours. A day that is not over fills its part.
std::vector<std::uint64_t> drawn(const std::vector<std::uint64_t>& hours, std::size_t characters) {
  std::vector<std::uint64_t> out(characters, 0);
  const std::size_t length = std::max<std::size_t>(hours.size(), 24);  // 25 where the clocks go back
  for (std::size_t i = 0; i < hours.size(); ++i) {
    auto& value = out[i * characters / length];
    value = std::max(value, hours[i]);
  }
  return out;
}

using Number = std::uint64_t Day::*;

std::string row(std::string_view label, const std::vector<Day>& days, Number number, std::size_t wide) {
  auto out = fmt::format("{:<{}}", label, kLabel);
  for (const auto& day : days) out += fmt::format("{:>{}}", day.*number, wide);
  return out;
}

// `?` where the log does not tell it all.
std::string named_row(std::string_view label, const std::vector<Day>& days, Number number, std::size_t wide) {
  auto out = fmt::format("{:<{}}", label, kLabel);
  for (const auto& day : days) out += fmt::format("{:>{}}", day.named ? fmt::format("{}", day.*number) : "?", wide);
  return out;
}

std::string heading(const std::vector<Day>& days, std::size_t wide) {
  std::string out(kLabel, ' ');
  for (std::size_t i = 0; i < days.size(); ++i) out += fmt::format("{:>{}}", days[i].of_month, wide);
  return out + ' ' + days.back().month;
}

}  // namespace

std::string blocks(const std::vector<std::uint64_t>& values, std::uint64_t most, bool unicode) {
  static constexpr std::array<const char*, 8> kBlocks{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  static constexpr std::array<const char*, 8> kAscii{".", ":", "-", "=", "+", "*", "%", "#"};
  const auto& levels = unicode ? kBlocks : kAscii;
  std::string out;
  for (const auto value : values) {
    out += value == 0 || most == 0 ? " " : levels[std::min<std::size_t>(levels.size() - 1, static_cast<std::size_t>((value - 1) * levels.size() / most))];
  }
  return out;
}

std::vector<std::string> day_chart(const Provider& provider, std::uint64_t limit, const ChartStyle& style) {
  auto days = days_of(provider, style.named_until_us);
  if (days.size() < kDaysWorthAChart) return {};
  std::uint64_t widest = 0;
  for (const auto& day : days) widest = std::max({widest, day.inflow, day.accepted, day.throttled, day.queued});
  const auto wide = std::max(kNarrowest, fmt::formatted_size("{}", widest) + 1);
  const auto room = style.width > kLabel + 4 ? (style.width - kLabel - 4) / wide : 1;
  if (days.size() > room) days.erase(days.begin(), days.end() - static_cast<std::ptrdiff_t>(room));

  std::uint64_t most = 0, expired = 0;
  for (const auto& day : days) {
    for (const auto queued : day.queue) most = std::max(most, queued);
    expired += day.expired;
  }
  auto picture = fmt::format("{:<{}}", "queue", kLabel);
  for (const auto& day : days) picture += blocks(drawn(day.queue, wide), most, style.unicode);
  std::vector<std::string> out{heading(days, wide), picture};
  out.push_back(named_row("  at day's end", days, &Day::queued, wide));
  out.push_back(named_row("came in", days, &Day::inflow, wide));
  out.push_back(row(limit > 0 ? fmt::format("taken, of {}", limit) : std::string("taken"), days, &Day::accepted, wide));
  if (expired > 0) out.push_back(row("expired", days, &Day::expired, wide));
  if (provider.throttled > 0) out.push_back(row("tries refused", days, &Day::throttled, wide));
  return out;
}

}  // namespace mtalens
