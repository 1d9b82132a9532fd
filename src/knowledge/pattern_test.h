// Whether the patterns hold: every entry's examples and near misses, and what is wrong with the entries
// themselves. Behind `mtalens patterns test`, and one of our own tests.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "knowledge/knowledge.h"

namespace mtalens {

struct PatternFault {
  std::string file;    // as given: the path of a user's file, the place below patterns/ of one built in
  std::string entry;   // its id
  std::string reason;  // in one sentence
};

struct PatternTestResult {
  std::vector<PatternFault> faults;
  std::size_t entries = 0;
  std::size_t examples = 0;  // that held
  std::size_t near_misses = 0;
};

// The built-in patterns with those of `dirs` over them, as the program itself would load them. What cannot
// be loaded is a fault too. `patience`: how long one expression may take over hostile text of 64 KiB.
PatternTestResult test_patterns(const std::vector<std::filesystem::path>& dirs,
                                std::chrono::milliseconds patience = std::chrono::milliseconds(100));

}  // namespace mtalens
