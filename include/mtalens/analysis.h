// What a whole log says once its events are joined: what rules judge and reports print.
//
// Plain values that own their text. Times are microseconds since the epoch, UTC. Every number says which unit
// of the design's table it counts: messages, recipients, attempts, transactions, refusals.
//
// `fields` lists what of a struct a state keeps on disk (src/state/archive.h): a new member goes there too.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mtalens/event.h"

namespace mtalens {

inline constexpr std::size_t kStages = 9;  // enum Stage

// A line that shows what is claimed.
struct Evidence {
  std::string source;
  std::uint64_t line = 0;  // its number in the source, from 1; 0: no line
  std::string text;

  template <typename Archive>
  void fields(Archive& archive) {
    archive(source, line, text);
  }
};

struct SourceSummary {
  std::string name;
  std::vector<std::string> mta;
  std::uint64_t lines = 0;
  std::uint64_t bytes = 0;

  template <typename Archive>
  void fields(Archive& archive) {
    archive(name, mta, lines, bytes);
  }
};

struct InputSummary {
  std::uint64_t lines = 0;  // each once: mail_lines + other_lines
  std::uint64_t bytes = 0;
  std::uint64_t mail_lines = 0;          // of an MTA
  std::uint64_t other_lines = 0;         // of anything else
  std::uint64_t unrecognized_lines = 0;  // among the mail lines: no rule knows their words
  std::uint64_t unreadable_lines = 0;    // among the others: no header
  std::uint64_t duplicate_lines = 0;     // left out: another source has them too; not in `lines`
  std::uint64_t cut_lines = 0;           // longer than what is read of a line
  std::uint64_t lost_lines = 0;          // that the syslog daemon says it dropped
  bool interrupted = false;              // reading was stopped before the end
  std::int64_t from_us = kNoTime;
  std::int64_t to_us = kNoTime;
  // Recipients that wait and that the log has not named: Postfix names one when it first tries, and a transport that
  // paces its mail lets it wait for its turn unnamed. Where they are more than a handful, since when.
  std::uint64_t unnamed_recipients = 0;
  std::int64_t unnamed_since_us = kNoTime;
  std::vector<SourceSummary> sources;
  std::vector<std::string> hosts;             // the first few
  std::vector<Evidence> unrecognized;         // examples

  // Until when the log tells who wants to go where.
  std::int64_t named_until_us() const { return unnamed_since_us == kNoTime ? to_us : std::min(unnamed_since_us, to_us); }

  template <typename Archive>
  void fields(Archive& archive) {
    archive(lines, bytes, mail_lines, other_lines, unrecognized_lines, unreadable_lines, duplicate_lines,
            cut_lines, lost_lines, from_us, to_us, sources, hosts, unrecognized);
  }
};

// What stands for hosts and domains, and for peers, that are too many to be told apart.
inline constexpr std::string_view kFurtherDestinations = "further destinations";
inline constexpr std::string_view kFurtherPeers = "further peers";

// What was put together because there is more of it than is told apart (src/track/bounds.h). It counts in all totals.
struct Folded {
  std::uint64_t providers = 0;     // about so many hosts and domains: the provider kFurtherDestinations stands for them
  std::uint64_t destinations = 0;  // about so many recipients' domains
  std::uint64_t tls_peers = 0;     // about so many; the peer kFurtherPeers stands for them, each way
  std::uint64_t people = 0;        // about so many addresses forwarded from, logins, lists, senders' domains
  std::uint64_t hosts = 0;         // about so many that write the log
  std::uint64_t replies = 0;       // refusals whose words nobody described and that are not told apart
  std::uint64_t messages = 0;      // that wait, silent for longest: one that is heard of again counts as another one

  bool any() const { return providers + destinations + tls_peers + people + hosts + replies + messages > 0; }
};

struct Totals {
  std::uint64_t messages = 0;
  std::uint64_t recipients = 0;
  std::uint64_t delivered = 0;  // recipients, as are the three below
  std::uint64_t bounced = 0;
  std::uint64_t expired = 0;
  std::uint64_t queued = 0;

