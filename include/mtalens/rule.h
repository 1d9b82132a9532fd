// A rule answers one question about an analysis. Adding a question is one file in src/rules/ and its line in
// the registry (src/rules/registry.cc). A rule sees the analysis and what is known of the world, never a line.
#pragma once

#include <string_view>
#include <vector>

#include "mtalens/analysis.h"
#include "mtalens/finding.h"

namespace mtalens {

class Knowledge;

class Rule {
 public:
  virtual ~Rule() = default;
  virtual std::string_view name() const = 0;
  virtual void judge(const Analysis& analysis, const Knowledge& knowledge, std::vector<Finding>& findings) const = 0;
};

// Every rule there is. Static lifetime.
const std::vector<const Rule*>& rules();

// The findings of all rules, most severe first, then by what they hold up.
std::vector<Finding> judge(const Analysis& analysis, const Knowledge& knowledge);

}  // namespace mtalens
