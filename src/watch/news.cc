#include "watch/news.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "knowledge/meaning.h"
#include "report/report.h"
#include "report/safe_text.h"
#include "rules/wording.h"

namespace mtalens {
namespace {

constexpr std::int64_t kHour = 3'600'000'000;
constexpr std::int64_t kDay = 24 * kHour;
constexpr std::int64_t kTlsQuiet = 3 * kDay;
constexpr std::int64_t kMissing = 6 * kHour;  // a forecast that wavers has not ended
constexpr std::uint64_t kMoreWaiting = 10;  // recipients, and twice as many: worse

bool is_about_growth(const Finding& finding) { return finding.id == "queue/growing" || finding.id == "queue/never-empties"; }

// What goes by one key is one story. A queue that grows and one that does not empty are the same, from day to day.
std::string key_of(const Finding& finding) {
  std::string out = is_about_growth(finding) ? "queue" : finding.id;
  for (const auto& [name, value] : finding.subject) out.append("\n").append(name).append("=").append(value);
  return out;
}

// A cause or a cure is told once; it neither goes on nor ends.
bool is_moment(const Finding& finding) { return finding.id.starts_with("change/"); }

// What the finding is about under that name; empty: it says nothing of it.
std::string_view subject_of(const Finding& finding, std::string_view name) {
  const auto at = std::find_if(finding.subject.begin(), finding.subject.end(), [&](const auto& each) { return each.first == name; });
  return at != finding.subject.end() ? std::string_view(at->second) : std::string_view();
}

const Provider* provider_of(const Finding& finding, const Analysis& analysis) {
  const auto name = subject_of(finding, "provider");
  const auto at = std::find_if(analysis.providers.begin(), analysis.providers.end(), [&](const Provider& one) { return one.name == name; });
  return at != analysis.providers.end() ? &*at : nullptr;
}

const TlsPeer* peer_of(const Finding& finding, const Analysis& analysis) {
  const auto name = subject_of(finding, "peer"), direction = subject_of(finding, "direction");
  const auto at = std::find_if(analysis.tls.begin(), analysis.tls.end(), [&](const TlsPeer& one) {
    return one.peer == name && direction_name(one.direction) == direction;
  });
  return at != analysis.tls.end() && !name.empty() ? &*at : nullptr;
}

// Recipients.
std::uint64_t waiting_for(const Finding& finding, const Analysis& analysis) {
  if (const auto* provider = provider_of(finding, analysis)) return provider->queue.queued;
  const auto* peer = peer_of(finding, analysis);
  return peer != nullptr ? peer->waiting : 0;
}

// Of its cause; kNoTime where it is not told, and it goes on as long as it is found.
std::int64_t last_us(const Finding& finding, const Analysis& analysis) {
  if (finding.id.starts_with("queue/") || is_moment(finding)) return kNoTime;
  if (const auto* peer = peer_of(finding, analysis)) return peer->last_failed_us;
  const auto* provider = provider_of(finding, analysis);
  if (provider == nullptr) return kNoTime;
  auto last = kNoTime;
  for (const auto& group : provider->groups) {
    if (is_throttle(static_cast<Meaning>(group.meaning))) last = std::max(last, group.last_us);
  }
  return last;
}

bool goes_on(const Finding& finding, const Analysis& analysis) {
  const auto last = last_us(finding, analysis);
  if (last == kNoTime) return true;
  const auto quiet = analysis.input.to_us - last;
  if (const auto* peer = peer_of(finding, analysis)) return quiet < (peer->succeeded_since > 0 ? kHour : kTlsQuiet);
  return quiet < (waiting_for(finding, analysis) > 0 ? kDay : kHour);
}

bool is_news(const Finding& finding) { return finding.severity >= Severity::warning || is_moment(finding); }

std::string_view severity_word(Severity severity) {
  return severity == Severity::critical ? "CRITICAL" : severity == Severity::warning ? "WARNING" : "INFO";
}

}  // namespace

std::vector<News> Newsroom::look(const Analysis& analysis, const std::vector<Finding>& findings) {
  std::vector<News> news;
  std::set<std::string> found;
  for (const auto& finding : findings) {
    if (!is_news(finding)) continue;
    found.insert(key_of(finding));
    look_at(finding, analysis, news);
  }
  for (auto& [key, known] : known_) {
    if (known.stands && !found.contains(key)) look_for(known, analysis, news);
  }
  first_look_ = false;
  return news;
}

// It is not found any more.
void Newsroom::look_for(Known& known, const Analysis& analysis, std::vector<News>& news) {
  const auto now = analysis.input.to_us;
  if (known.missing_us == kNoTime) known.missing_us = now;
  if (now - known.missing_us < kMissing && waiting_for(known.finding, analysis) > 0) return;
  known.stands = false;
  if (!is_moment(known.finding)) news.push_back({News::Kind::ends, now, known.finding});
}

void Newsroom::look_at(const Finding& finding, const Analysis& analysis, std::vector<News>& news) {
  const auto [place, is_new] = known_.try_emplace(key_of(finding));
  Known& known = place->second;
  const bool stood = known.stands;
  known.finding = finding;
  known.missing_us = kNoTime;
  known.stands = goes_on(finding, analysis);
  const auto tell = [&](News::Kind kind) { news.push_back({kind, analysis.input.to_us, finding}); };
  const auto waiting = waiting_for(finding, analysis);
  const bool worse = finding.severity > known.told_severity || (waiting >= 2 * known.told_waiting && waiting >= known.told_waiting + kMoreWaiting);
  if (!stood && !known.stands) return;
  if (stood && !known.stands) return tell(News::Kind::ends);
  if (stood && !worse) return;
  if (is_moment(finding) && !is_new) return;
  known.told_severity = finding.severity;
  known.told_waiting = waiting;
  tell(first_look_ ? News::Kind::stands : stood ? News::Kind::worse : News::Kind::begins);
}

std::string_view news_word(News::Kind kind) {
  switch (kind) {
    case News::Kind::stands: return "stands";
    case News::Kind::begins: return "begins";
    case News::Kind::worse: return "worse";
    case News::Kind::ends: return "ends";
  }
  return "";
}

std::string json_news(const News& news) {
  auto out = json_finding(news.finding);
  out["news"] = news_word(news.kind);
  out["at"] = news.at_us == kNoTime ? nlohmann::ordered_json() : nlohmann::ordered_json(iso_utc(news.at_us));
  return out.dump() + "\n";
}

std::string news_line(const News& news) {
  return fmt::format("{:<12}  {:<6}  {:<8}  {}", moment(news.at_us), news_word(news.kind), severity_word(news.finding.severity),
                     safe_text(news.finding.title));
}

}  // namespace mtalens
