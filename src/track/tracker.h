// Joins events into messages, transactions and sessions, and counts for each provider what its side counted.
//
// Takes the events of all lines in their order, one batch at a time, on one thread at a time. What it keeps
// follows the open messages and the distinct hosts, domains and reply texts, not the log, and none of them beyond its bound
// (track/bounds.h).
//
// `fields` lists what a state keeps on disk (src/state/archive.h): a new member that outlives a batch goes there too.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "knowledge/knowledge.h"
#include "knowledge/pattern_list.h"
#include "mtalens/analysis.h"
#include "stream/batch.h"
#include "stream/batch_parser.h"
#include "track/bounds.h"
#include "track/joined_event.h"
#include "track/known_names.h"
#include "track/message.h"
#include "track/party.h"
#include "track/piece.h"
#include "track/tls_sessions.h"

namespace mtalens {

class Tracker {
 public:
  struct Options {
    std::int64_t since_us = kNoTime;  // count from here; what came before is joined but not counted
    std::int64_t until_us = INT64_MAX;  // later events are left out
    bool keep_queue = false;            // Analysis::queue
    std::vector<std::string> our_domains;
  };

  Tracker(const Knowledge& knowledge, Options options);

  // The kinds of events it needs.
  static KindSet wanted();

  void add(const Batch& batch, const std::vector<std::string>& names);
  Analysis analysis(InputSummary input);
  // The same to be put together with that of other hosts and other days, with every peer.
  Piece piece(InputSummary input);
  // The messages that were here and had come in before, as far as they are known one by one.
  MessagesTakenOver taken_over();
  // Before piece(), where the log goes on in other trackers, which did not see this one's end: what waits here and was
  // taken over there is theirs to tell.
  void leave_waiting_to(const MessagesTakenOver& later);
  // From now on each event is handed on once it was joined, with what was counted for it.
  using Tell = std::function<void(const JoinedEvent&)>;
  void tell_to(Tell tell);

  std::int64_t now_us() const { return now_us_; }  // of the latest line
  std::vector<std::string> hosts() const;          // that the lines name
  // One that was read back from disk counts nothing before Options::since_us comes.
  void wait_for_since() { counting_ = options_.since_us == kNoTime; }
  // What lies further back than kHourly is told by days, beyond `keep_us` not at all.
  static constexpr std::int64_t kHourly = 90 * 86'400'000'000;
  void fold(std::int64_t keep_us);

  template <typename Archive>
  void fields(Archive& archive) {
    auto ended = ended_messages();
    auto meanings = meaning_names();
    auto mtas = mtas_of_parties();
    archive(counting_, messages_, ended, hosts_, instances_, relay_names_, relays_, domains_, destinations_, reasons_, people_,
            meanings, parties_, further_parties_, mtas, tls_, undescribed_, restarts_, ended_from_before_, totals_, folded_messages_,
            folded_unnamed_, longest_wait_us_, first_us_, now_us_);
    if constexpr (Archive::kReads) archive.require(resume(ended, meanings, mtas));
  }

 private:
  // A recipient's domain.
  struct Destination {
    std::uint32_t operator_id = 0;
    std::uint32_t party = kNobody;       // that answers for it where no host is named
    std::uint32_t last_party = kNobody;  // the last host that spoke for it
    bool ours = false;
    std::vector<std::pair<std::uint32_t, std::uint64_t>> attempts;  // by party

    template <typename Archive>
    void fields(Archive& archive) {
      archive(party, last_party, ours, attempts);
    }
  };
  // A mail host.
  struct Relay {
    std::uint32_t party = kNobody;

    template <typename Archive>
    void fields(Archive& archive) {
      archive(party);
    }
  };

  // What stands for hosts and domains, and for domains alone, that are too many to be told apart.
  static constexpr std::uint32_t kFurtherParty = 1;
  static constexpr std::uint32_t kFurtherDestination = 1;

