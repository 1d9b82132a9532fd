// See pattern_list.h.
#include "knowledge/pattern_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "knowledge/answer_cache.h"
#include "knowledge/reply_text.h"

namespace mtalens {
namespace {

std::string source_of(const Origin& origin) {
  return origin.builtin ? "built-in" : std::string(origin.file);
}

std::vector<std::string> owned(Texts texts) {
  return {texts.begin(), texts.end()};
}

bool has_all_words(const PatternRow& row, std::string_view search) {
  std::string hay = std::string(row.id) + " " + std::string(row.title) + " " + std::string(row.says);
  for (const auto& match : row.matches)
    hay += " " + match;
  hay = plain_words(hay);
  const std::string wanted = plain_words(search);
  for (std::size_t at = 0; at < wanted.size();) {
    const auto end = std::min(wanted.find(' ', at), wanted.size());
    if (hay.find(std::string_view(wanted).substr(at, end - at)) == std::string::npos) return false;
    at = end + 1;
  }
  return true;
}

void add_remedies(std::vector<ExplainedRemedy>& out, const Remedy& remedy, Direction direction) {
  const std::pair<std::string_view, std::string_view> all[] = {
      {{}, remedy.any}, {"postfix", remedy.postfix}, {"sendmail", remedy.sendmail}, {"exim", remedy.exim}};
  for (const auto& [mta, text] : all) {
    if (!text.empty()) out.push_back({mta, direction, text});
  }
}

void add_cure(std::vector<ExplainedRemedy>& out, const TlsCure& cure) {
  add_remedies(out, cure.inbound, Direction::inbound);
  add_remedies(out, cure.outbound, Direction::outbound);
}

void add_sources(Explanation& out, Texts sources) {
  out.sources.insert(out.sources.end(), sources.begin(), sources.end());
}

Explanation explained(const Knowledge&, const TopicEntry& topic) {
  Explanation out{topic.id, topic.title, topic.says, {}, {}, {}, source_of(topic.origin)};
  add_remedies(out.remedies, topic.remedy, Direction::none);
  add_cure(out.remedies, topic.cure);
  add_sources(out, topic.sources);
  return out;
}

// What an entry leaves unsaid, its meaning's or cause's topic says.
Explanation explained(const Knowledge& knowledge, const ReplyEntry& reply) {
  Explanation out{reply.id, name(reply.meaning), reply.says, {}, {}, {}, source_of(reply.origin)};
  add_remedies(out.remedies, reply.remedy, Direction::none);
  const auto* topic = knowledge.topic(name(reply.meaning));
  if (out.remedies.empty() && topic != nullptr) add_remedies(out.remedies, topic->remedy, Direction::none);
  add_sources(out, reply.sources);
  return out;
}

Explanation explained(const Knowledge& knowledge, const TlsEntry& entry) {
  Explanation out{entry.id, cause_name(entry.cause), entry.says, {}, {}, {}, source_of(entry.origin)};
  add_cure(out.remedies, entry.cure);
  const auto* topic = knowledge.topic("tls/" + std::string(cause_name(entry.cause)));
  if (out.remedies.empty() && topic != nullptr) add_cure(out.remedies, topic->cure);
  add_sources(out, entry.sources);
  return out;
}

Explanation explained(const Knowledge&, const ProviderEntry& provider) {
  Explanation out{provider.id, provider.name, provider.limit, {}, {}, {}, source_of(provider.origin)};
  if (!provider.relief.empty()) out.remedies.push_back({{}, Direction::none, provider.relief});
  out.notes.assign(provider.notes.begin(), provider.notes.end());
  add_sources(out, provider.sources);
  return out;
}

Explanation explained(const Knowledge&, const ParserEntry& entry) {
  Explanation out{entry.id, entry.name, entry.says, {}, {}, {}, source_of(entry.origin)};
  add_sources(out, entry.sources);
  return out;
}

template <class Entry>
std::optional<Explanation> explain_one_of(const Knowledge& knowledge, const std::vector<Entry>& entries,
                                          std::string_view id) {
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.id == id; });
  if (found == entries.end()) return std::nullopt;
  return explained(knowledge, *found);
}

}  // namespace

