// The report for people: what was read, what is wrong and what to do, then the table of providers.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>

#include "report/chart.h"
#include "report/report.h"
#include "report/safe_text.h"
#include "report/wrapped.h"
#include "rules/trends.h"
#include "rules/wording.h"

namespace mtalens {
namespace {

constexpr std::size_t kTitleIndent = 14;  // " 1  CRITICAL  "
constexpr std::size_t kIndent = 4;        // of what belongs to a title
constexpr std::size_t kFullStories = 6;   // further ones are named only
constexpr std::size_t kNamedFindings = 6;
constexpr std::size_t kFirstDetails = 4;  // the others stand with what to do
constexpr std::size_t kFirstScreen = 40;  // lines, down to the end of the stories
constexpr std::size_t kLongDetail = 145;  // bytes of a quoted reply
constexpr std::size_t kUndescribedRows = 5;
constexpr std::size_t kProviderRows = 8;
constexpr std::size_t kCharts = 2;
constexpr std::size_t kTrends = 6;

class Page {
 public:
  explicit Page(const TextStyle& style) : style_(style) {}

  void line(std::string_view text = {}) {
    out_ += text;
    out_ += '\n';
  }

  // Broken at blanks, every line indented.
  void paragraph(std::size_t indent, std::string_view text, std::string_view color = {}) {
    for (const auto& words : wrapped(text, room(indent))) line(std::string(indent, ' ') + painted(words, color));
  }

  // `lead` stands before the first line, blanks of its width before the others.
  void hanging(std::string_view lead, std::size_t lead_columns, std::string_view text, std::string_view color = {}) {
    bool first = true;
    for (const auto& words : wrapped(text, room(lead_columns))) {
      line((first ? std::string(lead) : std::string(lead_columns, ' ')) + painted(words, color));
      first = false;
    }
  }

