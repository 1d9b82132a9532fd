// The hot path's way to the knowledge: small caches, of hosts, of replies as they stand, and of replies with their
// variable parts folded.
#include "knowledge/answer_cache.h"
#include "knowledge/knowledge.h"
#include "knowledge/reply_text.h"

namespace mtalens {
namespace {

std::string_view domain_of(std::string_view address) {
  const auto at = address.rfind('@');
  return at == std::string_view::npos ? std::string_view{} : address.substr(at + 1);
}

struct ReplyAnswer {
  Meaning meaning{};
  bool is_own = false;
};

bool was_refused(const Event& event) {
  return event.kind == EventKind::refusal || (event.outcome != Outcome::delivered && event.outcome != Outcome::none);
}

}  // namespace

struct Classifier::Caches {
  AnswerCache<std::uint32_t, 512> relays;
  AnswerCache<std::uint32_t, 2048> domains;
  AnswerCache<ReplyAnswer, 1024> replies;
  AnswerCache<ReplyAnswer, 1024> folded;
  AnswerCache<TlsCause, 128> causes;
  std::string scratch;
};

Classifier::Classifier(const Knowledge& knowledge) : knowledge_(&knowledge), caches_(std::make_unique<Caches>()) {}
Classifier::~Classifier() = default;
Classifier::Classifier(Classifier&&) noexcept = default;
Classifier& Classifier::operator=(Classifier&&) noexcept = default;

void Classifier::classify(Event& event) {
  if (event.kind == EventKind::tls || event.kind == EventKind::tls_detail) {
    if (event.cause != TlsCause::other || event.reply.empty()) return;
    const auto words = answered_part(event.reply);
    event.cause = caches_->causes.get(words, 0, [&] { return knowledge_->tls_cause_of(words); });
    return;
  }
  if (event.kind != EventKind::attempt && event.kind != EventKind::refusal) return;

  // What was refused belongs to the host that spoke; the domain decides only where none is named.
  if (!event.relay.empty()) {
    event.operator_id = caches_->relays.get(event.relay, 0, [&] { return knowledge_->operator_of_relay(event.relay); });
  } else if (const auto domain = domain_of(event.recipient); !domain.empty()) {
    event.operator_id = caches_->domains.get(domain, 0, [&] { return knowledge_->operator_of_domain(domain); });
  }
  if (!was_refused(event)) return;

  const auto reply = answered_part(event.reply);
  const auto seed = reply_seed(event);
  const auto look_up = [&]() -> ReplyAnswer {
    const auto* entry = knowledge_->entry_for(event.code, event.enhanced_code, reply, event.stage, event.operator_id).entry;
    if (entry != nullptr) return {entry->meaning, !entry->origin.builtin};
    return {knowledge_->meaning_of(event.code, event.enhanced_code, reply, event.stage, event.operator_id), false};
  };
  const auto by_folded_text = [&] {
    fold_reply(reply, caches_->scratch);
    return caches_->folded.get(caches_->scratch, seed, look_up);
  };
  const auto answer = caches_->replies.get(reply, seed, by_folded_text);
  event.meaning = static_cast<std::uint16_t>(answer.meaning);
  event.meaning_is_own = answer.is_own;
}

}  // namespace mtalens