  template <typename Archive>
  void fields(Archive& archive) {
    archive(messages, recipients, delivered, bounced, expired, queued);
  }
};

// One recipient, one try.
struct AttemptCounts {
  std::uint64_t delivered = 0;
  std::uint64_t deferred = 0;   // throttled and secondary are among these
  std::uint64_t throttled = 0;
  std::uint64_t secondary = 0;
  std::uint64_t bounced = 0;

  template <typename Archive>
  void fields(Archive& archive) {
    archive(delivered, deferred, throttled, secondary, bounced);
  }
};

// What one provider did in one hour, by the clock of UTC.
struct HourCounts {
  std::uint32_t accepted = 0;   // messages
  std::uint32_t throttled = 0;  // refusals
  std::uint32_t inflow = 0;     // recipients that entered the queue toward it
  std::uint32_t outflow = 0;    // recipients that left it: delivered, bounced or expired
  std::uint32_t expired = 0;    // of these
  std::uint32_t queued = 0;        // recipients that waited when the hour ended
  std::uint32_t oldest_age_s = 0;  // the longest of their waits by then

  template <typename Archive>
  void fields(Archive& archive) {
    archive(accepted, throttled, inflow, outflow, expired);  // the others are reckoned at the end
  }
};

// A stretch of acceptances followed by a stretch of throttled refusals, in the order of the log. A new one begins
// when something is accepted after a refusal, and with each hour.
struct Spell {
  std::int64_t first_accepted_us = kNoTime;
  std::int64_t last_accepted_us = kNoTime;
  std::int64_t first_throttled_us = kNoTime;
  std::int64_t last_throttled_us = kNoTime;
  std::uint32_t accepted = 0;             // messages
  std::uint32_t accepted_recipients = 0;
  std::uint32_t throttled = 0;            // refusals

  template <typename Archive>
  void fields(Archive& archive) {
    archive(first_accepted_us, last_accepted_us, first_throttled_us, last_throttled_us, accepted,
            accepted_recipients, throttled);
  }
};

// The refusals of one meaning by one provider.
struct RefusalGroup {
  std::uint16_t meaning = 0;  // enum Meaning of the knowledge room
  std::uint64_t refusals = 0;
  std::uint64_t messages_held = 0;  // messages that waited because of it at least once
  std::int64_t first_us = kNoTime;
  std::int64_t last_us = kNoTime;
  std::array<std::uint64_t, kStages> stages{};  // refusals by how far the conversation had come
  std::map<std::string, std::uint64_t> codes;   // "421", "421 4.7.0"
  std::map<std::string, std::uint64_t> destinations;
  std::string reply;  // the first one's words
  Evidence first, last;
};

// Where a message for a provider comes from; the first that holds names it.
enum class OriginKind : std::uint8_t {
  forward,     // of one of our addresses
  bounce,      // from <>
  list,        // a mailing list: its envelope sender says so (VERP, -bounces, owner-)
  login,       // submitted by this SASL login
  local_user,  // by this account on the machine itself: a script, a web page, cron
  other,       // by our own users without a login, from relays, or nothing tells
};

// Who sends toward a provider. Every message toward it counts for one of them.
struct TrafficOrigin {
  OriginKind kind = OriginKind::other;
  std::string address;     // forwarded from this address; the list's envelope sender
  std::string target;      // forwarded to this one; empty where the log never tells
  std::string auth_user;   // submitted by this login
  std::string local_user;  // by this account: a name, or a number where the log tells only that
  std::uint64_t messages = 0;
  std::int64_t first_us = kNoTime;  // when the first and the last of them came in
  std::int64_t last_us = kNoTime;
  std::map<std::int64_t, std::uint64_t> days;  // messages by the day they came in, UTC, since the epoch
  // Of forwarded messages: by envelope sender's domain; "" is <>. Those whose sender was rewritten (SRS0=, SRS1=) are
  // none of them, nor are those beyond the first few hundred domains.
  std::map<std::string, std::uint64_t> sender_domains;
  std::uint64_t rewritten_senders = 0;
  std::uint64_t further_senders = 0;
  Evidence first;  // the line that told of the first; empty beyond the first few origins
};

// The MTA was started, or took up its configuration anew; what stands in it, a log does not tell.
struct Restart {
  std::string mta;
  std::string host;  // empty where the log does not name it
  std::int64_t at_us = kNoTime;

