#include "rules/trends.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>

#include "rules/wording.h"

namespace mtalens {
namespace {

constexpr std::int64_t kHour = 3'600'000'000;
constexpr std::int64_t kDay = 24 * kHour;
constexpr double kOfNote = 10;     // a day, or recipients in a queue
constexpr double kTimes = 1.5;     // as many: more, or less
constexpr std::size_t kMost = 50;  // told

std::int64_t hour_of(std::int64_t us) { return us / kHour - (us % kHour < 0 ? 1 : 0); }

// From one hour to another, excluded; since the epoch.
struct Hours {
  std::int64_t begin = 0, end = 0;
};

template <typename Each>
void for_hours(const Provider& provider, Hours hours, Each each) {
  const auto size = static_cast<std::int64_t>(provider.hours.size());
  const auto begin = std::max(hours.begin - provider.first_hour, std::int64_t{0});
  const auto end = std::min(hours.end - provider.first_hour, size);
  for (auto i = begin; i < end; ++i) each(provider.hours[static_cast<std::size_t>(i)]);
}

double per_day(const Provider& provider, Hours hours, std::uint32_t HourCounts::* count) {
  double sum = 0;
  for_hours(provider, hours, [&](const HourCounts& each) { sum += each.*count; });
  return hours.end > hours.begin ? sum * 24 / static_cast<double>(hours.end - hours.begin) : 0;
}

double queued_at_end(const Provider& provider, Hours hours) {
  double out = 0;
  for_hours(provider, {hours.end - 1, hours.end}, [&](const HourCounts& each) { out = each.queued; });
  return out;
}

double mean_queued(const Provider& provider, Hours hours) {
  double sum = 0;
  for_hours(provider, hours, [&](const HourCounts& each) { sum += each.queued; });
  return hours.end > hours.begin ? sum / static_cast<double>(hours.end - hours.begin) : 0;
}

// None: about as before.
std::optional<Trend::Kind> kind_of(const Trend& trend) {
  const auto most = std::max(trend.day_before, trend.week_before), least = std::min(trend.day_before, trend.week_before);
  if (trend.now > 0 && most == 0) return Trend::Kind::is_new;
  if (trend.now == 0 && most > 0) return least > 0 || most >= kOfNote ? std::optional(Trend::Kind::over) : std::nullopt;
  if (trend.now >= kTimes * most && trend.now >= most + kOfNote) return Trend::Kind::worse;
  if (trend.now * kTimes <= least && trend.now <= least - kOfNote) return Trend::Kind::better;
  return std::nullopt;
}

void add(Trend trend, std::vector<Trend>& trends) {
  if (const auto kind = kind_of(trend)) {
    trend.kind = *kind;
    trends.push_back(std::move(trend));
  }
}

// A peer's handshakes are counted by the day: told is what began or ended, a whole day in between aside.
void add_peer(const TlsPeer& peer, std::int64_t since_us, std::vector<Trend>& trends) {
  const auto since = since_us / kDay;
  std::uint64_t now = 0, before = 0;
  for (const auto& [day, failed] : peer.failed_days) {
    if (day >= since) now += failed;
    if (day < since && day > since - kTrendsBefore / kDay) before += failed;
  }
  const bool began = now > 0 && before == 0, ended = now == 0 && before > 0 && peer.succeeded_since > 0;
  if (!began && !ended) return;
  Trend trend;
  trend.kind = began ? Trend::Kind::is_new : Trend::Kind::over;
  trend.what = Trend::What::handshakes;
  trend.who = peer.peer.empty() ? peer.address : peer.peer;
  trend.now = static_cast<double>(now);
  trend.week_before = static_cast<double>(before);
  trends.push_back(std::move(trend));
}

}  // namespace

std::optional<Trends> trends_of(const Analysis& whole, std::int64_t since_us) {
  const auto& input = whole.input;
  if (input.from_us == kNoTime || input.to_us <= since_us || since_us - input.from_us < kDay) return std::nullopt;
  const Hours now{hour_of(since_us), hour_of(input.to_us - 1) + 1};
  const Hours day{now.begin - 24, now.begin};
  const Hours week{std::max(hour_of(input.from_us), now.begin - 7 * 24), now.begin};
  Trends out;
  out.days_before = static_cast<double>(week.end - week.begin) / 24;
  for (const auto& provider : whole.providers) {
    const auto rate = [&](Trend::What what, std::uint32_t HourCounts::* count) {
      add({{}, what, provider.name, per_day(provider, now, count), per_day(provider, day, count), per_day(provider, week, count)}, out.trends);
    };
    rate(Trend::What::refusals, &HourCounts::throttled);
    rate(Trend::What::expired, &HourCounts::expired);
    Trend queue{{}, Trend::What::queue, provider.name, queued_at_end(provider, now), queued_at_end(provider, day), mean_queued(provider, week)};
    if (std::max({queue.now, queue.day_before, queue.week_before}) >= kOfNote) add(std::move(queue), out.trends);
  }
  for (const auto& peer : whole.tls) add_peer(peer, since_us, out.trends);
  const auto difference = [](const Trend& trend) { return std::abs(trend.now - trend.week_before); };
  std::stable_sort(out.trends.begin(), out.trends.end(), [&](const Trend& a, const Trend& b) {
    if (a.kind != b.kind) return a.kind < b.kind;
    return difference(a) != difference(b) ? difference(a) > difference(b) : std::tie(a.what, a.who) < std::tie(b.what, b.who);
  });
  out.further = out.trends.size() > kMost ? out.trends.size() - kMost : 0;
  out.trends.resize(std::min(out.trends.size(), kMost));
  return out;
}

std::string_view trend_name(Trend::Kind kind) {
  constexpr std::array<std::string_view, 4> names{"new", "worse", "better", "over"};
  return names[static_cast<std::size_t>(kind)];
}

std::string_view trend_name(Trend::What what) {
  constexpr std::array<std::string_view, 4> names{"refusals", "expired", "queue", "handshakes"};
  return names[static_cast<std::size_t>(what)];
}

std::string trend_words(const Trend& trend) {
  const auto whole = [](double value) { return static_cast<std::uint64_t>(std::ceil(value - 0.05)); };
  const auto against = [&] {
    if (std::max(trend.day_before, trend.week_before) == 0) return std::string("none in the week before");
    return fmt::format("{} the day before, {} on the mean of the week before", grouped(whole(trend.day_before)), grouped(whole(trend.week_before)));
  };
  const bool none = trend.now == 0;
  switch (trend.what) {
    case Trend::What::refusals:
      return none ? fmt::format("{}: no refusals any more; {}", trend.who, against()) : fmt::format("{}: {} a day; {}", trend.who, counted(whole(trend.now), "refusal"), against());
    case Trend::What::expired:
      return none ? fmt::format("{}: nothing expired; {}", trend.who, against()) : fmt::format("{}: {} a day expired; {}", trend.who, counted(whole(trend.now), "recipient"), against());
    case Trend::What::queue:
      return none ? fmt::format("{}: nothing waits any more; {}", trend.who, against()) : fmt::format("{}: {} waiting; {}", trend.who, counted(whole(trend.now), "recipient"), against());
    case Trend::What::handshakes: break;
  }
  return trend.kind == Trend::Kind::over
             ? fmt::format("{}: STARTTLS works again; {} failed in the week before", trend.who, counted(whole(trend.week_before), "handshake"))
             : fmt::format("{}: {} failed; none in the week before", trend.who, counted(whole(trend.now), "handshake"));
}

}  // namespace mtalens
