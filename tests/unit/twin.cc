#include "twin.h"

#include <algorithm>

#include "knowledge/meaning.h"

namespace mtalens::test {
namespace {

constexpr std::int64_t kLate = 2'000'000;  // lines of one message swap places within this

std::string small(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(c < 128 ? std::tolower(c) : c); });
  return out;
}

std::string host_of(const Event& event) {
  return small(event.relay.empty() ? event.relay_address : event.relay);
}

bool throttles(const Event& event) {
  return is_throttle(static_cast<Meaning>(event.meaning));
}

}  // namespace

std::uint64_t Twin::Message::unnamed() const {
  const auto named = static_cast<std::int64_t>(recipients.size());
  return declared > named ? static_cast<std::uint64_t>(declared - named) : 0;
}

bool Twin::Message::any_open() const {
  return std::any_of(recipients.begin(), recipients.end(), [](const auto& r) { return r.second.open; });
}

// An id belongs to a host and, for Postfix, to an instance: the tag before the slash.
std::string Twin::key_of(const Event& event, std::string_view id) {
  const auto program = std::string(event.program);
  const auto instance = event.mta == "postfix" ? program.substr(0, program.find('/')) : std::string(event.mta);
  return std::string(event.host) + " " + instance + " " + std::string(id);
}

Twin::Message* Twin::find(const std::string& key) {
  const auto found = live_.find(key);
  return found == live_.end() ? nullptr : &found->second;
}

Twin::Message& Twin::open(const std::string& key, const Event& event) {
  if (Message* old = find(key)) over_.push_back(std::move(*old));
  Message& message = live_[key] = Message{};
  message.by_outcomes = event.ends_by_outcomes;
  return message;
}

Twin::Message& Twin::find_or_open(const Event& event) {
  const auto key = key_of(event, event.queue_id);
  Message* known = find(key);
  return known != nullptr ? *known : open(key, event);
}

void Twin::see(const Event& event) {
  switch (event.kind) {
    case EventKind::received:
      arrival(event);
      break;
    case EventKind::queued:
      more_of_it(event);
      break;
    case EventKind::attempt:
      attempt(event);
      break;
    case EventKind::refusal:
      if (event.counts_refusal && !event.local) refused(event);
      break;
    case EventKind::ended:
      ending(event);
      break;
    case EventKind::related:
      relation(event);
      break;
    case EventKind::tls:
      handshake(event);
      break;
    case EventKind::tls_detail:
      handshake_detail(event);
      break;
    default:
      break;
  }
}

void Twin::arrival(const Event& event) {
  if (event.queue_id.empty()) return;
  const auto key = key_of(event, event.queue_id);
  Message* known = find(key);
  const bool again =
      known != nullptr && known->ended_us && (known->received || event.time_us - *known->ended_us > kLate);
  Message& message = known == nullptr || again ? open(key, event) : *known;
  message.received = true;
  if (event.recipients >= 0) message.declared = event.recipients;
  if (!event.message_id.empty()) message.has_message_id = true;
  if (event.relation == Relation::requeued_from && !event.other_queue_id.empty()) message.goes_on_with = true;
  if (event.recipients == 0 && message.recipients.empty() && !message.ended_us) message.ended_us = event.time_us;
}

void Twin::more_of_it(const Event& event) {
  if (event.queue_id.empty()) return;
  const auto key = key_of(event, event.queue_id);
  Message* known = find(key);
  const bool is_message_id = !event.message_id.empty();
  if (known != nullptr && known->ended_us) {
    const bool told = is_message_id ? known->has_message_id : known->has_envelope;
    if (!told && event.time_us - *known->ended_us <= kLate) {
      (is_message_id ? known->has_message_id : known->has_envelope) = true;
      return;
    }
    known = nullptr;
  }
  Message& message = known != nullptr ? *known : open(key, event);
  (is_message_id ? message.has_message_id : message.has_envelope) = true;
  if (!is_message_id && event.recipients >= 0) message.declared = event.recipients;
}

bool Twin::first_of_conversation(Message& message, const Event& event) {
  if (event.same_transaction || message.list_goes_on) return false;
  if (event.conversation.empty()) return true;
  auto& tried =
      message.tried[{event.outcome, event.pid, std::string(event.conversation), std::string(event.relay_address)}];
  const std::string recipient(event.recipient);
  if (!tried.empty() && !tried.contains(recipient)) {
    tried.insert(recipient);
    return false;
  }
  tried = {recipient};
  return true;
}

void Twin::refused(const Event& event) {
  const auto name = host_of(event);
  if (name.empty()) return;
  hosts[name].refusals += event.times;
  if (throttles(event)) hosts[name].throttled += event.times;
}

