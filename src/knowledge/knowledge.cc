// Joins what is built in with what directories add, and answers from the tables made of both.
#include "knowledge/knowledge.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <deque>
#include <mutex>

#include "knowledge/operators.h"
#include "knowledge/pattern_file.h"
#include "knowledge/reply_text.h"
#include "knowledge/text_matcher.h"
#include "parsers/pattern_parser.h"

namespace mtalens {
namespace {

// An entry of a later source takes the place of the one with its id; others come before what was there.
template <class Entry>
void lay_over(std::vector<Entry>& entries, std::span<const Entry> over) {
  std::vector<Entry> added;
  for (const Entry& entry : over) {
    const auto same = std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.id == entry.id; });
    if (same != entries.end()) {
      *same = entry;
    } else {
      added.push_back(entry);
    }
  }
  entries.insert(entries.begin(), added.begin(), added.end());
}

// "4xx" allows 421; "4.7.x" allows 4.7.28; "none" allows words without a code; no list allows anything.
bool allows_code(Texts allowed, std::string_view code) {
  if (allowed.empty()) return true;
  return std::any_of(allowed.begin(), allowed.end(), [&](std::string_view one) {
    if (one == "none") return code.empty();
    if (!one.ends_with('x')) return one == code;
    return code.starts_with(one.substr(0, one.find('x')));
  });
}

bool allows_stage(Texts allowed, Stage stage) {
  return allowed.empty() || stage == Stage::none ||
         std::find(allowed.begin(), allowed.end(), stage_name(stage)) != allowed.end();
}

// Who decides first: a user's entry, then one of the very operator that spoke, then any that is not the last
// to be asked ("last"); among equals the longer literal, then the order of the files.
constexpr int kDoesNotApply = -1;
constexpr int kOfAUser = 8, kOfTheOperator = 4, kNotLast = 2;

constexpr std::size_t kMostParsers = 32;  // a run has a bit for each

std::string_view code_digits(std::uint16_t code, char (&buffer)[8]) {
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, code).ptr;
  return {buffer, static_cast<std::size_t>(end - buffer)};
}

}  // namespace

struct Knowledge::Tables {
  PatternStore store;  // the texts of what directories added
  std::vector<ProviderEntry> providers;
  std::vector<ReplyEntry> replies;
  std::vector<TlsEntry> tls;
  std::vector<ParserEntry> mtas;
  std::vector<TopicEntry> topics;

  std::deque<PatternParser> described;
  std::vector<const Parser*> parsers;

  HostTable relays, domains;
  std::vector<std::uint32_t> reply_operators;  // of each reply entry; 0: anybody's

  // Made when first asked: a log without refusals never needs them.
  std::once_flag replies_once, tls_once;
  std::unique_ptr<TextMatcher> reply_matcher, tls_matcher;

  void lay_over(const PatternSet& set) {
    mtalens::lay_over(providers, set.providers);
    mtalens::lay_over(replies, set.replies);
    mtalens::lay_over(tls, set.tls);
    mtalens::lay_over(mtas, set.parsers);
    mtalens::lay_over(topics, set.topics);
  }

  std::uint32_t operator_with_id(std::string_view id) const {
    const auto found = std::find_if(providers.begin(), providers.end(), [&](const auto& p) { return p.id == id; });
    return found == providers.end() ? 0 : static_cast<std::uint32_t>(found - providers.begin()) + 1;
  }

  // The hosts of those read last are added last: they decide.
  void index_hosts() {
    for (std::size_t at = providers.size(); at-- > 0;) {
      const auto& provider = providers[at];
      const auto id = static_cast<std::uint32_t>(at) + 1;
      const auto host = provider.hosted_by.empty() ? 0 : operator_with_id(provider.hosted_by);
      for (const auto relay : provider.relays)
        relays.add(relay, id);
      for (const auto domain : provider.domains)
        domains.add(domain, host != 0 ? host : id);
    }
  }

