// --state and --state-out: what earlier runs read is taken up, what is new since is read, all of it is kept.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>

#include "cli/known.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/reading.h"
#include "cli/times.h"
#include "input/named_files.h"
#include "report/safe_text.h"
#include "rules/trends.h"
#include "state/archive.h"
#include "state/state.h"
#include "state/state_file.h"

namespace mtalens {
namespace {

void say(const std::string& text) { fmt::print(stderr, "mtalens: {}\n", safe_text(text)); }

struct Loaded {
  std::unique_ptr<State> state;
  bool whole = true;  // it was not damaged
};

Loaded load(const Options& options, const std::optional<StateFile>& file) {
  const auto fresh = [&] { return std::make_unique<State>(known(options).knowledge, options.our_domains); };
  Loaded out{fresh()};
  const auto bytes = file ? file->read() : std::string();
  if (bytes.empty()) return out;
  try {
    out.state->load(bytes, file->name());
  } catch (const DamagedState&) {
    const auto aside = file->set_aside();
    say(fmt::format("{}: is damaged; set aside as {}, and begun anew from the logs that are there", file->name(), aside));
    out = {fresh(), false};
  }
  return out;
}

// Midnight of yesterday and of today, so that the daily reports of today and tomorrow can be told.
std::vector<std::int64_t> daily_beginnings() {
  using namespace std::chrono;
  const auto now_us = duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
  return {*parse_user_time("yesterday", now_us), *parse_user_time("today", now_us)};
}

void begin_counting(const Options& options, State& state) {
  for (const auto since_us : daily_beginnings()) state.count_since(since_us);
  if (state.count_since(options.since_us)) return;
  throw UsageError(
      "--since: lines after that were counted already. A state tells of all it ever read (without --since), of "
      "yesterday and of today, and hour by hour in the JSON report's history; anything else needs the logs, without --state");
}

std::vector<FileMark> marks_of(const StreamState& stream) {
  std::vector<FileMark> marks;
  for (const auto& source : stream.sources) marks.push_back(source.file);
  return marks;
}

// Throws StateError where it was stopped: half of what is new would be half forgotten.
bool read_what_is_new(const Options& options, State& state) {
  auto reading = read_options_of(options, Tracker::wanted());
  std::vector<std::string> errors;
  reading.inputs = named_files(reading.inputs, errors);
  for (const auto& error : errors) say(error);
  const auto resumption = resume(reading.inputs, marks_of(state.stream()), state.stream().recent);
  if (!options.quiet) {
    for (const auto& note : resumption.notes) say(note);
  }
  reading.state = &state.stream();
  reading.resumption = &resumption;
  const auto read = read_inputs(reading, options, [&](const Batch& batch, const std::vector<std::string>& names) { state.add(batch, names); });
  if (interrupted()) throw StateError("stopped before the end; the state is as it was");
  return read.complete && errors.empty();
}

// Whose logs these are, where they do not say: Exim's name no host.
void name_host(const Options& options, StreamState& stream) {
  if (!options.host.empty()) stream.host = options.host;
  if (!stream.host.empty() || !stream.input.hosts.empty()) return;
  char name[256] = "localhost";
  gethostname(name, sizeof name - 1);
  stream.host = name;
}

// A device, a FIFO: what is written to, and never replaced.
bool is_special(const std::string& name) {
  std::error_code error;
  const auto status = std::filesystem::status(name, error);
  return std::filesystem::exists(status) && !std::filesystem::is_regular_file(status);
}

void keep(const Options& options, State& state, const std::optional<StateFile>& file) {
  name_host(options, state.stream());
  state.fold(options.keep_us);
  const auto bytes = state.bytes(daily_beginnings());
  if (file) file->replace(bytes);
  if (options.state_out == "-" || is_special(options.state_out)) {
    Output output(options.state_out == "-" ? "" : options.state_out);
    output.write(bytes);
    output.done();
  } else if (!options.state_out.empty()) {
    write_state(options.state_out, bytes);
  }
}

}  // namespace

Joined analyze_through_state(const Options& options) {
  if (is_merged_file(options.state)) return analyze_merged(options);
  std::optional<StateFile> file;
  if (!options.state.empty()) file.emplace(options.state);
  auto [state, whole] = load(options, file);
  begin_counting(options, *state);
  Stopwatch watch;
  const bool complete = read_what_is_new(options, *state);
  keep(options, *state, file);
  Cost cost;
  cost.reading = watch.lap();
  std::optional<Trends> trends;
  if (options.since_us != kNoTime) trends = trends_of(state->analysis_so_far(), options.since_us);
  Joined out{state->analysis(options.since_us), complete && whole, cost};
  out.analysis.trends = std::move(trends);
  out.cost.analysis = watch.lap();
  leave_out(out.analysis.input, options.since_us, INT64_MAX);
  return out;
}

bool join_inputs(const Options& options, const Tracker::Tell& tell, const std::function<void()>& done) {
  if (options.state.empty()) {
    auto& tracker = lasting<Tracker>(known(options).knowledge, Tracker::Options{kNoTime, INT64_MAX, false, options.our_domains});
    tracker.tell_to(tell);
    const auto read = read_inputs(options, Tracker::wanted(), [&](const Batch& batch, const std::vector<std::string>& names) {
      tracker.add(batch, names);
    });
    done();
    return read.complete;
  }
  const std::optional<StateFile> file(options.state);
  auto [state, whole] = load(options, file);
  if (!whole) throw StateError("nothing was written: what the damaged state had read would be written twice");
  state->tell_to(tell);
  const bool complete = read_what_is_new(options, *state);
  done();
  keep(options, *state, file);
  return complete;
}

}  // namespace mtalens
