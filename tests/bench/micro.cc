// What each step of the hot path costs, in nanoseconds per line.
//
//   micro [--rounds 5] [LOG…]     (default: the week's recordings)
//
// Runs the steps block by block as the program does, on one thread, with a CPU clock between them. A log counts under
// the MTA that wrote most of its lines. Medians of the rounds; what a round joins, it joins from nothing.
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "input/line_blocks.h"
#include "knowledge/knowledge.h"
#include "mtalens/parser.h"
#include "mtalens/rule.h"
#include "report/events.h"
#include "report/report.h"
#include "stream/batch.h"
#include "syslog/header.h"
#include "track/tracker.h"

namespace {

using namespace mtalens;

constexpr std::size_t kBlockBytes = 256 * 1024;

enum Step : std::size_t { split, header, parse, classify, join, ndjson, kSteps };
constexpr std::array<const char*, kSteps> kStepNames{"cut into lines", "header",  "parser",
                                                     "classification", "joining", "(events as NDJSON)"};

// Of one log. Nanoseconds; of the steps for all lines, of the rest once.
struct Costs {
  std::array<double, kSteps> steps{};
  double analysis = 0;
  double rules = 0;
  double text = 0;
  double json = 0;
};

// Adds the thread's CPU time since it was asked last: what else runs on the machine does not count.
class Stopwatch {
 public:
  void lap(double& to) {
    const double now = now_ns();
    to += now - last_;
    last_ = now;
  }

 private:
  static double now_ns() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
  }

  double last_ = now_ns();
};

Bytes whole_log(const std::string& name) {
  LineBlocks blocks(name, kBlockBytes);
  Bytes all, block;
  while (blocks.next(block))
    all.insert(all.end(), block.begin(), block.end());
  return all;
}

const Parser* parser_of(const Bytes& log) {
  std::vector<std::size_t> claimed(parsers().size());
  HeaderReader headers;
  headers.start(StampClock(2026));
  std::string_view lines(log.data(), log.size());
  for (std::size_t n = 0; n < 1000 && !lines.empty(); ++n) {
    const auto line = headers.read(take_line(lines));
    for (std::size_t i = 0; i < parsers().size(); ++i)
      claimed[i] += parsers()[i]->claims_program(line.program);
  }
  return parsers()[static_cast<std::size_t>(std::max_element(claimed.begin(), claimed.end()) - claimed.begin())];
}

// The steps over one log, from its first line to its reports.
class Round {
 public:
  explicit Round(const Parser& parser) : parser_(parser) { headers_.start(StampClock(2026)); }

  Costs run(const Bytes& log) {
    for (std::string_view rest(log.data(), log.size()); !rest.empty();) {
      const auto end = rest.find('\n', std::min(rest.size() - 1, kBlockBytes));
      const auto block = rest.substr(0, end == std::string_view::npos ? rest.size() : end + 1);
      rest.remove_prefix(block.size());
      block_steps(block);
    }
    report();
    return costs_;
  }

 private:
  void block_steps(std::string_view block) {
    raw_.clear();
    lines_.clear();
    batch_.clear();
    Stopwatch watch;
    while (!block.empty())
      raw_.push_back(take_line(block));
    watch.lap(costs_.steps[split]);
    for (const auto line : raw_)
      lines_.push_back(headers_.read(line));
    watch.lap(costs_.steps[header]);
    parse_lines();
    watch.lap(costs_.steps[parse]);
    for (auto& event : batch_.events)
      classifier_.classify(event);
    watch.lap(costs_.steps[classify]);
    tracker_.add(batch_, names_);
    watch.lap(costs_.steps[join]);
    ndjson_.clear();
    for (const auto& event : batch_.events)
      append_event(ndjson_, event, names_[0], 1, Knowledge::builtin());
    watch.lap(costs_.steps[ndjson]);
  }

  void parse_lines() {
    for (std::uint32_t i = 0; i < lines_.size(); ++i) {
      if (!parser_.claims_program(lines_[i].program)) continue;
      const auto begin = batch_.events.size();
      parser_.parse(lines_[i], batch_.events);
      auto kept = begin;
      for (auto j = begin; j < batch_.events.size(); ++j) {
        if ((Tracker::wanted() & kind_bit(batch_.events[j].kind)) == 0) continue;
        batch_.events[j].line_number = i;
        if (kept != j) batch_.events[kept] = batch_.events[j];
        ++kept;
      }
      batch_.events.resize(kept);
    }
    Run& run = batch_.runs.emplace_back();
    run.first_line = first_line_;
    run.events_end = batch_.events.size();
    run.lines = lines_.size();
    first_line_ += lines_.size();
  }

