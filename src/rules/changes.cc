// The moments at which something changed by itself, and whether it was the cause or the cure.
#include <fmt/format.h>

#include "mtalens/rule.h"
#include "rules/change.h"
#include "rules/wording.h"

namespace mtalens {
namespace {

nlohmann::ordered_json side_numbers(const Side& side) {
  nlohmann::ordered_json out;
  out["from"] = iso_utc(side.from_us);
  out["to"] = iso_utc(side.to_us);
  out["offered_per_day"] = tenths(side.offered_per_day);
  out["taken_per_day"] = side.taken_per_day ? nlohmann::ordered_json(tenths(*side.taken_per_day)) : nlohmann::ordered_json();
  out["queued"] = {side.queued_first, side.queued_last};
  return out;
}

class Changes : public Rule {
 public:
  std::string_view name() const override { return "changes"; }

  void judge(const Analysis& analysis, const Knowledge&, std::vector<Finding>& findings) const override {
    for (const auto& provider : analysis.providers) {
      if (provider.throttled == 0 || provider.is_folded) continue;
      auto moments = moments_of(provider, analysis.input);
      if (const auto restart = telling_restart(provider, analysis)) moments.push_back(*restart);
      for (const auto& moment : moments) {
        const auto change = judge_change(provider, analysis.input, moment.at_us);
        if (change.verdict == Verdict::helped || change.verdict == Verdict::made_worse) {
          findings.push_back(finding(provider, moment, change));
        }
      }
    }
  }

 private:
  static Finding finding(const Provider& provider, const Moment& moment, const Change& change) {
    const bool helped = change.verdict == Verdict::helped;
    Finding out;
    out.id = fmt::format("change/{}", verdict_name(change.verdict));
    out.severity = helped ? Severity::info : Severity::warning;
    out.subject = {{"provider", provider.name}, {"moment", iso_utc(change.at_us)}};
    const bool restart = moment.kind == Moment::Kind::restarted;
    out.title = restart ? fmt::format("{}: {} since {}", mtalens::moment(change.at_us), helped ? "better" : "worse", moment_words(moment))
                        : fmt::format("{}, the {}: {}", mtalens::moment(change.at_us), helped ? "cure" : "cause", moment_words(moment));
    out.details.push_back(fmt::format("{}; {} confidence", change.why, sureness_name(change.sureness)));
    if (restart) out.details.push_back("the log does not tell what was changed then");
    out.meaning = "Judged by what wants to go there against what is taken, over the same hours of the same kind of days.";
    if (moment.kind == Moment::Kind::origin_began && moment.origin->first.line != 0) out.evidence.push_back(moment.origin->first);
    out.occurrences = out.evidence.size();
    out.numbers["at"] = iso_utc(change.at_us);
    out.numbers["confidence"] = sureness_name(change.sureness);
    out.numbers["before"] = side_numbers(change.before);
    out.numbers["after"] = side_numbers(change.after);
    return out;
  }
};

}  // namespace

const Rule& changes_rule() {
  static const Changes rule;
  return rule;
}

}  // namespace mtalens
