// Postfix's lines, one by one: the line, then the fields it gives.
#include <catch2/catch.hpp>
#include <deque>
#include <string>
#include <vector>

#include "mtalens/parser.h"

namespace mtalens {
const Parser& postfix_parser();
}

namespace {

using namespace mtalens;

std::vector<Event> events_of(std::string_view program, std::string_view text) {
  LogLine line;
  line.form = HeaderForm::rfc3164;
  line.program = program;
  line.text = text;
  line.raw = text;
  line.host = "mail";
  line.pid = 4711;
  line.time_us = 1'700'000'000'000'000;
  std::vector<Event> events;
  const bool recognized = postfix_parser().parse(line, events);
  REQUIRE(recognized == !events.empty());
  return events;
}

// The one event of a line that must be recognized. Events are views: their lines are kept.
Event parsed(std::string_view program, std::string_view text) {
  static std::deque<std::string> lines;
  INFO(text);
  const auto events = events_of(program, lines.emplace_back(text));
  REQUIRE(events.size() == 1);
  return events.front();
}

bool recognized(std::string_view program, std::string_view text) {
  return !events_of(program, text).empty();
}

}  // namespace

TEST_CASE("postfix: tags of every instance and service are its own, other programs' are not", "[postfix]") {
  const Parser& parser = postfix_parser();
  for (const auto tag : {"postfix", "postfix/smtp", "postfix-out/qmgr", "postfix/submission/smtpd", "postfix-script",
                         "postfix/postfix-script", "postfix/smtp-25/smtpd", "relay/smtp", "submission/smtpd"}) {
    INFO(tag);
    CHECK(parser.claims_program(tag));
  }
  for (const auto tag : {"postfixadmin", "postfix-mta-sts-resolver", "smtpd", "sm-mta", "exim", "spamd/child", ""}) {
    INFO(tag);
    CHECK_FALSE(parser.claims_program(tag));
  }
}

