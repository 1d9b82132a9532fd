// Twelve recorded days of each MTA against a provider whose limit we set (samples/week): what is told of them, held
// against what the provider counted (truth.json), what was sent (story.json) and what the MTA listed at every noon.
#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

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
  std::string mta;
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

Week week_of(const std::string& mta) {
  Week out;
  out.mta = mta;
  const auto directory = kSamples / "week" / mta;
  out.log = (directory / (mta == "exim" ? "mainlog.xz" : "maillog.xz")).string();
  const auto listings = files_in(directory / "queue-listings.tar.xz");
  std::istringstream moments(text_of(directory / "moments.txt"));
  for (std::string name, time; moments >> name >> time;) {
    if (!name.ends_with("noon")) continue;
    int day = 0, hour = 0, minute = 0, second = 0;
    REQUIRE(std::sscanf(time.c_str(), "2026-12-%dT%d:%d:%d", &day, &hour, &minute, &second) == 4);
    out.noons.push_back({at(2026, 12, day, hour, minute, second), listed_toward_bt(listings.at("queue-" + name + ".txt"))});
  }
  REQUIRE(out.noons.size() == 12);
  return out;
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

bool near(double a, double b) { return std::abs(a - b) <= std::max(6.0, 0.15 * b); }

}  // namespace

TEST_CASE("week: cut at a noon, the queue of the next noon is forecast where mail comes in as the day before", "[week]") {
  std::string table = "        noon       queued  forecast  listed  error   in before  in after\n";
  for (const std::string mta : {"postfix", "exim", "sendmail"}) {
    const auto week = week_of(mta);
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
      }
    }
    CHECK(same >= 3);
  }
  if (std::getenv("MTALENS_SHOW") != nullptr) WARN(table);
}
