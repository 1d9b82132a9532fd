#include "track/tracker.h"

#include <fmt/format.h>

#include <algorithm>

#include "track/lower.h"

namespace mtalens {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kLateLine = 2 * kSecond;          // lines of one message swap places within this
constexpr std::int64_t kRememberEnded = 60 * kSecond;
constexpr std::string_view kHidesAliases = "sendmail";   // its virtusertable: the log keeps the address as it was before
constexpr std::size_t kMostSenderDomains = 256;          // of one forward
constexpr std::size_t kOriginsWithEvidence = 64;         // of one party
constexpr std::size_t kMostCodes = 64;
constexpr std::size_t kMostRestarts = 512;
constexpr std::int64_t kOneRestart = 600 * kSecond;  // stop and start, one daemon after another, a second try
constexpr std::size_t kMostRecipientsOfMessage = kMostRecipients / 4;
constexpr std::uint64_t kLookAtHistory = 1 << 20;        // events
constexpr std::size_t kAhead = 4;  // so many events ahead a message is brought near, and its slot twice as many

// Postfix instances have queues of their own, told by their tag: postfix-out/smtp. The others' ids are unique
// on a host.
std::string_view instance_of(const Event& event) {
  if (event.mta != "postfix") return event.mta;
  return event.program.substr(0, event.program.find('/'));
}

// The same as instance_of(event) == instance.
bool is_of_instance(const Event& event, std::string_view instance) {
  if (event.mta != "postfix") return same(event.mta, instance);
  const auto length = instance.size();
  return event.program.size() > length && event.program[length] == '/' && same(event.program.substr(0, length), instance);
}

// SRS0=HHH=TT=domain=user@us, SRS1=…: the envelope sender was rewritten when the mail was forwarded, so that it passes
// SPF (Sender Rewriting Scheme; the separator may be - or + too).
bool is_rewritten(std::string_view sender) {
  if (sender.size() < 5 || lower(sender.substr(0, 3)) != "srs") return false;
  return (sender[3] == '0' || sender[3] == '1') && (sender[4] == '=' || sender[4] == '-' || sender[4] == '+');
}

// The mailing list behind an envelope sender, without what VERP adds for each recipient:
// talk-bounces+jo=example.com@lists.example -> talk-bounces@lists.example (Mailman), talk-return-12-jo=example.com@…
// (ezmlm), owner-talk@… (Majordomo). Empty: it is none.
std::string list_of_sender(std::string_view sender) {
  const auto at = sender.rfind('@');
  if (at == std::string_view::npos) return {};
  const auto user = sender.substr(0, at), domain = sender.substr(at);
  if (user.starts_with("owner-") || user.ends_with("-owner") || user.ends_with("-request")) return std::string(sender);
  for (const std::string_view mark : {"-bounces", "-return"}) {
    const auto begin = user.find(mark);
    if (begin == std::string_view::npos || begin == 0) continue;
    const auto end = begin + mark.size();
    if (end == user.size() || user[end] == '+' || user[end] == '-') return std::string(user.substr(0, end)).append(domain);
  }
  return {};
}

// Of nobody: it is one of the others.
OriginKey forward_of(std::uint32_t who) { return who == kNobody ? OriginKey{} : OriginKey{OriginKind::forward, who}; }

bool is_throttled(const Event& event) { return is_throttle(static_cast<Meaning>(event.meaning)); }

// Of those beyond `most` none is counted.
template <typename Key>
void count_in(std::vector<std::pair<Key, std::uint64_t>>& counts, std::size_t most, const Key& key, std::uint64_t times) {
  for (auto& [seen, count] : counts) {
    if (seen == key) {
      count += times;
      return;
    }
  }
  if (counts.size() < most) counts.emplace_back(key, times);
}

}  // namespace

Tracker::Tracker(const Knowledge& knowledge, Options options)
    : knowledge_(knowledge), options_(std::move(options)), undescribed_(knowledge) {
  parties_.emplace_back();  // kNobody
  reasons_.id("");
  people_.id("");
  Party& further = parties_.emplace_back();
  further.name = kFurtherDestinations;
  destination_id("");
  destination_id(std::string("@").append(kFurtherDestinations));
  for (const auto& domain : options_.our_domains) is_ours(destination_id("@" + domain));
  counting_ = options_.since_us == kNoTime;
}

KindSet Tracker::wanted() {
  return kind_bit(EventKind::received) | kind_bit(EventKind::queued) | kind_bit(EventKind::attempt) |
         kind_bit(EventKind::refusal) | kind_bit(EventKind::ended) | kind_bit(EventKind::related) |
         kind_bit(EventKind::tls) | kind_bit(EventKind::tls_detail) | kind_bit(EventKind::restart);
}