TEST_CASE("postfix: an event bears what the header told", "[postfix]") {
  const auto event = parsed("postfix/qmgr", "5A2C63F1: removed");
  CHECK(event.mta == "postfix");
  CHECK(event.program == "postfix/qmgr");
  CHECK(event.host == "mail");
  CHECK(event.pid == 4711);
  CHECK(event.time_us == 1'700'000'000'000'000);
  CHECK(event.queue_id == "5A2C63F1");
}

TEST_CASE("postfix: a delivery names recipient, relay, delays and reply", "[postfix]") {
  const auto event =
      parsed("postfix/smtp",
             "0D9633D8: to=<jo@example.com>, orig_to=<board@example.net>, "
             "relay=mail1.example.com[192.0.2.11]:25, conn_use=2, delay=11.25, delays=5.4/0.06/5.1/0.03, "
             "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as F12DF84004)");
  CHECK(event.kind == EventKind::attempt);
  CHECK(event.outcome == Outcome::delivered);
  CHECK(event.queue_id == "0D9633D8");
  CHECK(event.recipient == "jo@example.com");
  CHECK(event.original_recipient == "board@example.net");
  CHECK(event.relay == "mail1.example.com");
  CHECK(event.relay_address == "192.0.2.11");
  CHECK(event.relay_port == 25);
  CHECK(event.delay_us == 11'250'000);
  CHECK(event.conversation == "5.4/0.06/5.1/0.03");
  CHECK(event.enhanced_code == "2.0.0");
  CHECK(event.code == 250);
  CHECK(event.reply == "250 2.0.0 Ok: queued as F12DF84004");
  CHECK_FALSE(event.counts_refusal);
  CHECK_FALSE(event.local);
  // The id is the other machine's.
  CHECK(event.relation == Relation::none);
  CHECK(event.other_queue_id.empty());
}

TEST_CASE("postfix: a long queue id is one too", "[postfix]") {
  CHECK(parsed("postfix/qmgr", "3wYRXj1CzNz1fKR: removed").queue_id == "3wYRXj1CzNz1fKR");
}

TEST_CASE("postfix: a 4xx at the end of data is the other side's refusal, in its own words", "[postfix]") {
  const auto event = parsed("postfix/smtp",
                            "8F4D41066FB: to=<fred@btinternet.com>, relay=mx.bt.lon5.cpcloud.co.uk[192.0.2.1]:25, "
                            "delay=63495, delays=63350/144/0/1, dsn=4.0.0, status=deferred (host "
                            "mx.bt.lon5.cpcloud.co.uk[192.0.2.1] said: 421 Too many messages (1.5.6.1) from 192.0.2.9 "
                            "(in reply to end of DATA command))");
  CHECK(event.outcome == Outcome::deferred);
  CHECK(event.code == 421);
  CHECK(event.enhanced_code == "4.0.0");
  CHECK(event.reply == "421 Too many messages (1.5.6.1) from 192.0.2.9");
  CHECK(event.stage == Stage::eod);
  CHECK(event.counts_refusal);
  CHECK_FALSE(event.secondary);
  CHECK(event.delay_us == 63'495'000'000);
}

TEST_CASE("postfix: the phrase behind a reply tells its stage", "[postfix]") {
  const auto stage = [](const std::string& phrase) {
    const auto line =
        "5A2C63F1: to=<a@b.example>, relay=m.b.example[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=5.0.0, "
        "status=bounced (host m.b.example[192.0.2.1] said: 550 No " +
        phrase + ")";
    return parsed("postfix/smtp", line).stage;
  };
  CHECK(stage("(in reply to MAIL FROM command)") == Stage::mail);
  CHECK(stage("(in reply to RCPT TO command)") == Stage::rcpt);
  CHECK(stage("(in reply to DATA command)") == Stage::data);
  CHECK(stage("(in reply to end of DATA command)") == Stage::eod);
  CHECK(stage("(in reply to STARTTLS command)") == Stage::starttls);
  CHECK(stage("(in reply to EHLO command)") == Stage::helo);
  CHECK(stage("(in reply to DATA command) (in reply to RCPT TO command)") == Stage::rcpt);
  CHECK(stage("at all") == Stage::none);
}

TEST_CASE("postfix: a refused greeting is refused at connect", "[postfix]") {
  const auto event =
      parsed("postfix/smtp",
             "5A2C63F1: to=<g@gmail.com>, relay=gmail-smtp-in.l.google.com[192.0.2.8]:25, delay=0.1, "
             "delays=0/0.1/0.01/0, dsn=4.7.28, status=deferred (host gmail-smtp-in.l.google.com[192.0.2.8] "
             "refused to talk to me: 421-4.7.28 Gmail has detected 421 4.7.28 an unusual rate)");
  CHECK(event.stage == Stage::connect);
  CHECK(event.code == 421);
  CHECK(event.reply == "421-4.7.28 Gmail has detected 421 4.7.28 an unusual rate");
  CHECK(event.counts_refusal);
}

TEST_CASE("postfix: with relay=none the host is the one that the text names", "[postfix]") {
  const auto lost =
      parsed("postfix/smtp",
             "5A2C63F1: to=<a@b.example>, relay=none, delay=1, delays=0/0/0/1, dsn=4.4.2, status=deferred "
             "(lost connection with mx.b.example[192.0.2.5] while sending RCPT TO)");
  CHECK(lost.relay == "mx.b.example");
  CHECK(lost.relay_address == "192.0.2.5");
  CHECK(lost.reply == "lost connection with mx.b.example[192.0.2.5] while sending RCPT TO");
  CHECK(lost.code == 0);
  CHECK(lost.stage == Stage::rcpt);
  CHECK_FALSE(lost.counts_refusal);

  const auto refused = parsed("postfix/smtp",
                              "5A2C63F1: to=<a@b.example>, relay=none, delay=1, delays=0/0/0/1, dsn=4.4.1, "
                              "status=deferred (connect to mx.b.example[2001:db8::5]:25: Connection refused)");
  CHECK(refused.relay == "mx.b.example");
  CHECK(refused.relay_address == "2001:db8::5");
  CHECK(refused.relay_port == 25);
  CHECK(refused.reply == "connect to mx.b.example[2001:db8::5]:25: Connection refused");

  const auto timed_out = parsed("postfix/smtp",
                                "5A2C63F1: to=<a@b.example>, relay=none, delay=1, delays=0/0/0/1, dsn=4.4.2, "
                                "status=deferred (conversation with mx.b.example[192.0.2.5] timed out while receiving "
                                "the initial server greeting)");
  CHECK(timed_out.relay == "mx.b.example");
  CHECK(timed_out.stage == Stage::connect);
}

TEST_CASE("postfix: reasons that name no host leave the relay open", "[postfix]") {
  for (const std::string reason :
       {"Host or domain name not found. Name service error for name=b.example type=MX: Host not found",
        "mail for b.example loops back to myself",
        "unable to look up host b.example: Temporary failure in name resolution", "unknown mail transport error",
        "Cannot start TLS: handshake failure", "Server certificate not verified"}) {
    const auto event = parsed("postfix/smtp",
                              "5A2C63F1: to=<a@b.example>, relay=none, delay=1, delays=0/0/0/1, dsn=4.4.4, "
                              "status=deferred (" +
                                  reason + ")");
    CHECK(event.relay.empty());
    CHECK(event.code == 0);
    CHECK(event.reply == reason);
    CHECK_FALSE(event.local);
  }
}

TEST_CASE("postfix: a suspended delivery was not tried: it repeats an older reason and counts no refusal",
          "[postfix]") {
  const auto event =
      parsed("postfix/error",
             "5A2C63F1: to=<y@yahoo.co.uk>, relay=none, delay=9, delays=8/1/0/0, dsn=4.7.0, status=deferred "
             "(delivery temporarily suspended: host mta7.am0.yahoodns.net[192.0.2.7] refused to talk to "
             "me: 421 4.7.0 [TSS04] Messages deferred)");
  CHECK(event.secondary);
  CHECK(event.outcome == Outcome::deferred);
  CHECK(event.relay == "mta7.am0.yahoodns.net");
  CHECK(event.relay_address == "192.0.2.7");
  CHECK(event.code == 421);
  CHECK(event.reply == "421 4.7.0 [TSS04] Messages deferred");
  CHECK_FALSE(event.counts_refusal);
  CHECK_FALSE(event.local);
}

TEST_CASE("postfix: mailboxes, pipes and this machine are local", "[postfix]") {
  const auto local = [](std::string_view program, const std::string& relay) {
    return parsed(program, "5A2C63F1: to=<a@b.example>, relay=" + relay +
                               ", delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (delivered)")
        .local;
  };
  CHECK(local("postfix/local", "local"));
  CHECK(local("postfix/virtual", "virtual"));
  CHECK(local("postfix/pipe", "dovecot"));
  CHECK(local("postfix/lmtp", "mail.b.example[private/dovecot-lmtp]"));
  CHECK(local("postfix/smtp", "127.0.0.1[127.0.0.1]:10024"));
  CHECK(local("postfix/smtp", "localhost[::1]:10024"));
  CHECK(local("postfix/discard", "none"));
  CHECK_FALSE(local("postfix/smtp", "mx.b.example[127.1.0.1]:25"));
  CHECK_FALSE(local("postfix/error", "none"));
}

TEST_CASE("postfix: a socket's path is no address", "[postfix]") {
  const auto event =
      parsed("postfix/lmtp",
             "5A2C63F1: to=<a@b.example>, relay=mail.b.example[private/dovecot-lmtp], delay=0.15, "
             "delays=0.04/0/0.02/0.08, dsn=2.0.0, status=sent (250 2.0.0 <a@b.example> qYyyBMsl9F Saved)");
  CHECK(event.relay == "mail.b.example");
  CHECK(event.relay_address.empty());
}

TEST_CASE("postfix: a filter's new id and a forward's are this message's further life", "[postfix]") {
  const auto filtered =
      parsed("postfix/smtp",
             "5A2C63F1: to=<a@b.example>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, delays=0/0/0/1, "
             "dsn=2.0.0, status=sent (250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued "
             "as 33DE0DC24C3)");
  CHECK(filtered.relation == Relation::queued_as);
  CHECK(filtered.other_queue_id == "33DE0DC24C3");

  const auto forwarded = parsed("postfix/local",
                                "5A2C63F1: to=<jo@b.example>, relay=local, delay=1, delays=0/0/0/1, dsn=2.0.0, "
                                "status=sent (forwarded as 6B1D04E2)");
  CHECK(forwarded.local);
  CHECK(forwarded.relation == Relation::forwarded_as);
  CHECK(forwarded.other_queue_id == "6B1D04E2");
}

TEST_CASE("postfix: soft bounces wait, bounces end", "[postfix]") {
  const auto outcome = [](const std::string& status) {
    return parsed("postfix/smtp",
                  "5A2C63F1: to=<a@b.example>, relay=none, delay=1, delays=0/0/0/1, dsn=5.4.4, status=" + status +
                      " (no such host)")
        .outcome;
  };
  CHECK(outcome("bounced") == Outcome::bounced);
  CHECK(outcome("SOFTBOUNCE") == Outcome::deferred);
  CHECK(outcome("expired") == Outcome::expired);
}

TEST_CASE("postfix: an address probe delivers nothing, but its refusal was said", "[postfix]") {
  const auto fine = parsed("postfix/smtp",
                           "5A2C63F1: to=<a@b.example>, relay=mx.b.example[192.0.2.1]:25, delay=1, delays=0/0/0/1, "
                           "dsn=2.1.5, status=deliverable (250 2.1.5 Ok)");
  CHECK(fine.kind == EventKind::note);
  CHECK(fine.outcome == Outcome::none);
  CHECK(fine.recipient == "a@b.example");

  const auto refused =
      parsed("postfix/smtp",
             "5A2C63F1: to=<a@b.example>, relay=mx.b.example[192.0.2.1]:25, delay=1, delays=0/0/0/1, "
             "dsn=5.1.1, status=undeliverable (host mx.b.example[192.0.2.1] said: 550 5.1.1 Unknown (in "
             "reply to RCPT TO command))");
  CHECK(refused.kind == EventKind::refusal);
  CHECK(refused.code == 550);
  CHECK(refused.counts_refusal);
}

TEST_CASE("postfix: an old line without delays and dsn is read as far as it goes", "[postfix]") {
  const auto event = parsed("postfix/smtp",
                            "5A2C63F1: to=<a@b.example>, relay=mx.b.example[192.0.2.1], delay=3, "
                            "status=sent (250 Ok)");
  CHECK(event.outcome == Outcome::delivered);
  CHECK(event.relay_port == 0);
  CHECK(event.delay_us == 3'000'000);
  CHECK(event.conversation.empty());
}

TEST_CASE("postfix: a line that syslog cut short keeps its beginning", "[postfix]") {
  const auto event = parsed("postfix/smtp",
                            "5A2C63F1: to=<a@b.example>, relay=mx.b.example[192.0.2.1]:25, delay=3, "
                            "delays=1/1/1/0, dsn=4.0.0, status=deferred (host mx.b.example[192.0.2.1] "
                            "said: 451 Too ma");
  CHECK(event.code == 451);
  CHECK(event.reply == "451 Too ma");
  CHECK(event.counts_refusal);
  CHECK_FALSE(recognized("postfix/smtp", "5A2C63F1: to=<a@b.example>, relay=mx.b.example[192.0.2"));
}

TEST_CASE("postfix: words in an address do not fool the walk", "[postfix]") {
  const auto quoted =
      parsed("postfix/smtp",
             "5A2C63F1: to=<\"a>, relay=evil[6.6.6.6]:25, status=deferred (421 x\"@b.example>, "
             "relay=mx.b.example[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 Ok)");
  CHECK(quoted.recipient == "\"a>, relay=evil[6.6.6.6]:25, status=deferred (421 x\"@b.example");
  CHECK(quoted.relay == "mx.b.example");
  CHECK(quoted.outcome == Outcome::delivered);

  const auto unbalanced = parsed("postfix/smtp",
                                 "5A2C63F1: to=<a\"b@c.example>, relay=mx.c.example[192.0.2.1]:25, delay=1, "
                                 "delays=0/0/0/1, dsn=5.1.1, status=bounced (host mx.c.example[192.0.2.1] said: 550 "
                                 "<a\"b@c.example>: unknown (in reply to RCPT TO command))");
  CHECK(unbalanced.recipient == "a\"b@c.example");
  CHECK(unbalanced.code == 550);

  const auto spaces = parsed("postfix/smtp",
                             "5A2C63F1: to=<a status=deferred (421 x@e.example>, relay=none, delay=1, delays=0/0/0/1, "
                             "dsn=5.1.3, status=bounced (bad address syntax)");
  CHECK(spaces.recipient == "a status=deferred (421 x@e.example");
  CHECK(spaces.outcome == Outcome::bounced);
}

TEST_CASE("postfix: what a reply quotes does not move relay, stage or outcome", "[postfix]") {
  const auto event =
      parsed("postfix/smtp",
             "5A2C63F1: to=<a@b.example>, relay=mx.b.example[192.0.2.1]:25, delay=1, delays=0/0/0/1, "
             "dsn=5.7.1, status=bounced (host mx.b.example[192.0.2.1] said: 554 status=sent (in reply to "
             "MAIL FROM command) host evil[6.6.6.6] said: 250 Ok (in reply to end of DATA command))");
  CHECK(event.outcome == Outcome::bounced);
  CHECK(event.relay == "mx.b.example");
  CHECK(event.stage == Stage::eod);
  CHECK(event.code == 554);
}

TEST_CASE("postfix: a host that refuses before the next one is tried is a refusal of no recipient", "[postfix]") {
  const auto said =
      parsed("postfix/smtp",
             "5A2C63F1: host mx1.b.example[192.0.2.1] said: 450 4.7.1 Greylisted (in reply to RCPT TO command)");
  CHECK(said.kind == EventKind::refusal);
  CHECK(said.queue_id == "5A2C63F1");
  CHECK(said.relay == "mx1.b.example");
  CHECK(said.code == 450);
  CHECK(said.enhanced_code == "4.7.1");
  CHECK(said.reply == "450 4.7.1 Greylisted");
  CHECK(said.stage == Stage::rcpt);
  CHECK(said.counts_refusal);

  const auto greeting =
      parsed("postfix/smtp", "5A2C63F1: host mx1.b.example[192.0.2.1] refused to talk to me: 421 Busy");
  CHECK(greeting.kind == EventKind::refusal);
  CHECK(greeting.stage == Stage::connect);

  const auto login = parsed("postfix/smtp",
                            "5A2C63F1: SASL authentication failed; server smart.example[192.0.2.4] said: "
                            "535 5.7.8 Error: authentication failed");
  CHECK(login.kind == EventKind::refusal);
  CHECK(login.relay == "smart.example");
  CHECK(login.stage == Stage::auth);
  CHECK(login.code == 535);
}

TEST_CASE("postfix: a host that could not be reached is noted with its name", "[postfix]") {
  const auto lost =
      parsed("postfix/smtp", "5A2C63F1: lost connection with mx1.b.example[192.0.2.1] while sending DATA command");
  CHECK(lost.kind == EventKind::note);
  CHECK(lost.relay == "mx1.b.example");
  CHECK(lost.stage == Stage::data);

  const auto unreachable = parsed("postfix/smtp", "connect to mx1.b.example[2001:db8::1]:25: Network is unreachable");
  CHECK(unreachable.kind == EventKind::note);
  CHECK(unreachable.relay == "mx1.b.example");
  CHECK(unreachable.relay_address == "2001:db8::1");
  CHECK(unreachable.relay_port == 25);
}

TEST_CASE("postfix: mail arrives over SMTP, with its login", "[postfix]") {
  const auto event = parsed("postfix/submission/smtpd",
                            "5A2C63F1: client=unknown[2001:db8::7], sasl_method=PLAIN, sasl_username=jo@example.com");
  CHECK(event.kind == EventKind::received);
  CHECK(event.client == "unknown");
  CHECK(event.client_address == "2001:db8::7");
  CHECK(event.auth_user == "jo@example.com");
  CHECK(event.relation == Relation::none);
}

TEST_CASE("postfix: what a filter hands back continues the message it had", "[postfix]") {
  const auto event = parsed("postfix/smtpd",
                            "33DE0DC24C3: client=localhost[127.0.0.1], orig_queue_id=5A2C63F1, "
                            "orig_client=mail.example.com[192.0.2.1]");
  CHECK(event.kind == EventKind::received);
  CHECK(event.relation == Relation::requeued_from);
  CHECK(event.other_queue_id == "5A2C63F1");

  const auto remote = parsed("postfix/smtpd", "33DE0DC24C3: client=mx.example.net[192.0.2.3], orig_queue_id=5A2C63F1");
  CHECK(remote.relation == Relation::none);
}

TEST_CASE("postfix: mail arrives from a program on this machine", "[postfix]") {
  const auto event = parsed("postfix/pickup", "5A2C63F1: uid=33 from=<www-data>");
  CHECK(event.kind == EventKind::received);
  CHECK(event.uid == 33);
  CHECK(event.sender == "www-data");

  const auto requeued = parsed("postfix/pickup", "6B1D04E2: uid=106 from=<jo@example.com> orig_id=5A2C63F1");
  CHECK(requeued.relation == Relation::requeued_from);
  CHECK(requeued.other_queue_id == "5A2C63F1");
}

TEST_CASE("postfix: cleanup and qmgr say more of a queued message", "[postfix]") {
  const auto id = parsed("postfix/cleanup", "5A2C63F1: message-id=<544D2523.30609@example.com>");
  CHECK(id.kind == EventKind::queued);
  CHECK(id.message_id == "544D2523.30609@example.com");
  CHECK(parsed("postfix/cleanup", "5A2C63F1: resent-message-id=<x@y>").message_id == "x@y");
  CHECK(parsed("postfix/cleanup", "5A2C63F1: message-id=<>").message_id.empty());
  CHECK(parsed("postfix/cleanup", "5A2C63F1: message-id=no brackets").message_id == "no brackets");

  const auto active = parsed("postfix/qmgr", "5A2C63F1: from=<jo@example.com>, size=5360, nrcpt=3 (queue active)");
  CHECK(active.kind == EventKind::queued);
  CHECK(active.sender == "jo@example.com");
  CHECK(active.size_bytes == 5360);
  CHECK(active.recipients == 3);
  CHECK_FALSE(active.null_sender);
  CHECK(parsed("postfix/qmgr", "5A2C63F1: from=<>, size=1, nrcpt=1 (queue active)").null_sender);
}

TEST_CASE("postfix: a message ends removed, expired, deleted or requeued", "[postfix]") {
  CHECK(parsed("postfix/qmgr", "5A2C63F1: removed").ended == Ended::removed);
  CHECK(parsed("postfix/postsuper", "5A2C63F1: removed").ended == Ended::deleted);
  CHECK(parsed("postfix/postsuper", "5A2C63F1: requeued").ended == Ended::requeued);
  CHECK(parsed("postfix/cleanup", "5A2C63F1: removed (discarded)").ended == Ended::removed);
  for (const std::string how : {"expired", "force-expired"}) {
    const auto event =
        parsed("postfix/qmgr", "5A2C63F1: from=<jo@example.com>, status=" + how + ", returned to sender");
    CHECK(event.kind == EventKind::ended);
    CHECK(event.ended == Ended::expired);
    CHECK(event.returned_to_sender);
    CHECK(event.sender == "jo@example.com");
  }
  for (const auto words : {"placed on hold", "released from hold"}) {
    const auto event = parsed("postfix/postsuper", std::string("5A2C63F1: ") + words);
    CHECK(event.kind == EventKind::note);
    CHECK(event.queue_id == "5A2C63F1");
  }
}

TEST_CASE("postfix: a bounce is told from a delay notice and from a notice of success", "[postfix]") {
  const auto bounce = parsed("postfix/bounce", "5A2C63F1: sender non-delivery notification: 6B1D04E2");
  CHECK(bounce.kind == EventKind::related);
  CHECK(bounce.relation == Relation::bounce);
  CHECK(bounce.other_queue_id == "6B1D04E2");
  CHECK(bounce.returned_to_sender);

  const auto delay = parsed("postfix/bounce", "5A2C63F1: sender delay notification: 6B1D04E2");
  CHECK(delay.relation == Relation::delay_notice);
  CHECK_FALSE(delay.returned_to_sender);

  const auto success = parsed("postfix/bounce", "5A2C63F1: sender delivery status notification: 6B1D04E2");
  CHECK(success.kind == EventKind::note);
  CHECK(success.relation == Relation::none);
  CHECK(success.other_queue_id == "6B1D04E2");
}

TEST_CASE("postfix: handshakes that succeed name peer, version and cipher", "[postfix]") {
  const auto out =
      parsed("postfix/smtp",
             "Untrusted TLS connection established to mx.b.example[192.0.2.1]:25: TLSv1.3 with cipher "
             "TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 server-signature RSA-PSS (2048 bits)");
  CHECK(out.kind == EventKind::tls);
  CHECK(out.handshake == Handshake::established);
  CHECK(out.direction == Direction::outbound);
  CHECK(out.peer == "mx.b.example");
  CHECK(out.peer_address == "192.0.2.1");
  CHECK(out.tls_version == "TLSv1.3");
  CHECK(out.tls_cipher == "TLS_AES_256_GCM_SHA384");

  const auto in = parsed("postfix/smtpd",
                         "Anonymous TLS connection established from c.example[2001:db8::2] to "
                         "mail.example.com: TLSv1.2 with cipher ECDHE-RSA-AES256-SHA (256/256 bits)");
  CHECK(in.direction == Direction::inbound);
  CHECK(in.peer_address == "2001:db8::2");
  CHECK(in.tls_version == "TLSv1.2");

  CHECK(parsed("postfix/smtp",
               "Verified TLS connection reused to mx.b.example[192.0.2.1]:25: TLSv1.3 with cipher X (1/1 bits)")
            .kind == EventKind::note);
}

TEST_CASE("postfix: handshakes that fail name the peer, and the cause where the words tell it", "[postfix]") {
  const auto cause = [](std::string_view program, std::string_view line) {
    const auto event = parsed(program, line);
    CHECK(event.kind == EventKind::tls);
    CHECK(event.handshake == Handshake::failed);
    CHECK(event.peer == "c.example");
    CHECK(event.peer_address == "192.0.2.9");
    CHECK(event.direction == (program == "postfix/smtpd" ? Direction::inbound : Direction::outbound));
    return event.cause;
  };
  CHECK(cause("postfix/smtpd", "SSL_accept error from c.example[192.0.2.9]: -1") == TlsCause::other);
  CHECK(cause("postfix/smtpd", "SSL_accept error from c.example[192.0.2.9]: 0") == TlsCause::other);
  CHECK(cause("postfix/smtpd", "SSL_accept error from c.example[192.0.2.9]: lost connection") ==
        TlsCause::connection_lost);
  CHECK(cause("postfix/smtpd", "SSL_accept error from c.example[192.0.2.9]: Connection timed out") ==
        TlsCause::timeout);
  CHECK(cause("postfix/smtp", "SSL_connect error to c.example[192.0.2.9]:25: Connection reset by peer") ==
        TlsCause::connection_lost);
}

TEST_CASE("postfix: the TLS library's words tell the cause", "[postfix]") {
  const auto library = [](const std::string& error) {
    const auto event = parsed("postfix/smtpd", "warning: TLS library problem: " + error);
    CHECK(event.kind == EventKind::tls_detail);
    CHECK(event.direction == Direction::inbound);
    return event;
  };
  const auto none_shared = library("error:0A0000C1:SSL routines::no shared cipher:../ssl/statem/statem_srvr.c:2220:");
  CHECK(none_shared.cause == TlsCause::no_shared_cipher);
  CHECK(none_shared.reply == "no shared cipher");
  const auto old = library("84848:error:1408A0C1:SSL routines:SSL3_GET_CLIENT_HELLO:no shared cipher:s3_srvr.c:1358:");
  CHECK(old.reply == "no shared cipher");

  const auto cause = [&](const std::string& reason) {
    return library("error:0A000000:SSL routines::" + reason + ":x.c:1:").cause;
  };
  CHECK(cause("sslv3 alert handshake failure") == TlsCause::no_shared_cipher);
  CHECK(cause("wrong version number") == TlsCause::not_tls);
  CHECK(cause("http request") == TlsCause::not_tls);
  CHECK(cause("unsupported protocol") == TlsCause::protocol_version);
  CHECK(cause("tlsv1 alert protocol version") == TlsCause::protocol_version);
  CHECK(cause("inappropriate fallback") == TlsCause::protocol_version);
  CHECK(cause("tlsv1 alert unknown ca") == TlsCause::certificate);
  CHECK(cause("sslv3 alert certificate expired") == TlsCause::certificate);
  CHECK(cause("certificate verify failed") == TlsCause::certificate);
  CHECK(cause("unexpected eof while reading") == TlsCause::connection_lost);
  CHECK(cause("unexpected message") == TlsCause::other);
  CHECK(parsed("postfix/smtp", "warning: TLS library problem: odd words").reply == "odd words");
}

TEST_CASE("postfix: a message whose host cannot start TLS says more of the handshake", "[postfix]") {
  const auto event = parsed("postfix/smtp", "5A2C63F1: Cannot start TLS: handshake failure");
  CHECK(event.kind == EventKind::tls_detail);
  CHECK(event.direction == Direction::outbound);
  CHECK(event.queue_id == "5A2C63F1");
}

TEST_CASE("postfix: connections name their client", "[postfix]") {
  for (const auto line :
       {"connect from c.example[192.0.2.9]", "disconnect from c.example[192.0.2.9] ehlo=1 quit=1 commands=2",
        "lost connection after STARTTLS from c.example[192.0.2.9]",
        "lost connection after DATA (0 bytes) from c.example[192.0.2.9]",
        "NOQUEUE: lost connection after CONNECT from c.example[192.0.2.9]",
        "5A2C63F1: timeout after END-OF-MESSAGE from c.example[192.0.2.9]",
        "too many errors after RCPT from c.example[192.0.2.9]",
        "improper command pipelining after AUTH from c.example[192.0.2.9]: QUIT"}) {
    const auto event = parsed("postfix/smtpd", line);
    CHECK(event.kind == EventKind::connection);
    CHECK(event.client == "c.example");
    CHECK(event.client_address == "192.0.2.9");
  }
  CHECK(parsed("postfix/smtpd", "lost connection after STARTTLS from c.example[192.0.2.9]").stage == Stage::starttls);
}

TEST_CASE("postfix: a refusal names client, envelope, stage and reply", "[postfix]") {
  const auto event =
      parsed("postfix/smtpd",
             "NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 554 5.7.1 Service unavailable; Client host "
             "[192.0.2.7] blocked using bl.example; https://bl.example/?ip=192.0.2.7; from=<x@spam.example> "
             "to=<jo@example.com> proto=ESMTP helo=<friend>");
  CHECK(event.kind == EventKind::rejected);
  CHECK(event.queue_id.empty());
  CHECK(event.client == "unknown");
  CHECK(event.client_address == "192.0.2.7");
  CHECK(event.stage == Stage::rcpt);
  CHECK(event.code == 554);
  CHECK(event.enhanced_code == "5.7.1");
  CHECK(event.reply ==
        "554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using bl.example; "
        "https://bl.example/?ip=192.0.2.7");
  CHECK(event.sender == "x@spam.example");
  CHECK(event.recipient == "jo@example.com");

  const auto bounce = parsed("postfix/smtpd",
                             "5A2C63F1: reject: DATA from c.example[192.0.2.7]: 550 5.5.3 <DATA>: Data command "
                             "rejected: Multi-recipient bounce; from=<> proto=ESMTP helo=<c.example>");
  CHECK(bounce.queue_id == "5A2C63F1");
  CHECK(bounce.null_sender);
  CHECK(bounce.stage == Stage::data);
  CHECK(bounce.recipient.empty());

  const auto connect = parsed("postfix/smtpd",
                              "NOQUEUE: reject: CONNECT from unknown[192.0.2.7]: 450 4.7.25 Client host "
                              "rejected: cannot find your hostname, [192.0.2.7]; proto=SMTP");
  CHECK(connect.stage == Stage::connect);
  CHECK(connect.reply == "450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.7]");
}

TEST_CASE("postfix: a hostile recipient does not forge the sender that was refused", "[postfix]") {
  const auto event = parsed("postfix/smtpd",
                            "NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 550 5.1.1 <\"a; from=<boss@example.com> "
                            "to=<b\"@example.com>: Recipient address rejected: User unknown; from=<x@spam.example> "
                            "to=<\"a; from=<boss@example.com> to=<b\"@example.com> proto=ESMTP helo=<friend>");
  CHECK(event.sender == "x@spam.example");
  CHECK(event.recipient == "\"a; from=<boss@example.com> to=<b\"@example.com");
}

TEST_CASE("postfix: a milter's and a proxy's refusals are refusals, holds and warnings are not", "[postfix]") {
  const auto milter = parsed("postfix/cleanup",
                             "5A2C63F1: milter-reject: END-OF-MESSAGE from c.example[192.0.2.7]: 5.7.1 "
                             "Spam; from=<x@spam.example> to=<jo@example.com> proto=ESMTP helo=<c>");
  CHECK(milter.kind == EventKind::rejected);
  CHECK(milter.stage == Stage::eod);
  CHECK(milter.code == 0);
  CHECK(milter.enhanced_code == "5.7.1");
  CHECK(milter.reply == "5.7.1 Spam");

  const auto proxy = parsed("postfix/smtpd",
                            "proxy-reject: END-OF-MESSAGE: 554 5.7.0 Reject; from=<x@spam.example> "
                            "to=<jo@example.com> proto=ESMTP helo=<c>");
  CHECK(proxy.kind == EventKind::rejected);
  CHECK(proxy.code == 554);
  CHECK(parsed("postfix/smtpd", "proxy-reject: END-OF-MESSAGE: ; from=<x@spam.example> to=<jo@example.com>").sender ==
        "x@spam.example");

  const auto hold = parsed("postfix/smtpd",
                           "NOQUEUE: hold: RCPT from c.example[192.0.2.7]: <c.example>: Client host triggers "
                           "HOLD action; from=<x@spam.example> to=<jo@example.com> proto=SMTP helo=<c>");
  CHECK(hold.kind == EventKind::note);
  CHECK(hold.sender == "x@spam.example");
}

TEST_CASE("postfix: cleanup's checks of the content name client and envelope", "[postfix]") {
  const auto event = parsed("postfix/cleanup",
                            "5A2C63F1: reject: header Subject: buy from me; now from c.example[192.0.2.7]; "
                            "from=<x@spam.example> to=<jo@example.com> proto=ESMTP helo=<c.example>: 5.7.1 No thanks");
  CHECK(event.kind == EventKind::rejected);
  CHECK(event.client == "c.example");
  CHECK(event.client_address == "192.0.2.7");
  CHECK(event.sender == "x@spam.example");
  CHECK(event.recipient == "jo@example.com");
  CHECK(event.enhanced_code == "5.7.1");
  CHECK(event.reply == "5.7.1 No thanks");

  CHECK(parsed("postfix/cleanup", "5A2C63F1: warning: header Subject: x from local; from=<jo@example.com>").kind ==
        EventKind::note);
}

TEST_CASE("postfix: postscreen's clients and refusals", "[postfix]") {
  const auto reject =
      parsed("postfix/postscreen",
             "NOQUEUE: reject: RCPT from [192.0.2.7]:2413: 550 5.7.1 Service unavailable; client [192.0.2.7] "
             "blocked using bl.example; from=<x@spam.example>, to=<jo@example.com>, proto=SMTP, helo=<c>");
  CHECK(reject.kind == EventKind::rejected);
  CHECK(reject.client.empty());
  CHECK(reject.client_address == "192.0.2.7");
  CHECK(reject.code == 550);
  CHECK(reject.sender == "x@spam.example");
  CHECK(reject.recipient == "jo@example.com");

  CHECK(parsed("postfix/postscreen", "CONNECT from [192.0.2.7]:53024 to [192.0.2.1]:25").client_address == "192.0.2.7");
  CHECK(parsed("postfix/postscreen", "PASS NEW [2001:db8::7]:53024").client_address == "2001:db8::7");
  for (const auto line :
       {"PREGREET 6 after 1.2 from [192.0.2.7]:43421: RSET\\r\\n", "DNSBL rank 3 for [192.0.2.7]:1038",
        "HANGUP after 0 from [192.0.2.7]:54017 in tests before SMTP handshake",
        "COMMAND PIPELINING from [192.0.2.7]:5 after RCPT: DATA", "DENYLISTED [192.0.2.7]:5"}) {
    CHECK(parsed("postfix/postscreen", line).client_address == "192.0.2.7");
  }
}

TEST_CASE("postfix: a start and a reload are restarts", "[postfix]") {
  CHECK(parsed("postfix/master", "daemon started -- version 3.7.11, configuration /etc/postfix").kind == EventKind::restart);
  CHECK(parsed("postfix/master", "reload -- version 3.7.11, configuration /etc/postfix").kind == EventKind::restart);
}

TEST_CASE("postfix: statistics, warnings and stops are notes", "[postfix]") {
  const std::pair<std::string_view, std::string_view> lines[] = {
      {"postfix/anvil", "statistics: max connection rate 1/60s for (smtpd:192.0.2.7) at Oct 26 18:13:50"},
      {"postfix/scache", "statistics: start interval Dec  6 21:20:35"},
      {"postfix/master", "terminating on signal 15"},
      {"postfix/postfix-script", "starting the Postfix mail system"},
      {"postfix-script", "the Postfix mail system is running: PID: 12"},
      {"postfix/postsuper", "Deleted: 3 messages"},
      {"postfix/verify", "cache lmdb:/var/lib/postfix/verify_cache full cleanup: retained=724 dropped=6 entries"},
      {"postfix/dnsblog", "addr 192.0.2.7 listed by domain bl.example as 127.0.0.2"},
      {"postfix/tlsproxy", "CONNECT from [192.0.2.7]:51637"},
      {"postfix/trivial-rewrite", "table hash:/etc/postfix/transport(0,lock|fold_fix) has changed -- restarting"},
      {"postfix/qmgr", "5A2C63F1: skipped, still being delivered"},
      {"postfix/postmap", "fatal: open /etc/postfix/x: No such file or directory"},
      {"postfix/proxymap", "panic: myfree: corrupt or unallocated memory block"},
      {"postfix/smtp",
       "5A2C63F1: enabling PIX workarounds: disable_esmtp delay_dotcrlf for mx.b.example[192.0.2.1]:25"},
      {"postfix/smtpd", "setting up TLS connection from c.example[192.0.2.7]"},
      {"postfix/smtp", "mx.b.example[192.0.2.1]:25: subject_CN=mx.b.example, issuer_CN=CA, fingerprint=00"},
      {"postfix/policy-spf", "Policy action=PREPEND Received-SPF: pass"},
  };
  for (const auto& [program, text] : lines)
    CHECK(parsed(program, text).kind == EventKind::note);

  const auto login =
      parsed("postfix/smtpd", "warning: c.example[192.0.2.7]: SASL LOGIN authentication failed: UGFzc3dvcmQ6");
  CHECK(login.client_address == "192.0.2.7");
  CHECK(parsed("postfix/cleanup", "warning: 5A2C63F1: queue file size limit exceeded").queue_id == "5A2C63F1");
}

TEST_CASE("postfix: words nobody knows are said to be unknown", "[postfix]") {
  CHECK_FALSE(recognized("postfix/smtp", "5A2C63F1: and now for something different"));
  CHECK_FALSE(recognized("postfix/smtpd", "hello"));
  CHECK_FALSE(recognized("postfix/smtp", ""));
  CHECK_FALSE(recognized("postfix/smtp", "5A2C63F1: "));
  CHECK_FALSE(recognized("postfix/qmgr", "5A2C63F1: to=<a@b.example>, status=dancing (x)"));
}

TEST_CASE("postfix: no beginning of a line is read past its end", "[postfix]") {
  for (const std::string line :
       {"5A2C63F1: to=<\"a\\\"b\"@c.example>, orig_to=<x>, relay=h[192.0.2.1]:25, delay=1.5, delays=0/0/0/1, "
        "dsn=4.0.0, "
        "status=deferred (delivery temporarily suspended: host h[192.0.2.1] said: 421-4.7.0 x (in reply to RCPT TO "
        "command))",
        "NOQUEUE: reject: RCPT from h[192.0.2.1]:25: 554 5.7.1 <\"a\">: no; from=<x> to=<y> proto=ESMTP helo=<z>",
        "5A2C63F1: reject: header Subject: a from h[1]; from=<x> to=<y> proto=ESMTP helo=<z>: 5.7.1 no",
        "warning: TLS library problem: 12:error:0A0000C1:SSL routines::no shared cipher:../ssl/x.c:2220:",
        "Untrusted TLS connection established to h[192.0.2.1]:25: TLSv1.3 with cipher X (256/256 bits)",
        "5A2C63F1: client=h[192.0.2.1], sasl_method=PLAIN, sasl_username=jo, orig_queue_id=6B1D04E2",
        "5A2C63F1: from=<jo@example.com>, size=1, nrcpt=1 (queue active)",
        "5A2C63F1: uid=1 from=<jo> orig_id=6B1D04E2"}) {
    for (const auto program : {"postfix/smtp", "postfix/smtpd", "postfix/cleanup", "postfix/qmgr", "postfix/pickup",
                               "postfix/postscreen", "postfix/tlsproxy", "postfix"}) {
      for (std::size_t length = 0; length <= line.size(); ++length) {
        const std::vector<char> exact(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(length));
        events_of(program, std::string_view(exact.data(), exact.size()));
      }
    }
  }
}
