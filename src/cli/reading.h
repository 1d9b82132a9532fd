// What all subcommands do with their inputs.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "cli/cost.h"
#include "cli/options.h"
#include "mtalens/analysis.h"
#include "stream/stream.h"
#include "track/tracker.h"

namespace mtalens {

// Reads the inputs that the options name and tells the user of those that cannot be read.
struct Reading {
  InputSummary input;
  bool complete = true;  // everything could be read
};
Reading read_inputs(const Options& options, KindSet wanted, const Consume& consume);
Reading read_inputs(const ReadOptions& reading, const Options& options, const Consume& consume);
ReadOptions read_options_of(const Options& options, KindSet wanted);

// Lives until the program ends: the system takes the memory of large tables back at once, where destructors would walk
// through all of it.
template <typename T, typename... Arguments>
T& lasting(Arguments&&... arguments) {
  static auto& all = *new std::vector<T*>;
  return *all.emplace_back(new T(std::forward<Arguments>(arguments)...));
}

// Joins them too.
struct Joined {
  Analysis analysis;
  bool complete = true;
  Cost cost;
};
Joined analyze_inputs(const Options& options, std::int64_t until_us, bool keep_queue);
// The same over what earlier runs read and what is new since (stateful.cc). Throws UsageError, StateError.
Joined analyze_through_state(const Options& options);
// The same over the states of several hosts (merge.cc). Throws UsageError, StateError.
Joined analyze_merged(const Options& options);
// Joins them and tells of each event, and at the end, when all were told, calls `done`. With --state from where the last
// run ended; the state goes on once `done` came back. Whether all could be read. Throws StateError.
bool join_inputs(const Options& options, const Tracker::Tell& tell, const std::function<void()>& done);
void leave_out(InputSummary& input, std::int64_t since_us, std::int64_t until_us);

// Whether --since and --until leave it in; what bears no time stays.
bool is_asked_for(const Event& event, const Options& options);

// Columns: as $COLUMNS says, else of the terminal, else 80; from 60 to 120.
std::size_t page_width();
// Whether the locale (LC_ALL, LC_CTYPE, LANG) is one of UTF-8.
bool locale_is_utf8();

}  // namespace mtalens