void Tracker::add(const Batch& batch, const std::vector<std::string>& names) {
  names_ = &names;
  for (const auto& run : batch.runs) {
    source_ = run.source;
    first_line_ = run.first_line;
    struct Ahead {
      Scope scope;
      std::uint64_t message = 0;
    };
    std::array<Ahead, 2 * kAhead> ahead{};
    const auto look_at = [&](std::size_t i) {
      if (i >= run.events_end) return;
      const Scope scope = scope_of(batch.events[i]);
      ahead[i % ahead.size()] = {scope, messages_.expect(scope.id(), batch.events[i].queue_id)};
    };
    for (auto i = run.events_begin; i < run.events_begin + ahead.size(); ++i) look_at(i);
    for (auto i = run.events_begin; i < run.events_end; ++i) {
      if (i + kAhead < run.events_end) messages_.near(ahead[(i + kAhead) % ahead.size()].message);
      now_in(ahead[i % ahead.size()].scope);
      look_at(i + ahead.size());
      if (tell_) {
        add_and_tell(batch.events[i]);
      } else {
        add(batch.events[i]);
      }
    }
  }
  keep_pending_evidence();
}

void Tracker::add(const Event& event) {
  if (until_bound_-- == 0) bound_history();
  if (event.time_us != kNoTime) {
    if (event.time_us > options_.until_us) return;
    if (!counting_ && event.time_us >= options_.since_us) start_counting();
    if (first_us_ == kNoTime) first_us_ = event.time_us;
    if (event.time_us > now_us_) {
      now_us_ = event.time_us;
      forget_ended(now_us_);
    }
  }
  if (messages_.size() + 2 > kMostMessages || messages_.recipients() >= kMostRecipients) make_room();
  switch (event.kind) {
    case EventKind::received: return on_received(event);
    case EventKind::queued: return on_queued(event);
    case EventKind::attempt: return on_attempt(event);
    case EventKind::refusal: return on_refusal(event);
    case EventKind::ended: return on_ended(event);
    case EventKind::related: return on_related(event);
    case EventKind::tls: return on_tls(event);
    case EventKind::tls_detail: return on_tls_detail(event);
    case EventKind::restart: return on_restart(event);
    default: return;
  }
}

// ---- arrivals ------------------------------------------------------------------------------------------------

void Tracker::on_received(const Event& event) {
  if (!event.tls_version.empty() && event.pid == 0) {
    tls_.established_by(event, Direction::inbound, event.client, event.client_address);
  }
  if (event.queue_id.empty()) return;
  if (!event.client.empty() || !event.client_address.empty()) {
    tls_.received_from(event.client, event.client_address, event.times);
  }
  Message* known = messages_.find(scope_, event.queue_id);
  if (known != nullptr && known->ended() && (known->received || event.time_us - known->ended_us > kLateLine)) {
    messages_.drop(*known);
    known = nullptr;
  }
  Message& message = known != nullptr ? *known : open_message(event);
  if (!message.arrival_seen && event.time_us != kNoTime) message.arrived_us = event.time_us;
  message.arrival_seen = message.received = true;
  if (!event.sender.empty() || event.null_sender) message.set_sender(event.sender);
  if (event.size_bytes >= 0) message.size_bytes = event.size_bytes;
  if (event.recipients >= 0) message.declared = static_cast<std::int32_t>(std::min<std::int64_t>(event.recipients, INT32_MAX));
  if (!event.message_id.empty()) message.has_message_id = true;
  if (!event.auth_user.empty()) message.auth_user = person_id(event.auth_user);
  if (!event.local_user.empty()) {
    message.local_user = person_id(event.local_user);
  } else if (event.uid >= 0) {
    message.local_user = person_id(fmt::format_int(event.uid).str());
  }
  if (event.relation == Relation::requeued_from && !event.other_queue_id.empty() && !message.chained) {
    message.chained = true;
    if (totals_.messages > 0) --totals_.messages;
  }
  // An arrival without recipients queues nothing (sendmail: the only recipient was refused).
  if (event.recipients == 0 && message.recipients.empty()) end(message, event.time_us);
}

void Tracker::on_queued(const Event& event) {
  if (event.queue_id.empty()) return;
  Message* known = messages_.find(scope_, event.queue_id);
  if (known != nullptr && known->ended()) {
    const bool told = event.message_id.empty() ? known->has_envelope : known->has_message_id;
    if (!told && event.time_us - known->ended_us <= kLateLine) {
      known->has_message_id |= !event.message_id.empty();
      known->has_envelope |= event.message_id.empty();
      return;
    }
    messages_.drop(*known);
    known = nullptr;
  }
  Message& message = known != nullptr ? *known : open_message(event);
  if (!event.message_id.empty()) {
    message.has_message_id = true;
    message.arrival_seen = true;  // cleanup takes every message in once
    return;
  }
  message.has_envelope = true;
  if (!event.sender.empty() || event.null_sender) message.set_sender(event.sender);
  if (event.size_bytes >= 0) message.size_bytes = event.size_bytes;
  if (event.recipients >= 0) message.declared = static_cast<std::int32_t>(std::min<std::int64_t>(event.recipients, INT32_MAX));
}

