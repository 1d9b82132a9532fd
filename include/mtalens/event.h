// The common record: what one line of a mail log says, in words that all MTAs share.
//
// A parser fills it, everything after the parsers reads it, and `mtalens events` writes it as NDJSON.
// All views point into the line (or into static text): an Event owns nothing and must not outlive its
// batch of lines. Whoever keeps a field copies it.
#pragma once

#include <cstdint>
#include <string_view>

namespace mtalens {

// Times are microseconds since the epoch, UTC. kNoTime: the line bears no stamp that can be read.
inline constexpr std::int64_t kNoTime = INT64_MIN;

enum class EventKind : std::uint8_t {
  received,    // a message enters the queue (Postfix `client=`/`uid=`, sendmail `from=`, Exim `<=`)
  queued,      // says more of a message in the queue: message_id, sender, size (Postfix cleanup and qmgr, at every retry)
  attempt,     // one recipient, one try, with its outcome
  refusal,     // a host refused, no recipient named (Exim's `H=…` line, Postfix's `host … said` under a queue id)
  ended,       // the message leaves the queue
  related,     // one queue id names another: a bounce, a delay notice, a forward, a requeue (see Relation)
  tls,         // one TLS handshake, established or failed
  tls_detail,  // says more of the handshake of the same host, program and pid: its cause, its peer
  rejected,    // what this MTA would not take in
  connection,  // somebody connected, disconnected, left without mail
  restart,     // the MTA was started, or took up its configuration anew
  note,        // anything else whose words we know: queue runs, statistics, warnings
};

enum class Outcome : std::uint8_t { none, delivered, deferred, bounced, expired };

// How far the SMTP conversation had come when the other side refused; `none` where the log does not say.
enum class Stage : std::uint8_t { none, connect, helo, starttls, auth, mail, rcpt, data, eod };

// How a message left the queue. `requeued`: it goes on under another id (Postfix's postsuper -r).
enum class Ended : std::uint8_t { none, removed, expired, requeued, deleted };

enum class Direction : std::uint8_t { none, inbound, outbound };

enum class Handshake : std::uint8_t { none, established, failed };

// Why a handshake failed, in CONTRACT.md's words.
enum class TlsCause : std::uint8_t {
  none, no_shared_cipher, protocol_version, certificate, connection_lost, not_tls, timeout, other,
};

// What `other_queue_id` is to `queue_id`.
enum class Relation : std::uint8_t {
  none,
  bounce,        // the non-delivery notice sent about this message
  delay_notice,  // the "still trying" notice sent about it; the mail itself waits on
  forwarded_as,  // local delivery put it back in the queue under this id (alias, .forward)
  queued_as,     // a content filter or a local relay took it and gave it this id
  requeued_from, // this message was that one before (Postfix orig_id=, sendmail's clone)
  bounce_of,     // this message is the notice about that one (Exim R=)
};

struct Event {
  EventKind kind = EventKind::note;
  Outcome outcome = Outcome::none;        // attempt
  Stage stage = Stage::none;              // attempt, refusal, rejected
  Ended ended = Ended::none;              // ended
  Direction direction = Direction::none;  // tls, tls_detail
  Handshake handshake = Handshake::none;  // tls
  TlsCause cause = TlsCause::none;        // tls, tls_detail
  Relation relation = Relation::none;     // related; may also stand on an attempt or a received

  // attempt: the MTA did not really try ("retry time not reached", "delivery temporarily suspended",
  // sendmail's bare `Deferred`): counted apart and blamed on the last cause known.
  bool secondary = false;
  // attempt: handed to a mailbox, a pipe, a filter, the MTA's own next hop: no provider had a part in it.
  bool local = false;
  // attempt: the same SMTP transaction as the attempt before it of this message (Exim `->`, sendmail's
  // further recipients of one line).
  bool same_transaction = false;
  // attempt: the list of recipients goes on in the next line of this message (sendmail's `[more]`).
  bool more_follows = false;
  // attempt, refusal: the other side's 4xx or 5xx is counted here. Exim writes most refusals twice, once
  // for the host and once for each address; only one of them bears this.
  bool counts_refusal = false;
  // Every event of an MTA that does not say when a message is gone (sendmail below log level 10): it is gone when
  // each of its recipients has an outcome.
  bool ends_by_outcomes = false;
  // tls: the mail goes on in clear text after this failure, as the line itself says (Exim).
  bool fallback = false;

  std::uint16_t code = 0;        // the reply's three digits, 0 where there is none
  std::uint16_t relay_port = 0;  // 0 where the line does not name it
  std::uint32_t pid = 0;         // 0 where the line does not name it
  std::uint32_t session = 0;     // one of the connections that a process has at once; 0: it has one, and the pid tells
  std::uint32_t times = 1;       // how often it happened: `last message repeated N times` makes it N

  std::int64_t time_us = kNoTime;
  std::int64_t size_bytes = -1;  // -1 in these four: the line does not say
  std::int64_t recipients = -1;  // their number
  std::int64_t delay_us = -1;    // from arrival to this attempt
  std::int64_t uid = -1;

  std::string_view mta;      // "postfix", "sendmail", "exim": the parser's name
  std::string_view host;     // empty in Exim's own log
  std::string_view program;  // the tag: "postfix/smtp", "postfix-out/qmgr", "sm-mta"; "exim" for Exim's own log
  std::string_view queue_id;
  std::string_view other_queue_id;  // see relation

  std::string_view message_id;  // without the angle brackets
  std::string_view sender;      // envelope sender without the angle brackets; empty for <> too, then null_sender
  std::string_view recipient;   // as delivered to, without the angle brackets
  std::string_view original_recipient;  // as it was before an alias, a forward (orig_to=, ctladdr=, Exim's <parent>)
  std::string_view client;              // who handed the message in: host name or HELO
  std::string_view client_address;      // and its address
  std::string_view auth_user;           // SASL login
  std::string_view local_user;          // account on this machine that handed it in
  std::string_view relay;               // host tried, as the log writes it (no final dot)
  std::string_view relay_address;
  std::string_view enhanced_code;  // "4.7.0"
  std::string_view reply;          // the other side's words with their code, or the MTA's own reason
  std::string_view peer;           // tls: host name of the other side
  std::string_view peer_address;   // tls
  std::string_view tls_version;    // "TLSv1.3", as the MTA writes it
  std::string_view tls_cipher;
  // attempt: what tells this SMTP conversation from another of the same message and pid (Postfix's
  // `delays=`); attempts of one message with the same relay, pid and conversation are one transaction.
  std::string_view conversation;

  std::string_view line;          // the whole line, without its newline
  std::uint32_t line_number = 0;  // within its run of lines, from 0; the run knows where it starts
  bool null_sender = false;       // the envelope sender is <>: a bounce, a notice
  bool returned_to_sender = false;  // ended, attempt, related: what was left went back as a bounce

  // Named by the knowledge room: what the reply means (its enum Meaning), and who runs the relay, or the
  // recipient's domain where no host is named (0: not known).
  std::uint16_t meaning = 0;
  bool meaning_is_own = false;  // an entry of the user's own files decided it
  std::uint32_t operator_id = 0;
};

}  // namespace mtalens
