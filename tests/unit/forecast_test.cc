// A queue that the test made, a limit that it chose, and what becomes of the one under the other.
#include "rules/forecast.h"

#include <catch2/catch.hpp>
#include <string>

#include "report/chart.h"
#include "rules/outlook.h"

using namespace mtalens;

namespace {

constexpr std::int64_t kHour = 3'600'000'000, kDay = 24 * kHour;
constexpr std::int64_t kNow = 20'000 * kDay;  // a midnight, UTC

struct Scene {
  Analysis analysis;
  Provider provider;
};

// Three days in which `inflow` came each hour; `queued` wait, of `age_hours`.
Scene scene(std::uint32_t inflow, std::uint64_t queued, std::int64_t age_hours) {
  Scene out;
  out.analysis.input.from_us = kNow - 3 * kDay;
  out.analysis.input.to_us = kNow;
  out.provider.name = "BT Internet";
  out.provider.mtas = {"postfix"};
  out.provider.accepted = 100;
  out.provider.attempts.delivered = 100;
  out.provider.first_hour = (kNow - 3 * kDay) / kHour;
  out.provider.hours.assign(72, {});
  for (auto& hour : out.provider.hours) hour.inflow = inflow;
  out.provider.queue.queued = queued;
  out.provider.queue.arrivals_us.assign(queued, kNow - age_hours * kHour);
  if (queued > 0) out.provider.queue.oldest_us = out.provider.queue.arrivals_us.front();
  return out;
}

Limit a_day(std::uint64_t value, std::int64_t resets_us) {
  Limit limit;
  limit.value = value;
  limit.per = Limit::Per::day;
  limit.resets_us = resets_us;
  return limit;
}

Forecast forecast(const Scene& scene, const Limit& limit) { return forecast_of(scene.analysis, scene.provider, limit); }

}  // namespace

TEST_CASE("forecast: more comes in than goes out: it never empties", "[forecast]") {
  const auto said = forecast(scene(3, 10, 2), a_day(49, 0));
  CHECK_FALSE(said.empties_at_us);
  CHECK(said.inflow_per_day == 72);
  CHECK(said.taken_per_day == 49);
  CHECK(said.hours[23].queued == Approx(10 + 72 - 49));
  CHECK(said.hours[47].queued == Approx(10 + 2 * (72 - 49)));
}

TEST_CASE("forecast: the limit resets at its hour, and not before", "[forecast]") {
  const auto said = forecast(scene(1, 30, 2), a_day(40, 6 * kHour));
  // What is left of the running window goes first: nothing was accepted in it.
  CHECK(said.hours[0].queued == Approx(0).margin(0.01));
  Scene used = scene(1, 30, 2);
  Spell spell;
  spell.first_accepted_us = spell.last_accepted_us = kNow - 2 * kHour;
  spell.accepted = spell.accepted_recipients = 40;
  spell.first_throttled_us = spell.last_throttled_us = kNow - kHour;
  spell.throttled = 1;
  used.provider.spells = {spell};
  const auto later = forecast(used, a_day(40, 6 * kHour));
  CHECK(later.hours[5].queued == Approx(36));
  CHECK(later.hours[6].queued == Approx(0).margin(0.01));
  CHECK(later.empties_at_us == kNow + 7 * kHour);
}

TEST_CASE("forecast: what waits longer than the MTA's patience goes back to its senders", "[forecast]") {
  const auto said = forecast(scene(0, 100, 4 * 24), a_day(10, 0));
  CHECK(said.patience.us == 5 * kDay);
  CHECK(said.patience.source == Patience::Source::mta_default);
  CHECK(said.hours[22].queued == Approx(90));
  CHECK(said.expired_by(kNow + 2 * kDay) == Approx(80));  // ten more went out before
  CHECK(said.empties_at_us == kNow + 25 * kHour);
  CHECK(forecast_words(said).find("about 80 expire by then") != std::string::npos);
}

TEST_CASE("forecast: mail that waits longer than the default shows that this MTA is more patient", "[forecast]") {
  Scene old = scene(0, 5, 5 * 24 + 3);
  const auto said = forecast(old, a_day(10, 0));
  CHECK(said.patience.us == 6 * kDay);
  CHECK(said.patience.source == Patience::Source::still_waiting);
}

TEST_CASE("chart: a day's column, its queue drawn above it; ASCII where asked for; no wider than the page", "[chart]") {
  Scene drawn = scene(2, 0, 0);
  for (std::size_t i = 0; i < 72; ++i) drawn.provider.hours[i].queued = static_cast<std::uint32_t>(i);
  drawn.provider.throttled = 1;
  drawn.provider.hours[30].throttled = 1;
  const auto lines = day_chart(drawn.provider, 49, {80, false});
  REQUIRE(lines.size() == 6);
  CHECK(lines[1].find('#') != std::string::npos);
  CHECK(lines[4].starts_with("taken, of 49"));
  for (const auto& line : lines) {
    CHECK(line.size() <= 80);
    CHECK(line.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ,'.:-=+*%#") == std::string::npos);
  }
  CHECK(day_chart(drawn.provider, 49, {80, true})[1].find("█") != std::string::npos);
  CHECK(blocks({0, 1, 8}, 8, true) == " ▁█");
  drawn.provider.hours.resize(20);
  CHECK(day_chart(drawn.provider, 49, {80, false}).size() <= 6);
}