// ---- attempts ------------------------------------------------------------------------------------------------

void Tracker::on_attempt(const Event& event) {
  Message& message = message_of(event);
  const auto known = message.recipients.size();
  if (message.arrived_us == kNoTime || (!message.arrival_seen && event.delay_us >= 0 && message.recipients.empty())) {
    message.arrived_us = event.delay_us > 0 ? event.time_us - event.delay_us : event.time_us;
  }
  Recipient* recipient = recipient_of(message, event);
  if (recipient == nullptr) return;
  const auto waited_for = recipient->open && message.recipients.size() == known ? recipient->party : kNobody;
  const bool new_transaction = starts_transaction(message, event, message.last_recipient);
  message.list_goes_on = event.more_follows;

  Destination& destination = destinations_[recipient->destination];
  const auto spoke = event.local ? kNobody : relay_party(event);
  if (spoke != kNobody) recipient->party = spoke;
  if (spoke != kNobody && recipient->destination != kFurtherDestination) destination.last_party = spoke;
  if (recipient->party == kNobody) recipient->party = destination.last_party;
  if (recipient->party == kNobody || (spoke == kNobody && event.local)) recipient->party = party_for_domain(recipient->destination);
  if (event.local) {
    if (event.outcome == Outcome::delivered && message.sender_length > 0) is_ours(recipient->destination);
  } else {
    count_in(destination.attempts, kMostPartiesOfDestination, recipient->party, event.times);
    parties_[recipient->party].seen_by(event.mta);
    count_message_toward(message, *recipient, event);
  }
  const auto before = tell_ ? counted_for(recipient->party) : Counted{};
  switch (event.outcome) {
    case Outcome::delivered: delivered(message, *recipient, event, new_transaction); break;
    case Outcome::deferred: deferred(message, *recipient, event, new_transaction); break;
    case Outcome::bounced:
    case Outcome::expired: failed(message, *recipient, event, new_transaction); break;
    case Outcome::none: break;
  }
  if (tell_) tell_attempt(message, *recipient, new_transaction, waited_for, before);
  if (message.removed_by_outcomes) end_by_outcomes(message, event.time_us);
}

// Whether this attempt begins a transaction of its message or belongs to the one before.
bool Tracker::starts_transaction(Message& message, const Event& event, std::uint32_t recipient_place) {
  if (event.same_transaction || message.list_goes_on) return false;
  std::uint64_t key = hash_of(event.conversation, (std::uint64_t{event.pid} << 8) | static_cast<unsigned>(event.outcome));
  key = hash_of(event.relay_address, key);
  key |= 1;
  auto& marks = message.transactions;
  for (auto& mark : marks) {
    if (mark.key != key || event.conversation.empty() || mark.recipient == recipient_place) continue;
    mark.recipient = recipient_place;
    return false;
  }
  std::move_backward(marks.begin(), marks.end() - 1, marks.end());
  marks[0] = {key, recipient_place};
  return true;
}

// What a forward, a filter or another instance on this host made of it.
Message* Tracker::next_of(const Event& event) {
  if (Message* here = messages_.find(scope_, event.other_queue_id)) return here;
  if (event.relation != Relation::queued_as) return nullptr;
  const auto instances = std::min(static_cast<std::uint32_t>(instances_.size()), kMostInstances);
  for (std::uint32_t instance = 0; instance < instances; ++instance) {
    if (Message* there = messages_.find(Scope{host_, instance}.id(), event.other_queue_id)) return there;
  }
  return nullptr;
}

void Tracker::delivered(Message& message, Recipient& recipient, const Event& event, bool new_transaction) {
  const bool goes_on = event.relation == Relation::forwarded_as || event.relation == Relation::queued_as;
  if (goes_on) {
    Message* next = next_of(event);
    if (next != nullptr && !next->chained && next != &message) {
      next->chained = true;
      if (totals_.messages > 0) --totals_.messages;
    }
    if (recipient.open && totals_.recipients > 0) --totals_.recipients;
  } else if (recipient.open) {
    totals_.delivered += 1;
  }
  if (!event.local) {
    Party& party = parties_[recipient.party];
    party.attempts.delivered += event.times;
    if (new_transaction) {
      party.accepted_message(event.time_us, event.times);
      if (!event.tls_version.empty() && event.pid == 0) {
        tls_.established_by(event, Direction::outbound, event.relay, event.relay_address);
      }
    } else {
      party.accepted_recipient();
    }
    // Where the log names connections, the handshake that failed in this one was for this message.
    if (event.session != 0 && message.tls_peer == kNobody) handshake_failed(message, tls_.name_pending(event, host_), event.time_us);
    if (message.tls_peer != kNobody && !message.tls_outcome_told) tell_tls_outcome(message, event);
  }
  leave(message, recipient, event.time_us);
}

