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

const Provider* named(const Analysis& analysis, const std::string& name) {
  for (const auto& provider : analysis.providers) {
    if (provider.name == name) return &provider;
  }
  return nullptr;
}

std::vector<Judged> judged(const Analysis& before, const Analysis& after) {
  static const Provider kNoMail;  // nothing went there
  std::vector<Judged> out;
  const auto add = [&](const Provider& shown, const Provider& earlier, const Provider& later) {
    auto change = judge_change({&earlier, before.input.from_us, before.input.named_until_us()},
                               {&later, after.input.from_us, after.input.named_until_us()});
    if (had_trouble(earlier, change) || had_trouble(later, change)) out.push_back({&shown, std::move(change)});
  };
  if (before.input.from_us == kNoTime || after.input.from_us == kNoTime) return out;
  for (const auto& provider : before.providers) {
    const auto* later = named(after, provider.name);
    add(provider, provider, later != nullptr ? *later : kNoMail);
  }
  for (const auto& provider : after.providers) {
    if (named(before, provider.name) == nullptr) add(provider, kNoMail, provider);
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

std::string verdict_line(const Judged& judged, const TextStyle& style) {
  const auto& change = judged.change;
  const auto sure = change.verdict == Verdict::too_early ? "" : fmt::format(" ({} confidence)", sureness_name(change.sureness));
  const auto line = fmt::format("{}: {}{}", safe_text(judged.provider->name), verdict_words(change.verdict), sure);
  return (style.color ? "\x1b[1m" + line + "\x1b[0m" : line) + fmt::format("\n    {}\n", change.why);
}

// The moments at which a side ends.
std::string bounds(const Judged& judged, const InputSummary& input) {
  std::string out;
  for (const auto& moment : moments_of(*judged.provider, input)) {
    if (moment.at_us != judged.change.before.from_us && moment.at_us != judged.change.after.to_us) continue;
    out += fmt::format("    {}: {}; judged by itself\n", mtalens::moment(moment.at_us), safe_text(moment_words(moment)));
  }
  return out;
}

std::string ending(bool any) {
  return any ? "* recipients, over the same hours of the same kind of days (working days or weekend)\n"
             : "Nobody throttled you and no queue grew, neither before nor after.\n";
}

Json rows(const std::vector<Judged>& all) {
  auto out = Json::array();
  for (const auto& [provider, change] : all) {
    out.push_back({{"provider", valid_utf8(provider->name)},
                   {"verdict", verdict_name(change.verdict)},
                   {"confidence", sureness_name(change.sureness)},
                   {"why", change.why},
                   {"compared", change.on_weekends ? "weekends" : "working days"},
                   {"before", side(change.before)},
                   {"after", side(change.after)}});
  }
  return out;
}

std::string written(std::int64_t at_us, const std::vector<Judged>& all) {
  Json out;
  out["schema"] = "mtalens.compare/1";
  out["at"] = at_us == kNoTime ? Json() : Json(iso_utc(at_us));
  out["providers"] = rows(all);
  return printable_json(out.dump(2)) + "\n";
}

}  // namespace

std::string text_compare(const Analysis& analysis, std::int64_t at_us, const TextStyle& style) {
  std::string out = fmt::format("Did the change of {} {} help?\n\n", moment(at_us), zone_name(at_us));
  const auto all = judged(analysis, at_us);
  for (const auto& each : all) out += verdict_line(each, style) + table(each.change) + bounds(each, analysis.input) + "\n";
  return out + ending(!all.empty());
}

std::string text_compare(const Analysis& before, const Analysis& after, const TextStyle& style) {
  if (before.input.from_us == kNoTime || after.input.from_us == kNoTime) {
    return fmt::format("Nothing to compare: no line of the {} logs bears a time.\n", before.input.from_us == kNoTime ? "earlier" : "later");
  }
  std::string out = fmt::format("Is it better in the log that begins on {} {} than in the one of {}?\n\n", moment(after.input.from_us),
                                zone_name(after.input.from_us), moment(before.input.from_us));
  const auto all = judged(before, after);
  for (const auto& each : all) out += verdict_line(each, style) + table(each.change) + "\n";
  return out + ending(!all.empty());
}

std::string json_compare(const Analysis& analysis, std::int64_t at_us) { return written(at_us, judged(analysis, at_us)); }

std::string json_compare(const Analysis& before, const Analysis& after) { return written(after.input.from_us, judged(before, after)); }

}  // namespace mtalens