std::vector<PatternRow> list_patterns(const Knowledge& knowledge, std::string_view search) {
  std::vector<PatternRow> rows;
  for (const auto& e : knowledge.providers()) {
    rows.push_back({PatternKind::provider, e.id, e.name, source_of(e.origin), owned(e.domains), e.limit});
    rows.back().matches.insert(rows.back().matches.end(), e.relays.begin(), e.relays.end());
  }
  for (const auto& e : knowledge.replies()) {
    rows.push_back({PatternKind::reply, e.id, name(e.meaning), source_of(e.origin), owned(e.literals), e.says});
  }
  for (const auto& e : knowledge.tls()) {
    rows.push_back({PatternKind::tls, e.id, cause_name(e.cause), source_of(e.origin), owned(e.literals), e.says});
  }
  for (const auto& e : knowledge.described_mtas()) {
    const auto marks = e.mta.programs.empty() ? e.mta.marks : e.mta.programs;
    rows.push_back({PatternKind::parser, e.id, e.name, source_of(e.origin), owned(marks), e.says});
  }
  for (const auto& e : knowledge.topics()) {
    rows.push_back({PatternKind::topic, e.id, e.title, source_of(e.origin), {}, e.says});
  }
  std::erase_if(rows, [&](const PatternRow& row) { return !has_all_words(row, search); });
  return rows;
}

std::optional<Explanation> explain(const Knowledge& knowledge, std::string_view id) {
  if (auto found = explain_one_of(knowledge, knowledge.topics(), id)) return found;
  if (auto found = explain_one_of(knowledge, knowledge.replies(), id)) return found;
  if (auto found = explain_one_of(knowledge, knowledge.tls(), id)) return found;
  if (auto found = explain_one_of(knowledge, knowledge.described_mtas(), id)) return found;
  return explain_one_of(knowledge, knowledge.providers(), id);
}

void UndescribedReplies::add(const Event& event) {
  fold_reply(event.reply, folded_);
  const auto found = groups_.find(folded_);
  if (found != groups_.end()) {
    if (found->second.count > 0) found->second.count += event.times;
    return;
  }
  if (groups_.size() >= kMostGroups) {
    beyond_ += event.times;
    return;
  }
  Group& group = groups_[folded_];
  const auto match =
      knowledge_->entry_for(event.code, event.enhanced_code, event.reply, event.stage, event.operator_id);
  if (match.entry != nullptr || event.reply.empty()) return;
  group = {std::string(event.reply.substr(0, kLongestReply)), std::string(event.relay.substr(0, 255)), event.code, event.times};
}

std::vector<UndescribedReplies::Group> UndescribedReplies::groups() const {
  std::vector<Group> out;
  for (const auto& [folded, group] : groups_) {
    if (group.count > 0) out.push_back(group);
  }
  std::sort(out.begin(), out.end(), [](const Group& a, const Group& b) {
    return a.count != b.count ? a.count > b.count : a.example < b.example;
  });
  return out;
}

struct OwnDecisions::Caches {
  AnswerCache<const ReplyEntry*, 1024> replies;
  AnswerCache<const ReplyEntry*, 1024> folded;
  AnswerCache<const TlsEntry*, 128> handshakes;
};

OwnDecisions::OwnDecisions(const Knowledge& knowledge) : knowledge_(&knowledge), caches_(std::make_unique<Caches>()) {
  const auto own = [](const auto& entry) { return !entry.origin.builtin; };
  own_providers_.push_back(0);  // of no operator
  for (const auto& provider : knowledge.providers()) own_providers_.push_back(own(provider));
  any_provider_ = std::any_of(knowledge.providers().begin(), knowledge.providers().end(), own);
  any_reply_ = std::any_of(knowledge.replies().begin(), knowledge.replies().end(), own);
  any_tls_ = std::any_of(knowledge.tls().begin(), knowledge.tls().end(), own);
}