  void make_parsers(std::vector<std::string>& errors) {
    parsers = mtalens::parsers();
    for (const auto& entry : mtas) {
      if (parsers.size() == kMostParsers) {
        errors.push_back(std::string(entry.origin.file) + ": " + std::string(entry.id) + ": more than 32 MTAs");
        return;
      }
      parsers.push_back(&described.emplace_back(entry.mta));
    }
  }

  const TextMatcher& matcher_of_replies() {
    std::call_once(replies_once, [this] {
      std::vector<TextMatcher::Row> rows;
      for (const auto& reply : replies) {
        reply_operators.push_back(reply.operator_id.empty() ? 0 : operator_with_id(reply.operator_id));
        rows.push_back({reply.literals, reply.regex, !reply.operator_id.empty()});
      }
      reply_matcher = std::make_unique<TextMatcher>(rows);
    });
    return *reply_matcher;
  }

  const TextMatcher& matcher_of_tls() {
    std::call_once(tls_once, [this] {
      std::vector<TextMatcher::Row> rows;
      for (const auto& entry : tls)
        rows.push_back({entry.literals, entry.regex, false});
      tls_matcher = std::make_unique<TextMatcher>(rows);
    });
    return *tls_matcher;
  }
};

Knowledge::Knowledge(const std::vector<std::filesystem::path>& dirs, std::vector<std::string>& errors)
    : tables_(std::make_unique<Tables>()) {
  tables_->lay_over(builtin_patterns());
  for (const auto& dir : dirs) {
    PatternStore& store = tables_->store;
    const auto before = store.set();
    const std::size_t counts[] = {before.providers.size(), before.replies.size(), before.tls.size(),
                                  before.parsers.size(), before.topics.size()};
    store.read_directory(dir, errors);
    const auto after = store.set();
    tables_->lay_over({after.providers.subspan(counts[0]), after.replies.subspan(counts[1]),
                       after.tls.subspan(counts[2]), after.parsers.subspan(counts[3]),
                       after.topics.subspan(counts[4])});
  }
  tables_->index_hosts();
  tables_->make_parsers(errors);
}

Knowledge::~Knowledge() = default;
Knowledge::Knowledge(Knowledge&&) noexcept = default;
Knowledge& Knowledge::operator=(Knowledge&&) noexcept = default;

const Knowledge& Knowledge::builtin() {
  static const Knowledge knowledge = [] {
    std::vector<std::string> none;
    return Knowledge({}, none);
  }();
  return knowledge;
}

std::vector<std::string> Knowledge::given_up() const {
  std::vector<std::string> out;
  const auto tell = [&](const auto& entry, std::uint32_t texts) {
    if (texts == 0) return;
    out.push_back(fmt::format("{}: {}: the regular expression takes too many steps on {}", entry.origin.file, entry.id,
                              texts < LazyRegex::kMostGivenUp ? "some texts: it decided nothing there" : "many texts: it was set aside"));
  };
  if (tables_->reply_matcher != nullptr) {
    for (std::size_t row = 0; row < tables_->replies.size(); ++row) tell(tables_->replies[row], tables_->reply_matcher->given_up(row));
  }
  if (tables_->tls_matcher != nullptr) {
    for (std::size_t row = 0; row < tables_->tls.size(); ++row) tell(tables_->tls[row], tables_->tls_matcher->given_up(row));
  }
  for (std::size_t i = 0; i < tables_->described.size(); ++i) tell(tables_->mtas[i], tables_->described[i].given_up());
  return out;
}

std::uint32_t Knowledge::operator_of_relay(std::string_view host) const {
  return tables_->relays.find(host);
}
std::uint32_t Knowledge::operator_of_domain(std::string_view domain) const {
  return tables_->domains.find(domain);
}
std::uint32_t Knowledge::operator_with_id(std::string_view id) const {
  return tables_->operator_with_id(id);
}