  void add(const Event& event);
  void on_received(const Event& event);
  void on_queued(const Event& event);
  void on_attempt(const Event& event);
  void on_refusal(const Event& event);
  void on_ended(const Event& event);
  void on_related(const Event& event);
  void on_tls(const Event& event);
  void on_tls_detail(const Event& event);
  void on_restart(const Event& event);
  void certificate_refused(const Event& event);
  void handshake_failed(Message& message, std::uint32_t peer, std::int64_t time_us);
  void tell_tls_outcome(Message& message, const Event& event);

  Message* next_of(const Event& event);
  void delivered(Message& message, Recipient& recipient, const Event& event, bool new_transaction);
  void deferred(Message& message, Recipient& recipient, const Event& event, bool new_transaction);
  void failed(Message& message, Recipient& recipient, const Event& event, bool new_transaction);
  void count_refusal(Party& party, const Event& event, std::uint32_t destination);
  void hold(Message& message, Recipient& recipient, std::uint32_t party, std::uint16_t meaning);
  void count_message_toward(Message& message, const Recipient& recipient, const Event& event);
  OriginKey origin_of(const Message& message, const Recipient& recipient, const Event& event, const Party& party);
  OriginCounts& origin_within_bounds(Party& party, OriginKey key);
  void count_sender(OriginCounts& origin, const Message& message);
  bool starts_transaction(Message& message, const Event& event, std::uint32_t recipient_place);

  static constexpr std::size_t kMostFromBefore = 1 << 16;  // messages that are kept by their names
  static constexpr std::uint32_t kMostInstances = 64;  // of MTAs on one host; further ones count as the last
  // A host and an MTA instance on it.
  struct Scope {
    std::uint32_t host = 0;
    std::uint32_t instance = 0;

    std::uint32_t id() const { return host * kMostInstances + instance; }
  };
  Scope scope_of(const Event& event);
  void now_in(Scope scope);
  void make_room();
  void fold(Message& message);
  void bound_history();
  Message& open_message(const Event& event);
  Message& message_of(const Event& event);  // finds or opens
  Recipient* recipient_of(Message& message, const Event& event);
  void leave(Message& message, Recipient& recipient, std::int64_t time_us);
  void end(Message& message, std::int64_t time_us);
  std::string name_anywhere(std::uint32_t scope, std::string_view queue_id) const;
  void ended_from_before(std::uint32_t scope, std::string_view queue_id);
  void end_by_outcomes(Message& message, std::int64_t time_us);
  void forget_ended(std::int64_t now_us);
  void forget_first_ended();
  void close_open_recipients(Message& message, const Event& event, bool as_expired);
  void count_expired(const Message& message, const Recipient& recipient, std::int64_t time_us);
  void start_counting();

  std::uint32_t host_id(std::string_view host);
  std::uint32_t person_id(std::string_view name);
  std::uint32_t destination_id(std::string_view address);
  void is_ours(std::uint32_t destination);
  std::uint32_t relay_party(const Event& event);
  std::uint32_t party_for_domain(std::uint32_t destination);
  std::uint32_t operated_party(std::uint32_t operator_id);
  std::uint32_t unoperated_party(Party::Kind kind, std::string_view name);
  std::uint32_t reason_id(std::string_view reply);
  void keep_evidence(Evidence& kept, const Event& event) const;
  void keep_pending_evidence();

  // For those who keep events themselves (told.cc). The rows of the event at hand: itself, then what else it changed.
  struct Counted {
    std::uint64_t accepted = 0, refusals = 0, throttled = 0, expired = 0;
  };
  Counted counted_for(std::uint32_t party) const;
  void add_and_tell(const Event& event);
  void tell_origin(OriginKey key);
  void tell_attempt(const Message& message, const Recipient& recipient, bool new_transaction, std::uint32_t waited_for,
                    const Counted& before);
  void tell_counted(std::uint32_t party, const Counted& before);
  void tell_leaving(const Message& message, const Recipient& recipient, bool as_expired);
  void tell_tls_changes();
  JoinedEvent further_row() const;
  std::uint64_t transaction_of(std::uint64_t message, const Event& event, bool is_new);
  void name_party(JoinedEvent& row, std::uint32_t party) const;
  void name_destination(JoinedEvent& row, const Recipient& recipient) const;
  std::uint64_t number_of(const Message& message) const;