void Tracker::deferred(Message& message, Recipient& recipient, const Event& event, bool new_transaction) {
  if (!event.reply.empty()) recipient.reason = reason_id(event.reply);
  if (event.local) return;
  if (event.stage == Stage::starttls && event.code / 100 != 5) {
    if (event.cause == TlsCause::certificate && new_transaction) certificate_refused(event);
    auto peer = tls_.name_pending(event, host_);
    if (peer == kNobody) peer = tls_.failed_peer(event.relay);
    handshake_failed(message, peer, event.time_us);
  }
  Party& party = parties_[recipient.party];
  party.attempts.deferred += event.times;
  if (event.secondary) {
    party.attempts.secondary += event.times;
    if (is_throttle(static_cast<Meaning>(party.last_cause))) hold(message, recipient, recipient.party, party.last_cause);
    return;
  }
  party.last_cause = event.meaning;
  if (is_throttled(event)) {
    party.attempts.throttled += event.times;
    hold(message, recipient, recipient.party, event.meaning);
  }
  if (event.counts_refusal && (new_transaction || event.stage == Stage::rcpt)) {
    count_refusal(party, event, recipient.destination);
  }
}

void Tracker::failed(Message& message, Recipient& recipient, const Event& event, bool new_transaction) {
  if (!event.reply.empty()) recipient.reason = reason_id(event.reply);
  if (!event.local) {
    Party& party = parties_[recipient.party];
    if (event.outcome == Outcome::bounced) party.attempts.bounced += event.times;
    if (event.counts_refusal && (new_transaction || event.stage == Stage::rcpt)) {
      count_refusal(party, event, recipient.destination);
    }
  }
  if (recipient.open) {
    if (event.outcome == Outcome::expired) {
      count_expired(message, recipient, event.time_us);
    } else {
      totals_.bounced += 1;
      if (message.tls_peer != kNobody) tls_.peer(message.tls_peer).bounced += 1;
    }
  }
  leave(message, recipient, event.time_us);
}

void Tracker::count_refusal(Party& party, const Event& event, std::uint32_t destination) {
  if (static_cast<Meaning>(event.meaning) == Meaning::other && counting_) undescribed_.add(event);
  party.refusals += event.times;
  if (is_throttled(event)) party.throttled_refusal(event.time_us, event.times);
  GroupCounts& group = party.group(event.meaning);
  if (group.refusals == 0) {
    group.first_us = event.time_us;
    group.reply = event.reply.substr(0, kEvidenceText);
    keep_evidence(group.first, event);
  }
  group.refusals += event.times;
  group.last_us = event.time_us;
  if (group.last_event == nullptr) pending_evidence_.emplace_back(&party, event.meaning);
  group.last_event = &event;
  group.last_source = source_;
  group.last_line = first_line_ + event.line_number;
  group.stages[static_cast<std::size_t>(event.stage)] += event.times;
  if (destination != kNobody) count_in(group.destinations, kMostDestinationsOfGroup, destination, event.times);
  const auto code = std::find_if(group.codes.begin(), group.codes.end(), [&](const GroupCounts::Code& c) {
    return c.code == event.code && c.enhanced == event.enhanced_code;
  });
  if (code != group.codes.end()) {
    code->refusals += event.times;
  } else if (group.codes.size() < kMostCodes) {
    group.codes.push_back({event.code, std::string(event.enhanced_code), event.times});
  }
}

// The message waits because of this party.
void Tracker::hold(Message& message, Recipient& recipient, std::uint32_t party, std::uint16_t meaning) {
  if (recipient.held_by == party && recipient.held_meaning == meaning) return;
  const bool first = message.held_by(party, meaning);
  recipient.held_by = party;
  recipient.held_meaning = meaning;
  if (first) parties_[party].group(meaning).messages_held += 1;
}

// Once for each message and party: who sends there.
void Tracker::count_message_toward(Message& message, const Recipient& recipient, const Event& event) {
  if (!message.goes_to(recipient.party)) return;
  Party& party = parties_[recipient.party];
  party.messages += 1;
  const auto key = origin_of(message, recipient, event, party);
  if (tell_) tell_origin(key);
  OriginCounts& origin = origin_within_bounds(party, key);
  if (origin.messages == 0 && party.origins.size() <= kOriginsWithEvidence) keep_evidence(origin.first, event);
  origin.messages += 1;
  if (message.arrived_us != kNoTime) {
    origin.first_us = origin.first_us == kNoTime ? message.arrived_us : std::min(origin.first_us, message.arrived_us);
    origin.last_us = std::max(origin.last_us, message.arrived_us);
    origin.days.add(message.arrived_us);
  }
  if (origin.kind != OriginKind::forward) return;
  if (origin.target.empty() && people_.text(origin.who) != event.recipient) origin.target = event.recipient.substr(0, kLongestAddress);
  if (message.sender_known) count_sender(origin, message);
}

