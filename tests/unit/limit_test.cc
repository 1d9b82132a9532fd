// A provider with a limit that the test chose, mail that runs into it, and what is inferred from the walls.
#include "rules/limit.h"

#include <catch2/catch.hpp>
#include <deque>
#include <functional>
#include <optional>
#include <random>
#include <string>

using namespace mtalens;

namespace {

constexpr std::int64_t kMinute = 60'000'000, kHour = 60 * kMinute, kDay = 24 * kHour;
constexpr std::int64_t kBegin = 20'000 * kDay;  // a midnight, UTC

// Writes spells as the log's order makes them: a new one when something is accepted after a refusal, and with
// each hour.
class Spells {
 public:
  void accept(std::int64_t time_us, std::uint32_t recipients = 1) {
    if (list_.empty() || list_.back().throttled > 0 || list_.back().first_accepted_us / kHour != time_us / kHour) {
      list_.emplace_back().first_accepted_us = time_us;
    }
    list_.back().last_accepted_us = time_us;
    list_.back().accepted += 1;
    list_.back().accepted_recipients += recipients;
  }
  void refuse(std::int64_t time_us) {
    if (list_.empty()) list_.emplace_back();
    if (list_.back().throttled == 0) list_.back().first_throttled_us = time_us;
    list_.back().last_throttled_us = time_us;
    list_.back().throttled += 1;
  }
  const std::vector<Spell>& list() const { return list_; }

 private:
  std::vector<Spell> list_;
};

// So many messages in each window of `period` that begins at `reset` of it.
std::vector<Spell> fixed_quota(std::uint32_t quota, std::int64_t period, std::int64_t reset, std::int64_t between,
                               std::int64_t length, std::int64_t first = 7 * kMinute) {
  Spells spells;
  std::int64_t window = -1;
  std::uint32_t taken = 0;
  for (auto now = kBegin + first; now < kBegin + length; now += between) {
    if ((now - reset) / period != window) {
      window = (now - reset) / period;
      taken = 0;
    }
    taken < quota ? (++taken, spells.accept(now)) : spells.refuse(now);
  }
  return spells.list();
}

std::string told(const std::optional<Limit>& limit) {
  if (!limit) return "none";
  return std::to_string(limit->value) + (limit->of_recipients ? " recipients" : " messages") +
         (limit->per == Limit::Per::day ? " a day" : limit->per == Limit::Per::hour ? " an hour" : "") +
         (limit->rolling ? ", rolling" : "") + ", " + std::to_string(limit->agreeing) + " of " +
         std::to_string(limit->walls) + " walls";
}

}  // namespace

TEST_CASE("limit: 49 messages a day, from midnight to midnight", "[rules][limit]") {
  const auto limit = infer_limit(fixed_quota(49, kDay, 0, 10 * kMinute, 7 * kDay));
  REQUIRE(limit);
  CHECK(limit->value == 49);
  CHECK(limit->per == Limit::Per::day);
  CHECK_FALSE(limit->of_recipients);
  CHECK_FALSE(limit->rolling);
  CHECK(limit->confidence == Limit::Confidence::high);
  CHECK(limit->walls == 7);
  CHECK(limit->agreeing == 7);
  CHECK(limit->resets_us == 0);
}

TEST_CASE("limit: 49 messages a day, reset at half past five", "[rules][limit]") {
  const auto reset = 5 * kHour + 30 * kMinute;
  const auto limit = infer_limit(fixed_quota(49, kDay, reset, 10 * kMinute, 8 * kDay));
  REQUIRE(limit);
  CHECK(limit->value == 49);
  CHECK(limit->per == Limit::Per::day);
  CHECK(limit->confidence == Limit::Confidence::high);
  CHECK(limit->resets_us > 5 * kHour + 20 * kMinute);
  CHECK(limit->resets_us < 5 * kHour + 40 * kMinute);
  CHECK((limit->last_refusal_us - kBegin) % kDay == 5 * kHour + 27 * kMinute);
  CHECK((limit->first_acceptance_us - kBegin) % kDay == 5 * kHour + 37 * kMinute);
}

TEST_CASE("limit: a day on which too little was sent to meet the wall contradicts nothing", "[rules][limit]") {
  Spells spells;
  for (int day = 0; day < 7; ++day) {
    const int sent = day == 3 ? 20 : 90;
    for (int i = 0; i < sent; ++i) {
      const auto now = kBegin + day * kDay + 8 * kHour + i * 5 * kMinute;
      i < 49 ? spells.accept(now) : spells.refuse(now);
    }
  }
  const auto limit = infer_limit(spells.list());
  REQUIRE(limit);
  CHECK(limit->value == 49);
  CHECK(limit->per == Limit::Per::day);
  CHECK(limit->walls == 6);
  CHECK(limit->agreeing == 6);
}

TEST_CASE("limit: 20 messages an hour", "[rules][limit]") {
  const auto limit = infer_limit(fixed_quota(20, kHour, 0, kMinute, 12 * kHour));
  REQUIRE(limit);
  CHECK(limit->value == 20);
  CHECK(limit->per == Limit::Per::hour);
  CHECK(limit->confidence == Limit::Confidence::high);
  CHECK_FALSE(limit->rolling);
  CHECK(limit->resets_us == 0);
}

TEST_CASE("limit: 20 messages an hour for three days are no limit a day", "[rules][limit]") {
  const auto limit = infer_limit(fixed_quota(20, kHour, 0, kMinute, 3 * kDay));
  REQUIRE(limit);
  CHECK(limit->value == 20);
  CHECK(limit->per == Limit::Per::hour);
}