  // From and to disk (resume.cc). An ended message that is remembered still: its scope, its id, and when it ended.
  struct EndedMessage {
    std::uint32_t scope = 0;
    std::string queue_id;
    std::int64_t ended_us = kNoTime;

    template <typename Archive>
    void fields(Archive& archive) {
      archive(scope, queue_id, ended_us);
    }
  };
  std::vector<EndedMessage> ended_messages() const;
  static std::vector<std::string> meaning_names();  // by their numbers
  std::vector<std::vector<std::string>> mtas_of_parties() const;
  bool resume(const std::vector<EndedMessage>& ended, const std::vector<std::string>& meanings,
              const std::vector<std::vector<std::string>>& mtas);
  bool fits_together();
  void name_meanings_anew(const std::vector<std::string>& meanings);
  void name_operators_anew();

  // The end: parties become providers (finish.cc).
  std::vector<std::string> provider_names() const;
  std::uint64_t fold_least(std::vector<std::string>& names) const;
  Folded folded(std::uint64_t providers) const;
  std::string smarthost_or_domain(const Party& party, const std::vector<std::uint32_t>& domains) const;
  void add_party(Provider& provider, std::uint32_t party_id);
  void add_origins(Provider& provider, const Party& party) const;
  RefusalGroup named(const GroupCounts& counts) const;
  Piece counts(InputSummary input);
  void add_destinations(Piece& piece, const std::vector<std::uint32_t>& provider_of) const;
  void add_waiting(Analysis& analysis, std::vector<Provider*>& provider_of, const std::vector<std::string>& names);

  const Knowledge& knowledge_;
  Options options_;
  bool counting_ = true;

  MessageTable messages_;
  std::deque<std::pair<Message*, std::int64_t>> ended_;  // and when
  KnownNames hosts_{kMostHosts};
  KnownNames instances_{kMostInstances};
  KnownNames relay_names_{kMostRelays};
  std::vector<Relay> relays_;
  KnownNames domains_{kMostDestinations};
  std::vector<Destination> destinations_;
  KnownNames reasons_{kMostReasons, kLongestReason};
  KnownNames people_{kMostPeople};  // addresses forwarded from, logins, senders' domains
  std::deque<Party> parties_;
  AboutHowMany further_parties_;  // that kFurtherParty stands for
  std::size_t origins_ = 0;       // of all parties
  std::unordered_map<std::uint32_t, std::uint32_t> operated_;       // party by operator
  std::unordered_map<std::string, std::uint32_t> unoperated_;       // party by kind and name
  TlsSessions tls_;
  UndescribedReplies undescribed_;
  std::deque<Restart> restarts_;
  std::vector<std::string> ended_from_before_;  // name_anywhere() of messages whose arrival the log does not hold
  Totals totals_;               // `queued`: of folded messages
  std::uint64_t folded_messages_ = 0;
  std::uint64_t folded_unnamed_ = 0;  // recipients of theirs that the log had not named
  std::uint64_t until_bound_ = 0;     // events until the history's size is looked at
  std::int64_t longest_wait_us_ = kNoTime;
  std::int64_t first_us_ = kNoTime;
  std::int64_t now_us_ = kNoTime;

  // Of the line at hand.
  std::uint32_t scope_ = 0;
  std::uint32_t host_ = 0;
  std::uint32_t last_host_ = 0, last_instance_ = 0;  // of the event whose scope was asked for last
  std::vector<std::pair<Party*, std::uint16_t>> pending_evidence_;  // groups whose last line is still to be copied
  const std::vector<std::string>* names_ = nullptr;
  std::uint32_t source_ = 0;
  std::uint64_t first_line_ = 0;
  Tell tell_;
  std::vector<JoinedEvent> joined_;
  std::unordered_map<std::uint64_t, std::uint64_t> transactions_, earlier_transactions_;  // the last of each conversation
};

}  // namespace mtalens
