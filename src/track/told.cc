// Telling of each event once it was joined: what the tracker's counts changed by is what is told, so that sums over the
// rows are the report's numbers by construction.
#include "track/hash.h"
#include "track/tracker.h"

namespace mtalens {
namespace {

constexpr std::size_t kMostTransactions = 1 << 16;  // messages whose last transaction is remembered, twice over

}  // namespace

void Tracker::tell_to(Tell tell) {
  tell_ = std::move(tell);
  tls_.keep_changes();
}

void Tracker::add_and_tell(const Event& event) {
  joined_.assign(1, {});
  JoinedEvent& row = joined_.front();
  row.event = &event;
  row.source = (*names_)[source_];
  row.line = first_line_ + event.line_number;
  row.recipient = event.recipient;
  add(event);
  if (!event.queue_id.empty()) {
    if (const Message* message = messages_.find(scope_, event.queue_id)) joined_.front().message = number_of(*message);
  }
  tell_tls_changes();
  for (const auto& joined : joined_) tell_(joined);
}

// The same in every run, whatever was read before.
std::uint64_t Tracker::number_of(const Message& message) const {
  const auto host = hash_of(hosts_.text(message.scope / kMostInstances));
  const auto instance = hash_of(instances_.text(message.scope % kMostInstances), host);
  return hash_of(message.id(), instance ^ static_cast<std::uint64_t>(message.arrived_us)) | 1;
}

Tracker::Counted Tracker::counted_for(std::uint32_t party) const {
  const Party& p = parties_[party];
  return {p.accepted, p.refusals, p.throttled, p.expired};
}

void Tracker::tell_origin(OriginKey key) {
  JoinedEvent& row = joined_.front();
  row.messages = 1;
  row.origin = key.kind;
  row.origin_who = people_.text(key.who);
}

void Tracker::tell_counted(std::uint32_t party, const Counted& before) {
  JoinedEvent& row = joined_.front();
  const Party& now = parties_[party];
  name_party(row, party);
  row.accepted = static_cast<std::uint32_t>(now.accepted - before.accepted);
  row.refusals = static_cast<std::uint32_t>(now.refusals - before.refusals);
  row.throttled = static_cast<std::uint32_t>(now.throttled - before.throttled);
  row.expired = static_cast<std::uint32_t>(now.expired - before.expired);
}

void Tracker::tell_attempt(const Message& message, const Recipient& recipient, bool new_transaction,
                           std::uint32_t waited_for, const Counted& before) {
  tell_counted(recipient.party, before);
  JoinedEvent& row = joined_.front();
  name_destination(row, recipient);
  row.transaction = transaction_of(row.message = number_of(message), *row.event, new_transaction);
  row.waiting = recipient.open ? 1 : 0;
  if (waited_for == kNobody) return;
  row.waiting -= waited_for == recipient.party ? 1 : 0;
  if (waited_for == recipient.party) return;
  JoinedEvent& moved = joined_.emplace_back(further_row());  // it waits for another party from now on
  name_party(moved, waited_for);
  name_destination(moved, recipient);
  moved.waiting = -1;
}

void Tracker::tell_leaving(const Message& message, const Recipient& recipient, bool as_expired) {
  JoinedEvent& row = joined_.emplace_back(further_row());
  row.message = number_of(message);
  row.recipient = message.address(recipient);
  name_party(row, recipient.party);
  name_destination(row, recipient);
  row.expired = as_expired ? 1 : 0;
  row.waiting = -1;
}

std::uint64_t Tracker::transaction_of(std::uint64_t message, const Event& event, bool is_new) {
  const auto conversation = hash_of(event.conversation, hash_of(event.relay_address, message ^ event.pid));
  if (!is_new) {
    if (const auto known = transactions_.find(conversation); known != transactions_.end()) return known->second;
    if (const auto known = earlier_transactions_.find(conversation); known != earlier_transactions_.end()) return known->second;
  }
  if (transactions_.size() >= kMostTransactions) {
    earlier_transactions_ = std::move(transactions_);
    transactions_.clear();
  }
  return transactions_[conversation] = hash_of(event.recipient, conversation ^ static_cast<std::uint64_t>(event.time_us)) | 1;
}

// The handshakes that the event changed: the first stands in the event's own row.
void Tracker::tell_tls_changes() {
  for (const auto& change : tls_.take_changes()) {
    const bool taken = joined_.front().tls_direction != Direction::none;
    JoinedEvent& row = taken ? joined_.emplace_back(further_row()) : joined_.front();
    const TlsPeer& peer = tls_.peer(change.peer);
    row.tls_direction = change.peer == kNobody ? Direction::outbound : peer.direction;
    row.tls_peer = peer.peer;
    row.tls_address = peer.address;
    row.tls_cause = change.cause;
    row.handshakes = change.handshakes;
    row.failed = change.failed;
  }
}

JoinedEvent Tracker::further_row() const {
  JoinedEvent row;
  const JoinedEvent& first = joined_.front();
  row.event = first.event;
  row.first = false;
  row.source = first.source;
  row.line = first.line;
  row.message = first.message;
  row.recipient = first.recipient;
  return row;
}

void Tracker::name_party(JoinedEvent& row, std::uint32_t id) const {
  const Party& party = parties_[id];
  row.party = party.name;
  switch (party.kind) {
    case Party::Kind::operated: row.party_kind = JoinedEvent::Party::operated; break;
    case Party::Kind::relay: row.party_kind = JoinedEvent::Party::relay; break;
    case Party::Kind::domain: row.party_kind = JoinedEvent::Party::domain; break;
  }
}

void Tracker::name_destination(JoinedEvent& row, const Recipient& recipient) const {
  row.domain = domains_.text(recipient.destination);
  row.domain_has_operator = destinations_[recipient.destination].operator_id != 0;
}

}  // namespace mtalens
