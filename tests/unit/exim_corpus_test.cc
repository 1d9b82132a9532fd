// The Exim parser against recorded logs, where they are present beside the sources.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>

#include "mtalens/parser.h"
#include "parsers/scan.h"

namespace mtalens {
const Parser& exim_parser();
}

using namespace mtalens;

namespace {

namespace fs = std::filesystem;

std::optional<fs::path> corpora() {
  const char* shared = std::getenv("MTALENS_SHARED");
  for (const auto& root : {fs::path(shared != nullptr ? shared : ""), fs::path(MTALENS_SOURCE_DIR) / ".." / "shared"}) {
    if (!root.empty() && fs::is_directory(root / "corpora")) return root / "corpora";
  }
  WARN("no recorded logs here: skipped");
  return std::nullopt;
}

// The text behind Exim's stamp, zone and [pid]; nothing where the line has none.
std::optional<std::string_view> behind_stamp(std::string_view line) {
  if (line.size() < 20 || line[4] != '-' || line[10] != ' ' || line[13] != ':') return std::nullopt;
  line.remove_prefix(19);
  if (scan::take(line, ".")) scan::take_number(line);
  if (line.starts_with(" +") || line.starts_with(" -")) line.remove_prefix(std::min<std::size_t>(line.size(), 6));
  scan::take(line, " ");
  auto rest = line;
  if (scan::take(rest, "[")) {
    scan::take(rest, "p");  // the test suite's stand-in for a pid
    scan::take_number(rest);
    if (scan::take(rest, "] ")) line = rest;
  }
  return line;
}

LogLine line_of(std::string_view text) {
  LogLine line;
  line.form = HeaderForm::exim;
  line.program = "exim";
  line.text = text;
  line.raw = text;
  return line;
}

template <typename Visit>
void for_each_text(const fs::path& file, Visit visit) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (const auto text = behind_stamp(line)) visit(*text);
  }
}

// By kind and outcome: what the events say, and what the marks in the lines say.
using Counts = std::map<std::string, std::size_t>;

std::string name_of(const Event& event) {
  if (event.kind == EventKind::received) return "received";
  if (event.kind == EventKind::ended) return event.ended == Ended::removed ? "completed" : "";
  if (event.kind != EventKind::attempt) return "";
  switch (event.outcome) {
    case Outcome::delivered:
      return "delivered";
    case Outcome::deferred:
      return "deferred";
    case Outcome::bounced:
      return "bounced";
    case Outcome::expired:
      return "expired";
    default:
      return "no outcome";
  }
}

std::string name_of_mark(std::string_view text) {
  const auto at = text.find(' ');
  if (at != 16 && at != 23) return "";
  if (text[6] != '-' || text[at == 16 ? 13 : 18] != '-') return "";
  text.remove_prefix(at + 1);
  if (text == "Completed" || text.starts_with("Completed QT=")) return "completed";
  if (text.starts_with("<= ") || text.starts_with("(= ")) return "received";
  if (text.starts_with("=> ") || text.starts_with("-> ") || text.starts_with(">> ")) return "delivered";
  if (text.starts_with("== ")) return "deferred";
  if (!text.starts_with("** ")) return "";
  const bool waited_too_long = text.find("retry timeout exceeded") != text.npos || text.find("retry time not reached") != text.npos;
  return waited_too_long ? "expired" : "bounced";
}

}  // namespace

TEST_CASE("exim: every line of the lab's recordings is known", "[exim][corpus]") {
  const auto root = corpora();
  if (!root) return;
  for (const auto* run : {"a", "week"}) {
    std::size_t lines = 0;
    std::vector<std::string> unknown;
    std::vector<Event> events;
    for_each_text(*root / "lab" / run / "exim" / "mainlog", [&](std::string_view text) {
      ++lines;
      events.clear();
      if (!exim_parser().parse(line_of(text), events)) unknown.emplace_back(text);
    });
    INFO(run);
    CHECK(lines > 1000);
    CHECK(unknown == std::vector<std::string>{});
  }
}

TEST_CASE("exim: the lab's refusals and handshakes are as many as its provider counted", "[exim][corpus]") {
  const auto root = corpora();
  if (!root) return;
  // lab/a/exim/truth.json: bt 156 at end of data, yahoo 14 at MAIL, gmail 6 at the greeting; drop, garbage and nocipher
  // 2 failed handshakes each.
  std::map<Stage, std::size_t> refusals;
  std::size_t fallbacks = 0;
  std::vector<Event> events;
  for_each_text(*root / "lab" / "a" / "exim" / "mainlog", [&](std::string_view text) {
    events.clear();
    exim_parser().parse(line_of(text), events);
    for (const auto& event : events) {
      if (event.counts_refusal) ++refusals[event.stage];
      if (event.kind == EventKind::tls && event.direction == Direction::outbound && event.fallback) ++fallbacks;
    }
  });
  CHECK(refusals == std::map<Stage, std::size_t>{{Stage::eod, 156}, {Stage::mail, 14}, {Stage::connect, 6}});
  CHECK(fallbacks == 6);
}

TEST_CASE("exim: over Exim's own test logs the events are as many as the lines", "[exim][corpus]") {
  const auto root = corpora();
  if (!root || !fs::is_directory(*root / "exim-testsuite")) return;
  Counts by_mark;
  Counts by_event;
  std::size_t unknown = 0;
  std::vector<Event> events;
  for (const auto& entry : fs::directory_iterator(*root / "exim-testsuite")) {
    for_each_text(entry.path(), [&](std::string_view text) {
      ++by_mark[name_of_mark(text)];
      events.clear();
      if (!exim_parser().parse(line_of(text), events)) ++unknown;
      for (const auto& event : events)
        ++by_event[name_of(event)];
    });
  }
  by_mark.erase("");
  by_event.erase("");
  CHECK(by_mark.size() == 6);
  CHECK(by_event == by_mark);
  CHECK(unknown < 2300);  // what the tests' own ACLs and events write
}

TEST_CASE("exim: every line of Exim under attack is known", "[exim][corpus]") {
  const auto root = corpora();
  if (!root || !fs::exists(*root / "fail2ban" / "exim.log")) return;
  std::vector<std::string> unknown;
  std::vector<Event> events;
  std::size_t lines = 0;
  std::ifstream in(*root / "fail2ban" / "exim.log");
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.front() == '#') continue;
    ++lines;
    std::string_view text = line;
    if (const auto text_behind = behind_stamp(text)) text = *text_behind;
    if (const auto tag = text.find("exim["); tag != std::string_view::npos && tag < 24) {
      text.remove_prefix(text.find(": ", tag) + 2);
      if (const auto text_behind = behind_stamp(text)) text = *text_behind;
      auto rest = text;
      if (scan::take(rest, "[") && scan::take_number(rest) && scan::take(rest, "] ")) text = rest;
    }
    events.clear();
    if (!exim_parser().parse(line_of(text), events)) unknown.push_back(line);
  }
  CHECK(lines > 40);
  CHECK(unknown == std::vector<std::string>{});
}