OriginCounts& Tracker::origin_within_bounds(Party& party, OriginKey key) {
  if (origins_ >= kMostOrigins && !party.origins.contains(key.value())) key = {};
  const auto before = party.origins.size();
  OriginCounts& origin = party.origin(key);
  origins_ += party.origins.size() - before;
  return origin;
}

OriginKey Tracker::origin_of(const Message& message, const Recipient& recipient, const Event& event, const Party& party) {
  if (!event.original_recipient.empty() && event.original_recipient != event.recipient) {
    is_ours(destination_id(event.original_recipient));
    return forward_of(person_id(event.original_recipient));
  }
  // An alias that the log does not show; where it would, a domain that the operator hosts.
  const auto operator_of_domain = destinations_[recipient.destination].operator_id;
  if (event.mta == kHidesAliases && party.operator_id != 0 && operator_of_domain != party.operator_id) {
    return forward_of(person_id(event.recipient));
  }
  if (message.is_notice()) return {OriginKind::bounce, kNobody};
  const auto list = list_of_sender(message.sender());
  if (!list.empty()) {
    const auto who = person_id(list);
    return who == kNobody ? OriginKey{} : OriginKey{OriginKind::list, who};
  }
  if (message.auth_user != kNobody) return {OriginKind::login, message.auth_user};
  if (message.local_user != kNobody) return {OriginKind::local_user, message.local_user};
  return {};
}

// Of a forwarded message: whose SPF judges it now.
void Tracker::count_sender(OriginCounts& origin, const Message& message) {
  if (is_rewritten(message.sender())) {
    origin.rewritten_senders += 1;
    return;
  }
  const auto domain = people_.id(domain_of(message.sender()));
  if (!domain) {
    origin.further_senders += 1;
    return;
  }
  const auto known = std::find_if(origin.sender_domains.begin(), origin.sender_domains.end(),
                                  [&](const auto& seen) { return seen.first == *domain; });
  if (known != origin.sender_domains.end()) {
    known->second += 1;
  } else if (origin.sender_domains.size() < kMostSenderDomains) {
    origin.sender_domains.emplace_back(*domain, 1);
  } else {
    origin.further_senders += 1;
  }
}

void Tracker::on_refusal(const Event& event) {
  const auto id = relay_party(event);
  if (id == kNobody) return;
  Party& party = parties_[id];
  party.seen_by(event.mta);
  party.last_cause = event.meaning;
  const auto before = tell_ ? counted_for(id) : Counted{};
  if (event.counts_refusal) count_refusal(party, event, kNobody);
  if (tell_) tell_counted(id, before);
}

// ---- endings -------------------------------------------------------------------------------------------------

void Tracker::on_ended(const Event& event) {
  Message* message = messages_.find(scope_, event.queue_id);
  if (event.ended == Ended::expired) {
    if (message == nullptr) message = &open_message(event);
    return close_open_recipients(*message, event, true);
  }
  if (message == nullptr) return ended_from_before(scope_, event.queue_id);
  if (message->ended()) return;
  close_open_recipients(*message, event, false);
  end(*message, event.time_us);
}

// What is left of a message goes: back to its sender, or, where nothing told of an outcome, out of sight.
void Tracker::close_open_recipients(Message& message, const Event& event, bool as_expired) {
  if (message.open_recipients == 0) return;
  for (auto& recipient : message.recipients) {
    if (!recipient.open) continue;
    if (as_expired) count_expired(message, recipient, event.time_us);
    leave(message, recipient, event.time_us);
    if (tell_) tell_leaving(message, recipient, as_expired);
  }
}

void Tracker::count_expired(const Message& message, const Recipient& recipient, std::int64_t time_us) {
  if (message.arrival_seen) longest_wait_us_ = std::max(longest_wait_us_, time_us - message.arrived_us);
  if (message.tls_peer != kNobody) tls_.peer(message.tls_peer).expired += 1;
  Party& party = parties_[recipient.party];
  totals_.expired += 1;
  party.expired += 1;
  party.expired_notices += message.is_notice() ? 1 : 0;
  party.hours.at(time_us).expired += 1;
}

