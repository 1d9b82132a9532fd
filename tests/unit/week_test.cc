// Twelve recorded days of each MTA against a provider whose limit we set (samples/week): what is told of them, held
// against what the provider counted (truth.json), what was sent (story.json) and what the MTA listed at every noon.
#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "log_files.h"
#include "rules/forecast.h"
#include "rules/limit.h"
#include "rules/retries.h"
#include "rules/wording.h"

using namespace mtalens;
using namespace mtalens::test;
namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kHour = 3'600'000'000, kDay = 24 * kHour;
const fs::path kSamples = fs::path(MTALENS_SOURCE_DIR) / "samples";

std::map<std::string, std::string> files_in(const fs::path& tar) {
  std::map<std::string, std::string> out;
  archive* reader = archive_read_new();
  archive_read_support_filter_all(reader);
  archive_read_support_format_tar(reader);
  REQUIRE(archive_read_open_filename(reader, tar.c_str(), 65536) == ARCHIVE_OK);
  archive_entry* entry = nullptr;
  while (archive_read_next_header(reader, &entry) == ARCHIVE_OK) {
    std::string& text = out[archive_entry_pathname(entry)];
    char buffer[65536];
    for (la_ssize_t got = 0; (got = archive_read_data(reader, buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<std::size_t>(got));
  }
  archive_read_free(reader);
  return out;
}

struct Noon {
  std::int64_t at_us = 0;
  double listed = 0;  // recipients toward BT, by the MTA's own listing
};

struct Week {
  fs::path directory;
  std::string log;
  std::vector<Noon> noons;
};

// Addresses stand alone on an indented line, in angle brackets or bare; what is delivered bears a D (exim -bp).
double listed_toward_bt(const std::string& listing) {
  std::istringstream lines(listing);
  double out = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || (line[0] != ' ' && line[0] != '\t') || line.find('(') != std::string::npos || line.find(" D ") != std::string::npos) continue;
    for (const auto* address : {"@btinternet.com", "@talk21.com", "@btopenworld.com", "fred@customer.example"}) {
      if (line.find(address) != std::string::npos) {
        out += 1;
        break;
      }
    }
  }
  return out;
}

// `name`: "week/exim".
Week week_of(const std::string& name) {
  Week out;
  out.directory = kSamples / name;
  out.log = (out.directory / (name.ends_with("exim") ? "mainlog.xz" : "maillog.xz")).string();
  return out;
}

void add_noons(Week& out) {
  const auto listings = files_in(out.directory / "queue-listings.tar.xz");
  std::istringstream moments(text_of(out.directory / "moments.txt"));
  for (std::string name, time; moments >> name >> time;) {
    if (!name.ends_with("noon")) continue;
    int day = 0, hour = 0, minute = 0, second = 0;
    REQUIRE(std::sscanf(time.c_str(), "2026-12-%dT%d:%d:%d", &day, &hour, &minute, &second) == 4);
    out.noons.push_back({at(2026, 12, day, hour, minute, second), listed_toward_bt(listings.at("queue-" + name + ".txt"))});
  }
  REQUIRE(out.noons.size() == 12);
}

Analysis until(const Week& week, std::int64_t time_us) {
  Tracker::Options options;
  options.until_us = time_us;
  auto out = analyze(reading({week.log}), options);
  out.input.to_us = std::min(out.input.to_us, time_us);
  return out;
}

double inflow_between(const Provider& provider, std::int64_t from_us, std::int64_t to_us) {
  double sum = 0;
  for (auto hour = from_us / kHour; hour < to_us / kHour; ++hour) {
    const auto i = hour - provider.first_hour;
    if (i >= 0 && i < static_cast<std::int64_t>(provider.hours.size())) sum += provider.hours[static_cast<std::size_t>(i)].inflow;
  }
  return sum;
}

double accepted_on(const Provider& provider, std::int64_t day_us) {
  double sum = 0;
  for (auto hour = day_us / kHour; hour < (day_us + kDay) / kHour; ++hour) {
    const auto i = hour - provider.first_hour;
    if (i >= 0 && i < static_cast<std::int64_t>(provider.hours.size())) sum += provider.hours[static_cast<std::size_t>(i)].accepted;
  }
  return sum;
}

bool near(double a, double b) { return std::abs(a - b) <= std::max(6.0, 0.15 * b); }

}  // namespace

