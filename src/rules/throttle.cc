// Who says "you send too much", how much is too much, and what waits because of it.
#include <fmt/format.h>

#include <algorithm>

#include "knowledge/knowledge.h"
#include "knowledge/sending_address.h"
#include "mtalens/rule.h"
#include "rules/flow.h"
#include "rules/limit.h"
#include "rules/outlook.h"
#include "rules/remedies.h"
#include "rules/wording.h"

namespace mtalens {
namespace {

constexpr std::ptrdiff_t kFewWalls = 4;
constexpr std::size_t kMostSenders = 10;    // told one by one
constexpr std::uint64_t kManyWaiting = 20;  // recipients

std::string_view per_name(Limit::Per per) {
  switch (per) {
    case Limit::Per::day: return "day";
    case Limit::Per::hour: return "hour";
    case Limit::Per::connection: return "connection";
    case Limit::Per::unknown: return "";
  }
  return "";
}

std::string_view confidence_name(Limit::Confidence confidence) {
  switch (confidence) {
    case Limit::Confidence::high: return "high";
    case Limit::Confidence::medium: return "medium";
    case Limit::Confidence::low: return "low";
  }
  return "";
}

// The time of day in a zone-less clock: microseconds since midnight UTC as HH:MM.
std::string hhmm(std::int64_t us) {
  constexpr std::int64_t kMinute = 60'000'000, kDay = 24 * 60 * kMinute;
  const auto minutes = (us % kDay + kDay) % kDay / kMinute;
  return fmt::format("{:02}:{:02}", minutes / 60, minutes % 60);
}

nlohmann::ordered_json limit_numbers(const Limit& limit, const std::string& address) {
  nlohmann::ordered_json out;
  out["value"] = limit.value;
  out["unit"] = limit.of_recipients ? "recipients" : "messages";
  out["per"] = limit.per == Limit::Per::unknown ? nlohmann::ordered_json() : nlohmann::ordered_json(per_name(limit.per));
  out["walls"] = limit.walls;
  out["agreeing"] = limit.agreeing;
  out["confidence"] = confidence_name(limit.confidence);
  const bool has_window = limit.per == Limit::Per::day || limit.per == Limit::Per::hour;
  out["window"] = has_window ? nlohmann::ordered_json(limit.rolling ? "rolling" : "fixed") : nlohmann::ordered_json();
  if (limit.changed_us != kNoTime) out["change"] = {{"from", limit.before}, {"at", iso_utc(limit.changed_us)}};
  if (limit.last_refusal_us != kNoTime) {
    if (limit.per == Limit::Per::day) out["resets_at"] = hhmm(limit.resets_us);
    out["resets_between"] = {iso_utc(limit.last_refusal_us), iso_utc(limit.first_acceptance_us)};
  }
  if (!address.empty()) out["address"] = address;
  return out;
}

nlohmann::ordered_json limits_numbers(const std::vector<SenderLimit>& limits) {
  auto out = nlohmann::ordered_json::array();
  for (const auto& [sender, limit] : limits) {
    nlohmann::ordered_json one;
    one["address"] = sender->address.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(sender->address);
    one["hosts"] = sender->hosts;
    one["accepted"] = sender->accepted;
    one["throttled"] = sender->throttled;
    one["limit"] = limit ? limit_numbers(*limit, sender->address) : nlohmann::ordered_json();
    out.push_back(std::move(one));
  }
  return out;
}

// The code that begins a line of a reply: "421-4.7.28 " or "421 ".
std::string_view code_at(std::string_view line) {
  const auto digits = [](std::string_view text) { return !text.empty() && text.find_first_not_of("0123456789") == text.npos; };
  if (line.size() < 4 || !digits(line.substr(0, 3)) || (line[3] != '-' && line[3] != ' ')) return {};
  const auto blank = line.find(' ', 4);
  const bool enhanced = blank != line.npos && line.substr(4, blank - 4).find_first_not_of("0123456789.") == line.npos &&
                        line[5] == '.';
  return line.substr(0, enhanced ? blank + 1 : 4);
}

// A reply of several lines, as Exim writes it, with its code only in front: `421-4.7.28 Gmail has …\n421-4.7.28 from
// your …` reads on.
std::string on_one_line(std::string_view reply) {
  std::string out;
  for (auto end = reply.find("\\n"); end != reply.npos; end = reply.find("\\n")) {
    (out += reply.substr(0, end)) += ' ';
    reply.remove_prefix(end + 2);
    reply.remove_prefix(code_at(reply).size());
  }
  return out += reply;
}

std::string limit_words(const Limit& limit) {
  const auto what = limit.of_recipients ? "recipient" : "message";
  switch (limit.per) {
    case Limit::Per::day: return counted(limit.value, what) + " a day";
    case Limit::Per::hour: return counted(limit.value, what) + " an hour";
    case Limit::Per::connection: return counted(limit.value, what) + " a connection";
    case Limit::Per::unknown: break;
  }
  return counted(limit.value, what) + " at a time";
}

// The reset between the last refusal and the first acceptance that are known best: what its hour is here depends on
// the day.
std::int64_t last_reset(const Limit& limit) {
  constexpr std::int64_t kDay = 86'400'000'000;
  if (limit.first_acceptance_us == kNoTime) return limit.resets_us;
  const auto midnight = limit.first_acceptance_us / kDay * kDay;
  return midnight + limit.resets_us;
}

std::string limit_detail(const Limit& limit) {
  std::string out = fmt::format("the limit showed on {} of {} occasions ({} confidence)", limit.agreeing, limit.walls,
                                confidence_name(limit.confidence));
  if (limit.changed_us != kNoTime) out += fmt::format("; it changed from {} to {} on {}", grouped(limit.before), grouped(limit.value), day(limit.changed_us));
  if (limit.rolling) return out + "; its window rolls";
  if (limit.per == Limit::Per::day && limit.resets_us >= 0) out += fmt::format("; it resets at about {}", clock_time(last_reset(limit)));
  return out;
}

std::string no_limit_detail(const std::vector<Spell>& spells) {
  const auto walls = std::count_if(spells.begin(), spells.end(), [](const Spell& spell) { return spell.throttled > 0; });
  return walls < kFewWalls ? "refused too rarely to tell a limit" : "the refusals come and go without a wall: no limit can be told from them";
}

// "81.2.3.4 (mx1, mx2)", "mx3, whose address no reply names"
std::string sender_words(const Sender& sender) {
  const auto hosts = list_of(sender.hosts, 3);
  return sender.address.empty() ? hosts + ", whose address no reply names" : fmt::format("{} ({})", sender.address, hosts);
}

// A line for each of the most throttled.
void add_sender_details(std::vector<std::string>& details, const std::vector<SenderLimit>& limits) {
  for (std::size_t i = 0; i < std::min(limits.size(), kMostSenders); ++i) {
    const auto& [sender, limit] = limits[i];
    details.push_back(fmt::format("{}: {}{}; {}", sender_words(*sender), limit ? limit_words(*limit) + "; " : "",
                                  limit ? limit_detail(*limit) : no_limit_detail(sender->spells), counted(sender->throttled, "refusal")));
  }
  if (limits.size() > kMostSenders) {
    details.push_back(fmt::format("and {} (all are in --format json)", counted(limits.size() - kMostSenders, "further sender")));
  }
}

// Of each sender, the tries at a door that was known to be closed.
std::uint64_t closed_doors(const std::vector<SenderLimit>& limits) {
  std::uint64_t sum = 0;
  for (const auto& [sender, limit] : limits) {
    Provider to_it_alone;
    to_it_alone.spells = sender->spells;
    sum += retries_of(to_it_alone, limit).closed_door;
  }
  return sum;
}

// Each sends at its own pace; the lines are for the one that is refused most.
std::string senders_remedy(const Provider& provider, const std::vector<SenderLimit>& limits) {
  const bool alike = std::all_of(limits.begin(), limits.end(), [&](const SenderLimit& one) {
    const auto &a = one.limit, &b = limits.front().limit;
    return a.has_value() == b.has_value() && (!a || (a->value == b->value && a->per == b->per));
  });
  const auto remedy = throttle_remedy(provider, limits.front().limit);
  if (alike) return remedy;
  return fmt::format("The pace below is that of {}; the others have limits of their own.\n", list_of(limits.front().sender->hosts, 3)) + remedy;
}

std::string title_of(const Provider& provider, const RefusalGroup& group, const std::optional<Limit>& limit, std::size_t senders,
                     const Flow& flow) {
  const auto meaning = static_cast<Meaning>(group.meaning);
  if (limit) {
    auto out = fmt::format("{} takes {} from you", provider.name, limit_words(*limit));
    if (senders > 1) out = fmt::format("{} takes {} from your {} senders together", provider.name, limit_words(*limit), senders);
    if (limit->per == Limit::Per::day && flow.in_per_day >= 1) {
      out += fmt::format("; about {} a day want to go there", grouped(static_cast<std::uint64_t>(flow.in_per_day + 0.5)));
    }
    return out;
  }
  switch (meaning) {
    case Meaning::throttle_connections: return fmt::format("{} refuses you: too many connections at once", provider.name);
    case Meaning::throttle_rate: return fmt::format("{} slows you down: mail comes too fast", provider.name);
    case Meaning::throttle_reputation: return fmt::format("{} slows you down: volume or complaints", provider.name);
    default: return fmt::format("{} refuses you: too many messages", provider.name);
  }
}

std::string meaning_of(const RefusalGroup& group, const std::optional<Limit>& limit) {
  switch (static_cast<Meaning>(group.meaning)) {
    case Meaning::throttle_connections: return "It takes only so many connections at once from one address.";
    case Meaning::throttle_rate: return "It finds the rate of your mail unusual and defers until it has slowed.";
    case Meaning::throttle_reputation:
      return limit ? "It speaks of volume or complaints, yet counts: what is above the limit waits for the next window."
                   : "It defers mail from your address because of its volume or of complaints about it; the refusals come and go without a fixed limit.";
    default:
      return limit ? "A quota: what is above it waits for the next window, and each retry before that is refused again."
                   : "A quota of messages is used up; retries are refused until it is given anew.";
  }
}

class Throttle : public Rule {
 public:
  std::string_view name() const override { return "throttle"; }