void Tracker::on_related(const Event& event) {
  Message* message = messages_.find(scope_, event.queue_id);
  if (event.ends_by_outcomes && !event.other_queue_id.empty() &&
      messages_.find(scope_, event.other_queue_id) == nullptr) {
    // sendmail writes no arrival for the notices it makes.
    Message& notice = messages_.add(scope_, event.other_queue_id);
    notice.arrived_us = event.time_us;
    notice.arrival_seen = true;
    notice.removed_by_outcomes = true;
    notice.set_sender("");
    totals_.messages += 1;
  }
  if (event.ended != Ended::expired) return;
  if (message == nullptr) message = &open_message(event);
  close_open_recipients(*message, event, true);
  if (message->removed_by_outcomes) end(*message, event.time_us);
}

// A recipient is no longer in the queue.
void Tracker::leave(Message& message, Recipient& recipient, std::int64_t time_us) {
  if (!recipient.open) return;
  recipient.open = false;
  message.open_recipients -= 1;
  Party& party = parties_[recipient.party];
  party.queue.waited(message.arrived_us, time_us);
  if (message.arrival_seen) party.hours.at(message.arrived_us).inflow += 1;
  party.hours.left(time_us, message.arrived_us);
}

void Tracker::end(Message& message, std::int64_t time_us) {
  if (message.ended()) return;
  message.ended_us = time_us;
  ended_.emplace_back(&message, time_us);
  if (!message.arrival_seen) ended_from_before(message.scope, message.id());
}

// The same for the same message in another tracker.
std::string Tracker::name_anywhere(std::uint32_t scope, std::string_view queue_id) const {
  std::string out(hosts_.text(scope / kMostInstances));
  ((out += '\0') += instances_.text(scope % kMostInstances)) += '\0';
  return out += queue_id;
}

void Tracker::ended_from_before(std::uint32_t scope, std::string_view queue_id) {
  if (ended_from_before_.size() < kMostFromBefore) ended_from_before_.push_back(name_anywhere(scope, queue_id));
}

// sendmail does not say when a message is gone (below log level 10): it is when every recipient has an outcome.
void Tracker::end_by_outcomes(Message& message, std::int64_t time_us) {
  const bool all_told = message.unnamed_recipients() == 0;
  const bool open = message.open_recipients > 0;
  if (!open && all_told && !message.list_goes_on) {
    end(message, time_us);
  } else if (open && message.ended()) {
    message.ended_us = kNoTime;  // it was not over: an alias had more recipients than the envelope
  }
}

void Tracker::forget_ended(std::int64_t now_us) {
  while (!ended_.empty() && ended_.front().second + kRememberEnded < now_us) {
    forget_first_ended();
  }
}

void Tracker::forget_first_ended() {
  const auto [message, ended_us] = ended_.front();
  ended_.pop_front();
  if (message->ended_us == ended_us) messages_.drop(*message);
}

// Before a line comes, which may open two messages: they are not more than can be followed.
void Tracker::make_room() {
  while (messages_.size() + 2 > kMostMessages || messages_.recipients() >= kMostRecipients) {
    if (!ended_.empty()) {
      forget_first_ended();
    } else {
      fold(messages_.longest_silent());
    }
  }
}

// What waits of it waits on; it is followed no more.
void Tracker::fold(Message& message) {
  folded_messages_ += 1;
  for (const auto& recipient : message.recipients) {
    if (!recipient.open) continue;
    Party& party = parties_[recipient.party];
    party.folded.queued += 1;
    party.folded.notices += message.is_notice() ? 1 : 0;
    if (party.folded.oldest_us == kNoTime || message.arrived_us < party.folded.oldest_us) party.folded.oldest_us = message.arrived_us;
    party.queue.waited(message.arrived_us, kNoTime);
    if (message.arrival_seen) party.hours.at(message.arrived_us).inflow += 1;
    if (message.tls_peer != kNobody) tls_.peer(message.tls_peer).waiting += 1;
  }
  const auto unnamed = message.unnamed_recipients();
  folded_unnamed_ += unnamed;
  totals_.recipients += unnamed;
  totals_.queued += message.open_recipients + unnamed;
  messages_.drop(message);
}

// A long history, or stamps that stray through the centuries: what lies further back is told by days, then by nothing but
// the totals.
void Tracker::bound_history() {
  until_bound_ = kLookAtHistory;
  constexpr std::int64_t kDay = 86'400 * kSecond;
  struct Step {
    std::int64_t hourly_days, kept_days;
  };
  for (const auto& [hourly_days, kept_days] : {Step{90, kMostDays}, Step{7, 90}, Step{1, 7}, Step{0, 1}}) {
    std::size_t entries = 0;
    for (const auto& party : parties_) entries += party.history();
    if (entries <= kMostHistory) return;
    for (auto& party : parties_) party.fold(now_us_ - hourly_days * kDay, now_us_ - kept_days * kDay);
  }
}