  void report() {
    Stopwatch watch;
    const auto analysis = tracker_.analysis({});
    watch.lap(costs_.analysis);
    const auto findings = judge(analysis, Knowledge::builtin());
    watch.lap(costs_.rules);
    const auto text = text_report(analysis, findings, {});
    watch.lap(costs_.text);
    const auto json = json_report(analysis, findings);
    watch.lap(costs_.json);
    if (text.empty() || json.empty()) std::abort();
  }

  const Parser& parser_;
  HeaderReader headers_;
  Classifier classifier_{Knowledge::builtin()};
  Tracker tracker_{Knowledge::builtin(), {}};
  const std::vector<std::string> names_{"log"};
  std::uint64_t first_line_ = 1;
  std::vector<std::string_view> raw_;
  std::vector<LogLine> lines_;
  Batch batch_;
  std::string ndjson_;
  Costs costs_;
};

template <typename Value>
double median(const std::vector<Costs>& rounds, Value value) {
  std::vector<double> values;
  for (const auto& costs : rounds)
    values.push_back(value(costs));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

struct Column {
  std::string name;
  std::size_t lines = 0;
  std::size_t bytes = 0;
  std::vector<Costs> rounds;
};

Column measured(const std::string& file, int rounds) {
  const auto log = whole_log(file);
  const Parser* parser = parser_of(log);
  Column column{
      std::string(parser->mta()), static_cast<std::size_t>(std::count(log.begin(), log.end(), '\n')), log.size(), {}};
  Round(*parser).run(log);  // warms the caches
  for (int i = 0; i < rounds; ++i)
    column.rounds.push_back(Round(*parser).run(log));
  return column;
}

template <typename Value>
void print_row(std::string_view name, const std::vector<Column>& columns, Value value) {
  fmt::print("{:<24}", name);
  for (const auto& column : columns)
    fmt::print("{:>12.1f}", value(column));
  fmt::print("\n");
}

void print_table(const std::vector<Column>& columns) {
  fmt::print("{:<24}", "ns per line");
  for (const auto& column : columns)
    fmt::print("{:>12}", column.name);
  fmt::print("\n");
  const auto step_ns = [](const Column& column, std::size_t step) {
    return median(column.rounds, [&](const Costs& costs) { return costs.steps[step]; }) /
           static_cast<double>(column.lines);
  };
  const auto sum_ns = [&](const Column& column) {
    double sum = 0;
    for (std::size_t step = 0; step < ndjson; ++step)
      sum += step_ns(column, step);
    return sum;
  };
  for (std::size_t step = 0; step < ndjson; ++step) {
    print_row(kStepNames[step], columns, [&](const Column& column) { return step_ns(column, step); });
  }
  print_row("all of these", columns, sum_ns);
  print_row(kStepNames[ndjson], columns, [&](const Column& column) { return step_ns(column, ndjson); });
  const auto line_bytes = [](const Column& column) {
    return static_cast<double>(column.bytes) / static_cast<double>(column.lines);
  };
  print_row("bytes per line", columns, line_bytes);
  print_row("MB/s on one core", columns,
            [&](const Column& column) { return line_bytes(column) / sum_ns(column) * 1000; });
  fmt::print("\nonce, in microseconds\n");
  const auto once = [&](const char* name, double Costs::*part) {
    print_row(name, columns, [&](const Column& column) {
      return median(column.rounds, [&](const Costs& costs) { return costs.*part; }) / 1000;
    });
  };
  once("analysis", &Costs::analysis);
  once("rules", &Costs::rules);
  once("report as text", &Costs::text);
  once("report as JSON", &Costs::json);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> files;
  int rounds = 5;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--rounds" && i + 1 < argc)
      rounds = std::max(1, std::atoi(argv[++i]));
    else
      files.emplace_back(argv[i]);
  }
  if (files.empty()) {
    const std::string week = MTALENS_SOURCE_DIR "/samples/week/";
    files = {week + "postfix/maillog.xz", week + "sendmail/maillog.xz", week + "exim/mainlog.xz"};
  }
  try {
    std::vector<Column> columns;
    for (const auto& file : files)
      columns.push_back(measured(file, rounds));
    print_table(columns);
  } catch (const InputError& error) {
    fmt::print(stderr, "micro: {}\n", error.what());
    return 2;
  }
}
