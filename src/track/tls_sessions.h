// Joins the lines of TLS handshakes: several lines, one pid, one failure; then what became of the mail.
//
// `fields` lists what of a struct a state keeps on disk (src/state/archive.h): a new member goes there too.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "mtalens/analysis.h"
#include "mtalens/event.h"
#include "track/known_names.h"
#include "track/message.h"

namespace mtalens {

class TlsSessions {
  static constexpr std::uint32_t kMostClients = 1 << 16;  // whose messages are counted

 public:
  TlsSessions();

  // One handshake. Gives the peer, kNobody where the line names none (sendmail's client names it later).
  std::uint32_t handshake(const Event& event, std::uint32_t host, const Evidence& evidence);
  // What looked like a handshake that succeeds, where any line told of it, was a failed one.
  void certificate_refused(const Event& event, std::uint32_t host, const Evidence& evidence);
  // More about the last handshake of that pid: its cause, its peer. Gives the peer, kNobody where unknown still.
  std::uint32_t detail(const Event& event, std::uint32_t host);
  // An established handshake that only a delivery or an arrival tells of (Exim's X=).
  void established_by(const Event& event, Direction direction, std::string_view peer, std::string_view address);
  // How a message went for which a handshake with this peer had failed before.
  enum class Way : std::uint8_t { elsewhere, in_clear, encrypted };
  Way way_of(const Event& event, std::uint32_t host, std::uint32_t peer) const;
  // It went in clear text, so long after the failure. `scope`: the host and instance that say so.
  void count_fallback(const Event& event, std::uint32_t scope, std::uint32_t peer, std::int64_t delay_us);
  // A message came in from this client.
  void received_from(std::string_view name, std::string_view address, std::uint32_t times);
  // The outbound peer of that name with a failed handshake, or kNobody.
  std::uint32_t failed_peer(std::string_view relay) const;
  // The session of that pid has a failed handshake whose peer nobody named: it was this relay.
  std::uint32_t name_pending(const Event& event, std::uint32_t host);

  // What the counts changed by, for those who keep events themselves; kNobody: a failure whose peer is not named yet.
  struct Change {
    std::uint32_t peer = kNobody;
    TlsCause cause = TlsCause::none;
    std::int32_t handshakes = 0;
    std::int32_t failed = 0;
  };
  void keep_changes() { keeps_changes_ = true; }
  std::vector<Change> take_changes() { return std::exchange(changes_, {}); }

  TlsPeer& peer(std::uint32_t id) { return peers_[id]; }
  // This host and instance logs handshakes that succeed: a delivery without such a line went in clear text.
  void logs_successes(std::uint32_t scope);

  // Forgets the counts, not the sessions under way.
  void start_counting();
  // Days before are not told any more.
  void fold(std::int64_t from_us);
  // Those with a failed handshake.
  std::vector<TlsPeer> failed() const;
  // Every peer, in no order; `messages_since` of one with which none failed: all of them.
  std::vector<TlsPeer> every() const;
  // About how many are not told apart.
  std::uint64_t further() const { return inbound_.names.further() + outbound_.names.further(); }
  std::uint32_t peers() const { return static_cast<std::uint32_t>(peers_.size()); }

  template <typename Archive>
  void fields(Archive& archive) {
    std::vector<std::uint8_t> logging(logs_successes_.begin(), logs_successes_.end());
    archive(inbound_, outbound_, peers_, doubtful_, logging, never_named_, clients_, messages_of_client_, current_, previous_);
    if constexpr (Archive::kReads) {
      logs_successes_.assign(logging.begin(), logging.end());
      archive.require(fits_together());
    }
  }

 private:
  struct Session {
    std::uint32_t peer = kNobody;
    Handshake last = Handshake::none;
    TlsCause cause = TlsCause::none;
    bool unnamed = false;  // failed, and no line has told with whom
    bool counted = false;  // among its peer's failures
    std::uint32_t times = 1;
    std::int64_t time_us = kNoTime;
    std::string words;
    Evidence evidence;

    template <typename Archive>
    void fields(Archive& archive) {
      archive(peer, last, cause, unnamed, counted, times, time_us, words, evidence);
    }
  };

  // Those of a direction that are too many to be told apart.
  static constexpr std::uint32_t kFurtherInbound = 1;
  static constexpr std::uint32_t kFurtherOutbound = 2;

  Session& session(std::uint32_t host, std::uint32_t pid);
  void forget_older_sessions();
  const Session* find(std::uint32_t host, std::uint32_t pid) const;
  std::uint32_t peer_id(Direction direction, std::string_view name, std::string_view address, std::string_view mta);
  void count_failure(std::uint32_t peer, Session& session);
  void count_success(std::uint32_t peer, std::uint32_t times);
  std::int64_t messages_from(std::string_view peer) const;  // -1: not counted
  TlsPeer told(std::uint32_t id) const;
  void add_nobody(std::vector<TlsPeer>& peers) const;
  void changed(std::uint32_t peer, TlsCause cause, std::uint32_t handshakes, std::uint32_t failed, std::int32_t sign = 1);
  bool fits_together() const;  // no number of a peer, a name, a cause that is none

  // Peers by name, those who come in and those we go to apart; 0 in their ids is nobody yet.
  struct PeersByName {
    KnownNames names{kMostPeers};
    std::vector<std::uint32_t> peers;

    template <typename Archive>
    void fields(Archive& archive) {
      archive(names, peers);
    }
  };
  PeersByName inbound_, outbound_;
  std::vector<TlsPeer> peers_;
  // Postfix logs handshakes that succeed only where it is told to (smtp_tls_loglevel). Until one is seen, what went
  // in clear text and what did not look the same: peer and messages, by scope.
  struct Fallbacks {
    std::uint64_t messages = 0;
    std::int64_t delay_us = 0;

    template <typename Archive>
    void fields(Archive& archive) {
      archive(messages, delay_us);
    }
  };
  std::unordered_map<std::uint32_t, std::unordered_map<std::uint32_t, Fallbacks>> doubtful_;
  std::vector<bool> logs_successes_;  // by scope
  KnownNames clients_{kMostClients};  // whoever handed a message in, by the name a peer has
  std::vector<std::uint64_t> messages_of_client_;
  std::uint64_t never_named_ = 0;        // failures whose session ended before a line told with whom
  bool keeps_changes_ = false;
  std::vector<Change> changes_;
  std::unordered_map<std::uint64_t, Session> current_, previous_;  // by host and pid; the older half is dropped
};

}  // namespace mtalens
