#include "track/tls_sessions.h"

#include <algorithm>

#include "track/lower.h"

namespace mtalens {
namespace {

// Since the epoch, UTC; of times after it.
std::int64_t day_of(std::int64_t us) { return us / 86'400'000'000; }

constexpr std::size_t kMostSessions = 1 << 14;  // remembered at once, twice over

// The earliest of so many days stands for those before it.
void count_day(std::map<std::int64_t, std::uint64_t>& days, std::int64_t day, std::uint64_t times) {
  days[day] += times;
  if (days.size() <= kMostDays) return;
  const auto first = days.begin();
  std::next(first)->second += first->second;
  days.erase(first);
}

// 0: nothing tells one connection from another (Exim's own log).
std::uint32_t session_of(const Event& event) { return event.session != 0 ? event.session : event.pid; }

// Postfix says "unknown" where it found no host name.
std::string_view name_or_address(std::string_view name, std::string_view address) {
  return name.empty() || name == "unknown" ? address : name;
}

std::uint64_t key_of(std::uint32_t host, std::uint32_t pid) { return (std::uint64_t{host} << 32) | pid; }

}  // namespace

TlsSessions::TlsSessions() {
  peers_.resize(1 + kFurtherOutbound);
  peers_[kFurtherInbound].direction = Direction::inbound;
  peers_[kFurtherOutbound].direction = Direction::outbound;
  peers_[kFurtherInbound].peer = peers_[kFurtherOutbound].peer = kFurtherPeers;
}

TlsSessions::Session& TlsSessions::session(std::uint32_t host, std::uint32_t pid) {
  const auto key = key_of(host, pid);
  if (const auto now = current_.find(key); now != current_.end()) return now->second;
  if (current_.size() >= kMostSessions) {
    forget_older_sessions();
  }
  if (const auto old = previous_.find(key); old != previous_.end()) {
    auto node = previous_.extract(old);
    return current_.insert(std::move(node)).position->second;
  }
  return current_[key];
}

// A failure whose peer was never named stays counted.
void TlsSessions::forget_older_sessions() {
  for (const auto& [key, session] : previous_) never_named_ += session.unnamed ? session.times : 0;
  previous_ = std::move(current_);
  current_.clear();
}

const TlsSessions::Session* TlsSessions::find(std::uint32_t host, std::uint32_t pid) const {
  const auto key = key_of(host, pid);
  if (const auto at = current_.find(key); at != current_.end()) return &at->second;
  if (const auto at = previous_.find(key); at != previous_.end()) return &at->second;
  return nullptr;
}

std::uint32_t TlsSessions::peer_id(Direction direction, std::string_view name, std::string_view address,
                                   std::string_view mta) {
  const auto wanted = name_or_address(name, address);
  if (wanted.empty()) return kNobody;
  PeersByName& names = direction == Direction::inbound ? inbound_ : outbound_;
  const auto name_id = has_upper(wanted) ? names.names.id(lower(wanted)) : names.names.id(wanted);
  if (!name_id) return direction == Direction::inbound ? kFurtherInbound : kFurtherOutbound;
  if (*name_id == names.peers.size()) {
    names.peers.push_back(static_cast<std::uint32_t>(peers_.size()));
    TlsPeer& peer = peers_.emplace_back();
    peer.direction = direction;
    peer.peer = names.names.text(*name_id);
  }
  const auto id = names.peers[*name_id];
  TlsPeer& peer = peers_[id];
  if (peer.address.empty()) peer.address = address.substr(0, KnownNames::kLongest);
  if (std::find(peer.mtas.begin(), peer.mtas.end(), mta) == peer.mtas.end()) peer.mtas.emplace_back(mta);
  return id;
}

void TlsSessions::changed(std::uint32_t peer, TlsCause cause, std::uint32_t handshakes, std::uint32_t failed,
                          std::int32_t sign) {
  if (!keeps_changes_) return;
  changes_.push_back({peer, cause, sign * static_cast<std::int32_t>(handshakes), sign * static_cast<std::int32_t>(failed)});
}

void TlsSessions::count_failure(std::uint32_t id, Session& session) {
  session.counted = true;
  changed(id, session.cause, session.times, session.times);
  TlsPeer& peer = peers_[id];
  peer.handshakes += session.times;
  if (peer.failed == 0) {
    peer.first_failed_us = session.time_us;
    peer.first = session.evidence;
    peer.words = session.words;
    if (peer.direction == Direction::inbound) peer.messages_before = messages_from(peer.peer);
  }
  peer.failed += session.times;
  if (session.time_us != kNoTime) count_day(peer.failed_days, day_of(session.time_us), session.times);
  peer.succeeded_since = 0;
  peer.causes[static_cast<std::size_t>(session.cause)] += session.times;
  peer.last_failed_us = session.time_us;
  peer.last = session.evidence;
}

std::uint32_t TlsSessions::handshake(const Event& event, std::uint32_t host, const Evidence& evidence) {
  const auto peer = peer_id(event.direction, event.peer.empty() ? event.relay : event.peer,
                            event.peer_address.empty() ? event.relay_address : event.peer_address, event.mta);
  Session made;
  Session& now = session_of(event) != 0 ? session(host, session_of(event)) : made;
  if (now.unnamed) never_named_ += now.times;
  now.peer = peer;
  now.last = event.handshake;
  now.times = event.times;
  now.time_us = event.time_us;
  now.unnamed = now.counted = false;
  if (event.handshake == Handshake::established) {
    if (peer != kNobody) count_success(peer, event.times);
    return peer;
  }
  now.cause = event.cause == TlsCause::none ? TlsCause::other : event.cause;
  now.words = event.reply.substr(0, kEvidenceText);
  now.evidence = evidence;
  now.unnamed = peer == kNobody;
  if (peer != kNobody) {
    count_failure(peer, now);
  } else {
    changed(kNobody, TlsCause::other, now.times, now.times);
  }
  return peer;
}

void TlsSessions::certificate_refused(const Event& event, std::uint32_t host, const Evidence& evidence) {
  const auto peer = peer_id(Direction::outbound, event.relay, event.relay_address, event.mta);
  if (peer == kNobody || session_of(event) == 0) return;
  Session& now = session(host, session_of(event));
  if (now.last == Handshake::established && now.peer == peer && peers_[peer].handshakes > 0) --peers_[peer].handshakes;
  now.peer = peer;
  now.last = Handshake::failed;
  now.cause = event.cause;
  now.unnamed = false;
  now.times = event.times;
  now.time_us = event.time_us;
  now.words = event.reply;
  now.evidence = evidence;
  count_failure(peer, now);
}

std::uint32_t TlsSessions::detail(const Event& event, std::uint32_t host) {
  if (session_of(event) == 0) return kNobody;
  Session& now = session(host, session_of(event));
  if (now.last != Handshake::failed) return kNobody;
  if (event.cause != TlsCause::none && event.cause != TlsCause::other && now.cause == TlsCause::other) {
    now.words = event.reply.substr(0, kEvidenceText);
    if (now.counted) {  // before its cause was told
      TlsPeer& peer = peers_[now.peer];
      peer.causes[static_cast<std::size_t>(TlsCause::other)] -= now.times;
      peer.causes[static_cast<std::size_t>(event.cause)] += now.times;
      changed(now.peer, TlsCause::other, 0, now.times, -1);
      changed(now.peer, event.cause, 0, now.times);
      if (peer.failed == now.times || peer.words.empty()) peer.words = now.words;
    }
    now.cause = event.cause;
  }
  if (now.unnamed && !event.peer.empty()) {
    now.peer = peer_id(Direction::outbound, event.peer, event.peer_address, event.mta);
    now.unnamed = false;
    changed(kNobody, TlsCause::other, now.times, now.times, -1);
    count_failure(now.peer, now);
  }
  return now.peer;
}

std::uint32_t TlsSessions::name_pending(const Event& event, std::uint32_t host) {
  if (session_of(event) == 0 || event.relay.empty()) return kNobody;
  const Session* found = find(host, session_of(event));
  if (found == nullptr || found->last != Handshake::failed) return kNobody;
  Session& now = session(host, session_of(event));
  if (now.unnamed) {
    now.peer = peer_id(Direction::outbound, event.relay, event.relay_address, event.mta);
    now.unnamed = false;
    changed(kNobody, TlsCause::other, now.times, now.times, -1);
    count_failure(now.peer, now);
  } else if (now.peer != kNobody && peers_[now.peer].address.empty()) {
    peers_[now.peer].address = event.relay_address.substr(0, KnownNames::kLongest);
  }
  return now.peer;
}

void TlsSessions::established_by(const Event& event, Direction direction, std::string_view name,
                                 std::string_view address) {
  const auto id = peer_id(direction, name, address, event.mta);
  if (id != kNobody) count_success(id, event.times);
}

void TlsSessions::count_success(std::uint32_t peer, std::uint32_t times) {
  peers_[peer].handshakes += times;
  peers_[peer].succeeded_since += times;
  changed(peer, TlsCause::none, times, 0);
}

TlsSessions::Way TlsSessions::way_of(const Event& event, std::uint32_t host, std::uint32_t peer) const {
  if (event.relay.empty() || failed_peer(event.relay) != peer) return Way::elsewhere;
  if (!event.tls_version.empty()) return Way::encrypted;
  if (session_of(event) == 0) return Way::in_clear;  // Exim names the cipher at each delivery that had one
  const Session* now = find(host, session_of(event));
  return now == nullptr || now->peer != peer || now->last == Handshake::failed ? Way::in_clear : Way::encrypted;
}

void TlsSessions::count_fallback(const Event& event, std::uint32_t scope, std::uint32_t peer, std::int64_t delay_us) {
  const bool sure = event.mta != "postfix" || (scope < logs_successes_.size() && logs_successes_[scope]);
  if (sure) {
    peers_[peer].fallbacks += 1;
    peers_[peer].fallback_delay_us += delay_us;
  } else {
    Fallbacks& doubtful = doubtful_[scope][peer];
    doubtful.messages += 1;
    doubtful.delay_us += delay_us;
  }
}

void TlsSessions::received_from(std::string_view name, std::string_view address, std::uint32_t times) {
  const auto who = name_or_address(name, address);
  if (who.empty()) return;
  const auto known = clients_.id(who);
  if (!known) return;
  if (*known == messages_of_client_.size()) messages_of_client_.push_back(0);
  messages_of_client_[*known] += times;
}

std::int64_t TlsSessions::messages_from(std::string_view peer) const {
  if (peer == kFurtherPeers) return -1;
  if (const auto known = clients_.find(peer)) return static_cast<std::int64_t>(messages_of_client_[*known]);
  return clients_.size() < kMostClients ? 0 : -1;
}

void TlsSessions::logs_successes(std::uint32_t scope) {
  if (scope < logs_successes_.size() && logs_successes_[scope]) return;
  if (scope >= logs_successes_.size()) logs_successes_.resize(scope + 1);
  logs_successes_[scope] = true;
  for (const auto& [peer, fallbacks] : doubtful_[scope]) {
    peers_[peer].fallbacks += fallbacks.messages;
    peers_[peer].fallback_delay_us += fallbacks.delay_us;
  }
  doubtful_.erase(scope);
}

std::uint32_t TlsSessions::failed_peer(std::string_view relay) const {
  const auto name_id = outbound_.names.find(has_upper(relay) ? lower(relay) : std::string(relay));
  if (!name_id) return kNobody;
  const auto id = outbound_.peers[*name_id];
  return peers_[id].failed > 0 ? id : kNobody;
}

void TlsSessions::start_counting() {
  never_named_ = 0;
  doubtful_.clear();
  std::fill(messages_of_client_.begin(), messages_of_client_.end(), 0);
  for (auto& peer : peers_) {
    TlsPeer fresh;
    fresh.direction = peer.direction;
    fresh.peer = std::move(peer.peer);
    fresh.address = std::move(peer.address);
    peer = std::move(fresh);
  }
  for (auto* sessions : {&current_, &previous_}) {
    for (auto& [key, session] : *sessions) session.counted = false;
  }
}

void TlsSessions::fold(std::int64_t from_us) {
  for (auto& peer : peers_) peer.failed_days.erase(peer.failed_days.begin(), peer.failed_days.lower_bound(day_of(from_us)));
}

// For failures whose session named no peer.
void TlsSessions::add_nobody(std::vector<TlsPeer>& peers) const {
  std::uint64_t unnamed = never_named_;
  for (const auto* sessions : {&current_, &previous_}) {
    for (const auto& [key, session] : *sessions) unnamed += session.unnamed ? session.times : 0;
  }
  if (unnamed == 0) return;
  TlsPeer& nobody = peers.emplace_back();
  nobody.direction = Direction::outbound;
  nobody.handshakes = nobody.failed = unnamed;
  nobody.causes[static_cast<std::size_t>(TlsCause::other)] = unnamed;
}

TlsPeer TlsSessions::told(std::uint32_t id) const {
  TlsPeer out = peers_[id];
  out.is_folded = id == kFurtherInbound || id == kFurtherOutbound;
  if (out.messages_before >= 0) out.messages_since = messages_from(out.peer) - out.messages_before;
  for (const auto& [scope, fallbacks] : doubtful_) {
    const auto of_peer = fallbacks.find(id);
    if (of_peer != fallbacks.end()) out.went_out += of_peer->second.messages;
  }
  return out;
}

std::vector<TlsPeer> TlsSessions::failed() const {
  std::vector<TlsPeer> out;
  for (std::uint32_t id = 0; id < peers_.size(); ++id) {
    if (peers_[id].failed > 0) out.push_back(told(id));
  }
  add_nobody(out);
  return out;
}

std::vector<TlsPeer> TlsSessions::every() const {
  std::vector<TlsPeer> out;
  for (std::uint32_t id = 1; id < peers_.size(); ++id) {
    TlsPeer& peer = out.emplace_back(told(id));
    if (peer.failed == 0 && peer.direction == Direction::inbound) peer.messages_since = messages_from(peer.peer);
  }
  add_nobody(out);
  return out;
}

bool TlsSessions::fits_together() const {
  bool fits = peers_.size() > kFurtherOutbound && messages_of_client_.size() == clients_.size();
  for (const auto* names : {&inbound_, &outbound_}) {
    fits = fits && names->peers.size() == names->names.size();
    for (const auto id : names->peers) fits = fits && id < peers_.size();
  }
  for (const auto& peer : peers_) fits = fits && peer.direction <= Direction::outbound;
  for (const auto& [scope, messages] : doubtful_) {
    for (const auto& [peer, fallbacks] : messages) fits = fits && peer < peers_.size();
  }
  for (const auto* sessions : {&current_, &previous_}) {
    for (const auto& [key, session] : *sessions) {
      fits = fits && session.peer < peers_.size() && session.cause <= TlsCause::other && session.last <= Handshake::failed;
    }
  }
  return fits;
}

}  // namespace mtalens