  template <typename Archive>
  void fields(Archive& archive) {
    archive(mta, host, at_us);
  }
};

struct QueueNow {
  std::uint64_t queued = 0;   // recipients
  std::uint64_t notices = 0;  // of these: bounces and notices, which nobody waits for
  std::int64_t oldest_us = kNoTime;
  std::uint64_t peak = 0;
  std::int64_t peak_at_us = kNoTime;
  std::vector<std::int64_t> arrivals_us;  // of each waiting recipient's message, oldest first; not of folded ones

  void note_oldest(std::int64_t arrived_us) {
    if (arrived_us != kNoTime && (oldest_us == kNoTime || arrived_us < oldest_us)) oldest_us = arrived_us;
  }
};

// Who of several hosts sends to a provider: what it takes is counted by the address it sees.
struct Sender {
  std::string address;  // where a reply names it; else empty: the host's, whatever it is
  std::vector<std::string> hosts;
  std::uint64_t accepted = 0;  // messages
  std::uint64_t refusals = 0;
  std::uint64_t throttled = 0;
  std::uint64_t queued = 0;    // recipients
  std::vector<Spell> spells;
};

struct Provider {
  std::string name;
  bool is_folded = false;  // it stands for those that are not told apart
  std::uint32_t operator_id = 0;
  std::vector<std::string> mtas;  // that spoke to it
  std::vector<std::string> destinations;  // by attempts, most first
  std::vector<std::string> relays;
  std::uint64_t accepted = 0;  // messages, one per SMTP transaction
  std::uint64_t refusals = 0;
  std::uint64_t throttled = 0;
  AttemptCounts attempts;
  QueueNow queue;
  std::uint64_t messages = 0;  // distinct ones that wanted to go there
  std::uint64_t expired = 0;          // recipients
  std::uint64_t expired_notices = 0;  // of these: bounces and notices, which nobody waits for
  std::vector<RefusalGroup> groups;  // most refusals first
  std::vector<Spell> spells;  // of its one sender; none where there are several
  std::vector<Sender> senders;  // of a report over several hosts; most throttled first
  std::int64_t first_hour = 0;  // hours since the epoch, of hours[0]
  std::vector<HourCounts> hours;
  std::vector<TrafficOrigin> origins;  // most messages first
};

struct TlsPeer {
  Direction direction = Direction::none;
  bool is_folded = false;  // it stands for those that are not told apart
  std::string peer;
  std::string address;
  std::vector<std::string> mtas;
  std::uint64_t handshakes = 0;
  std::uint64_t failed = 0;
  std::uint64_t succeeded_since = 0;      // handshakes after the last that failed
  std::array<std::uint64_t, 8> causes{};  // by enum TlsCause
  std::map<std::int64_t, std::uint64_t> failed_days;  // handshakes that failed, by the day, UTC, since the epoch
  // What became of the messages that a handshake failed for. They went through in clear; or with TLS, at a later try; or
  // the log does not tell which (Postfix without smtp_tls_loglevel).
  std::uint64_t fallbacks = 0;
  std::uint64_t retried = 0;
  std::uint64_t went_out = 0;
  std::int64_t fallback_delay_us = 0;  // of all fallbacks together, since the message's first failure
  std::uint64_t waiting = 0;           // recipients
  std::uint64_t bounced = 0;
  std::uint64_t expired = 0;
  // Inbound: the messages that came in from it before its first failure, and since. -1: not counted, there were too many
  // clients.
  std::int64_t messages_before = -1;
  std::int64_t messages_since = -1;
  std::int64_t first_failed_us = kNoTime;
  std::int64_t last_failed_us = kNoTime;
  std::string words;  // the first failure's reason, as the log has it
  Evidence first, last;

