// The states of many hosts, or of many days, as one: the set of them, each as its host wrote it, in one order. What is
// put together in whatever order and grouping is therefore the same to the byte; the analyses are joined when it is
// read (track/join.h).
//
// Of one host a state that has all that another has takes its place: it goes on from it, or was made from all its
// files. Where one ends before the other begins both stay. Else one of them counts twice what the other counts, and no
// report can tell them apart: they are refused.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "knowledge/knowledge.h"
#include "state/state.h"

namespace mtalens {

struct HostState {
  struct File {
    std::string head;
    std::uint64_t offset = 0;  // read up to here
  };

  std::string bytes;  // as they stand in its own file
  std::string name;   // of the file it came in
  std::vector<std::string> hosts;
  std::int64_t from_us = kNoTime;
  std::int64_t to_us = kNoTime;
  std::uint64_t lines = 0;
  std::uint64_t first_line = 0;
  std::vector<File> files;  // that were read; of a pipe nothing is known
  bool all_in_files = false;

  // "mx1", "mx1…" where its logs name several hosts.
  std::string host() const;
};

class MergedState {
 public:
  explicit MergedState(const Knowledge& knowledge) : knowledge_(knowledge) {}

  // One host's state, or several merged ones: the bytes of a file of this name. Throws DamagedState, StateError.
  void add(std::string_view bytes, const std::string& name);
  // After all were added. Throws StateError where two of one host tell of the same time.
  void settle();

  std::string bytes() const;
  const std::vector<HostState>& states() const { return states_; }
  // Whether a later one has the rest of what this one tells of.
  bool goes_on(const HostState& state) const;

 private:
  void add_single(std::string_view bytes, const std::string& name);

  const Knowledge& knowledge_;
  std::vector<HostState> states_;
};

}  // namespace mtalens
