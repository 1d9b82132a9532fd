// Every rule. A new one adds its declaration and its line.
#include <algorithm>

#include "mtalens/rule.h"

namespace mtalens {

const Rule& throttle_rule();
const Rule& queue_growth_rule();
const Rule& starttls_rule();
const Rule& forwarding_rule();
const Rule& changes_rule();

const std::vector<const Rule*>& rules() {
  static const std::vector<const Rule*> all{&throttle_rule(), &queue_growth_rule(), &starttls_rule(),
                                            &forwarding_rule(), &changes_rule()};
  return all;
}

std::vector<Finding> judge(const Analysis& analysis, const Knowledge& knowledge) {
  std::vector<Finding> findings;
  for (const Rule* rule : rules()) rule->judge(analysis, knowledge, findings);
  std::stable_sort(findings.begin(), findings.end(),
                   [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
  return findings;
}

}  // namespace mtalens
