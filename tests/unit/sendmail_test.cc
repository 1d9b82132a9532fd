// The sendmail parser, line by line: what each says, field by field.
#include <catch2/catch.hpp>
#include <deque>
#include <string>
#include <vector>

#include "mtalens/parser.h"

namespace mtalens {
const Parser& sendmail_parser();
}

using namespace mtalens;

namespace {

// A line of sm-mta's with this text.
LogLine says(std::string_view text) {
  LogLine line;
  line.form = HeaderForm::rfc3164;
  line.pid = 84848;
  line.host = "mail";
  line.program = "sm-mta";
  line.text = line.raw = text;
  return line;
}

// The events' views stay good: every line asked about is kept.
std::vector<Event> events_of(std::string_view text) {
  static std::deque<std::string> said;
  std::vector<Event> events;
  const bool known = sendmail_parser().parse(says(said.emplace_back(text)), events);
  INFO(text);
  CHECK(known == !events.empty());
  return events;
}

Event event_in(std::string_view text) {
  INFO(text);
  const auto events = events_of(text);
  REQUIRE(events.size() == 1);
  return events.front();
}

// `Mon dd hh:mm:ss host tag[pid]: text`, taken apart by hand.
LogLine read_by_hand(std::string_view raw) {
  LogLine line;
  line.form = HeaderForm::rfc3164;
  line.raw = raw;
  auto rest = raw.substr(16);
  line.host = rest.substr(0, rest.find(' '));
  rest.remove_prefix(line.host.size() + 1);
  line.program = rest.substr(0, rest.find('['));
  rest.remove_prefix(line.program.size() + 1);
  line.pid = static_cast<std::uint32_t>(std::stoul(std::string(rest)));
  line.text = rest.substr(rest.find("]: ") + 3);
  return line;
}

Event event_of_seed(std::string_view raw) {
  const auto line = read_by_hand(raw);
  CHECK(sendmail_parser().claims_program(line.program));
  std::vector<Event> events;
  CHECK(sendmail_parser().parse(line, events));
  REQUIRE(events.size() == 1);
  CHECK(events.front().mta == "sendmail");
  CHECK(events.front().host == "mail");
  CHECK(events.front().program == "sm-mta");
  CHECK(events.front().line == raw);
  return events.front();
}

bool is_unknown(std::string_view text) {
  std::vector<Event> events;
  return !sendmail_parser().parse(says(text), events) && events.empty();
}

}  // namespace

// ---- whose line ------------------------------------------------------------------------------------

TEST_CASE("sendmail: its tags are sendmail, sm-* and sendmail-*", "[sendmail]") {
  const auto& parser = sendmail_parser();
  for (const auto* tag :
       {"sendmail", "sm-mta", "sm-msp", "sm-msp-queue", "sendmail-client", "sm-acceptingconnections"}) {
    CHECK(parser.claims_program(tag));
  }
  for (const auto* tag : {"postfix/sendmail", "sm", "exim", "smtpd", "sendmailer", ""}) {
    CHECK_FALSE(parser.claims_program(tag));
  }
}

TEST_CASE("sendmail: under any tag its lines are told by their fields", "[sendmail]") {
  const auto claims = [](std::string_view text) { return sendmail_parser().claims_text(says(text)); };
  CHECK(claims("t7QJY1aB084899: from=<a@x.example>, size=2345, class=0, nrcpts=1, relay=x [192.0.2.7]"));
  CHECK(claims("QAA12345: to=<b@y.example>, delay=00:00:01, mailer=esmtp, relay=y. [192.0.2.8], stat=Sent"));
  CHECK(claims("STARTTLS=server, error: accept failed=-1, SSL_error=1, errno=0, retry=-1, relay=x [192.0.2.7]"));
  CHECK(claims("ruleset=check_relay, arg1=x, arg2=192.0.2.7, relay=x [192.0.2.7], reject=421 4.3.2 Too many"));
  // Postfix's own, and what anybody might say.
  CHECK_FALSE(claims("401E2A72A39: from=<a@x.example>, size=2345, nrcpt=1 (queue active)"));
  CHECK_FALSE(claims("401E2A72A39: to=<b@y.example>, relay=y[192.0.2.8]:25, delay=1, status=sent (250 ok)"));
  CHECK_FALSE(claims("to=<b@y.example>, delay=00:00:01, stat=Sent"));
  CHECK_FALSE(claims("STARTTLS is broken"));
  CHECK_FALSE(claims(""));
}

TEST_CASE("sendmail: queue ids of all ages are read, words are not", "[sendmail]") {
  CHECK(event_in("t7QJXCPI084848: discarded").queue_id == "t7QJXCPI084848");
  CHECK(event_in("xA32R2PQ3529565: discarded").queue_id == "xA32R2PQ3529565");
  CHECK(event_in("e6FFrpW22493: discarded").queue_id == "e6FFrpW22493");
  CHECK(event_in("QAA12345: discarded").queue_id == "QAA12345");
  CHECK(event_in("NOQUEUE: connect from mail.example [192.0.2.7]").queue_id.empty());
  CHECK(event_in("STARTTLS: read error=timeout").queue_id.empty());
}

// ---- the lines that began it -----------------------------------------------------------------------

TEST_CASE("sendmail: 8.14's failed handshake, its reason, and the peer that left", "[sendmail]") {
  const auto failed = event_of_seed(
      "Aug 26 20:33:31 mail sm-mta[84848]: STARTTLS=server, error: accept failed=-1, SSL_error=1, errno=0, retry=-1, "
      "relay=mail-qg0-f50.google.com [209.85.192.50]");
  CHECK(failed.kind == EventKind::tls);
  CHECK(failed.direction == Direction::inbound);
  CHECK(failed.handshake == Handshake::failed);
  CHECK(failed.cause == TlsCause::other);
  CHECK(failed.peer == "mail-qg0-f50.google.com");
  CHECK(failed.peer_address == "209.85.192.50");
  CHECK(failed.pid == 84848);

  const auto reason = event_of_seed(
      "Aug 26 20:33:31 mail sm-mta[84848]: STARTTLS=server: 84848:error:1408A0C1:SSL "
      "routines:SSL3_GET_CLIENT_HELLO:no shared "
      "cipher:/usr/src/secure/lib/libssl/../../../crypto/openssl/ssl/s3_srvr.c:1073:");
  CHECK(reason.kind == EventKind::tls_detail);
  CHECK(reason.direction == Direction::inbound);
  CHECK(reason.cause == TlsCause::no_shared_cipher);
  CHECK(reason.reply == "no shared cipher");
  CHECK(reason.pid == 84848);

  const auto left = event_of_seed(
      "Aug 26 20:33:31 mail sm-mta[84848]: t7QJXCPI084848: mail-qg0-f50.google.com [209.85.192.50] did not issue "
      "MAIL/EXPN/VRFY/ETRN during connection to MTA");
  CHECK(left.kind == EventKind::connection);
  CHECK(left.queue_id == "t7QJXCPI084848");
  CHECK(left.client == "mail-qg0-f50.google.com");
  CHECK(left.client_address == "209.85.192.50");
}