  // Configuration lines, which begin with a blank or a #, stay as they are; what is said between them is broken.
  void remedy(std::size_t indent, std::string_view text) {
    while (!text.empty()) {
      const auto end = text.find('\n');
      const auto words = safe_text(text.substr(0, end));
      if (words.starts_with(' ') || words.starts_with('#')) {
        line(std::string(indent, ' ') + words);
      } else {
        paragraph(indent, words);
      }
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
  }

  std::string painted(std::string_view text, std::string_view color) const {
    return style_.color && !color.empty() ? fmt::format("\x1b[{}m{}\x1b[0m", color, text) : std::string(text);
  }

  std::size_t width() const { return style_.width; }
  std::size_t lines() const { return static_cast<std::size_t>(std::count(out_.begin(), out_.end(), '\n')); }
  void append(const Page& other) { out_ += other.out_; }
  std::string take() { return std::move(out_); }

 private:
  std::size_t room(std::size_t indent) const { return style_.width > indent + 20 ? style_.width - indent : 20; }

  const TextStyle& style_;
  std::string out_;
};

// "mail.log" of /var/log/mail.log, "mx1:mail.log" of mx1:/var/log/mail.log
std::string base_name(const std::string& file) {
  const auto colon = file.find(":/");
  const auto host = colon != std::string::npos && file.find('/') == colon + 1 ? file.substr(0, colon + 1) : "";
  return host + file.substr(file.rfind('/') + 1);
}

// "UTC", or "CET/CEST" where the log crosses from one to the other. Named here alone: all times below are in it.
std::string zones(std::int64_t from_us, std::int64_t to_us) {
  const auto from = zone_name(from_us), to = zone_name(to_us);
  return from == to ? to : from + "/" + to;
}

// "7 Dec 2026" is "7 Dec" before a day of the same year.
std::string_view without_year_of(std::string_view day, std::string_view later) {
  const auto year = day.rfind(' ');
  return later.ends_with(day.substr(year)) ? day.substr(0, year) : day;
}

// "maillog · Postfix on lab · 7 Dec – 17 Dec 2026 UTC · 21,604 lines, every one understood"
std::string headline(const InputSummary& input) {
  std::vector<std::string> sources, mtas;
  for (const auto& source : input.sources) {
    sources.push_back(base_name(source.name));
    for (const auto& mta : source.mta) {
      if (std::find(mtas.begin(), mtas.end(), mta_title(mta)) == mtas.end()) mtas.push_back(mta_title(mta));
    }
  }
  std::string out = list_of(sources, 3);
  if (!mtas.empty()) {
    out += " · " + list_of(mtas, 4);
    if (!input.hosts.empty()) out += " on " + list_of(input.hosts, 3);
  }
  if (input.from_us != kNoTime) {
    const auto from = day(input.from_us), to = day(input.to_us);
    out += from == to ? fmt::format(" · {} {}–{} {}", from, clock_time(input.from_us), clock_time(input.to_us),
                                    zones(input.from_us, input.to_us))
                      : fmt::format(" · {} – {} {}", without_year_of(from, to), to, zones(input.from_us, input.to_us));
  }
  out += " · " + counted(input.lines, "line");
  if (input.mail_lines > 0 && input.unrecognized_lines == 0 && input.unreadable_lines == 0) out += ", every one understood";
  return safe_text(out);
}

// "about 99,870,112 hosts and domains, told together as “further destinations”"
std::string folded_words(const Folded& folded) {
  std::vector<std::string> parts;
  const auto tell = [&](std::uint64_t count, std::string_view words) {
    if (count > 0) parts.push_back(fmt::format("{} {}", grouped(count), words));
  };
  tell(folded.providers, fmt::format("hosts and domains, told as “{}”", kFurtherDestinations));
  tell(folded.destinations, "recipients' domains");
  tell(folded.tls_peers, fmt::format("hosts that speak TLS, told as “{}”", kFurtherPeers));
  tell(folded.people, "addresses, logins and lists that send");
  tell(folded.hosts, "hosts that write the log");
  tell(folded.replies, "refusals in words that nobody described");
  tell(folded.messages, "waiting messages, silent for longest (one that is heard of again counts anew)");
  return list_of(parts, parts.size());
}

void add_caveats(Page& page, const Analysis& analysis) {
  const auto& input = analysis.input;
  const auto say = [&](const std::string& text) { page.paragraph(0, "note: " + text); };
  if (input.lines == 0) say("there was nothing to read");
  if (input.lines > 0 && input.mail_lines == 0) say("no line of Postfix, sendmail or Exim was found in it");
  if (input.unrecognized_lines > 0) {
    say(fmt::format("{} of an MTA say something this program does not know; the first: {}:{}: {}",
                    counted(input.unrecognized_lines, "line"), safe_text(input.unrecognized.front().source),
                    input.unrecognized.front().line, safe_text(input.unrecognized.front().text, 160)));
  }
  if (input.unreadable_lines > 0) say(counted(input.unreadable_lines, "line") + " without a header that can be read");
  if (input.duplicate_lines > 0) say(fmt::format("{} stood in more than one input and counted once", counted(input.duplicate_lines, "line")));
  if (input.interrupted) say("stopped before the end: all this is of the lines up to " + moment(input.to_us));
  if (input.cut_lines > 0) say(counted(input.cut_lines, "line") + " longer than 1 MiB; only their beginning was read");
  if (analysis.folded.any()) {
    say("too many to be told apart, and counted together: about " + folded_words(analysis.folded) + "; the totals hold all of them");
  }
  if (input.lost_lines > 0) {
    say(fmt::format("the syslog daemon dropped {} (rate limit): every count is a lower bound", counted(input.lost_lines, "message")));
  }
}

// What a report over several hosts does not know.
void add_states(Page& page, const Analysis& analysis) {
  constexpr std::int64_t kBehind = 86'400'000'000;
  std::map<std::string, std::int64_t> ends_us;
  for (const auto& state : analysis.states) ends_us[state.host] = std::max(ends_us.try_emplace(state.host, kNoTime).first->second, state.to_us);
  std::vector<std::string> behind;
  for (const auto& [host, end_us] : ends_us) {
    if (end_us != kNoTime && end_us < analysis.input.to_us - kBehind) behind.push_back(fmt::format("{} ({})", host, moment(end_us)));
  }
  if (!behind.empty()) {
    page.paragraph(0, safe_text(fmt::format("note: the states of {} end more than a day before the latest: what waited there then counts as waiting still", list_of(behind, 4))));
  }
  if (analysis.states.size() > ends_us.size()) {
    page.paragraph(0, "note: a host has states of several days: what waited when one ended counts with who sent it in both");
  }
}

std::string_view severity_word(Severity severity) {
  return severity == Severity::critical ? "CRITICAL" : severity == Severity::warning ? "WARNING" : "INFO";
}

std::string_view severity_color(Severity severity) {
  return severity == Severity::critical ? "1;31" : severity == Severity::warning ? "1;33" : "1;36";
}

// "maillog:2035 and 18,349 more lines · throttle/too-many-messages"
std::string place_of(const Finding& finding) {
  std::string out = finding.id;
  if (finding.evidence.empty() || finding.evidence.front().line == 0) return out;
  const auto& first = finding.evidence.front();
  auto shown = fmt::format("{}:{}", safe_text(base_name(first.source), 60), first.line);
  if (finding.occurrences > 1) shown += fmt::format(" and {} more", counted(finding.occurrences - 1, "line"));
  return shown + " · " + out;
}

// A finding under the number it goes by on this page.
struct Numbered {
  std::size_t number = 0;
  const Finding* finding = nullptr;
  std::vector<std::size_t> details;  // that the stories show; the others stand with what to do
};

// What is found about one provider or one peer, the gravest first.
using Story = std::vector<Numbered>;

// A host that we go to is one of a provider's.
std::map<std::string_view, std::string_view> providers_by_relay(const Analysis& analysis) {
  std::map<std::string_view, std::string_view> out;
  for (const auto& provider : analysis.providers) {
    for (const auto& relay : provider.relays) out.emplace(relay, provider.name);
  }
  return out;
}

std::string subject_of(const Finding& finding, const std::map<std::string_view, std::string_view>& provider_of) {
  std::string out;
  for (const auto& [what, who] : finding.subject) {
    if (what == "provider") return who;
    if (what == "peer" && finding.subject.back().second == "outbound") {
      if (const auto provider = provider_of.find(who); provider != provider_of.end()) return std::string(provider->second);
    }
    if (what == "peer" || what == "direction") out += what + '\0' + who + '\0';
  }
  return out;
}

// The same mail expired, and its handshakes say why.
void drop_what_handshakes_explain(Story& story) {
  const auto lost = std::find_if(story.begin(), story.end(), [](const Numbered& n) { return n.finding->id == "starttls/mail-lost"; });
  if (lost == story.end()) return;
  const auto count = lost->finding->occurrences;
  std::erase_if(story, [&](const Numbered& n) { return n.finding->id == "queue/expired" && n.finding->occurrences == count; });
}

// `all`: with what only repeats in a title what a graver finding of the same story says.
std::vector<Story> stories_of(const Analysis& analysis, const std::vector<Finding>& findings, bool all) {
  const auto provider_of = providers_by_relay(analysis);
  std::vector<Story> out;
  std::map<std::string, std::size_t> by_subject;
  for (const auto& finding : findings) {
    const auto [at, fresh] = by_subject.try_emplace(subject_of(finding, provider_of), out.size());
    if (fresh) out.emplace_back();
    const bool repeats = !fresh && finding.severity == Severity::info && finding.details.empty();
    if (all || !repeats) out[at->second].push_back({0, &finding, {}});
  }
  std::size_t number = 0;
  for (auto& story : out) {
    if (!all) drop_what_handshakes_explain(story);
    for (auto& numbered : story) numbered.number = ++number;
  }
  return out;
}

// What the daily report is opened for.
void add_trends(Page& page, const Analysis& analysis) {
  if (!analysis.trends) return;
  const auto& all = *analysis.trends;
  page.line(page.painted(all.days_before >= 7 ? "Against the day and the week before" : fmt::format("Against the {:.0f} days before", std::ceil(all.days_before)), "1"));
  if (all.trends.empty()) page.paragraph(2, "nothing new, worse or better");
  for (std::size_t i = 0; i < std::min(all.trends.size(), kTrends); ++i) {
    const auto name = fmt::format("  {:<8}", trend_name(all.trends[i].kind));
    page.hanging(name, name.size(), safe_text(trend_words(all.trends[i]), kLongDetail), "");
  }
  const auto more = all.further + (all.trends.size() > kTrends ? all.trends.size() - kTrends : 0);
  if (more > 0) page.paragraph(2, fmt::format("and {} more (--format json names {})", grouped(more), all.further > 0 ? "50" : "all"));
  page.line();
}

void add_title(Page& page, const Numbered& numbered) {
  const auto& finding = *numbered.finding;
  const auto word = severity_word(finding.severity);
  const auto lead = fmt::format("{:>2}  {}{}", numbered.number, page.painted(word, severity_color(finding.severity)),
                                std::string(kTitleIndent - 4 - word.size(), ' '));
  page.hanging(lead, kTitleIndent, safe_text(finding.title), "1");
}

// How many details are shown of the first story, of the others about providers, and of those about peers: of the finding
// that a story begins with, and of each that follows from it.
struct Depth {
  std::size_t first_lead, first_follow, lead, follow, peer;
};

// From the fullest to the shortest: the first that lets the stories end on the first screen is taken.
constexpr Depth kDepths[] = {{4, 1, 4, 1, 4}, {4, 1, 4, 1, 1}, {4, 1, 2, 1, 1}, {4, 1, 2, 0, 1}, {4, 1, 2, 0, 0},
                             {4, 1, 1, 0, 0}, {4, 1, 0, 0, 0}, {2, 1, 0, 0, 0}, {2, 0, 0, 0, 0}};

// So many of the first details: what happened, and what comes of it before what lies between.
std::vector<std::size_t> chosen_details(const Finding& finding, std::size_t most) {
  const auto first = std::min(kFirstDetails, finding.details.size());
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < std::min(most, first); ++i) out.push_back(i);
  if (most == 2 && first > 2) out.back() = first - 1;
  return out;
}

bool is_of_peer(const Finding& finding) { return finding.id.starts_with("starttls/"); }

void choose_details(std::vector<Story>& stories, std::size_t in_full, const Depth& depth) {
  for (std::size_t i = 0; i < stories.size(); ++i) {
    for (auto& numbered : stories[i]) {
      const auto& finding = *numbered.finding;
      const bool leads = &numbered == &stories[i].front();
      auto most = i == 0 ? (leads ? depth.first_lead : depth.first_follow) : leads ? depth.lead : depth.follow;
      if (is_of_peer(finding)) most = depth.peer;
      numbered.details = chosen_details(finding, i < in_full ? most : 0);
    }
  }
}

// The first finding of a story tells it, the others add what follows from it.
void add_story(Page& page, const Story& story) {
  for (const auto& numbered : story) {
    add_title(page, numbered);
    for (const auto i : numbered.details) page.paragraph(kIndent, safe_text(numbered.finding->details[i], kLongDetail));
  }
}

// Handshakes stand close together, providers apart.
bool are_of_peers(const Story& a, const Story& b) { return is_of_peer(*a.front().finding) && is_of_peer(*b.front().finding); }

void add_stories(Page& page, const std::vector<Story>& stories, std::size_t in_full) {
  for (std::size_t i = 0; i < std::min(in_full, stories.size()); ++i) {
    if (i > 0 && !are_of_peers(stories[i - 1], stories[i])) page.line();
    add_story(page, stories[i]);
  }
  if (!stories.empty()) page.line();
  std::size_t named = 0, left = 0;
  for (auto i = in_full; i < stories.size(); ++i) {
    for (const auto& numbered : stories[i]) {
      if (named < kNamedFindings) {
        add_title(page, numbered);
        ++named;
      } else {
        ++left;
      }
    }
  }
  if (left > 0) page.line(fmt::format("    and {}: --verbose tells all", counted(left, "further finding")));
  if (named > 0) page.line();
}

// As full as the first screen has room for; all of it where the user wants all.
void add_first_screen(Page& page, std::vector<Story>& stories, std::size_t in_full, const TextStyle& style) {
  for (const auto& depth : kDepths) {
    choose_details(stories, in_full, depth);
    Page told(style);
    add_stories(told, stories, in_full);
    const bool fits = page.lines() + told.lines() <= kFirstScreen;
    if (!fits && !style.verbose && &depth != std::end(kDepths) - 1) continue;
    page.append(told);
    return;
  }
}

// One cure and the findings that it is for.
struct Cure {
  std::vector<Numbered> of;
};

// Each remedy once, in the order of the findings; those of the stories that are told in full.
std::vector<Cure> cures_of(const std::vector<Story>& stories, std::size_t in_full) {
  std::vector<Cure> out;
  std::map<std::string_view, std::size_t> by_remedy;
  for (std::size_t i = 0; i < stories.size(); ++i) {
    for (const auto& numbered : stories[i]) {
      const std::string_view remedy = numbered.finding->remedy;
      if (remedy.empty() || (i >= in_full && !by_remedy.contains(remedy))) continue;
      const auto [at, fresh] = by_remedy.try_emplace(remedy, out.size());
      if (fresh) out.emplace_back();
      out[at->second].of.push_back(numbered);
    }
  }
  return out;
}

std::string numbers_of(const Cure& cure) {
  std::string out;
  for (const auto& numbered : cure.of) out += fmt::format("{}{}", out.empty() ? "" : ", ", numbered.number);
  return out;
}

void add_cures(Page& page, const std::vector<Story>& stories, std::size_t in_full) {
  const auto cures = cures_of(stories, in_full);
  if (cures.empty()) return;
  page.line(page.painted("What to do", "1"));
  page.line();
  for (const auto& cure : cures) {
    const auto& finding = *cure.of.front().finding;
    const auto lead = fmt::format("{:>2}  ", numbers_of(cure));
    page.hanging(lead, lead.size(), safe_text(finding.title), "1");
    page.paragraph(kIndent, safe_text(finding.meaning));
    const auto& told = cure.of.front().details;
    for (std::size_t i = 0; i < finding.details.size(); ++i) {
      if (std::find(told.begin(), told.end(), i) == told.end()) page.paragraph(kIndent, safe_text(finding.details[i]));
    }
    page.remedy(kIndent + 2, finding.remedy);
    page.paragraph(kIndent, place_of(finding), "2");
    page.line();
  }
}

std::string cell(std::uint64_t number, std::size_t width) { return fmt::format("{:>{}}", grouped(number), width); }

// A name cut and padded to `width` columns.
std::string name_cell(const std::string& name, std::size_t width) {
  auto out = safe_text(name);
  if (columns(out) >= width) out = safe_text(name, width - 2);  // and the mark that it was cut
  const auto used = columns(out);
  return out + std::string(used < width ? width - used : 1, ' ');
}

void add_providers(Page& page, const Analysis& analysis) {
  if (analysis.providers.empty()) return;
  const std::size_t name = std::clamp<std::size_t>(page.width() > 60 ? page.width() - 60 : 16, 16, 36);
  page.line(page.painted(fmt::format("{:<{}}{:>10}{:>9}{:>11}{:>10}{:>9}{:>11}", "Provider", name, "accepted", "refused",
                                     "throttled", "deferred", "queued", "oldest"), "1"));
  std::size_t shown = 0;
  for (const auto& p : analysis.providers) {
    if (shown++ == kProviderRows) break;
    page.line(name_cell(p.name, name) + cell(p.accepted, 10) + cell(p.refusals, 9) + cell(p.throttled, 11) +
              cell(p.attempts.deferred, 10) + cell(p.queue.queued, 9) +
              fmt::format("{:>11}", p.queue.oldest_us == kNoTime ? "-" : duration(analysis.input.to_us - p.queue.oldest_us)));
  }
  if (analysis.providers.size() > kProviderRows) {
    page.line(fmt::format("and {} more (all are in --format json)", grouped(analysis.providers.size() - kProviderRows)));
  }
  page.paragraph(0, "accepted: messages; refused, throttled: replies; deferred: tries; queued: recipients", "2");
  page.line();
}

// Messages a day, where a finding tells of such a limit; else 0.
std::uint64_t daily_limit(const Finding& finding) {
  const auto limit = finding.numbers.find("limit");
  if (limit == finding.numbers.end()) return 0;
  const auto says = [&](const char* key, const char* word) {  // a limit may hold for no stretch of time: null
    const auto value = limit->find(key);
    return value != limit->end() && *value == word;
  };
  if (!says("per", "day") || !says("unit", "messages")) return 0;
  return limit->value("value", std::uint64_t{0});
}

// Day by day, for those whose throttling or whose queue is a finding.
void add_charts(Page& page, const Analysis& analysis, const std::vector<Finding>& findings, const TextStyle& style) {
  std::map<std::string, std::uint64_t> limits;  // by provider
  for (const auto& finding : findings) {
    if (!finding.id.starts_with("throttle/") && !finding.id.starts_with("queue/")) continue;
    auto& limit = limits[finding.subject.front().second];
    if (limit == 0) limit = daily_limit(finding);
  }
  std::size_t drawn = 0;
  for (const auto& provider : analysis.providers) {
    const auto limit = limits.find(provider.name);
    if (limit == limits.end() || (drawn == kCharts && !style.verbose)) continue;
    const auto lines = day_chart(provider, limit->second, {style.width, style.unicode, analysis.input.named_until_us()});
    if (lines.empty()) continue;
    ++drawn;
    page.line(page.painted(safe_text(provider.name) + ", day by day", "1"));
    for (const auto& line : lines) page.line(line);
    page.line();
  }
}

void add_totals(Page& page, const Totals& totals, const InputSummary& input) {
  auto all = counted(totals.messages, "message");
  if (totals.recipients != totals.messages) all += ", " + counted(totals.recipients, "recipient");
  page.paragraph(0, fmt::format("{}: {} delivered, {} bounced, {} expired, {} queued", all, grouped(totals.delivered),
                                grouped(totals.bounced), grouped(totals.expired), grouped(totals.queued)));
  if (input.unnamed_since_us != kNoTime) {
    page.paragraph(0, fmt::format("{} of the queued have no name yet in this log: Postfix names a recipient when it first tries",
                                  grouped(input.unnamed_recipients)));
  }
}

using AgeCounts = std::array<std::uint64_t, kAgeBuckets>;

// How many recipients of each provider wait for how long; `order` is the rows' with their sums.
void add_ages(Page& page, const std::vector<std::pair<std::uint64_t, std::string>>& order,
              const std::map<std::string, AgeCounts>& ages) {
  if (order.empty()) return;
  std::size_t sums = 6, used = sums;
  std::array<std::size_t, kAgeBuckets> widths{};
  for (std::size_t i = 0; i < kAgeBuckets; ++i) {
    widths[i] = std::string_view(kAgeBucketNames[i]).size();
    for (const auto& [provider, counts] : ages) widths[i] = std::max(widths[i], grouped(counts[i]).size());
    used += ++widths[i];
  }
  const auto name = std::clamp<std::size_t>(page.width() > used ? page.width() - used : 0, 18, 30);
  std::string head = fmt::format("{:<{}}{:>{}}", "recipients by age", name, "all", sums);
  for (std::size_t i = 0; i < kAgeBuckets; ++i) head += fmt::format("{:>{}}", kAgeBucketNames[i], widths[i]);
  page.line(page.painted(head, "1"));
  for (const auto& [sum, provider] : order) {
    std::string row = name_cell(provider, name) + cell(sum, sums);
    for (std::size_t i = 0; i < kAgeBuckets; ++i) row += cell(ages.at(provider)[i], widths[i]);
    page.line(row);
  }
  page.line();
}

// Refusals that the patterns do not know: the words, and with --verbose an entry to complete and contribute.
void add_undescribed(Page& page, const Analysis& analysis, bool with_entries) {
  if (analysis.undescribed.empty()) return;
  page.line(page.painted("Replies we do not know", "1"));
  std::size_t shown = 0;
  for (const auto& reply : analysis.undescribed) {
    if (!with_entries && shown++ == kUndescribedRows) break;
    page.paragraph(2, fmt::format("{} x {}: {}", grouped(reply.count), safe_text(reply.relay, 60), safe_text(reply.reply, 200)));
    if (with_entries) page.remedy(4, reply.ready_made_entry);
  }
  if (!with_entries) page.paragraph(2, "--verbose shows a pattern entry for each, to complete and put into /etc/mtalens/patterns");
  page.line();
}

// What the user's own pattern files had a say in.
void add_own_decisions(Page& page, const Analysis& analysis) {
  if (analysis.own_decisions.empty()) return;
  page.line(page.painted("Decided by your own patterns", "1"));
  for (const auto& decision : analysis.own_decisions) {
    page.paragraph(2, fmt::format("{} x {} ({})", grouped(decision.count), safe_text(decision.id, 80), safe_text(decision.file, 200)));
  }
  page.line();
}

}  // namespace

std::string text_report(const Analysis& analysis, const std::vector<Finding>& findings, const TextStyle& style) {
  Page page(style);
  if (!analysis.input.sources.empty()) page.paragraph(0, headline(analysis.input));
  if (analysis.totals.messages > 0) add_totals(page, analysis.totals, analysis.input);
  add_caveats(page, analysis);
  add_states(page, analysis);
  page.line();
  add_trends(page, analysis);
  auto stories = stories_of(analysis, findings, style.verbose);
  const auto in_full = style.verbose ? stories.size() : kFullStories;
  add_first_screen(page, stories, in_full, style);
  if (findings.empty() && analysis.input.mail_lines > 0) {
    page.line("Nothing stands out: nobody throttles you, no queue grows, no handshake fails.");
    page.line();
  }
  add_providers(page, analysis);
  add_charts(page, analysis, findings, style);
  add_undescribed(page, analysis, style.verbose);
  add_own_decisions(page, analysis);
  add_cures(page, stories, in_full);
  return page.take();
}

std::string text_queue(const Analysis& analysis, std::int64_t at_us, const TextStyle& style) {
  Page page(style);
  std::uint64_t recipients = 0;
  std::map<std::string, AgeCounts> ages;
  for (const auto& entry : analysis.queue) {
    recipients += entry.recipients.size() + entry.unnamed_recipients;
    for (const auto& recipient : entry.recipients) ++ages[recipient.provider][age_bucket(at_us - entry.arrived_us)];
  }
  if (at_us == kNoTime) {
    page.line("There was nothing to read.");
    return page.take();
  }
  page.line(fmt::format("{} in {} on {} {} {}", counted(recipients, "recipient"), counted(analysis.queue.size(), "message"),
                        day(at_us), clock_time(at_us), zone_name(at_us)));
  page.line();
  std::vector<std::pair<std::uint64_t, std::string>> order;
  for (const auto& [provider, counts] : ages) {
    std::uint64_t sum = 0;
    for (const auto count : counts) sum += count;
    order.emplace_back(sum, provider);
  }
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  add_ages(page, order, ages);
  for (const auto& entry : analysis.queue) {
    page.line(fmt::format("{:<24} {:>8}  {}  from <{}>", safe_text(entry.queue_id, 24), duration(at_us - entry.arrived_us),
                          moment(entry.arrived_us), safe_text(entry.sender, 80)));
    for (const auto& recipient : entry.recipients) {
      page.paragraph(4, fmt::format("to <{}>{}", safe_text(recipient.address, 120),
                                    recipient.reason.empty() ? "" : ": " + safe_text(recipient.reason, 200)));
    }
  }
  return page.take();
}

}  // namespace mtalens
