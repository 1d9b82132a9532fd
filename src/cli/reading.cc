#include "cli/reading.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "cli/anonymity.h"
#include "cli/known.h"
#include "cli/progress.h"
#include "input/named_files.h"
#include "knowledge/pattern_list.h"
#include "report/safe_text.h"
#include "rules/trends.h"
#include "track/tracker.h"

namespace mtalens {

ReadOptions read_options_of(const Options& options, KindSet wanted) {
  ReadOptions reading;
  reading.inputs = options.files.empty() ? std::vector<std::string>{"-"} : options.files;
  reading.only = options.mta == "auto" ? nullptr : known(options).knowledge.find_parser(options.mta);
  reading.year = options.year;
  reading.jobs = options.jobs;
  reading.block_bytes = options.block_bytes;
  reading.wanted = wanted;
  reading.knowledge = &known(options).knowledge;
  return reading;
}

Reading read_inputs(const Options& options, KindSet wanted, const Consume& consume) {
  return read_inputs(read_options_of(options, wanted), options, consume);
}

Reading read_inputs(const ReadOptions& reading, const Options& options, const Consume& consume) {
  std::vector<std::string> errors;
  Reading out;
  ReadOptions followed = reading;
  if (followed.resumption == nullptr) followed.inputs = named_files(reading.inputs, errors);
  {
    ProgressLine line(!options.quiet);
    followed.goes_on = [&](const ReadProgress& progress) {
      line.show(progress);
      return !interrupted();
    };
    Anonymizer* const names_changed = anonymizer(options);
    const Consume with_other_names = [&](const Batch& batch, const std::vector<std::string>& names) { consume(names_changed->of(batch), names); };
    out.input = read_logs(followed, names_changed == nullptr ? consume : with_other_names, errors);
    if (names_changed != nullptr) names_changed->anonymize(out.input);
  }
  if (out.input.interrupted) errors.push_back("stopped before the end: what follows is of what was read until then");
  for (const auto& error : errors) fmt::print(stderr, "mtalens: {}\n", safe_text(error));
  const auto given_up = known(options).knowledge.given_up();
  for (const auto& entry : given_up) fmt::print(stderr, "mtalens: {}\n", safe_text(entry));
  out.complete = errors.empty() && given_up.empty() && known(options).complete;
  return out;
}

// What came before `since` or after `until` does not count: the log begins and ends there, and ages are as of then.
void leave_out(InputSummary& input, std::int64_t since_us, std::int64_t until_us) {
  if (input.from_us == kNoTime) return;
  input.to_us = std::clamp(until_us, input.from_us, input.to_us);
  input.from_us = std::clamp(since_us, input.from_us, input.to_us);
}

Joined analyze_inputs(const Options& options, std::int64_t until_us, bool keep_queue) {
  if (!options.state.empty() || !options.state_out.empty()) return analyze_through_state(options);
  auto& tracker = lasting<Tracker>(known(options).knowledge,
                                   Tracker::Options{options.since_us, until_us, keep_queue, our_domains(options)});
  // The days before, for what is new against them.
  Tracker* earlier = nullptr;
  if (options.command == "report" && options.since_us != kNoTime) {
    earlier = &lasting<Tracker>(known(options).knowledge,
                                Tracker::Options{options.since_us - kTrendsBefore, until_us, false, our_domains(options)});
  }
  OwnDecisions decisions(known(options).knowledge);
  Cost cost;
  Stopwatch watch, joining;
  auto reading = read_inputs(options, Tracker::wanted(), [&](const Batch& batch, const std::vector<std::string>& names) {
    joining.lap();
    tracker.add(batch, names);
    if (earlier != nullptr) earlier->add(batch, names);
    cost.joining += joining.lap();
    if (!decisions.any()) return;
    for (const auto& event : batch.events) {
      if (decisions.concern(event) && is_asked_for(event, options)) decisions.add(event);
    }
  });
  cost.reading = watch.lap();
  std::optional<Trends> trends;
  if (earlier != nullptr) {
    auto input = reading.input;
    leave_out(input, options.since_us - kTrendsBefore, until_us);
    trends = trends_of(earlier->analysis(std::move(input)), options.since_us);
  }
  leave_out(reading.input, options.since_us, until_us);
  Joined out{tracker.analysis(std::move(reading.input)), reading.complete, cost};
  out.analysis.trends = std::move(trends);
  out.cost.analysis = watch.lap();
  for (const auto& row : decisions.rows()) {
    out.analysis.own_decisions.push_back({std::string(row.id), std::string(row.file), row.count});
  }
  return out;
}

bool is_asked_for(const Event& event, const Options& options) {
  return event.time_us == kNoTime || (event.time_us >= options.since_us && event.time_us <= options.until_us);
}

std::size_t page_width() {
  int width = 80;
  winsize size{};
  const char* told = std::getenv("COLUMNS");
  if (told != nullptr && std::atoi(told) > 0) {
    width = std::atoi(told);
  } else if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    width = size.ws_col;
  }
  return static_cast<std::size_t>(std::clamp(width, 60, 120));
}

bool locale_is_utf8() {
  for (const auto* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* told = std::getenv(name);
    if (told == nullptr || *told == '\0') continue;
    const std::string_view locale(told);
    return locale.find("UTF-8") != locale.npos || locale.find("utf8") != locale.npos || locale.find("UTF8") != locale.npos ||
           locale.find("utf-8") != locale.npos;
  }
  return false;
}

}  // namespace mtalens