TEST_CASE("sendmail: mail comes in, is forwarded, and the other side has had too many", "[sendmail]") {
  const auto arrival = event_of_seed(
      "Aug 26 20:34:01 mail sm-mta[84899]: t7QJY1aB084899: from=<news@shop.example>, size=2345, class=0, nrcpts=1, "
      "msgid=<1@shop.example>, proto=ESMTP, daemon=IPv4, relay=mx.shop.example [192.0.2.7]");
  CHECK(arrival.kind == EventKind::received);
  CHECK(arrival.queue_id == "t7QJY1aB084899");
  CHECK(arrival.sender == "news@shop.example");
  CHECK_FALSE(arrival.null_sender);
  CHECK(arrival.size_bytes == 2345);
  CHECK(arrival.recipients == 1);
  CHECK(arrival.message_id == "1@shop.example");
  CHECK(arrival.client == "mx.shop.example");
  CHECK(arrival.client_address == "192.0.2.7");

  const auto attempt = event_of_seed(
      "Aug 26 20:34:02 mail sm-mta[84901]: t7QJY1aB084899: to=<fred@btinternet.com>, ctladdr=<fred@customer.example> "
      "(1001/1001), delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=120345, relay=mx.bt.lon5.cpcloud.co.uk. "
      "[65.20.0.49], dsn=4.0.0, stat=Deferred: 421 Too many messages (1.5.6.1) from 81.2.3.4");
  CHECK(attempt.kind == EventKind::attempt);
  CHECK(attempt.queue_id == "t7QJY1aB084899");
  CHECK(attempt.recipient == "fred@btinternet.com");
  CHECK(attempt.original_recipient == "fred@customer.example");
  CHECK(attempt.uid == -1);
  CHECK(attempt.delay_us == 1'000'000);
  CHECK(attempt.relay == "mx.bt.lon5.cpcloud.co.uk");
  CHECK(attempt.relay_address == "65.20.0.49");
  CHECK(attempt.outcome == Outcome::deferred);
  CHECK(attempt.code == 421);
  CHECK(attempt.enhanced_code == "4.0.0");
  CHECK(attempt.reply == "421 Too many messages (1.5.6.1) from 81.2.3.4");
  CHECK(attempt.counts_refusal);
  CHECK_FALSE(attempt.secondary);
  CHECK_FALSE(attempt.local);
  CHECK(attempt.stage == Stage::none);
}

// ---- arrivals --------------------------------------------------------------------------------------

TEST_CASE("sendmail: a local submission names its user as client", "[sendmail]") {
  const auto event = event_in(
      "6ANHjsXf006316: from=www, size=331, class=0, nrcpts=2, msgid=<202611231745.6ANHjsXf006316@mail>, "
      "relay=www@localhost");
  CHECK(event.sender == "www");
  CHECK(event.recipients == 2);
  CHECK(event.client == "www@localhost");
  CHECK(event.client_address.empty());
}

TEST_CASE("sendmail: the null sender, a forged name, IPv6 and no name at all", "[sendmail]") {
  const auto bounce = event_in(
      "6ANHjsXf006316: from=<>, size=0, class=0, nrcpts=0, proto=ESMTP, daemon=MTA, relay=mx.x.example [192.0.2.7] "
      "(may "
      "be forged)");
  CHECK(bounce.null_sender);
  CHECK(bounce.sender.empty());
  CHECK(bounce.size_bytes == 0);
  CHECK(bounce.recipients == 0);
  CHECK(bounce.client == "mx.x.example");
  CHECK(bounce.client_address == "192.0.2.7");
  CHECK(bounce.message_id.empty());

  const auto v6 = event_in("6ANHjsXf006316: from=<a@x>, size=1, class=0, nrcpts=1, relay=mx.x [IPv6:2001:db8::7]");
  CHECK(v6.client == "mx.x");
  CHECK(v6.client_address == "2001:db8::7");

  const auto nameless = event_in("6ANHjsXf006316: from=<a@x>, size=1, class=0, nrcpts=1, relay=[192.0.2.7]");
  CHECK(nameless.client.empty());
  CHECK(nameless.client_address == "192.0.2.7");

  const auto ident = event_in("QAA12345: from=<a@x>, size=1, class=0, pri=30001, nrcpts=1, relay=jan@mx.x [192.0.2.7]");
  CHECK(ident.client == "mx.x");
  CHECK(ident.recipients == 1);
}

TEST_CASE("sendmail: TLS and login on the arrival's line are read where it bears them", "[sendmail]") {
  const auto event = event_in(
      "6ANHjsXf006316: from=<a@x>, size=1, class=0, nrcpts=1, msgid=<1@x>, bodytype=8BITMIME, proto=ESMTPSA, "
      "daemon=MSA, "
      "tls_verify=NO, tls_version=TLSv1.3, cipher=TLS_AES_256_GCM_SHA3, auth=PLAIN, authid=fred, relay=x [192.0.2.7]");
  CHECK(event.message_id == "1@x");
  CHECK(event.tls_version == "TLSv1.3");
  CHECK(event.tls_cipher == "TLS_AES_256_GCM_SHA3");
  CHECK(event.auth_user == "fred");
}

TEST_CASE("sendmail: a sender or message id full of fields stays what it is", "[sendmail]") {
  const auto quoted =
      event_in(R"(6ANHjsXf006316: from=<"x, size=9, relay=evil [6.6.6.6]"@x>, size=1, class=0, nrcpts=1, msgid=<1@x>, )"
               "proto=SMTP, relay=mx.x [192.0.2.7]");
  CHECK(quoted.sender == R"("x, size=9, relay=evil [6.6.6.6]"@x)");
  CHECK(quoted.size_bytes == 1);
  CHECK(quoted.client_address == "192.0.2.7");

  const auto id = event_in(
      "6ANHjsXf006316: from=<a@x>, size=1, class=0, nrcpts=1, msgid=<1@x, relay=evil [6.6.6.6], nrcpts=7>, proto=SMTP, "
      "daemon=MTA, relay=mx.x [192.0.2.7]");
  CHECK(id.message_id == "1@x, relay=evil [6.6.6.6], nrcpts=7");
  CHECK(id.recipients == 1);
  CHECK(id.client == "mx.x");

  // sendmail cuts a sender after 200 characters: the quote never closes.
  const auto cut = event_in(R"(6ANHjsXf006316: from=<"long, size=1, class=0, nrcpts=3, relay=mx.x [192.0.2.7])");
  CHECK(cut.sender == R"("long)");
  CHECK(cut.recipients == 3);
}

