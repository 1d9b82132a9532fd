// Before a change against after it, for each provider that had trouble on either side.
#include <fmt/format.h>

#include "report/report.h"
#include "report/safe_text.h"
#include "rules/change.h"
#include "rules/wording.h"

namespace mtalens {
namespace {

using Json = nlohmann::ordered_json;

std::string rounded(double value) { return grouped(static_cast<std::uint64_t>(value + 0.5)); }

double tenths(double value) { return static_cast<double>(static_cast<std::int64_t>(value * 10 + 0.5)) / 10; }

struct Judged {
  const Provider* provider = nullptr;
  Change change;
};

std::vector<Judged> judged(const Analysis& analysis, std::int64_t at_us) {
  std::vector<Judged> out;
  if (analysis.input.from_us == kNoTime) return out;
  for (const auto& provider : analysis.providers) {
    auto change = judge_change(provider, analysis.input, at_us);
    if (had_trouble(provider, change)) out.push_back({&provider, std::move(change)});
  }
  return out;
}

std::string row(std::string_view what, const std::string& before, const std::string& after) {
  return fmt::format("    {:<34}{:>14}{:>14}\n", what, before, after);
}

std::string queue_words(const Side& side) { return fmt::format("{} to {}", grouped(side.queued_first), grouped(side.queued_last)); }

std::string table(const Change& change) {
  const auto taken = [](const Side& side) { return side.taken_per_day ? rounded(*side.taken_per_day) : std::string("all"); };
  const auto& before = change.before;
  const auto& after = change.after;
  return row("", "before", "after") +
         row("from", moment(before.from_us), moment(after.from_us)) + row("to", moment(before.to_us), moment(after.to_us)) +
         row("want to go there, a day *", rounded(before.offered_per_day), rounded(after.offered_per_day)) +
         row("taken, a day", taken(before), taken(after)) + row("queue", queue_words(before), queue_words(after)) +
         row("oldest at the end", duration(before.oldest_age_s * 1'000'000LL), duration(after.oldest_age_s * 1'000'000LL)) +
         row("expired, a day", rounded(before.expired_per_day), rounded(after.expired_per_day)) +
         row("refusals (retries make them)", grouped(before.throttled), grouped(after.throttled));
}

Json side(const Side& side) {
  Json out;
  out["from"] = iso_utc(side.from_us);
  out["to"] = iso_utc(side.to_us);
  out["compared_hours"] = side.compared_hours;
  out["offered_per_day"] = tenths(side.offered_per_day);
  out["taken_per_day"] = side.taken_per_day ? Json(tenths(*side.taken_per_day)) : Json();
  out["expired_per_day"] = tenths(side.expired_per_day);
  out["throttled"] = side.throttled;
  out["queued"] = {side.queued_first, side.queued_last};
  out["oldest_age_s"] = side.oldest_age_s;
  return out;
}

}  // namespace

std::string text_compare(const Analysis& analysis, std::int64_t at_us, const TextStyle& style) {
  const auto bold = [&](const std::string& text) { return style.color ? "\x1b[1m" + text + "\x1b[0m" : text; };
  std::string out = fmt::format("Did the change of {} {} help?\n\n", moment(at_us), zone_name(at_us));
  const auto all = judged(analysis, at_us);
  for (const auto& [provider, change] : all) {
    const auto sure = change.verdict == Verdict::too_early ? "" : fmt::format(" ({} confidence)", sureness_name(change.sureness));
    out += bold(fmt::format("{}: {}{}", safe_text(provider->name), verdict_words(change.verdict), sure)) + "\n";
    out += fmt::format("    {}\n", change.why) + table(change);
    for (const auto& moment : moments_of(*provider, analysis.input)) {
      if (moment.at_us != change.before.from_us && moment.at_us != change.after.to_us) continue;
      out += fmt::format("    {}: {}; judged by itself\n", mtalens::moment(moment.at_us), safe_text(moment_words(moment)));
    }
    out += '\n';
  }
  if (all.empty()) return out + "Nobody throttled you and no queue grew, neither before nor after.\n";
  return out + "* recipients, over the same hours of the same kind of days (working days or weekend)\n";
}

std::string json_compare(const Analysis& analysis, std::int64_t at_us) {
  Json out;
  out["schema"] = "mtalens.compare/1";
  out["at"] = iso_utc(at_us);
  out["providers"] = Json::array();
  for (const auto& [provider, change] : judged(analysis, at_us)) {
    out["providers"].push_back({{"provider", valid_utf8(provider->name)},
                                {"verdict", verdict_name(change.verdict)},
                                {"confidence", sureness_name(change.sureness)},
                                {"why", change.why},
                                {"compared", change.on_weekends ? "weekends" : "working days"},
                                {"before", side(change.before)},
                                {"after", side(change.after)}});
  }
  return out.dump(2) + "\n";
}

}  // namespace mtalens