void Tracker::start_counting() {
  counting_ = true;
  keep_pending_evidence();
  totals_ = {.queued = totals_.queued};
  origins_ = 0;
  for (auto& party : parties_) {
    Party fresh;
    fresh.kind = party.kind;
    fresh.operator_id = party.operator_id;
    fresh.name = std::move(party.name);
    fresh.mtas = std::move(party.mtas);
    fresh.last_cause = party.last_cause;
    fresh.queue = std::move(party.queue);
    fresh.folded = party.folded;
    party = std::move(fresh);
  }
  for (auto& destination : destinations_) destination.attempts.clear();
  tls_.start_counting();
}

// ---- handshakes ----------------------------------------------------------------------------------------------

void Tracker::on_tls(const Event& event) {
  Evidence evidence;
  if (event.handshake == Handshake::failed) keep_evidence(evidence, event);
  const auto peer = tls_.handshake(event, host_, evidence);
  if (event.handshake == Handshake::established && event.direction == Direction::outbound) tls_.logs_successes(scope_);
  if (event.handshake != Handshake::failed || event.queue_id.empty() || peer == kNobody) return;
  if (Message* message = messages_.find(scope_, event.queue_id)) handshake_failed(*message, peer, event.time_us);
}

void Tracker::on_tls_detail(const Event& event) {
  const auto peer = tls_.detail(event, host_);
  if (event.queue_id.empty() || peer == kNobody) return;
  if (Message* message = messages_.find(scope_, event.queue_id)) handshake_failed(*message, peer, event.time_us);
}

// The handshake came about, and then our MTA would not have the peer's certificate: one failure a connection.
void Tracker::certificate_refused(const Event& event) {
  Evidence evidence;
  keep_evidence(evidence, event);
  tls_.certificate_refused(event, host_, evidence);
}

// A handshake with this peer failed for the message.
void Tracker::handshake_failed(Message& message, std::uint32_t peer, std::int64_t time_us) {
  if (peer == kNobody) return;
  if (message.tls_failed_us == kNoTime) message.tls_failed_us = time_us;
  message.tls_peer = peer;
}

// It was delivered after all.
void Tracker::tell_tls_outcome(Message& message, const Event& event) {
  const auto way = tls_.way_of(event, host_, message.tls_peer);
  if (way == TlsSessions::Way::elsewhere) return;
  message.tls_outcome_told = true;
  if (way == TlsSessions::Way::encrypted) {
    tls_.peer(message.tls_peer).retried += 1;
  } else {
    tls_.count_fallback(event, scope_, message.tls_peer, std::max<std::int64_t>(0, event.time_us - message.tls_failed_us));
  }
}

// ---- the MTA itself ------------------------------------------------------------------------------------------

void Tracker::on_restart(const Event& event) {
  if (!counting_ || event.time_us == kNoTime) return;
  const auto same_one = [&](const Restart& restart) {
    return event.time_us - restart.at_us < kOneRestart && restart.mta == event.mta && restart.host == event.host;
  };
  if (std::any_of(restarts_.rbegin(), restarts_.rend(), same_one)) return;
  if (restarts_.size() == kMostRestarts) restarts_.pop_front();
  restarts_.push_back({std::string(event.mta), std::string(event.host.substr(0, KnownNames::kLongest)), event.time_us});
}

// ---- who is who ----------------------------------------------------------------------------------------------

// A host and an MTA instance on it: queue ids are unique within. Mostly those of the event before.
Tracker::Scope Tracker::scope_of(const Event& event) {
  if (hosts_.size() == 0 || !same(event.host, hosts_.text(last_host_))) last_host_ = host_id(event.host);
  if (instances_.size() == 0 || !is_of_instance(event, instances_.text(last_instance_))) {
    last_instance_ = instances_.id(instance_of(event)).value_or(kMostInstances - 1);
  }
  return {last_host_, last_instance_};
}

// Further ones count as the last.
std::uint32_t Tracker::host_id(std::string_view host) { return hosts_.id(host).value_or(kMostHosts - 1); }

// Of further ones nobody is named.
std::uint32_t Tracker::person_id(std::string_view name) { return people_.id(name).value_or(kNobody); }

void Tracker::is_ours(std::uint32_t destination) {
  if (destination != kFurtherDestination) destinations_[destination].ours = true;
}

void Tracker::now_in(Scope scope) {
  host_ = scope.host;
  scope_ = scope.id();
}

std::vector<std::string> Tracker::hosts() const {
  std::vector<std::string> out;
  for (std::uint32_t id = 0; id < hosts_.size(); ++id) {
    if (!hosts_.text(id).empty()) out.emplace_back(hosts_.text(id));
  }
  return out;
}

Message& Tracker::open_message(const Event& event) {
  Message& message = messages_.add(scope_, event.queue_id);
  message.arrived_us = event.time_us;
  message.removed_by_outcomes = event.ends_by_outcomes;
  totals_.messages += 1;
  return message;
}

