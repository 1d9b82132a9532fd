// The JSON report: keys and order as the contract has them.
#include <nlohmann/json.hpp>

#include "parsers/event_words.h"
#include "report/document.h"
#include "report/report.h"
#include "report/safe_text.h"
#include "rules/origins.h"
#include "rules/trends.h"
#include "rules/wording.h"

namespace mtalens {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostOrigins = 20;  // listed for a provider
constexpr std::uint64_t kPeakWorthACurve = 5;  // recipients that waited at once

Json text(const std::string& words) { return valid_utf8(words); }

Json texts(const std::vector<std::string>& words) {
  Json out = Json::array();
  for (const auto& word : words) out.push_back(text(word));
  return out;
}

Json time_or_null(std::int64_t us) { return us == kNoTime ? Json() : Json(iso_utc(us)); }

Json evidence(const std::vector<Evidence>& lines) {
  Json out = Json::array();
  for (const auto& line : lines) {
    out.push_back({{"source", text(line.source)}, {"line", line.line}, {"text", text(line.text)}});
  }
  return out;
}

Json input(const InputSummary& in) {
  Json out;
  out["lines"] = in.lines;
  out["bytes"] = in.bytes;
  out["mail_lines"] = in.mail_lines;
  out["other_lines"] = in.other_lines;
  out["unrecognized_lines"] = in.unrecognized_lines;
  if (in.unnamed_since_us != kNoTime) {
    out["unnamed_recipients"] = in.unnamed_recipients;
    out["named_until"] = iso_utc(in.named_until_us());
  }
  out["unreadable_lines"] = in.unreadable_lines;
  out["duplicate_lines"] = in.duplicate_lines;
  out["cut_lines"] = in.cut_lines;
  out["lost_lines"] = in.lost_lines;
  if (in.interrupted) out["interrupted"] = true;
  out["from"] = time_or_null(in.from_us);
  out["to"] = time_or_null(in.to_us);
  out["sources"] = Json::array();
  for (const auto& source : in.sources) {
    out["sources"].push_back({{"name", text(source.name)},
                              {"mta", texts(source.mta)},
                              {"lines", source.lines},
                              {"bytes", source.bytes}});
  }
  out["unrecognized"] = evidence(in.unrecognized);
  return out;
}

Json states(const std::vector<StateSummary>& all) {
  Json out = Json::array();
  for (const auto& state : all) {
    out.push_back({{"host", text(state.host)}, {"from", time_or_null(state.from_us)}, {"to", time_or_null(state.to_us)}, {"lines", state.lines}});
  }
  return out;
}

// One column of the hours.
template <typename Count>
Json column(const std::vector<HourCounts>& hours, Count HourCounts::*member) {
  Json out = Json::array();
  for (const auto& hour : hours) out.push_back(hour.*member);
  return out;
}

// Hour by hour, for those toward whom mail waited or was throttled: the others' would fill the page for nothing.
Json history(const Provider& p) {
  if (p.hours.empty() || (p.throttled == 0 && p.queue.peak < kPeakWorthACurve)) return {};
  return {{"from", iso_utc(p.first_hour * 3'600'000'000)},
          {"step_s", 3600},
          {"accepted", column(p.hours, &HourCounts::accepted)},
          {"throttled", column(p.hours, &HourCounts::throttled)},
          {"inflow", column(p.hours, &HourCounts::inflow)},
          {"outflow", column(p.hours, &HourCounts::outflow)},
          {"expired", column(p.hours, &HourCounts::expired)},
          {"queued", column(p.hours, &HourCounts::queued)},
          {"oldest_age_s", column(p.hours, &HourCounts::oldest_age_s)}};
}

// Who sends there, for those who throttle: the biggest few.
Json origins(const Provider& p) {
  Json out = Json::array();
  if (p.throttled == 0) return out;
  for (const auto& origin : p.origins) {
    if (out.size() == kMostOrigins) break;
    Json one;
    one["kind"] = word_of(origin.kind);
    if (!origin.address.empty()) one["address"] = text(origin.address);
    if (!origin.target.empty()) one["target"] = text(origin.target);
    if (!origin.auth_user.empty()) one["auth_user"] = text(origin.auth_user);
    if (!origin.local_user.empty()) one["uid"] = text(origin.local_user);
    one["messages"] = origin.messages;
    one["first"] = time_or_null(origin.first_us);
    one["last"] = time_or_null(origin.last_us);
    out.push_back(std::move(one));
  }
  return out;
}

// Over several hosts: who sends there, for those who throttle.
Json senders(const Provider& p) {
  Json out = Json::array();
  if (p.throttled == 0) return out;
  for (const auto& sender : p.senders) {
    out.push_back({{"address", sender.address.empty() ? Json() : text(sender.address)},
                   {"hosts", texts(sender.hosts)},
                   {"accepted", sender.accepted},
                   {"refusals", sender.refusals},
                   {"throttled", sender.throttled},
                   {"queued", sender.queued}});
  }
  return out;
}

Json provider(const Provider& p, std::int64_t end_us) {
  Json out;
  out["provider"] = text(p.name);
  if (p.is_folded) out["is_folded"] = true;
  out["destinations"] = texts(p.destinations);
  out["relays"] = texts(p.relays);
  out["accepted"] = p.accepted;
  out["refusals"] = p.refusals;
  out["throttled"] = p.throttled;
  out["attempts"] = {{"delivered", p.attempts.delivered},
                     {"deferred", p.attempts.deferred},
                     {"throttled", p.attempts.throttled},
                     {"secondary", p.attempts.secondary},
                     {"bounced", p.attempts.bounced}};
  out["queue"] = {{"queued", p.queue.queued},
                  {"oldest_age_s", p.queue.oldest_us == kNoTime ? Json() : Json((end_us - p.queue.oldest_us) / 1'000'000)},
                  {"peak", p.queue.peak},
                  {"peak_at", time_or_null(p.queue.peak_at_us)}};
  if (!p.senders.empty()) out["senders"] = senders(p);
  out["origins"] = origins(p);
  out["history"] = history(p);
  return out;
}

std::int64_t average_seconds(std::int64_t sum_us, std::uint64_t count) {
  return (sum_us / static_cast<std::int64_t>(count) + 500'000) / 1'000'000;
}

Json tls(const TlsPeer& peer) {
  Json out;
  out["direction"] = direction_name(peer.direction);
  out["peer"] = text(peer.peer);
  out["address"] = text(peer.address);
  out["handshakes"] = peer.handshakes;
  out["failed"] = peer.failed;
  out["causes"] = Json::object();
  for (std::size_t i = 1; i < peer.causes.size(); ++i) {
    if (peer.causes[i] > 0) out["causes"][std::string(cause_name(static_cast<TlsCause>(i)))] = peer.causes[i];
  }
  out["succeeded_since"] = peer.succeeded_since;
  out["fallbacks"] = peer.fallbacks;
  if (peer.fallbacks > 0) out["fallback_delay_s"] = average_seconds(peer.fallback_delay_us, peer.fallbacks);
  out["retried"] = peer.retried;
  out["went_out"] = peer.went_out;
  out["failed_days"] = Json::object();
  for (const auto& [day, failed] : peer.failed_days) out["failed_days"][date_of_day(day)] = failed;
  out["waiting"] = peer.waiting;
  out["bounced"] = peer.bounced;
  out["expired"] = peer.expired;
  if (peer.messages_before >= 0) {
    out["messages_before"] = peer.messages_before;
    out["messages_since"] = peer.messages_since;
  }
  return out;
}

// Arrays of numbers on one line each: a week is 168 hours long.
std::string with_flat_columns(const std::string& pretty) {
  std::string out;
  out.reserve(pretty.size());
  bool in_string = false;
  for (std::size_t i = 0; i < pretty.size(); ++i) {
    const char c = pretty[i];
    out += c;
    if (in_string && c == '\\') {
      out += pretty[++i];
    } else if (c == '"') {
      in_string = !in_string;
    } else if (c == '[' && !in_string) {
      const auto end = pretty.find_first_not_of("0123456789, \n", i + 1);
      if (end == std::string::npos || pretty[end] != ']') continue;
      while (++i < end) {
        if (pretty[i] != ' ' && pretty[i] != '\n') out += pretty[i];
      }
      --i;
    }
  }
  return out;
}

// Strings in a finding's numbers may be a stranger's too.
std::string dumped(const Json& json) {
  return printable_json(with_flat_columns(json.dump(2, ' ', false, Json::error_handler_t::replace))) + "\n";
}

}  // namespace

Json json_finding(const Finding& f) {
  Json out;
  out["id"] = f.id;
  out["severity"] = severity_name(f.severity);
  out["subject"] = Json::object();
  for (const auto& [key, value] : f.subject) out["subject"][key] = text(value);
  out["title"] = text(f.title);
  out["meaning"] = text(f.meaning);
  out["remedy"] = text(f.remedy);
  out["numbers"] = f.numbers;
  out["evidence"] = evidence(f.evidence);
  return out;
}

std::string_view severity_name(Severity severity) {
  return severity == Severity::critical ? "critical" : severity == Severity::warning ? "warning" : "info";
}

Json trends(const Trends& all) {
  Json out;
  out["days_before"] = tenths(all.days_before);
  out["trends"] = Json::array();
  for (const auto& trend : all.trends) {
    Json row{{"kind", trend_name(trend.kind)}, {"what", trend_name(trend.what)}, {"who", text(trend.who)}, {"now", tenths(trend.now)}};
    if (trend.what != Trend::What::handshakes) row["day_before"] = tenths(trend.day_before);
    row["week_before"] = tenths(trend.week_before);
    out["trends"].push_back(std::move(row));
  }
  out["further"] = all.further;
  return out;
}

Json folded(const Folded& folded) {
  return {{"providers", folded.providers}, {"destinations", folded.destinations}, {"tls_peers", folded.tls_peers}, {"people", folded.people},
          {"hosts", folded.hosts},         {"replies", folded.replies},           {"messages", folded.messages}};
}

Json report_document(const Analysis& analysis, const std::vector<Finding>& findings) {
  Json out;
  out["schema"] = "mtalens.report/1";
  out["version"] = MTALENS_VERSION;
  out["input"] = input(analysis.input);
  if (!analysis.states.empty()) out["input"]["states"] = states(analysis.states);
  const auto& totals = analysis.totals;
  out["totals"] = {{"messages", totals.messages}, {"recipients", totals.recipients}, {"delivered", totals.delivered},
                   {"bounced", totals.bounced},   {"expired", totals.expired},       {"queued", totals.queued}};
  if (analysis.folded.any()) out["folded"] = folded(analysis.folded);
  out["providers"] = Json::array();
  for (const auto& p : analysis.providers) out["providers"].push_back(provider(p, analysis.input.to_us));
  out["tls"] = Json::array();
  for (const auto& peer : analysis.tls) out["tls"].push_back(tls(peer));
  out["undescribed_replies"] = Json::array();
  for (const auto& reply : analysis.undescribed) {
    out["undescribed_replies"].push_back({{"reply", text(reply.reply)},
                                          {"relay", text(reply.relay)},
                                          {"refusals", reply.count},
                                          {"entry", text(reply.ready_made_entry)}});
  }
  if (!analysis.own_decisions.empty()) out["own_decisions"] = Json::array();
  for (const auto& decision : analysis.own_decisions) {
    out["own_decisions"].push_back({{"id", text(decision.id)}, {"file", text(decision.file)}, {"events", decision.count}});
  }
  if (analysis.trends) out["trends"] = trends(*analysis.trends);
  out["findings"] = Json::array();
  for (const auto& f : findings) out["findings"].push_back(json_finding(f));
  return out;
}

std::string json_report(const Analysis& analysis, const std::vector<Finding>& findings) {
  return dumped(report_document(analysis, findings));
}

std::string json_queue(const Analysis& analysis, std::int64_t at_us) {
  struct ByProvider {
    std::uint64_t recipients = 0;
    std::array<std::uint64_t, kAgeBuckets> ages{};
  };
  std::map<std::string, ByProvider> providers;
  Json entries = Json::array();
  std::uint64_t recipients = 0;
  for (const auto& entry : analysis.queue) {
    Json list = Json::array();
    for (const auto& recipient : entry.recipients) {
      list.push_back({{"address", text(recipient.address)}, {"provider", text(recipient.provider)}, {"reason", text(recipient.reason)}});
      ByProvider& provider = providers[recipient.provider];
      ++provider.recipients;
      ++provider.ages[age_bucket(at_us - entry.arrived_us)];
    }
    recipients += entry.recipients.size() + entry.unnamed_recipients;
    entries.push_back({{"queue_id", text(entry.queue_id)},
                       {"host", text(entry.host)},
                       {"arrived", time_or_null(entry.arrived_us)},
                       {"sender", text(entry.sender)},
                       {"size_bytes", entry.size_bytes < 0 ? Json() : Json(entry.size_bytes)},
                       {"unnamed_recipients", entry.unnamed_recipients},
                       {"recipients", std::move(list)}});
  }
  Json out;
  out["schema"] = "mtalens.queue/1";
  out["at"] = time_or_null(at_us);
  out["recipients"] = recipients;
  out["messages"] = analysis.queue.size();
  out["entries"] = std::move(entries);
  out["providers"] = Json::array();
  std::vector<std::pair<std::string, ByProvider>> sorted(providers.begin(), providers.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second.recipients > b.second.recipients; });
  for (const auto& [name, provider] : sorted) {
    Json ages = Json::object();
    for (std::size_t i = 0; i < kAgeBuckets; ++i) ages[kAgeBucketNames[i]] = provider.ages[i];
    out["providers"].push_back({{"provider", text(name)}, {"recipients", provider.recipients}, {"by_age", std::move(ages)}});
  }
  return dumped(out);
}

}  // namespace mtalens
