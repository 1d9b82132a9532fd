// All that a run leaves for the next one.
//
// Besides the analysis from the first line on it keeps two that began to count later, at midnight of yesterday and of
// today: so the daily report (`--since yesterday`) is as exact as one over all logs. An analysis that is to begin after
// the last line read is a copy of the whole one that has not begun to count.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "knowledge/knowledge.h"
#include "stream/stream_state.h"
#include "track/tracker.h"

namespace mtalens {

class State {
 public:
  State(const Knowledge& knowledge, std::vector<std::string> our_domains);

  // Of the structs that this build keeps.
  static std::uint64_t layout_of(const Knowledge& knowledge) { return State(knowledge, {}).layout(); }
  // Throws DamagedState or StateError; the state is then good for nothing.
  void load(std::string_view bytes, const std::string& name);
  // With those of its beginnings that are worth to be kept.
  std::string bytes(const std::vector<std::int64_t>& beginnings);

  StreamState& stream() { return stream_; }
  // To be counted from here on as well. False where that cannot be told any more: lines after it were read.
  bool count_since(std::int64_t since_us);
  void add(const Batch& batch, const std::vector<std::string>& names);
  void tell_to(Tracker::Tell tell) { all_.tell_to(std::move(tell)); }
  // What is older is no longer told hour by hour but by days, and beyond `keep_us` not at all.
  void fold(std::int64_t keep_us);
  // As counted from here on (kNoTime: from the first line); count_since() must have known it. Ends the tracker: call
  // bytes() before.
  Analysis analysis(std::int64_t since_us);
  // The whole up to now, while the state goes on.
  Analysis analysis_so_far();

  // Whose logs these are, sorted.
  std::vector<std::string> hosts() const;
  // A number that the first line of all makes: two states that begin with it go on from one beginning.
  std::uint64_t first_line() const { return first_line_; }
  // Of analysis(), for join(): lines are quoted as `host`'s.
  Piece piece(std::int64_t since_us, const std::string& host);
  MessagesTakenOver taken_over() { return all_.taken_over(); }
  // Before that, where later states of the same host have the rest.
  void leave_waiting_to(const MessagesTakenOver& later);

 private:
  struct Beginning {
    std::int64_t since_us = kNoTime;
    Tracker tracker;
  };

  Tracker& tracker_since(std::int64_t since_us);
  void name_sources(InputSummary& input, Tracker& tracker, const std::string& before = {}) const;
  Beginning& add_beginning(std::int64_t since_us);
  std::uint64_t layout();
  template <typename Archive>
  void common_fields(Archive& archive) {
    archive(stream_, first_line_, all_);
  }

  const Knowledge& knowledge_;
  std::vector<std::string> our_domains_;
  StreamState stream_;
  std::uint64_t first_line_ = 0;
  Tracker all_;
  std::deque<Beginning> beginnings_;
};

}  // namespace mtalens
