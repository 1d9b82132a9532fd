// What is added up before a report can be told: that of one host's state, or of several together.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "mtalens/analysis.h"
#include "track/history.h"

namespace mtalens {

inline constexpr std::size_t kMostUndescribed = 20;  // replies that a report shows

struct ProviderPiece {
  Provider provider;  // without its hours, its queue's peak and its destinations
  History history;
  std::vector<std::pair<std::string, std::uint64_t>> destinations;  // and the attempts to each; each once
};

struct Piece {
  Analysis analysis;  // without its providers, nothing in its order
  std::vector<ProviderPiece> providers;  // each name once
  std::int64_t since_us = kNoTime;       // counted from here
};

// Messages that one log had in its queue when it ended, and another speaks of.
struct MessagesTakenOver {
  std::unordered_set<std::string> names;  // host, instance and id
  bool all_known = true;                  // else there were too many to keep

  bool has(const std::string& name) const { return !all_known || names.contains(name); }
  void add(MessagesTakenOver&& other) {
    names.merge(other.names);
    all_known = all_known && other.all_known;
  }
};

// Everything in the order in which it is read; what nothing happened with is left out.
Analysis finished(Piece piece);

}  // namespace mtalens