TEST_CASE("sendmail: the first part of an entry split for syslog is read as far as it goes", "[sendmail]") {
  const auto first = event_in("6ANHjsXf006316[1]: from=<a@x>, size=5, class=0, nrcpts=1, msgid=<1@x>, ...");
  CHECK(first.kind == EventKind::received);
  CHECK(first.queue_id == "6ANHjsXf006316");
  CHECK(first.size_bytes == 5);
  CHECK(event_in("6ANHjsXf006316[2]: relay=mx.x [192.0.2.7]").kind == EventKind::note);
}

// ---- attempts --------------------------------------------------------------------------------------

TEST_CASE("sendmail: a delivery keeps the other side's words", "[sendmail]") {
  const auto event = event_in(
      "6ANHjsXf006316: to=<alice@btinternet.com>, delay=1+00:05:53, xdelay=00:00:00, mailer=esmtp, pri=30076, "
      "relay=mx.bt.lon5.cpcloud.co.uk. [127.1.0.1], dsn=2.0.0, stat=Sent (2.0.0 Ok: queued)");
  CHECK(event.outcome == Outcome::delivered);
  CHECK(event.reply == "2.0.0 Ok: queued");
  CHECK(event.enhanced_code == "2.0.0");
  CHECK(event.delay_us == (86'400 + 5 * 60 + 53) * 1'000'000LL);
  CHECK_FALSE(event.local);
  CHECK_FALSE(event.counts_refusal);
  CHECK(event.relation == Relation::none);
}

TEST_CASE("sendmail: the reply is the reason, not how the socket died", "[sendmail]") {
  const auto event = event_in(
      "6ANHk099009660: to=<y@yahoo.co.uk>, delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=30069, "
      "relay=mta7.am0.yahoodns.net. [127.1.0.7], dsn=4.0.0, reply=421 4.7.0 [TSS04] Messages from 127.0.0.1 "
      "temporarily "
      "deferred, stat=Deferred: Connection reset by mta7.am0.yahoodns.net.");
  CHECK(event.outcome == Outcome::deferred);
  CHECK(event.code == 421);
  CHECK(event.enhanced_code == "4.7.0");
  CHECK(event.reply == "421 4.7.0 [TSS04] Messages from 127.0.0.1 temporarily deferred");
  CHECK(event.counts_refusal);
}

TEST_CASE("sendmail: the farewell after a refused RCPT is not the reason", "[sendmail]") {
  const auto event = event_in(
      "6BBAgDut001419: to=<erin@btinternet.com>, delay=2+06:22:30, xdelay=00:00:02, mailer=esmtp, pri=9840072, "
      "relay=mx.bt.lon5.cpcloud.co.uk. [127.1.0.1], dsn=4.0.0, reply=221 2.0.0 Bye, stat=Deferred: 421 Too many "
      "messages (1.5.6.1) from 127.0.0.1");
  CHECK(event.outcome == Outcome::deferred);
  CHECK(event.code == 421);
  CHECK(event.reply == "421 Too many messages (1.5.6.1) from 127.0.0.1");
  CHECK(event.counts_refusal);
}

TEST_CASE("sendmail: a deferral that bears a relay but no address was not tried", "[sendmail]") {
  const auto bare = event_in(
      "6ANHjuoX007487: to=<sales@customer.example>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=30082, "
      "relay=mx.bt.lon5.cpcloud.co.uk., dsn=4.0.0, stat=Deferred");
  CHECK(bare.secondary);
  CHECK(bare.relay == "mx.bt.lon5.cpcloud.co.uk");
  CHECK(bare.relay_address.empty());
  CHECK(bare.reply.empty());
  CHECK(bare.enhanced_code == "4.0.0");
  CHECK_FALSE(bare.counts_refusal);

  const auto remembered = event_in(
      "6B9HJxMX012452: to=<y@yahoo.co.uk>, delay=01:30:51, xdelay=00:00:00, mailer=esmtp, pri=300068, "
      "relay=mta7.am0.yahoodns.net., dsn=4.4.2, stat=Deferred: Connection timed out with mta7.am0.yahoodns.net.");
  CHECK(remembered.secondary);
  CHECK(remembered.reply == "Connection timed out with mta7.am0.yahoodns.net.");

  const auto tried = event_in(
      "6B9ECVFC012190: to=<y@yahoo.co.uk>, delay=02:11:20, xdelay=00:38:32, mailer=esmtp, pri=390067, "
      "relay=mta7.am0.yahoodns.net. [127.1.0.7], dsn=4.4.2, stat=Deferred: Connection timed out with "
      "mta7.am0.yahoodns.net.");
  CHECK_FALSE(tried.secondary);
  CHECK(tried.enhanced_code == "4.4.2");
  CHECK_FALSE(tried.counts_refusal);

  const auto refused = event_in(
      "6B9ECVFC012190: to=<y@y.example>, delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=1, relay=mx.y.example. "
      "[192.0.2.9], dsn=4.0.0, stat=Deferred: Connection refused by mx.y.example.");
  CHECK(refused.stage == Stage::connect);
  CHECK_FALSE(refused.secondary);
}

TEST_CASE("sendmail: a name server without an answer is a cause of its own", "[sendmail]") {
  const auto event = event_in(
      "6ANHlB3Z014757: to=<friend@elsewhere.example>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=31418, "
      "relay=elsewhere.example., dsn=4.4.3, stat=Deferred: Name server: elsewhere.example.: host name lookup failure");
  CHECK(event.outcome == Outcome::deferred);
  CHECK_FALSE(event.secondary);
  CHECK(event.relay == "elsewhere.example");
  CHECK(event.reply == "Name server: elsewhere.example.: host name lookup failure");
  CHECK(event.enhanced_code == "4.4.3");
}

TEST_CASE("sendmail: one's own verdict on a handshake is not the other side's refusal", "[sendmail]") {
  for (const auto* reply : {"454 4.7.0 TLS handshake failed.", "403 4.7.0 TLS handshake failed."}) {
    const auto event = event_in(
        std::string("6ANHjxpP008770: to=<u@nocipher.example.org>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, "
                    "pri=30078, relay=mx.nocipher.example.org. [127.1.0.3], dsn=4.7.0, stat=Deferred: ") +
        reply);
    CHECK(event.outcome == Outcome::deferred);
    CHECK(event.stage == Stage::starttls);
    CHECK_FALSE(event.counts_refusal);
    CHECK_FALSE(event.secondary);
  }
}

TEST_CASE("sendmail: several recipients on a line share one transaction and one refusal", "[sendmail]") {
  const auto events = events_of(
      "6ANHjvP2007788: to=<carol@btinternet.com>,<bob@talk21.com>,<eve@btopenworld.com>, delay=00:00:00, "
      "xdelay=00:00:00, mailer=esmtp, pri=90070, relay=mx.bt. [192.0.2.1], dsn=4.0.0, stat=Deferred: 421 Too many");
  REQUIRE(events.size() == 3);
  CHECK(events[0].recipient == "carol@btinternet.com");
  CHECK(events[1].recipient == "bob@talk21.com");
  CHECK(events[2].recipient == "eve@btopenworld.com");
  for (const auto& event : events) {
    const bool first = &event == &events.front();
    CHECK(event.same_transaction != first);
    CHECK(event.counts_refusal == first);
    CHECK(event.relay == "mx.bt");
    CHECK(event.code == 421);
    CHECK_FALSE(event.more_follows);
  }
}

TEST_CASE("sendmail: [more] says that the list goes on in the next line", "[sendmail]") {
  const auto events = events_of(
      "6ANHjvP2007788: to=<a@x>,<b@x>, [more], ctladdr=<list@y> (8/0), delay=00:00:02, xdelay=00:00:02, mailer=esmtp, "
      "pri=90070, relay=x. [192.0.2.1], dsn=2.0.0, stat=Sent (ok)");
  REQUIRE(events.size() == 2);
  CHECK(events[0].more_follows);
  CHECK(events[1].more_follows);
  CHECK(events[1].recipient == "b@x");
  CHECK(events[1].original_recipient == "list@y");
  CHECK(events[1].outcome == Outcome::delivered);
}

TEST_CASE("sendmail: ctladdr is who controls the delivery, a bare one a local user", "[sendmail]") {
  const std::string behind =
      ", delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=1, relay=x. [192.0.2.1], dsn=2.0.0, stat=Sent";
  const auto forward = event_in("6ANHjvP2007788: to=<a@x>, ctladdr=<b@y> (1001/1002)" + behind);
  CHECK(forward.original_recipient == "b@y");
  CHECK(forward.uid == -1);
  const auto user = event_in("6ANHjvP2007788: to=a@x, ctladdr=www (33/33)" + behind);
  CHECK(user.recipient == "a@x");
  CHECK(user.original_recipient.empty());
  CHECK(user.uid == 33);
  const auto same = event_in("6ANHjvP2007788: to=<a@x>, ctladdr=<a@x> (1/1)" + behind);
  CHECK(same.original_recipient.empty());
  const auto without_ids = event_in("6ANHjvP2007788: to=<a@x>, ctladdr=<owner-list@y>" + behind);
  CHECK(without_ids.original_recipient == "owner-list@y");
}

TEST_CASE("sendmail: mailboxes, programs and files are local", "[sendmail]") {
  const auto file = event_in(
      "6ANHlB3R014757: to=/dev/null, ctladdr=<boss@lab.example.com> (8/0), delay=00:00:00, xdelay=00:00:00, "
      "mailer=*file*, pri=31406, dsn=2.0.0, stat=Sent");
  CHECK(file.local);
  CHECK(file.recipient == "/dev/null");
  CHECK(file.outcome == Outcome::delivered);

  const auto program =
      event_in(R"(6ANHlB3R014757: to="|/usr/bin/vacation, fred", ctladdr=<fred@x> (1001/1001), delay=00:00:01, )"
               "xdelay=00:00:01, mailer=prog, pri=30000, dsn=2.0.0, stat=Sent");
  CHECK(program.local);
  CHECK(program.recipient == R"("|/usr/bin/vacation, fred")");

  const auto unknown = event_in(
      "6B77nGOQ007977: to=<jo@lab.example.com>, delay=04:25:14, mailer=local, pri=840069, dsn=5.1.1, reply=550 5.1.1 "
      "User "
      "unknown, stat=User unknown");
  CHECK(unknown.outcome == Outcome::bounced);
  CHECK(unknown.local);
  CHECK(unknown.code == 550);
  CHECK(unknown.reply == "550 5.1.1 User unknown");
  CHECK_FALSE(unknown.counts_refusal);
}

TEST_CASE("sendmail: the hop from the submission queue names the id it got", "[sendmail]") {
  for (const auto* words :
       {"t7QJY1aB084899 Message accepted for delivery", "2.0.0 t7QJY1aB084899 Message accepted for delivery"}) {
    const auto event = event_in(
        std::string("t7QJY0xx084898: to=joe@x, ctladdr=www (33/33), delay=00:00:00, xdelay=00:00:00, mailer=relay, "
                    "pri=30331, relay=[127.0.0.1] [127.0.0.1], dsn=2.0.0, stat=Sent (") +
        words + ")");
    CHECK(event.local);
    CHECK(event.relation == Relation::queued_as);
    CHECK(event.other_queue_id == "t7QJY1aB084899");
  }
  const auto remote = event_in(
      "t7QJY0xx084898: to=joe@x, delay=00:00:00, xdelay=00:00:00, mailer=relay, pri=30331, relay=smart.x. [192.0.2.1], "
      "dsn=2.0.0, stat=Sent (t7QJY1aB084899 Message accepted for delivery)");
  CHECK_FALSE(remote.local);
  CHECK(remote.relation == Relation::none);
}

TEST_CASE("sendmail: a filter on this machine queues it anew", "[sendmail]") {
  const auto event = event_in(
      "t7QJY0xx084898: to=<a@x>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=30331, relay=[127.0.0.1] "
      "[127.0.0.1], dsn=2.0.0, stat=Sent (2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as "
      "33DE0DC24C3)");
  CHECK(event.local);
  CHECK(event.relation == Relation::queued_as);
  CHECK(event.other_queue_id == "33DE0DC24C3");
}

TEST_CASE("sendmail: what is final bounces, whatever words tell it", "[sendmail]") {
  const std::string before = "6ANHjvP2007788: to=<a@x>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=1, ";
  const auto quoted =
      event_in(before + "relay=x. [192.0.2.1], dsn=5.1.1, reply=550 5.1.1 <a@x>... no, stat=User unknown");
  CHECK(quoted.outcome == Outcome::bounced);
  CHECK(quoted.code == 550);
  CHECK(quoted.stage == Stage::rcpt);
  CHECK(quoted.counts_refusal);

  // Before 8.16 the reply is not quoted; the host spoke all the same.
  const auto translated = event_in(before + "relay=x. [192.0.2.1], dsn=5.1.1, stat=User unknown");
  CHECK(translated.outcome == Outcome::bounced);
  CHECK(translated.reply == "User unknown");
  CHECK(translated.enhanced_code == "5.1.1");
  CHECK(translated.counts_refusal);

  const auto no_host = event_in(before + "relay=x., dsn=5.1.2, stat=Host unknown (Name server: x.: host not found)");
  CHECK(no_host.outcome == Outcome::bounced);
  CHECK(no_host.reply == "Host unknown (Name server: x.: host not found)");
  CHECK_FALSE(no_host.counts_refusal);
  CHECK_FALSE(no_host.secondary);

  CHECK(event_in(before + "relay=x. [192.0.2.1], dsn=5.0.0, stat=Service unavailable").outcome == Outcome::bounced);
  CHECK(event_in(before + "relay=x. [192.0.2.1], stat=Data format error").outcome == Outcome::bounced);
  CHECK(event_in(before + "relay=x. [192.0.2.1], dsn=4.0.0, stat=I/O error: Broken pipe").outcome == Outcome::deferred);
}

TEST_CASE("sendmail: mail that is only queued was not tried", "[sendmail]") {
  const auto event = event_in("6ANHjvP2007788: to=<a@x>, delay=00:00:00, mailer=esmtp, pri=30123, stat=queued");
  CHECK(event.outcome == Outcome::deferred);
  CHECK(event.secondary);
  CHECK(event.reply == "queued");
  CHECK(event.relay.empty());
}

TEST_CASE("sendmail: a deferral that speaks of the mailbox came after RCPT", "[sendmail]") {
  const std::string before =
      "6ANHjvP2007788: to=<a@x>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=1, relay=x. [192.0.2.1], ";
  CHECK(event_in(before + "dsn=4.2.2, stat=Deferred: 452 4.2.2 Over quota").stage == Stage::rcpt);
  CHECK(event_in(before + "dsn=4.1.1, stat=Deferred: 450 4.1.1 <a@x>: unverified address").stage == Stage::rcpt);
  CHECK(event_in(before + "dsn=4.1.8, stat=Deferred: 450 4.1.8 sender's domain").stage == Stage::none);
  CHECK(event_in(before + "dsn=4.7.1, stat=Deferred: 451 4.7.1 Greylisted").stage == Stage::none);
  CHECK(event_in(before + "dsn=4.7.1, stage=MAIL, reply=451 4.7.1 no, stat=Deferred").stage == Stage::mail);
  // 8.12 keeps only the first line of a long reply.
  const auto cut = event_in(before + "dsn=4.7.0, stat=Deferred: 421-4.7.0 [192.0.2.1      10] Our system has detected");
  CHECK(cut.code == 421);
  CHECK(cut.enhanced_code == "4.7.0");
}

// ---- hostile text in an attempt --------------------------------------------------------------------

TEST_CASE("sendmail: fields inside a quoted local part are not fields", "[sendmail]") {
  const auto events = events_of(
      R"(6ANHjvP2007788: to=<"a, delay=00:00:09, mailer=local, relay=evil. [6.6.6.6], stat=Sent"@x>,<b@x>, )"
      "delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=1, relay=x. [192.0.2.1], dsn=4.0.0, stat=Deferred: 421 no");
  REQUIRE(events.size() == 2);
  CHECK(events[0].recipient == R"("a, delay=00:00:09, mailer=local, relay=evil. [6.6.6.6], stat=Sent"@x)");
  CHECK(events[1].recipient == "b@x");
  CHECK(events[1].relay == "x");
  CHECK(events[1].outcome == Outcome::deferred);
  CHECK(events[1].delay_us == 1'000'000);
}

TEST_CASE("sendmail: an address that never closes does not swallow the line", "[sendmail]") {
  const auto event = event_in(
      R"(6ANHjvP2007788: to=<"cut short, ctladdr=<"too (1/1), delay=00:00:01, mailer=esmtp, relay=x. [192.0.2.1], )"
      "dsn=2.0.0, stat=Sent");
  CHECK(event.outcome == Outcome::delivered);
  CHECK(event.relay == "x");
}

TEST_CASE("sendmail: a reply that plays status is still a reply", "[sendmail]") {
  const std::string before =
      "6ANHjvP2007788: to=<a@x>, delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=1, relay=x. [192.0.2.1], "
      "dsn=4.0.0, ";
  const auto quoted = event_in(before + "reply=421 no, stat=Sent (ok), stat=Deferred: 421 no, stat=Sent (ok)");
  CHECK(quoted.outcome == Outcome::deferred);
  CHECK(quoted.reply == "421 no, stat=Sent (ok)");

  const auto died = event_in(before + "reply=421 no, stat=Sent (ok), stat=Deferred: Connection reset by x.");
  CHECK(died.outcome == Outcome::deferred);
  CHECK(died.reply == "421 no, stat=Sent (ok)");
  CHECK(died.code == 421);

  const auto old = event_in(before + "stat=Deferred: 421 no, relay=evil. [6.6.6.6], stat=Sent (ok)");
  CHECK(old.outcome == Outcome::deferred);
  CHECK(old.reply == "421 no, relay=evil. [6.6.6.6], stat=Sent (ok)");
  CHECK(old.relay_address == "192.0.2.1");
}

TEST_CASE("sendmail: names and comments around an address are no part of it", "[sendmail]") {
  const std::string behind = ", delay=00:00:00, mailer=esmtp, pri=1, relay=x. [192.0.2.1], dsn=2.0.0, stat=Sent";
  CHECK(event_in(R"(6ANHjvP2007788: to="Bloggs, Fred" <fred@x>)" + behind).recipient == "fred@x");
  CHECK(event_in("6ANHjvP2007788: to=fred@x (Fred Bloggs)" + behind).recipient == "fred@x");
  CHECK(event_in("6ANHjvP2007788: to=root" + behind).recipient == "root");
}

// ---- the end, and other ids ------------------------------------------------------------------------

TEST_CASE("sendmail: done is the end", "[sendmail]") {
  const auto event = event_in("6ANHjvP2007788: done; delay=00:00:03, ntries=1");
  CHECK(event.kind == EventKind::ended);
  CHECK(event.ended == Ended::removed);
  CHECK(event.delay_us == 3'000'000);
  CHECK(event_in("6ANHjvP2007788: discarded").ended == Ended::deleted);
  CHECK(event_in("6ANHjvP2007788: Losing ./qf6ANHjvP2007788: savemail panic").ended == Ended::deleted);
}

TEST_CASE("sendmail: a bounce that says how long it tried is the expiry", "[sendmail]") {
  for (const auto* words :
       {"DSN: Cannot send message for 1 minute, 10 seconds", "sender notify: Cannot send message for 5 days",
        "return to sender: Cannot send message for 5 days"}) {
    const auto event = event_in(std::string("6ANHjxj5008980: 6ANHlB3R014757: ") + words);
    CHECK(event.kind == EventKind::related);
    CHECK(event.queue_id == "6ANHjxj5008980");
    CHECK(event.other_queue_id == "6ANHlB3R014757");
    CHECK(event.relation == Relation::bounce);
    CHECK(event.ended == Ended::expired);
    CHECK(event.returned_to_sender);
  }
}

TEST_CASE("sendmail: a warning is no bounce, and a bounce for a reason is no expiry", "[sendmail]") {
  const auto warning =
      event_in("6B8EwvqB010436: 6B8JExGD010714: sender notify: Warning: could not send message for past 4 hours");
  CHECK(warning.relation == Relation::delay_notice);
  CHECK(warning.other_queue_id == "6B8JExGD010714");
  CHECK(warning.ended == Ended::none);
  CHECK_FALSE(warning.returned_to_sender);

  const auto unknown = event_in("6B77nGOQ007977: 6B7CET62008270: sender notify: User unknown");
  CHECK(unknown.relation == Relation::bounce);
  CHECK(unknown.ended == Ended::none);
  CHECK(unknown.reply == "User unknown");

  CHECK(event_in("6B77nGOQ007977: 6B7CET62008270: DSN: Return receipt").kind == EventKind::note);
}

TEST_CASE("sendmail: a clone or a split goes on under its own id", "[sendmail]") {
  const auto clone = event_in("6B77nGOQ007977: 6B77nGOR007977: clone: owner=<owner-list@x>");
  CHECK(clone.relation == Relation::requeued_from);
  CHECK(clone.queue_id == "6B77nGOR007977");
  CHECK(clone.other_queue_id == "6B77nGOQ007977");

  const auto old = event_in("QAB12345: clone QAA12345, owner=owner-list");
  CHECK(old.queue_id == "QAB12345");
  CHECK(old.other_queue_id == "QAA12345");

  const auto splits =
      events_of("6B77nGOQ007977: split: maxrcpts=100, rcpts=250, count=2, ids=6B77nGOR007977; 6B77nGOS007977");
  REQUIRE(splits.size() == 2);
  CHECK(splits[0].queue_id == "6B77nGOR007977");
  CHECK(splits[1].queue_id == "6B77nGOS007977");
  CHECK(splits[1].other_queue_id == "6B77nGOQ007977");
}

// ---- handshakes ------------------------------------------------------------------------------------

TEST_CASE("sendmail: a handshake's failure says who and why", "[sendmail]") {
  const auto event = event_in(
      "STARTTLS=server, error: accept failed=-1, reason=no shared cipher, SSL_error=1, errno=0, retry=-1, "
      "relay=mail-qg0-f50.google.com [127.9.8.50] (may be forged)");
  CHECK(event.kind == EventKind::tls);
  CHECK(event.direction == Direction::inbound);
  CHECK(event.handshake == Handshake::failed);
  CHECK(event.cause == TlsCause::no_shared_cipher);
  CHECK(event.reply == "no shared cipher");
  CHECK(event.peer == "mail-qg0-f50.google.com");
  CHECK(event.peer_address == "127.9.8.50");
}

TEST_CASE("sendmail: OpenSSL's reasons name the cause", "[sendmail]") {
  const auto cause = [](std::string_view fields) {
    return event_in("STARTTLS=client, error: connect failed=-1, " + std::string(fields)).cause;
  };
  CHECK(cause("reason=sslv3 alert handshake failure, SSL_error=1, errno=0, retry=-1") == TlsCause::no_shared_cipher);
  CHECK(cause("reason=wrong version number, SSL_error=1, errno=0, retry=-1") == TlsCause::not_tls);
  CHECK(cause("reason=unsupported protocol, SSL_error=1, errno=0, retry=-1") == TlsCause::protocol_version);
  CHECK(cause("reason=tlsv1 alert protocol version, SSL_error=1, errno=0, retry=-1") == TlsCause::protocol_version);
  CHECK(cause("reason=legacy sigalg disallowed or unsupported, SSL_error=1, errno=0, retry=-1") ==
        TlsCause::protocol_version);
  CHECK(cause("reason=tlsv1 alert unknown ca, SSL_error=1, errno=0, retry=-1") == TlsCause::certificate);
  CHECK(cause("reason=certificate verify failed, SSL_error=1, errno=0, retry=-1") == TlsCause::certificate);
  CHECK(cause("reason=unexpected eof while reading, SSL_error=1, errno=32, retry=-1") == TlsCause::connection_lost);
  CHECK(cause("reason=unknown, SSL_error=5, errno=104, retry=-1") == TlsCause::connection_lost);
  CHECK(cause("SSL_error=5, errno=0, retry=-1") == TlsCause::connection_lost);
  CHECK(cause("reason=unknown, SSL_error=2, errno=0, retry=0") == TlsCause::timeout);
  CHECK(cause("reason=unexpected message, SSL_error=1, errno=0, retry=-1") == TlsCause::other);
}

TEST_CASE("sendmail: outbound only the ruleset names the peer", "[sendmail]") {
  const auto failed = event_in(
      "STARTTLS=client, error: connect failed=-1, reason=sslv3 alert handshake failure, SSL_error=1, errno=0, "
      "retry=-1");
  CHECK(failed.direction == Direction::outbound);
  CHECK(failed.peer.empty());

  const auto verdict = event_in(
      "ruleset=tls_server, arg1=SOFTWARE, relay=mx.nocipher.example.org, reject=454 4.7.0 TLS handshake failed.");
  CHECK(verdict.kind == EventKind::tls_detail);
  CHECK(verdict.direction == Direction::outbound);
  CHECK(verdict.peer == "mx.nocipher.example.org");
  CHECK(verdict.reply == "454 4.7.0 TLS handshake failed.");
  CHECK(verdict.cause == TlsCause::none);

  const auto words = event_in(
      "STARTTLS=client: error:0A000410:SSL routines::sslv3 alert handshake failure:ssl/record/rec_layer_s3.c:1605:SSL "
      "alert number 40");
  CHECK(words.kind == EventKind::tls_detail);
  CHECK(words.direction == Direction::outbound);
  CHECK(words.reply == "sslv3 alert handshake failure");
  CHECK(words.cause == TlsCause::no_shared_cipher);
}

TEST_CASE("sendmail: an established handshake bears version and cipher", "[sendmail]") {
  const auto out = event_in(
      "STARTTLS=client, relay=mx.quiet.example.net., version=TLSv1.3, verify=OK, cipher=TLS_AES_256_GCM_SHA384, "
      "bits=256/256");
  CHECK(out.kind == EventKind::tls);
  CHECK(out.handshake == Handshake::established);
  CHECK(out.direction == Direction::outbound);
  CHECK(out.peer == "mx.quiet.example.net");
  CHECK(out.tls_version == "TLSv1.3");
  CHECK(out.tls_cipher == "TLS_AES_256_GCM_SHA384");

  const auto in = event_in(
      "STARTTLS=server, relay=x.example [192.0.2.7], version=TLSv1/SSLv3, verify=NO, cipher=ECDHE-RSA-AES128-SHA, "
      "bits=128/128");
  CHECK(in.direction == Direction::inbound);
  CHECK(in.peer == "x.example");
  CHECK(in.peer_address == "192.0.2.7");
  CHECK(in.tls_version == "TLSv1/SSLv3");
}

TEST_CASE("sendmail: what TLS says after or beside a handshake is no failure", "[sendmail]") {
  for (const auto* text : {
           "STARTTLS: read error=timeout",
           "STARTTLS: read error=syscall error (-1), errno=104, get_error=error:00000000:lib(0)::reason(0), retry=1, "
           "ssl_err=5",
           "STARTTLS: write error=generic SSL error (-1), errno=32, get_error=error:00000000:lib(0)::reason(0), "
           "retry=1, ssl_err=1",
           "STARTTLS=read: 84848:error:0A000126:SSL routines::unexpected eof while reading:ssl/record/rec.c:310:",
           "STARTTLS=client, cert-subject=/CN=mx, cert-issuer=/CN=ca, verifymsg=ok",
           "STARTTLS=server, init=1",
           "STARTTLS=server, SSL_shutdown failed: -1",
           "STARTTLS=client, error: SSL_new failed",
           "STARTTLS=client, relay=mx.x., warning=DANE configured in DNS but no STARTTLS available",
           "STARTTLS: CRLFile missing",
           "STARTTLS=init, FIPSMode=ok",
       }) {
    INFO(text);
    CHECK(event_in(text).kind == EventKind::note);
    CHECK(event_in(text).handshake == Handshake::none);
  }
}

// ---- rejections ------------------------------------------------------------------------------------

TEST_CASE("sendmail: a refused recipient, sender or connection says who and how", "[sendmail]") {
  const auto rcpt = event_in(
      "s1P819mk027713: ruleset=check_rcpt, arg1=<a@free.example>, relay=dyn.example [192.0.2.7] (may be forged), "
      "reject=550 5.7.1 <a@free.example>... Relaying denied. Proper authentication required.");
  CHECK(rcpt.kind == EventKind::rejected);
  CHECK(rcpt.queue_id == "s1P819mk027713");
  CHECK(rcpt.stage == Stage::rcpt);
  CHECK(rcpt.recipient == "a@free.example");
  CHECK(rcpt.client == "dyn.example");
  CHECK(rcpt.client_address == "192.0.2.7");
  CHECK(rcpt.code == 550);
  CHECK(rcpt.enhanced_code == "5.7.1");
  CHECK(rcpt.reply == "550 5.7.1 <a@free.example>... Relaying denied. Proper authentication required.");

  const auto mail = event_in(
      "s1P819mk027713: ruleset=check_mail, arg1=<b@spam.example>, relay=[192.0.2.7], reject=553 5.1.8 "
      "<b@spam.example>... Domain of sender address b@spam.example does not exist");
  CHECK(mail.stage == Stage::mail);
  CHECK(mail.sender == "b@spam.example");
  CHECK(mail.recipient.empty());
  CHECK(mail.client.empty());

  const auto relay = event_in(
      "ruleset=check_relay, arg1=x.example, arg2=192.0.2.7, relay=x.example [192.0.2.7], reject=421 4.3.2 Connection "
      "rate limit exceeded.");
  CHECK(relay.stage == Stage::connect);
  CHECK(relay.client == "x.example");
  CHECK(relay.client_address == "192.0.2.7");
  CHECK(relay.code == 421);

  const auto hostile = event_in(
      R"(s1P819mk027713: ruleset=check_rcpt, arg1=<"x, relay=evil [6.6.6.6], reject=250 ok"@y>, relay=z [192.0.2.7], )"
      "reject=550 5.7.1 no");
  CHECK(hostile.client == "z");
  CHECK(hostile.reply == "550 5.7.1 no");

  const auto header = event_in(
      "s1P819mk027713: ruleset=check_subject, arg1=buy, relay=evil [6.6.6.6], reject=1, relay=z [192.0.2.7], "
      "reject=553 5.0.0 Header error");
  CHECK(header.client == "z");
  CHECK(header.code == 553);
}

TEST_CASE("sendmail: an address with three dots behind it was refused", "[sendmail]") {
  const auto event = event_in("rA37ZTSC026250: <nobody@domain.example>... No such user here");
  CHECK(event.kind == EventKind::rejected);
  CHECK(event.stage == Stage::rcpt);
  CHECK(event.recipient == "nobody@domain.example");
  CHECK(event.reply == "No such user here");
  CHECK(event_in("rA37ZTSC026250: Too many recipients").kind == EventKind::rejected);
}

TEST_CASE("sendmail: milters' verdicts count once", "[sendmail]") {
  const auto data = event_in("rA37ZTSC026250: Milter: data, reject=550 5.7.1 Virus found");
  CHECK(data.kind == EventKind::rejected);
  CHECK(data.stage == Stage::eod);
  CHECK(data.code == 550);
  const auto rcpt = event_in("rA37ZTSC026250: Milter: to=<a@x>, reject=451 4.7.1 Greylisting in action");
  CHECK(rcpt.stage == Stage::rcpt);
  CHECK(rcpt.recipient == "a@x");
  CHECK(rcpt.code == 451);
  const auto connect = event_in("rA37ZTSC026250: Milter: connect: host=x.example, addr=192.0.2.7, reject=550 5.7.1 no");
  CHECK(connect.stage == Stage::connect);
  CHECK(connect.client == "x.example");
  CHECK(connect.client_address == "192.0.2.7");
  CHECK(event_in("rA37ZTSC026250: milter=clamav, reject=550 5.7.1 Virus found").kind == EventKind::note);
  CHECK(event_in("rA37ZTSC026250: Milter insert (1): header: DKIM-Filter: x").kind == EventKind::note);
}

// ---- sessions --------------------------------------------------------------------------------------

TEST_CASE("sendmail: a login names its user", "[sendmail]") {
  const auto event = event_in("AUTH=server, relay=laptop.example [192.0.2.7], authid=fred, mech=PLAIN, bits=0");
  CHECK(event.kind == EventKind::connection);
  CHECK(event.auth_user == "fred");
  CHECK(event.client == "laptop.example");
  CHECK(event.client_address == "192.0.2.7");

  const auto failure = event_in(
      "06I02CNi016764: AUTH failure (LOGIN): authentication failure (-13) SASL(-13): authentication failure: checkpass "
      "failed, user=evil, relay=[6.6.6.6], relay=x.example [192.0.2.3] (may be forged)");
  CHECK(failure.kind == EventKind::rejected);
  CHECK(failure.stage == Stage::auth);
  CHECK(failure.auth_user == "evil, relay=[6.6.6.6]");
  CHECK(failure.client_address == "192.0.2.3");
}

TEST_CASE("sendmail: clients that come for no mail", "[sendmail]") {
  for (const auto* text : {
           "v26LtRA0020949: x.example [192.0.2.7] (may be forged) did not issue MAIL/EXPN/VRFY/ETRN during connection "
           "to MSP-v4",
           "s1OHA28u032053: x.example [192.0.2.7]: possible SMTP attack: command=AUTH, count=6",
           "56VFYCxS024291: lost input channel from x.example [192.0.2.7] to MTA-v4 after rcpt",
           "56VFYCxS024291: timeout waiting for input from x.example [192.0.2.7] during server cmd read",
           "NOQUEUE: connect from x.example [192.0.2.7]",
           "s1NKIkZa093301: x.example [192.0.2.7]: EXPN root [rejected]",
           "s1NKIkZa093301: x.example [192.0.2.7]: vrfy info",
           "s1NKIkZa093301: \"debug\" command from x.example [192.0.2.7] (192.0.2.7)",
       }) {
    INFO(text);
    const auto event = event_in(text);
    CHECK(event.kind == EventKind::connection);
    CHECK(event.client == "x.example");
    CHECK(event.client_address == "192.0.2.7");
  }
  const auto early = event_in(
      "s1R9r60D044307: rejecting commands from x.example [192.0.2.7] due to pre-greeting traffic after 0 seconds");
  CHECK(early.kind == EventKind::rejected);
  CHECK(early.client_address == "192.0.2.7");
}

// ---- the rest --------------------------------------------------------------------------------------

TEST_CASE("sendmail: the daemon's start is a restart", "[sendmail]") {
  CHECK(event_in("starting daemon (8.17.1.9): SMTP+queueing@00:00:10").kind == EventKind::restart);
}

TEST_CASE("sendmail: what the daemon says of itself is known", "[sendmail]") {
  for (const auto* text : {
           "alias database /etc/mail/aliases rebuilt by root",
           "/etc/mail/aliases: 3 aliases, longest 9 bytes, 40 bytes total",
           "restarting /usr/sbin/sendmail-mta due to signal",
           "stopping daemon, reason=signal",
           "rejecting connections on daemon MTA: load average: 12",
           "runqueue: Aborting queue run: load average too high",
           "grew WorkList for /var/spool/mqueue to 2000",
           "gethostbyaddr(192.0.2.7) failed: 1",
           "6ANHjvP2007788: SYSERR(root): collect: Cannot write ./df6ANHjvP2007788",
           "6ANHjvP2007788: SMTP outgoing connect on mail.example",
           "6ANHjvP2007788: --- 050 <a@x>... Connecting to x. via esmtp...",
           "6ANHjvP2007788: <-- RCPT TO:<a@x>... User unknown",
           "6ANHjvP2007788: alias <a@x> => b",
           "6ANHjvP2007788: Authentication-Warning: mail: www set sender to a@x using -f",
           "NOQUEUE: low on space (SMTP-DAEMON needs 100 bytes + 100 blocks in /var), max avail: 5",
       }) {
    INFO(text);
    CHECK(event_in(text).kind == EventKind::note);
  }
}

TEST_CASE("sendmail: words that nobody knows are left to be counted", "[sendmail]") {
  for (const auto* text : {
           "",
           "6ANHjvP2007788: ",
           "6ANHjvP2007788",
           "6ANHjvP2007788: the cat sat on the mat",
           "6ANHjvP2007788: to=",
           "6ANHjvP2007788: to=<a@x>, delay=00:00:01, mailer=esmtp",
           "6ANHjvP2007788: from=<a@x>",
           "STARTTLSx",
           "ruleset=check_rcpt",
           "[origin software=\"rsyslogd\"] start",
       }) {
    INFO(text);
    CHECK(is_unknown(text));
  }
}

TEST_CASE("sendmail: no line cut short anywhere is read past its end", "[sendmail]") {
  const std::string_view lines[] = {
      R"(6ANHjvP2007788: to=<"a\", b"@x>,<b@x>, [more], ctladdr=<c@y> (8/0), delay=1+00:00:02, xdelay=00:00:02, mailer=esmtp, pri=9, relay=x. [192.0.2.1], dsn=4.2.0, reply=421 4.2.0 no, stat=Deferred: 421 4.2.0 no)",
      "6ANHjsXf006316: from=<a@x>, size=1, class=0, nrcpts=1, msgid=<1@x>, proto=SMTP, relay=mx.x [192.0.2.7] (may be "
      "forged)",
      "STARTTLS=server, error: accept failed=-1, reason=no shared cipher, SSL_error=1, errno=0, retry=-1, relay=x "
      "[192.0.2.7]",
      "STARTTLS=server: 84848:error:1408A0C1:SSL routines:SSL3_GET_CLIENT_HELLO:no shared cipher:/usr/src:1073:",
      "s1P819mk027713: ruleset=check_rcpt, arg1=<a@f>, arg2=1, relay=d [192.0.2.7], reject=550 5.7.1 <a@f>... no",
      "6ANHjxj5008980: 6ANHlB3R014757: DSN: Cannot send message for 5 days",
      "AUTH=server, relay=laptop.example [192.0.2.7], authid=fred, mech=PLAIN, bits=0",
      "rA37ZTSC026250: Milter: connect: host=x.example, addr=192.0.2.7, reject=550 5.7.1 no",
      "6B77nGOQ007977: split: maxrcpts=100, rcpts=250, count=2, ids=6B77nGOR007977; 6B77nGOS007977",
  };
  for (const auto line : lines) {
    for (std::size_t length = 0; length <= line.size(); ++length) {
      for (std::size_t from = 0; from < length; from += 7) {
        // A copy of exactly that size, so that the sanitizer sees one byte too many.
        const std::vector<char> bytes(line.begin() + static_cast<std::ptrdiff_t>(from),
                                      line.begin() + static_cast<std::ptrdiff_t>(length));
        const std::string_view text(bytes.data(), bytes.size());
        std::vector<Event> events;
        const bool known = sendmail_parser().parse(says(text), events);
        sendmail_parser().claims_text(says(text));
        if (known == events.empty()) FAIL("known without an event, or an event of the unknown: " << text);
      }
    }
  }
}