TEST_CASE("limit: 30 messages in any 24 hours", "[rules][limit]") {
  std::mt19937 random(1);
  std::uniform_int_distribution<std::int64_t> pause(2 * kMinute, 90 * kMinute);
  Spells spells;
  std::deque<std::int64_t> taken;
  for (auto now = kBegin; now < kBegin + 14 * kDay; now += pause(random)) {
    // Nobody sends at night, and not much on some days: the window's beginning moves.
    while (!taken.empty() && taken.front() <= now - kDay)
      taken.pop_front();
    if (taken.size() < 30) {
      taken.push_back(now);
      spells.accept(now);
    } else {
      spells.refuse(now);
    }
  }
  const auto limit = infer_limit(spells.list());
  REQUIRE(limit);
  CHECK(limit->value >= 29);
  CHECK(limit->value <= 31);
  CHECK(limit->per == Limit::Per::day);
  CHECK(limit->rolling);
  CHECK(limit->confidence != Limit::Confidence::high);
}

TEST_CASE("limit: refusals that come and go without a wall are no limit", "[rules][limit]") {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    Spells spells;
    for (auto now = kBegin; now < kBegin + 5 * kDay; now += 3 * kMinute) {
      random() % 3 == 0 ? spells.refuse(now) : spells.accept(now);
    }
    const auto limit = infer_limit(spells.list());
    INFO("seed " << seed << ": " << told(limit));
    CHECK_FALSE(limit.has_value());
  }
}

TEST_CASE("limit: one wall says little", "[rules][limit]") {
  Spells spells;
  for (int i = 0; i < 100; ++i)
    i < 49 ? spells.accept(kBegin + i * kMinute) : spells.refuse(kBegin + i * kMinute);
  const auto limit = infer_limit(spells.list());
  if (limit) CHECK(limit->confidence == Limit::Confidence::low);
}

TEST_CASE("limit: refusals without any acceptance, or nothing at all, are no limit", "[rules][limit]") {
  CHECK_FALSE(infer_limit({}).has_value());
  Spells refused;
  for (int i = 0; i < 100; ++i)
    refused.refuse(kBegin + i * kHour);
  CHECK_FALSE(infer_limit(refused.list()).has_value());
  Spells accepted;
  for (int i = 0; i < 100; ++i)
    accepted.accept(kBegin + i * kHour);
  CHECK_FALSE(infer_limit(accepted.list()).has_value());
}

TEST_CASE("limit: 100 recipients a day, in messages of one to five", "[rules][limit]") {
  std::mt19937 random(7);
  Spells spells;
  std::int64_t window = -1;
  std::uint32_t taken = 0;
  bool closed = false;
  for (auto now = kBegin + 7 * kMinute; now < kBegin + 10 * kDay; now += 10 * kMinute) {
    if (now / kDay != window) {
      window = now / kDay;
      taken = 0;
      closed = false;
    }
    const auto recipients = 1 + static_cast<std::uint32_t>(random() % 5);
    closed = closed || taken + recipients > 100;
    if (closed) {
      spells.refuse(now);
    } else {
      taken += recipients;
      spells.accept(now, recipients);
    }
  }
  const auto limit = infer_limit(spells.list());
  REQUIRE(limit);
  CHECK(limit->of_recipients);
  CHECK(limit->value >= 96);
  CHECK(limit->value <= 100);
  CHECK(limit->per == Limit::Per::day);
}

TEST_CASE("limit: times before 1970 and far away break nothing", "[rules][limit]") {
  Spells spells;
  for (int day = 0; day < 5; ++day) {
    for (int i = 0; i < 20; ++i) {
      const auto now = -3 * kDay + day * kDay + i * kHour;
      i < 10 ? spells.accept(now) : spells.refuse(now);
    }
  }
  const auto limit = infer_limit(spells.list());
  if (limit) CHECK(limit->value == 10);
}

TEST_CASE("limit: one that changed is told with the day of the change; one odd day is no change", "[limit]") {
  const auto days_of = [](const std::vector<std::uint32_t>& quotas) {
    Spells spells;
    for (std::size_t day = 0; day < quotas.size(); ++day) {
      for (std::uint32_t i = 0; i < 80; ++i) {
        const auto now = kBegin + static_cast<std::int64_t>(day) * kDay + i * 15 * kMinute + kMinute;
        i < quotas[day] ? spells.accept(now) : spells.refuse(now);
      }
    }
    return spells.list();
  };
  const auto changed = infer_limit(days_of({49, 49, 49, 49, 49, 49, 30, 30, 30, 30}));
  REQUIRE(changed);
  CHECK(changed->value == 30);
  CHECK(changed->before == 49);
  CHECK(changed->changed_us == kBegin + 6 * kDay);
  CHECK(changed->agreeing == 10);
  CHECK(changed->resets_us == 0);

  const auto steady = infer_limit(days_of({49, 49, 49, 49, 31, 49, 49, 49, 49, 49}));
  REQUIRE(steady);
  CHECK(steady->value == 49);
  CHECK(steady->changed_us == kNoTime);
}

TEST_CASE("limit: so many messages, then the next connection is welcome: a limit of the connection", "[limit]") {
  Spells spells;
  std::int64_t now = kBegin;
  for (const int pause_minutes : {7, 31, 2, 55, 13, 90}) {
    for (int i = 0; i < 10; ++i) spells.accept(now += 1'000'000);
    spells.refuse(now += 1'000'000);
    for (int i = 0; i < 10; ++i) spells.accept(now += 1'500'000);
    spells.refuse(now += 1'000'000);
    now += pause_minutes * kMinute / 60;
  }
  const auto limit = infer_limit(spells.list());
  REQUIRE(limit);
  CHECK(limit->value == 10);
  CHECK(limit->per == Limit::Per::connection);
}