  // Of another one, with both of which handshakes failed: it is over where it is over with both.
  void add(const TlsPeer& other) {
    for (const auto& mta : other.mtas) {
      if (std::find(mtas.begin(), mtas.end(), mta) == mtas.end()) mtas.push_back(mta);
    }
    handshakes += other.handshakes;
    failed += other.failed;
    succeeded_since = std::min(succeeded_since, other.succeeded_since);
    for (std::size_t i = 0; i < causes.size(); ++i) causes[i] += other.causes[i];
    for (const auto& [day, count] : other.failed_days) failed_days[day] += count;
    fallbacks += other.fallbacks;
    retried += other.retried;
    went_out += other.went_out;
    fallback_delay_us += other.fallback_delay_us;
    waiting += other.waiting;
    bounced += other.bounced;
    expired += other.expired;
    const bool counted = messages_before >= 0 && other.messages_before >= 0;
    messages_before = counted ? messages_before + other.messages_before : -1;
    messages_since = counted ? messages_since + other.messages_since : -1;
    if (other.first_failed_us < first_failed_us) {
      first_failed_us = other.first_failed_us;
      words = other.words;
      first = other.first;
    }
    if (other.last_failed_us > last_failed_us) {
      last_failed_us = other.last_failed_us;
      last = other.last;
    }
  }

  template <typename Archive>
  void fields(Archive& archive) {
    archive(direction, peer, address, mtas, handshakes, failed, succeeded_since, causes, failed_days, fallbacks, retried, went_out, fallback_delay_us,
            waiting, bounced, expired, messages_before, messages_since, first_failed_us, last_failed_us, words, first, last);
  }
};

struct QueuedRecipient {
  std::string address;
  std::string provider;
  std::string reason;
};

// A message in the queue at the moment asked for.
struct QueueEntry {
  std::string queue_id;
  std::string host;
  std::int64_t arrived_us = kNoTime;
  std::string sender;
  std::int64_t size_bytes = -1;
  std::uint64_t unnamed_recipients = 0;  // that the log has not named yet
  std::vector<QueuedRecipient> recipients;
};

// Refusals whose words nobody described yet, put together with their variable parts folded.
struct UndescribedReply {
  std::string reply;  // the first one, as it stood
  std::string relay;  // who gave it
  std::uint64_t count = 0;
  std::string ready_made_entry;  // a pattern file to complete
};

// An entry of the user's own pattern files that decided something.
struct OwnDecision {
  std::string id, file;
  std::uint64_t count = 0;  // events: tries, refusals, handshakes
};

// Something of a provider or a peer that is not as it was before --since.
struct Trend {
  enum class Kind : std::uint8_t { is_new, worse, better, over };
  enum class What : std::uint8_t { refusals, expired, queue, handshakes };
  Kind kind = Kind::is_new;
  What what = What::refusals;
  std::string who;         // the provider's name, the peer's
  // Throttled refusals and expired recipients: a day. The queue: recipients at the end, when the day before ended, and
  // on the mean of the week before. Failed handshakes: all of the time since, and of the week before.
  double now = 0;
  double day_before = 0;
  double week_before = 0;
};

struct Trends {
  double days_before = 0;  // of the week before, that the log tells of
  std::vector<Trend> trends;
  std::size_t further = 0;  // that were left out
};

// One of the states that a report over several is put together from.
struct StateSummary {
  std::string host;
  std::int64_t from_us = kNoTime;
  std::int64_t to_us = kNoTime;
  std::uint64_t lines = 0;
};

struct Analysis {
  InputSummary input;
  std::vector<StateSummary> states;  // none: the logs themselves were read, or one host's state
  Totals totals;
  Folded folded;
  std::vector<Provider> providers;  // what an admin reads first: who throttles, then for whom most mail waits or went back
  std::vector<TlsPeer> tls;         // peers with a failed handshake, most failures first
  std::vector<QueueEntry> queue;    // oldest first; only where it was asked for
  std::int64_t longest_wait_before_expiry_us = kNoTime;  // as the log shows it
  std::vector<UndescribedReply> undescribed;             // most frequent first
  std::optional<Trends> trends;                          // where --since asked for a report with days before it
  std::vector<Restart> restarts;                         // in the order of the log; the latest few hundred
  std::vector<OwnDecision> own_decisions;                // most frequent first
  std::vector<std::string> our_domains;                  // told by the user or seen in the log
};

}  // namespace mtalens
