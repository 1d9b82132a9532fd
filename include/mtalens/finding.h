// What an admin reads: one thing that is wrong (or went right), with its numbers, its cure and its proof.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "mtalens/analysis.h"

namespace mtalens {

enum class Severity : std::uint8_t { info, warning, critical };

struct Finding {
  std::string id;  // stable: "throttle/too-many-messages"
  Severity severity = Severity::info;
  std::vector<std::pair<std::string, std::string>> subject;  // {"provider", "BT Internet"}, {"destination", …}
  std::string title;                 // what happens, in one line
  std::vector<std::string> details;  // since when, how much, what waits: a line each
  std::string meaning;               // one sentence
  std::string remedy;                // what to do, with configuration lines for the MTA that was read
  nlohmann::ordered_json numbers;    // as CONTRACT.md names them
  std::uint64_t occurrences = 0;     // lines behind it; the evidence shows some
  std::vector<Evidence> evidence;
};

}  // namespace mtalens
