// mtalens merge: the states of many hosts into one; and the report over it.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "cli/commands.h"
#include "cli/known.h"
#include "cli/output.h"
#include "cli/reading.h"
#include "rules/trends.h"
#include "state/archive.h"
#include "state/merged_state.h"
#include "state/state.h"
#include "state/state_file.h"
#include "track/join.h"

namespace mtalens {
namespace {

void add_file(MergedState& merged, const std::string& file) {
  const std::string name = file == "-" ? "standard input" : file;
  const auto bytes = read_state(file);
  if (bytes.empty()) throw StateError(name + (file == "-" ? ": is empty" : ": there is no such file"));
  try {
    merged.add(bytes, name);
  } catch (const DamagedState&) {
    throw StateError(name + ": is damaged, or no state");
  }
}

void check(const Options& options) {
  if (!options.files.empty()) throw UsageError(fmt::format("--state: {} holds the states of several hosts, each of which reads its own logs: name no files", options.state));
  if (!options.state_out.empty()) throw UsageError("--state-out: `mtalens merge` puts states together");
}

// A state's own counts, and where the report is to begin later those of the days before, for what is new against them.
struct Pieces {
  std::vector<HostPiece> asked, whole;
};

// `later`: what the states after it took over of its host's messages; then with those that this one took over.
void add_pieces(Pieces& pieces, const Options& options, const HostState& one, MessagesTakenOver& later) {
  State state(known(options).knowledge, options.our_domains);
  state.load(one.bytes, one.name);
  if (!state.count_since(options.since_us)) {
    throw UsageError(fmt::format("--since: the state of {} tells of all it ever read (without --since), and of the day it was "
                                 "written and the day before; anything else needs the logs",
                                 one.host()));
  }
  auto taken_over = state.taken_over();
  state.leave_waiting_to(later);
  later.add(std::move(taken_over));
  if (options.since_us != kNoTime) pieces.whole.push_back({one.host(), state.piece(kNoTime, one.host())});
  pieces.asked.push_back({one.host(), state.piece(options.since_us, one.host())});
}

}  // namespace

int run_merge(const Options& options) {
  if (options.files.empty()) throw UsageError("merge: name the states; `report --state-out FILE` writes one");
  if (options.output.empty() && isatty(STDOUT_FILENO)) throw UsageError("merge: a state is nothing for a terminal; say -o FILE");
  MergedState merged(known(options).knowledge);
  for (const auto& file : options.files) add_file(merged, file);
  merged.settle();
  Output output(options.output);
  output.write(merged.bytes());
  output.done();
  return 0;
}

Joined analyze_merged(const Options& options) {
  check(options);
  Stopwatch watch;
  MergedState merged(known(options).knowledge);
  add_file(merged, options.state);
  merged.settle();
  Pieces pieces;
  const auto& states = merged.states();
  MessagesTakenOver later;
  for (auto i = states.size(); i-- > 0;) {
    if (i + 1 < states.size() && !merged.goes_on(states[i])) later = {};
    add_pieces(pieces, options, states[i], later);
  }
  std::reverse(pieces.asked.begin(), pieces.asked.end());
  std::reverse(pieces.whole.begin(), pieces.whole.end());
  Joined out;
  out.cost.reading = watch.lap();
  out.analysis = join(std::move(pieces.asked));
  if (options.since_us != kNoTime) out.analysis.trends = trends_of(join(std::move(pieces.whole)), options.since_us);
  out.cost.analysis = watch.lap();
  out.complete = known(options).complete;
  leave_out(out.analysis.input, options.since_us, INT64_MAX);
  return out;
}

}  // namespace mtalens