TEST_CASE("week: the limit that the provider had, its reset, and what came and went each day", "[week]") {
  struct Truth {
    const char* recording;
    std::uint64_t quota;
    std::int64_t resets_us;
  };
  for (const auto& [recording, quota, resets_us] : {Truth{"week/postfix", 49, 0}, {"week/exim", 49, 0}, {"week/sendmail", 49, 0}, {"week2/exim", 35, 6 * kHour}}) {
    INFO(recording);
    const auto week = week_of(recording);
    const auto said = until(week, INT64_MAX);
    const auto truth = nlohmann::json::parse(text_of(week.directory / "truth.json"));
    const auto story = nlohmann::json::parse(text_of(week.directory / "story.json"));
    const auto& bt = provider_named(said, "BT Internet");
    const auto limit = limit_of(bt);
    REQUIRE(limit);
    CHECK(limit->value == quota);
    CHECK_FALSE(limit->of_recipients);
    CHECK(limit->per == Limit::Per::day);
    CHECK(limit->resets_us == resets_us);
    CHECK(limit->confidence == Limit::Confidence::high);
    CHECK(limit->changed_us == kNoTime);
    const auto& yahoo = provider_named(said, "Yahoo");
    REQUIRE(limit_of(yahoo));
    CHECK(limit_of(yahoo)->value == 4);
    CHECK(limit_of(yahoo)->resets_us == resets_us);

    int first_walled = 0;
    for (int day = 7; day <= 18; ++day) {
      const auto name = fmt::format("2026-12-{:02}", day);
      INFO(name);
      const auto& counted = truth.at("days").at(name).at("bt");
      CHECK(std::abs(accepted_on(bt, at(2026, 12, day)) - counted.value("accepted_plain", 0.0)) <= 1);
      const auto& sent = story.at("sent").at(name);
      CHECK(inflow_between(bt, at(2026, 12, day), at(2026, 12, day + 1)) == sent.value("own", 0.0) + sent.value("forwarded", 0.0));
      if (first_walled == 0 && (counted.contains("throttled_eod") || counted.contains("throttled_rcpt"))) first_walled = day;
    }
    const auto first = std::find_if(bt.spells.begin(), bt.spells.end(), [](const Spell& spell) { return spell.throttled > 0; });
    REQUIRE(first != bt.spells.end());
    CHECK(first->first_throttled_us / kDay == at(2026, 12, first_walled) / kDay);
  }
}

TEST_CASE("week: whom nothing limits has no limit", "[week]") {
  for (const std::string recording : {"week/postfix", "week/exim", "week/sendmail", "week2/exim"}) {
    for (const auto& provider : until(week_of(recording), INT64_MAX).providers) {
      INFO(recording << ": " << provider.name);
      CHECK(limit_of(provider).has_value() == (provider.name == "BT Internet" || provider.name == "Yahoo"));
    }
  }
}

TEST_CASE("week: the retries' cost: one refusal a day tells, the others come to a closed door", "[week]") {
  for (const std::string mta : {"postfix", "exim", "sendmail"}) {
    INFO(mta);
    const auto said = until(week_of("week/" + mta), INT64_MAX);
    const auto& bt = provider_named(said, "BT Internet");
    const auto retries = retries_of(bt, limit_of(bt));
    CHECK(retries.refused == bt.throttled);
    CHECK(retries.closed_door == bt.throttled - 10);  // ten days with a wall
    CHECK(bt.attempts.deferred - bt.attempts.throttled - retries.echoes <= 1);  // a connection once broke, to Exim
    CHECK(retries.missed == 0);  // the provider took 49 on each of them
    CHECK(retries.delays_nothing());
  }
}

TEST_CASE("week: cut at a noon, the queue of the next noon is forecast where mail comes in as the day before", "[week]") {
  std::string table = "        noon       queued  forecast  listed  error   in before  in after\n";
  for (const std::string mta : {"postfix", "exim", "sendmail"}) {
    auto week = week_of("week/" + mta);
    add_noons(week);
    const auto whole = until(week, INT64_MAX);
    int same = 0;
    for (std::size_t i = 3; i + 1 < week.noons.size(); ++i) {
      const auto& noon = week.noons[i];
      const auto& next = week.noons[i + 1];
      const auto said = until(week, noon.at_us);
      const auto& bt = provider_named(said, "BT Internet");
      const auto forecast = forecast_of(said, bt, limit_of(bt));
      const auto hours = static_cast<std::size_t>((next.at_us - noon.at_us + kHour / 2) / kHour);
      const auto queued = hours <= forecast.hours.size() ? forecast.hours[hours - 1].queued : 0;
      const auto& seen = provider_named(whole, "BT Internet");
      const auto before = inflow_between(seen, noon.at_us - kDay, noon.at_us), after = inflow_between(seen, noon.at_us, next.at_us);
      const bool steady = near(before, after);
      table += fmt::format("{:<9} {}  {:>6}  {:>8.1f}  {:>6}  {:>+5.1f}  {:>9}  {:>8}{}\n", mta, moment(noon.at_us), bt.queue.queued,
                           queued, next.listed, queued - next.listed, before, after, (steady ? "  steady" : ""));
      INFO(table);
      if (steady) {
        CHECK(near(queued, next.listed));
        ++same;
      } else if (forecast.patience.source == Patience::Source::expired || mta != "exim") {
        CHECK(near(queued + after - before, next.listed));  // all that was not foreseen is what came in
      }
    }
    CHECK(same >= 3);
  }
  if (std::getenv("MTALENS_SHOW") != nullptr) WARN(table);
}