  void judge(const Analysis& analysis, const Knowledge& knowledge, std::vector<Finding>& findings) const override {
    for (const auto& provider : analysis.providers) {
      for (const auto& group : provider.groups) {
        if (is_throttle(static_cast<Meaning>(group.meaning)) && group.refusals > 0) {
          findings.push_back(finding(analysis, provider, group));
          add_published(findings.back(), knowledge.provider_entry(provider.operator_id));
        }
      }
    }
  }

 private:
  static Finding finding(const Analysis& analysis, const Provider& provider, const RefusalGroup& group) {
    const auto limits = limits_of_senders(provider, group);
    const auto limit = limits.empty() ? limit_of(provider, group) : sum_of(limits);
    const auto flow = flow_of(provider, analysis.input);
    Finding out;
    out.id = mtalens::name(static_cast<Meaning>(group.meaning));
    const bool piles_up = provider.queue.queued >= kManyWaiting && provider.queue.queued * 10 >= provider.accepted;
    out.severity = piles_up || provider.expired > provider.expired_notices ? Severity::critical : Severity::warning;
    out.subject = {{"provider", provider.name}};
    if (group.destinations.size() == 1) out.subject.emplace_back("destination", group.destinations.begin()->first);
    out.title = title_of(provider, group, limit, limits.size(), flow);
    out.meaning = meaning_of(group, limit);
    out.remedy = limits.empty() ? throttle_remedy(provider, limit) : senders_remedy(provider, limits);
    out.occurrences = group.refusals;
    out.evidence.push_back(group.first);
    if (group.refusals > 1) out.evidence.push_back(group.last);
    const auto forecast = forecast_of(analysis, provider, limit_of(provider));
    auto retries = retries_of(provider, limit);
    if (!limits.empty()) retries.closed_door = closed_doors(limits);
    add_details(out, provider, group, limit, limits, forecast, retries);
    add_numbers(out, provider, group, limit);
    if (!limits.empty()) out.numbers["limits"] = limits_numbers(limits);
    if (provider.queue.queued > 0) out.numbers["forecast"] = forecast_numbers(forecast);
    out.numbers["retries"] = retries_numbers(retries);
    return out;
  }

