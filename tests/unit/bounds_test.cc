// What is kept of too much of anything: memory is bounded, totals stay what they are.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <numeric>
#include <string>

#include "track/about_how_many.h"
#include "track/bounds.h"
#include "track/known_names.h"
#include "track/message.h"
#include "track/party.h"

using namespace mtalens;

namespace {

constexpr std::int64_t kHour = 3'600'000'000;

}  // namespace

TEST_CASE("bounds: how many distinct texts there were is told to 5 %, however often each came", "[bounds]") {
  for (const std::uint64_t many : {1u, 100u, 3000u, 20'000u, 400'000u}) {
    AboutHowMany about;
    for (int times = 0; times < 2; ++times) {
      for (std::uint64_t i = 0; i < many; ++i) about.add("d" + std::to_string(i) + ".example");
    }
    CAPTURE(many, about.count());
    CHECK(about.count() * 100 >= many * 95);
    CHECK(about.count() * 100 <= many * 105);
  }
}

TEST_CASE("bounds: names beyond the bound have no number, those before keep theirs", "[bounds]") {
  KnownNames names(3);
  CHECK(names.id("a") == 0u);
  CHECK(names.id("b") == 1u);
  CHECK(names.id("c") == 2u);
  CHECK_FALSE(names.id("d"));
  CHECK(names.id("b") == 1u);
  CHECK(names.further() == 1);
  CHECK(names.size() == 3);
}

TEST_CASE("bounds: a name of a mebibyte is kept as its beginning", "[bounds]") {
  KnownNames names(3);
  const std::string longest(1 << 20, 'x');
  const auto id = names.id(longest);
  REQUIRE(id);
  CHECK(names.text(*id).size() == KnownNames::kLongest);
  CHECK(names.id(longest) == id);
}

TEST_CASE("bounds: in a message of many recipients each is found again", "[bounds]") {
  MessageTable table;
  Message& message = table.add(0, "4F1A2B3C");
  for (std::uint32_t i = 0; i < 10 * Message::kCrowd; ++i) {
    const auto hash = hash_of("u" + std::to_string(i) + "@there.example");
    REQUIRE(message.place_of(hash) == i);
    table.add_recipient(message, "u" + std::to_string(i) + "@there.example", hash);
    CHECK(message.held_by(i % 2 + 1, 7) == (i < 2));
    message.recipients.back().held_by = i % 2 + 1;
    message.recipients.back().held_meaning = 7;
    CHECK(message.goes_to(i % 3 + 1) == (i < 3));
  }
  for (std::uint32_t i = 0; i < 10 * Message::kCrowd; ++i) {
    CHECK(message.place_of(hash_of("u" + std::to_string(i) + "@there.example")) == i);
  }
  CHECK(message.open_recipients == 10 * Message::kCrowd);
  CHECK(table.recipients() == 10 * Message::kCrowd);
  table.drop(message);
  CHECK(table.recipients() == 0);
}

TEST_CASE("bounds: the message that was silent longest goes first, one that was heard of since stays", "[bounds]") {
  MessageTable table;
  for (char c = 'A'; c <= 'D'; ++c) table.add(0, std::string("4F1A2B3") + c);
  table.find(0, "4F1A2B3A");
  Message& ended = *table.find(0, "4F1A2B3B");
  ended.ended_us = 1;
  CHECK(table.longest_silent().id() == "4F1A2B3C");
  table.drop(table.longest_silent());
  CHECK(table.longest_silent().id() == "4F1A2B3D");
  table.drop(table.longest_silent());
  CHECK(table.longest_silent().id() == "4F1A2B3A");
}

TEST_CASE("bounds: stamps of any hour leave no more hours than are kept, and no count is lost", "[bounds]") {
  HourTable table;
  const std::int64_t many = 3 * static_cast<std::int64_t>(kMostHoursOfParty);
  for (std::int64_t i = 0; i < many; ++i) table.at((i ^ 1) * kHour).accepted += 1;
  CHECK(table.hours().size() <= kMostHoursOfParty);
  std::uint64_t accepted = 0;
  for (const auto& [number, hour] : table.hours()) accepted += hour.counts.accepted;
  CHECK(accepted == static_cast<std::uint64_t>(many));
  CHECK(std::is_sorted(table.hours().begin(), table.hours().end(), [](const auto& a, const auto& b) { return a.first < b.first; }));
}

TEST_CASE("bounds: messages of too many days are all counted still", "[bounds]") {
  DayTable table;
  const std::int64_t many = 3 * static_cast<std::int64_t>(kMostDays);
  for (std::int64_t i = 0; i < many; ++i) table.add(i * 7 % many * 24 * kHour);
  CHECK(table.days().size() <= kMostDays);
  std::uint64_t messages = 0;
  for (const auto& [day, count] : table.days()) messages += count;
  CHECK(messages == static_cast<std::uint64_t>(many));
}

TEST_CASE("bounds: a queue's curve over too many minutes ends where it ends", "[bounds]") {
  QueueCurve curve;
  const std::int64_t many = 3 * static_cast<std::int64_t>(kMostChangesOfParty);
  for (std::int64_t i = 0; i < many; ++i) curve.waited(i * kHour, kNoTime);
  const auto& changes = curve.changes();
  CHECK(changes.size() <= kMostChangesOfParty);
  CHECK(std::accumulate(changes.begin(), changes.end(), std::int64_t{0}, [](auto sum, const auto& c) { return sum + c.second; }) == many);
}
