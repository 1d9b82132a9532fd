// What somebody expects of a log's report, as a file that people read and edit, held against what the report says.
//
//   {
//     "schema": "mtalens.expect/1",
//     "input": {"unrecognized_lines": {"max": 0}},
//     "providers": [{"provider": "BT Internet", "accepted": 550, "throttled": {"min": 18000, "max": 19000}}],
//     "findings": [{"id": "throttle/too-many-messages", "subject": {"provider": "BT Internet"},
//                   "numbers": {"limit": {"value": 49}}}],
//     "absent_findings": [{"id": "queue/growing"}]
//   }
//
// It is a part of the JSON report, under the report's own names (mtalens.report/1): what it does not name may be
// anything. A number is exact, or within {"min": n, "max": n} (either may be left out). An element of `providers`,
// `tls` and `findings` is found by what names it: `provider`; `direction` and `peer`; `id` and `subject`.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace mtalens {

// The file is no expectation: what() is "line 3: why".
class ExpectationError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Where the report is not as expected.
struct Deviation {
  std::size_t line = 0;  // of the expectation, from 1
  std::string says;      // "BT Internet: accepted is 549, 550 is expected"; log text in it is as the log has it
};

class Expectation {
 public:
  // Throws ExpectationError.
  explicit Expectation(std::string_view text);

  std::vector<Deviation> deviations(const nlohmann::json& report) const;
  // Whether `findings` names this one, an element of the report's `findings`.
  bool names(const nlohmann::json& finding) const;

 private:
  nlohmann::json expected_;
  std::vector<std::pair<std::string, std::size_t>> lines_;  // by JSON pointer, sorted
};

// An expectation that this report meets: its totals, each provider's counts, failed handshakes and findings.
std::string expectation_of(const nlohmann::ordered_json& report);

}  // namespace mtalens