OwnDecisions::~OwnDecisions() = default;

void OwnDecisions::add(const Event& event) {
  if (const auto* provider = knowledge_->provider_entry(event.operator_id)) count(provider->id, provider->origin, event.times);
  if (event.meaning_is_own) ask_for_reply(event);
  const bool handshake = event.kind == EventKind::tls || event.kind == EventKind::tls_detail;
  if (any_tls_ && handshake && !event.reply.empty()) ask_for_handshake(event);
}

void OwnDecisions::ask_for_reply(const Event& event) {
  const auto seed = reply_seed(event);
  const auto reply = answered_part(event.reply);
  const auto look_up = [&] {
    return knowledge_->entry_for(event.code, event.enhanced_code, reply, event.stage, event.operator_id).entry;
  };
  const auto by_folded_text = [&] {
    fold_reply(reply, folded_);
    return caches_->folded.get(folded_, seed, look_up);
  };
  if (const auto* entry = caches_->replies.get(reply, seed, by_folded_text)) count(entry->id, entry->origin, event.times);
}

void OwnDecisions::ask_for_handshake(const Event& event) {
  const auto words = answered_part(event.reply);
  const auto* entry = caches_->handshakes.get(words, 0, [&] { return knowledge_->tls_entry_for(words); });
  if (entry != nullptr) count(entry->id, entry->origin, event.times);
}

void OwnDecisions::count(std::string_view id, const Origin& origin, std::uint64_t times) {
  if (origin.builtin) return;
  auto& row = rows_[id];
  row.id = id;
  row.file = origin.file;
  row.count += times;
}

std::vector<OwnDecisions::Row> OwnDecisions::rows() const {
  std::vector<Row> out;
  for (const auto& [id, row] : rows_) out.push_back(row);
  std::sort(out.begin(), out.end(),
            [](const Row& a, const Row& b) { return a.count != b.count ? a.count > b.count : a.id < b.id; });
  return out;
}

std::string ready_made_entry(const Knowledge& knowledge, const UndescribedReplies::Group& group) {
  const auto unwrapped = unwrap_reply(group.example);
  const auto plain = plain_reply(group.code, {}, unwrapped.text);
  const auto* provider = knowledge.provider_entry(knowledge.operator_of_relay(group.relay));

  // The longest run of words without digits is the likeliest to stay.
  std::string literal, run;
  for (const char c : plain.words + "0") {
    const bool varies = (c >= '0' && c <= '9') || c == '@' || c == '<' || c == '[' || c == '\'';
    if (!varies) {
      run += c;
      continue;
    }
    if (run.size() > literal.size()) literal = run;
    run.clear();
  }
  while (!literal.empty() && literal.back() == ' ')
    literal.pop_back();
  while (!literal.empty() && literal.front() == ' ')
    literal.erase(0, 1);

  nlohmann::ordered_json entry;
  entry["id"] = std::string(provider == nullptr ? "own" : provider->id) + "/NAME";
  if (provider != nullptr) entry["operator"] = std::string(provider->id);
  entry["meaning"] = "other";
  if (plain.code != 0) entry["codes"] = {std::to_string(plain.code)};
  entry["literal"] = literal;
  entry["says"] = "WHAT IT MEANS, in a sentence.";
  entry["sources"] = {"WHERE IT IS EXPLAINED (YEAR)"};
  entry["examples"] = {group.relay.empty() ? group.example
                                           : "host " + group.relay + "[192.0.2.1] said: " + group.example};
  entry["near_misses"] = {"550 SOMETHING LIKE IT that must not match"};
  nlohmann::ordered_json file;
  file["replies"] = nlohmann::ordered_json::array({entry});
  return file.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace mtalens