const ProviderEntry* Knowledge::provider_entry(std::uint32_t operator_id) const {
  return operator_id == 0 || operator_id > tables_->providers.size() ? nullptr : &tables_->providers[operator_id - 1];
}

std::string_view Knowledge::operator_name(std::uint32_t operator_id) const {
  const auto* entry = provider_entry(operator_id);
  return entry == nullptr ? std::string_view{} : entry->name;
}

ReplyMatch Knowledge::entry_for(std::uint16_t code, std::string_view enhanced_code, std::string_view reply, Stage stage,
                                std::uint32_t operator_id) const {
  const auto unwrapped = unwrap_reply(reply);
  if (stage == Stage::none) stage = unwrapped.stage;
  const auto plain = plain_reply(code, enhanced_code, unwrapped.text);
  const TextMatcher& matcher = tables_->matcher_of_replies();
  char buffer[8];
  const auto digits = plain.code == 0 ? std::string_view{} : code_digits(plain.code, buffer);
  const auto rank = [&](std::size_t row) {
    const auto& entry = tables_->replies[row];
    const auto whose = tables_->reply_operators[row];
    if (operator_id != 0 && !entry.operator_id.empty() && whose != operator_id) return kDoesNotApply;
    if (!allows_code(entry.codes, digits) || !allows_code(entry.enhanced, plain.enhanced)) return kDoesNotApply;
    if (!allows_stage(entry.stages, stage)) return kDoesNotApply;
    return (entry.origin.builtin ? 0 : kOfAUser) + (operator_id != 0 && whose == operator_id ? kOfTheOperator : 0) +
           (entry.last ? 0 : kNotLast);
  };
  std::string_view group;
  const int row = matcher.find(plain.words, rank, &group);
  if (row < 0) return {};
  ReplyMatch match{&tables_->replies[static_cast<std::size_t>(row)], std::nullopt};
  if (match.entry->limit.stated()) {
    std::int64_t value = match.entry->limit.value;
    if (value < 0) std::from_chars(group.data(), group.data() + group.size(), value);
    if (value >= 0) match.limit = value;
  }
  return match;
}

Meaning Knowledge::meaning_of(std::uint16_t code, std::string_view enhanced_code, std::string_view reply, Stage stage,
                              std::uint32_t operator_id) const {
  if (const auto match = entry_for(code, enhanced_code, reply, stage, operator_id); match.entry != nullptr) {
    return match.entry->meaning;
  }
  const auto unwrapped = unwrap_reply(reply);
  if (stage == Stage::none) stage = unwrapped.stage;
  const auto plain = plain_reply(code, enhanced_code, unwrapped.text);
  return meaning_of_codes(plain.code, plain.enhanced, stage);
}

Meaning Knowledge::meaning_of(std::uint16_t code, std::string_view enhanced_code, std::string_view reply,
                              Stage stage) const {
  return meaning_of(code, enhanced_code, reply, stage, 0);
}

const TlsEntry* Knowledge::tls_entry_for(std::string_view words) const {
  const TextMatcher& matcher = tables_->matcher_of_tls();
  const int row =
      matcher.find(plain_words(words), [this](std::size_t at) { return tables_->tls[at].origin.builtin ? 0 : 1; });
  return row < 0 ? nullptr : &tables_->tls[static_cast<std::size_t>(row)];
}

TlsCause Knowledge::tls_cause_of(std::string_view words) const {
  const auto* entry = tls_entry_for(words);
  return entry == nullptr ? TlsCause::other : entry->cause;
}

const TopicEntry* Knowledge::topic(std::string_view id) const {
  const auto found = std::find_if(tables_->topics.begin(), tables_->topics.end(),
                                  [&](const TopicEntry& topic) { return topic.id == id; });
  return found == tables_->topics.end() ? nullptr : &*found;
}

