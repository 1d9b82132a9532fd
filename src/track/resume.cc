// A tracker that comes from disk: what hangs together by number is checked, what depends on this build's knowledge is
// named anew.
#include <algorithm>

#include "track/lower.h"
#include "track/tracker.h"

namespace mtalens {
namespace {

constexpr std::uint16_t kMeanings = static_cast<std::uint16_t>(Meaning::other) + 1;

}  // namespace

std::vector<Tracker::EndedMessage> Tracker::ended_messages() const {
  std::vector<EndedMessage> out;
  for (const auto& [message, ended_us] : ended_) {
    if (message->ended_us == ended_us) out.push_back({message->scope, std::string(message->id()), ended_us});
  }
  return out;
}

std::vector<std::string> Tracker::meaning_names() {
  std::vector<std::string> out;
  for (std::uint16_t i = 0; i < kMeanings; ++i) out.emplace_back(name(static_cast<Meaning>(i)));
  return out;
}

std::vector<std::vector<std::string>> Tracker::mtas_of_parties() const {
  std::vector<std::vector<std::string>> out;
  for (const auto& party : parties_) out.emplace_back(party.mtas.begin(), party.mtas.end());
  return out;
}

bool Tracker::resume(const std::vector<EndedMessage>& ended, const std::vector<std::string>& meanings,
                     const std::vector<std::vector<std::string>>& mtas) {
  if (!fits_together() || mtas.size() != parties_.size()) return false;
  for (std::size_t i = 0; i < mtas.size(); ++i) {
    for (const auto& mta : mtas[i]) {
      if (const Parser* parser = knowledge_.find_parser(mta)) parties_[i].mtas.push_back(parser->mta());
    }
  }
  ended_.clear();
  for (const auto& [scope, queue_id, ended_us] : ended) {
    Message* message = messages_.find(scope, queue_id);
    if (message == nullptr) return false;
    ended_.emplace_back(message, ended_us);
  }
  std::size_t have_ended = 0;
  messages_.for_each([&](const Message& message) { have_ended += message.ended() ? 1 : 0; });
  if (have_ended != ended.size()) return false;
  name_meanings_anew(meanings);
  name_operators_anew();
  for (const auto& domain : options_.our_domains) is_ours(destination_id("@" + domain));
  origins_ = 0;
  for (const auto& party : parties_) origins_ += party.origins.size();
  return true;
}

// Every number is one of something that is there.
bool Tracker::fits_together() {
  bool fits = parties_.size() > kFurtherParty && reasons_.size() > 0 && people_.size() > 0 && relays_.size() == relay_names_.size() &&
              destinations_.size() == domains_.size() && domains_.size() > kFurtherDestination;
  const auto is_party = [&](std::uint32_t party) { return party < parties_.size(); };
  messages_.for_each([&](const Message& message) {
    fits = fits && message.auth_user < people_.size() && message.local_user < people_.size() && message.tls_peer < tls_.peers() &&
           message.scope / kMostInstances < hosts_.size() && message.scope % kMostInstances < instances_.size() &&
           std::all_of(message.parties.begin(), message.parties.end(), is_party);
    for (const auto& recipient : message.recipients) {
      fits = fits && recipient.destination < domains_.size() && is_party(recipient.party) && is_party(recipient.held_by) &&
             recipient.reason < reasons_.size();
    }
  });
  for (const auto& relay : relays_) fits = fits && is_party(relay.party);
  for (const auto& destination : destinations_) {
    fits = fits && is_party(destination.party) && is_party(destination.last_party);
    for (const auto& [party, attempts] : destination.attempts) fits = fits && is_party(party);
  }
  for (const auto& party : parties_) {
    fits = fits && party.kind <= Party::Kind::domain;
    for (const auto& group : party.groups) {
      for (const auto& [domain, refusals] : group.destinations) fits = fits && domain < domains_.size();
    }
    for (const auto& [key, origin] : party.origins) {
      fits = fits && origin.kind <= OriginKind::other && origin.who < people_.size() &&
             OriginKey{origin.kind, origin.who}.value() == key;
      for (const auto& [domain, messages] : origin.sender_domains) fits = fits && domain < people_.size();
    }
  }
  return fits;
}

// Another build may number the meanings differently; one that it does not know any more is `other`.
void Tracker::name_meanings_anew(const std::vector<std::string>& meanings) {
  if (meanings == meaning_names()) return;
  const auto renew = [&](std::uint16_t& meaning) {
    const auto known = meaning < meanings.size() ? meaning_named(meanings[meaning]) : std::nullopt;
    meaning = meaning == 0 ? 0 : static_cast<std::uint16_t>(known.value_or(Meaning::other));
  };
  for (auto& party : parties_) {
    renew(party.last_cause);
    for (auto& group : party.groups) renew(group.meaning);
  }
  messages_.for_each([&](Message& message) {
    for (auto& recipient : message.recipients) renew(recipient.held_meaning);
  });
}

// Operators go by their names. One that is known no more is a domain's.
void Tracker::name_operators_anew() {
  std::unordered_map<std::string_view, std::uint32_t> by_name;
  for (const auto& provider : knowledge_.providers()) {
    const auto id = knowledge_.operator_with_id(provider.id);
    by_name.emplace(knowledge_.operator_name(id), id);
  }
  operated_.clear();
  unoperated_.clear();
  for (std::uint32_t id = 1; id < parties_.size(); ++id) {
    Party& party = parties_[id];
    const auto known = party.kind == Party::Kind::operated ? by_name.find(party.name) : by_name.end();
    party.operator_id = known == by_name.end() ? 0 : known->second;
    if (party.operator_id != 0) {
      operated_.emplace(party.operator_id, id);
      continue;
    }
    if (party.kind == Party::Kind::operated) party.kind = Party::Kind::domain;
    unoperated_.emplace((party.kind == Party::Kind::relay ? ">" : "@") + lower(party.name), id);
  }
  for (std::uint32_t id = 0; id < destinations_.size(); ++id) {
    destinations_[id].operator_id = knowledge_.operator_of_domain(domains_.text(id));
  }
}

void Tracker::fold(std::int64_t keep_us) {
  if (now_us_ == kNoTime) return;
  tls_.fold(now_us_ - keep_us);
  std::erase_if(restarts_, [&](const Restart& restart) { return restart.at_us < now_us_ - keep_us; });
  for (auto& party : parties_) party.fold(now_us_ - std::min(kHourly, keep_us), now_us_ - keep_us);
}

}  // namespace mtalens