Message& Tracker::message_of(const Event& event) {
  Message* known = messages_.find(scope_, event.queue_id);
  if (known == nullptr) return open_message(event);
  if (known->recipients.size() < kMostRecipientsOfMessage || known->place_of(hash_of(event.recipient)) < known->recipients.size()) {
    return *known;
  }
  fold(*known);  // and it goes on, as the same message
  totals_.messages -= totals_.messages > 0 ? 1 : 0;
  return open_message(event);
}

Recipient* Tracker::recipient_of(Message& message, const Event& event) {
  const auto hash = hash_of(event.recipient);
  const auto count = static_cast<std::uint32_t>(message.recipients.size());
  if (const auto place = message.place_of(hash); place < count) {
    message.last_recipient = place;
    return &message.recipients[place];
  }
  // sendmail could not even warn the sender: that line bears the mail's id, but its address is the sender's.
  const bool full = message.declared > 0 && static_cast<std::int64_t>(count) >= message.declared;
  if (full && event.local && event.outcome == Outcome::bounced && message.removed_by_outcomes) return nullptr;
  message.last_recipient = count;
  Recipient& recipient = messages_.add_recipient(message, event.recipient, hash);
  recipient.destination = destination_id(event.recipient);
  totals_.recipients += 1;
  return &recipient;
}

std::uint32_t Tracker::destination_id(std::string_view address) {
  const auto domain = domain_of(address);
  const auto id = has_upper(domain) ? domains_.id(lower(domain)) : domains_.id(domain);
  if (!id) return kFurtherDestination;
  if (*id == destinations_.size()) {
    destinations_.emplace_back().operator_id = knowledge_.operator_of_domain(domains_.text(*id));
  }
  return *id;
}

std::uint32_t Tracker::relay_party(const Event& event) {
  if (event.local) return kNobody;
  const auto name = event.relay.empty() ? event.relay_address : event.relay;
  if (name.empty()) return kNobody;
  const auto id = relay_names_.id(name);
  if (id && *id < relays_.size()) return relays_[*id].party;
  const auto party = event.operator_id != 0 ? operated_party(event.operator_id) : unoperated_party(Party::Kind::relay, name);
  if (id) relays_.emplace_back().party = party;
  return party;
}

std::uint32_t Tracker::party_for_domain(std::uint32_t id) {
  if (id == kFurtherDestination) return kFurtherParty;
  Destination& destination = destinations_[id];
  if (destination.party == kNobody) {
    destination.party = destination.operator_id != 0 ? operated_party(destination.operator_id)
                                                     : unoperated_party(Party::Kind::domain, domains_.text(id));
  }
  return destination.party;
}

std::uint32_t Tracker::operated_party(std::uint32_t operator_id) {
  const auto fresh = static_cast<std::uint32_t>(parties_.size());
  const auto id = operated_.try_emplace(operator_id, fresh).first->second;
  if (id != fresh) return id;
  Party& party = parties_.emplace_back();
  party.kind = Party::Kind::operated;
  party.operator_id = operator_id;
  party.name = knowledge_.operator_name(operator_id);
  return id;
}

std::uint32_t Tracker::unoperated_party(Party::Kind kind, std::string_view name) {
  auto low = lower(name.substr(0, KnownNames::kLongest));
  auto key = (kind == Party::Kind::relay ? ">" : "@") + low;
  if (const auto known = unoperated_.find(key); known != unoperated_.end()) return known->second;
  if (unoperated_.size() >= kMostParties) {
    further_parties_.add(key);
    return kFurtherParty;
  }
  const auto id = static_cast<std::uint32_t>(parties_.size());
  unoperated_.emplace(std::move(key), id);
  Party& party = parties_.emplace_back();
  party.kind = kind;
  party.name = std::move(low);
  return id;
}

std::uint32_t Tracker::reason_id(std::string_view reply) {
  if (!options_.keep_queue) return kNobody;
  return reasons_.id(reply).value_or(kNobody);
}

void Tracker::keep_evidence(Evidence& kept, const Event& event) const {
  kept.source = (*names_)[source_];
  kept.line = first_line_ + event.line_number;
  kept.text = event.line.substr(0, kEvidenceText);
}

// The text of a group's last line is copied once for a batch, not for each line.
void Tracker::keep_pending_evidence() {
  for (const auto& [party, meaning] : pending_evidence_) {
    GroupCounts& group = party->group(meaning);
    group.last.source = (*names_)[group.last_source];
    group.last.line = group.last_line;
    group.last.text = group.last_event->line.substr(0, kEvidenceText);
    group.last_event = nullptr;
  }
  pending_evidence_.clear();
}

}  // namespace mtalens