void Twin::attempt(const Event& event) {
  Message& message = find_or_open(event);
  const std::string address(event.recipient);
  const bool full = message.declared > 0 && static_cast<std::int64_t>(message.recipients.size()) >= message.declared;
  const bool known = message.recipients.contains(address);
  // sendmail could not warn the sender, and says so under the mail's id.
  if (!known && full && event.local && event.outcome == Outcome::bounced && message.by_outcomes) return;
  Recipient& recipient = message.recipients[address];
  const bool first = first_of_conversation(message, event);
  message.list_goes_on = event.more_follows;

  if (!event.local) {
    const auto name = host_of(event);
    if (event.outcome == Outcome::delivered) {
      attempts.delivered += event.times;
      if (first && !name.empty()) hosts[name].accepted += event.times;
    } else if (event.outcome == Outcome::deferred) {
      attempts.deferred += event.times;
      if (event.secondary) attempts.secondary += event.times;
      if (!event.secondary && throttles(event)) attempts.throttled += event.times;
    } else if (event.outcome == Outcome::bounced) {
      attempts.bounced += event.times;
    }
    const bool refusal = event.outcome != Outcome::delivered && !event.secondary && event.counts_refusal;
    if (refusal && (first || event.stage == Stage::rcpt)) refused(event);
    if (event.outcome == Outcome::deferred && event.stage == Stage::starttls && event.code / 100 != 5)
      name_session(event, event.relay);
  }
  if (event.outcome == Outcome::delivered &&
      (event.relation == Relation::forwarded_as || event.relation == Relation::queued_as)) {
    if (recipient.open) recipient.goes_on = true;
    Message* next = find(key_of(event, event.other_queue_id));
    if (next != nullptr && next != &message) next->goes_on_with = true;
  }
  if (event.outcome != Outcome::deferred && event.outcome != Outcome::none && recipient.open) {
    recipient.open = false;
    recipient.left = event.outcome;
  }
  if (!message.by_outcomes) return;
  if (message.any_open()) {
    message.ended_us.reset();
  } else if (message.unnamed() == 0 && !message.list_goes_on && !message.ended_us) {
    message.ended_us = event.time_us;
  }
}

void Twin::ending(const Event& event) {
  const auto key = key_of(event, event.queue_id);
  Message* message = find(key);
  const bool expired = event.ended == Ended::expired;
  if (message == nullptr && expired) message = &open(key, event);
  if (message == nullptr || (message->ended_us && !expired)) return;
  for (auto& [address, recipient] : message->recipients) {
    if (!recipient.open) continue;
    recipient.open = false;
    if (expired) recipient.left = Outcome::expired;
  }
  if (!expired) message->ended_us = event.time_us;
}

void Twin::relation(const Event& event) {
  if (event.ends_by_outcomes && !event.other_queue_id.empty()) {
    const auto notice = key_of(event, event.other_queue_id);
    if (find(notice) == nullptr) open(notice, event).received = true;
  }
  if (event.ended != Ended::expired) return;
  const auto key = key_of(event, event.queue_id);
  Message& message = find(key) != nullptr ? *find(key) : open(key, event);
  for (auto& [address, recipient] : message.recipients) {
    if (!recipient.open) continue;
    recipient.open = false;
    recipient.left = Outcome::expired;
  }
  if (message.by_outcomes && !message.ended_us) message.ended_us = event.time_us;
}

// ---- handshakes ------------------------------------------------------------------------------------------------

void Twin::count_failure(const Session& session) {
  Peer& peer = peers[{session.direction, session.peer}];
  peer.failed += session.times;
  peer.causes[session.cause] += session.times;
}

void Twin::handshake(const Event& event) {
  const auto name = event.peer.empty() ? event.relay : event.peer;
  const auto address = event.peer_address.empty() ? event.relay_address : event.peer_address;
  Session session;
  session.peer = name.empty() || name == "unknown" ? std::string(address) : small(name);
  session.direction = event.direction;
  session.last = event.handshake;
  session.cause = event.cause == TlsCause::none ? TlsCause::other : event.cause;
  session.times = event.times;
  session.named = !session.peer.empty();
  if (event.handshake == Handshake::failed && session.named) count_failure(session);
  if (event.pid != 0) sessions_[{std::string(event.host), event.pid}] = session;
}

void Twin::handshake_detail(const Event& event) {
  const auto found = sessions_.find({std::string(event.host), event.pid});
  if (event.pid == 0 || found == sessions_.end() || found->second.last != Handshake::failed) return;
  Session& session = found->second;
  if (session.cause == TlsCause::other && event.cause != TlsCause::none && event.cause != TlsCause::other) {
    if (session.named) {
      auto& causes = peers[{session.direction, session.peer}].causes;
      causes[TlsCause::other] -= session.times;
      causes[event.cause] += session.times;
    }
    session.cause = event.cause;
  }
  name_session(event, event.peer);
}

// sendmail's client tells only later with whom the handshake failed.
void Twin::name_session(const Event& event, std::string_view peer) {
  const auto found = sessions_.find({std::string(event.host), event.pid});
  if (event.pid == 0 || peer.empty() || found == sessions_.end()) return;
  Session& session = found->second;
  if (session.named || session.last != Handshake::failed) return;
  session.named = true;
  session.peer = small(peer);
  session.direction = Direction::outbound;
  count_failure(session);
}

// ---- the end ---------------------------------------------------------------------------------------------------

Totals Twin::totals() const {
  Totals sum;
  const auto add = [&](const Message& message) {
    sum.messages += message.goes_on_with ? 0 : 1;
    for (const auto& [address, recipient] : message.recipients) {
      if (recipient.goes_on) continue;
      sum.recipients += 1;
      sum.delivered += recipient.left == Outcome::delivered ? 1 : 0;
      sum.bounced += recipient.left == Outcome::bounced ? 1 : 0;
      sum.expired += recipient.left == Outcome::expired ? 1 : 0;
      sum.queued += recipient.open && !message.ended_us ? 1 : 0;
    }
    if (message.ended_us) return;
    sum.recipients += message.unnamed();
    sum.queued += message.unnamed();
  };
  for (const auto& message : over_)
    add(message);
  for (const auto& [key, message] : live_)
    add(message);
  return sum;
}

std::set<std::string> Twin::queued_ids() const {
  std::set<std::string> ids;
  for (const auto& [key, message] : live_) {
    if (!message.ended_us) ids.insert(key);
  }
  return ids;
}

}  // namespace mtalens::test