  // What the provider itself says of its limits, beside what was measured.
  static void add_published(Finding& out, const ProviderEntry* entry) {
    if (entry == nullptr) return;
    if (!entry->limit.empty()) {
      out.details.push_back(fmt::format("what is known of its limits: {}", entry->limit));
      out.numbers["published_limit"] = std::string(entry->limit);
    }
    if (!entry->relief.empty()) out.remedy += fmt::format("Ask {} for relief: {}\n", entry->name, entry->relief);
  }

  static void add_details(Finding& out, const Provider& provider, const RefusalGroup& group,
                          const std::optional<Limit>& limit, const std::vector<SenderLimit>& limits,
                          const Forecast& forecast, const Retries& retries) {
    auto since = fmt::format("{}, {}", counted(group.refusals, "refusal"), span_of(group.first_us, group.last_us));
    std::size_t stages = 0, most = 0;
    for (std::size_t i = 1; i < kStages; ++i) {
      stages += group.stages[i] > 0;
      if (group.stages[i] > group.stages[most]) most = i;
    }
    if (stages == 1 && group.stages[most] == group.refusals) since += fmt::format(", {}{}", group.refusals > 1 ? "all " : "", stage_words(static_cast<Stage>(most)));
    out.details.push_back(since + ":");
    out.details.push_back("\"" + on_one_line(group.reply) + "\"");
    if (group.messages_held > 0) {
      auto held = fmt::format("{} held back by it", counted(group.messages_held, "message"));
      if (provider.queue.queued > 0) held += fmt::format("; {} still waiting", counted(provider.queue.queued, "recipient"));
      if (provider.expired > 0) {
        held += provider.queue.queued > 0 ? fmt::format(", {} expired", grouped(provider.expired))
                                          : fmt::format("; {} expired", counted(provider.expired, "recipient"));
      }
      out.details.push_back(held);
    }
    if (provider.queue.queued > 0) out.details.push_back(forecast_words(forecast));
    if (limits.empty()) {
      out.details.push_back(limit ? limit_detail(*limit) : no_limit_detail(provider.spells));
    } else {
      add_sender_details(out.details, limits);
    }
    if (provider.queue.queued > 0) out.details.push_back(forecast_basis(forecast));
    for (auto& words : retries_words(retries, provider)) out.details.push_back(std::move(words));
    auto where = list_of(provider.destinations, 4);
    if (!provider.relays.empty()) where += " through " + list_of(provider.relays, 2);
    out.details.push_back("toward " + where);
  }

  static void add_numbers(Finding& out, const Provider& provider, const RefusalGroup& group,
                          const std::optional<Limit>& limit) {
    auto& numbers = out.numbers;
    numbers["accepted"] = provider.accepted;
    numbers["refusals"] = provider.refusals;
    numbers["throttled"] = group.refusals;
    numbers["messages_held"] = group.messages_held;
    numbers["first"] = iso_utc(group.first_us);
    numbers["last"] = iso_utc(group.last_us);
    numbers["stages"] = nlohmann::ordered_json::object();
    for (std::size_t i = 0; i < kStages; ++i) {
      if (group.stages[i] > 0 && i > 0) numbers["stages"][std::string(stage_name(static_cast<Stage>(i)))] = group.stages[i];
    }
    numbers["codes"] = nlohmann::ordered_json::object();
    for (const auto& [code, refusals] : group.codes) numbers["codes"][code] = refusals;
    if (limit) numbers["limit"] = limit_numbers(*limit, provider.senders.size() > 1 ? "" : sending_address_in(group.reply));
  }
};

}  // namespace

const Rule& throttle_rule() {
  static const Throttle rule;
  return rule;
}

}  // namespace mtalens