std::string Knowledge::tls_remedy(TlsCause cause, Direction direction, std::string_view mta,
                                  std::string_view peer) const {
  const auto* found = topic("tls/" + std::string(cause_name(cause)));
  if (found == nullptr) return {};
  std::string text((direction == Direction::inbound ? found->cure.inbound : found->cure.outbound).of(mta));
  constexpr std::string_view kPeer = "{peer}";
  const std::string_view named = peer.empty() ? std::string_view("mx.example.net") : peer;
  for (auto at = text.find(kPeer); at != std::string::npos; at = text.find(kPeer, at + named.size())) {
    text.replace(at, kPeer.size(), named);
  }
  return text;
}

const std::vector<ProviderEntry>& Knowledge::providers() const {
  return tables_->providers;
}
const std::vector<ReplyEntry>& Knowledge::replies() const {
  return tables_->replies;
}
const std::vector<TlsEntry>& Knowledge::tls() const {
  return tables_->tls;
}
const std::vector<ParserEntry>& Knowledge::described_mtas() const {
  return tables_->mtas;
}
const std::vector<const Parser*>& Knowledge::parsers() const {
  return tables_->parsers;
}
const Parser* Knowledge::find_parser(std::string_view mta) const {
  const auto found = std::find_if(parsers().begin(), parsers().end(), [&](const Parser* p) { return p->mta() == mta; });
  return found == parsers().end() ? nullptr : *found;
}
const std::vector<TopicEntry>& Knowledge::topics() const {
  return tables_->topics;
}

std::string_view Remedy::of(std::string_view mta) const {
  const auto own = mta == "postfix" ? postfix : mta == "sendmail" ? sendmail : mta == "exim" ? exim : any;
  return own.empty() ? any : own;
}

namespace {

struct CodeMeaning {
  std::string_view code;  // subject and detail, or the subject with its dot
  Meaning meaning;
};

// RFC 3463 and the registry that continues it; the class (4, 5) stands before each.
constexpr CodeMeaning kByEnhancedCode[] = {
    {"1.1", Meaning::unknown_user}, {"1.2", Meaning::dns},           {"1.3", Meaning::unknown_user},
    {"1.4", Meaning::unknown_user}, {"1.6", Meaning::unknown_user},  {"1.10", Meaning::unknown_user},
    {"1.7", Meaning::policy},       {"1.8", Meaning::policy},        {"2.1", Meaning::unknown_user},
    {"2.2", Meaning::mailbox_full}, {"2.3", Meaning::size},          {"3.1", Meaning::mailbox_full},
    {"3.4", Meaning::size},         {"4.1", Meaning::connection},    {"4.2", Meaning::connection},
    {"4.3", Meaning::dns},          {"4.4", Meaning::dns},           {"4.6", Meaning::loop},
    {"4.7", Meaning::timeout},      {"7.10", Meaning::tls_required},
};

// A refusal for good in words that nobody described: what it came in answer to is all there is to go by.
// RFC 5321, 4.2.3: 550, 551 and 553 to RCPT are about the mailbox; 554 as a greeting is about who connects.
Meaning meaning_of_stage(std::uint16_t code, Stage stage) {
  if (code < 500) return Meaning::other;
  if (stage == Stage::connect || stage == Stage::helo || stage == Stage::mail) return Meaning::policy;
  if (stage == Stage::rcpt && (code == 550 || code == 551 || code == 553)) return Meaning::unknown_user;
  return Meaning::other;
}

}  // namespace

Meaning meaning_of_codes(std::uint16_t code, std::string_view enhanced_code, Stage stage) {
  if (enhanced_code.size() > 2) {
    const auto tail = enhanced_code.substr(2);
    for (const auto& [known, meaning] : kByEnhancedCode) {
      if (tail == known) return meaning;
    }
    if (tail.starts_with("7.")) return Meaning::policy;
    if (tail.starts_with("6.")) return Meaning::content;
  }
  if (code == 552) return stage == Stage::rcpt ? Meaning::mailbox_full : Meaning::size;
  if (code == 530 || code == 535 || code == 538) return Meaning::policy;
  return meaning_of_stage(code, stage);
}

}  // namespace mtalens
