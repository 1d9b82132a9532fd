// From events to messages, transactions and sessions: a short log in, what it says out.
#include <catch2/catch.hpp>
#include <string>

#include "log_files.h"

using namespace mtalens;
using namespace mtalens::test;

namespace {

std::string postfix(std::string_view clock, std::string_view program, std::string_view text,
                    std::string_view host = "mx", std::string_view instance = "postfix") {
  return "Nov 23 " + std::string(clock) + " " + std::string(host) + " " + std::string(instance) + "/" +
         std::string(program) + ": " + std::string(text) + "\n";
}

std::string sendmail(std::string_view clock, int pid, std::string_view text) {
  return "Nov 23 " + std::string(clock) + " mx sm-mta[" + std::to_string(pid) + "]: " + std::string(text) + "\n";
}

std::string exim(std::string_view clock, std::string_view text) {
  return "2026-11-23 " + std::string(clock) + " " + std::string(text) + "\n";
}

// A message of Postfix comes in.
std::string arrives(std::string_view clock, std::string_view id, int recipients = 1,
                    std::string_view sender = "boss@lab.example", std::string_view host = "mx",
                    std::string_view instance = "postfix") {
  const std::string name(id);
  return postfix(clock, "smtpd[1]", name + ": client=localhost[127.0.0.1]", host, instance) +
         postfix(clock, "cleanup[2]", name + ": message-id=<" + name + "@lab.example>", host, instance) +
         postfix(clock, "qmgr[3]",
                 name + ": from=<" + std::string(sender) + ">, size=368, nrcpt=" + std::to_string(recipients) +
                     " (queue active)",
                 host, instance);
}

std::string removed(std::string_view clock, std::string_view id, std::string_view host = "mx",
                    std::string_view instance = "postfix") {
  return postfix(clock, "qmgr[3]", std::string(id) + ": removed", host, instance);
}

const std::string kBt = "relay=mx.bt.lon5.cpcloud.co.uk[192.0.2.1]:25";
const std::string kQuiet = "relay=mx.quiet.example[192.0.2.2]:25";
const std::string kTooMany =
    "dsn=4.0.0, status=deferred (host mx.bt.lon5.cpcloud.co.uk[192.0.2.1] said: 421 Too many messages (1.5.6.1) from "
    "192.0.2.9 (in reply to end of DATA command))";
const std::string kSent = "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued)";

// One recipient's line. `delays` tells one SMTP conversation from another.
std::string tries(std::string_view clock, std::string_view id, std::string_view recipient, std::string_view relay,
                  std::string_view delays, std::string_view outcome, std::string_view program = "smtp[9]",
                  std::string_view host = "mx", std::string_view instance = "postfix") {
  return postfix(clock, program,
                 std::string(id) + ": to=<" + std::string(recipient) + ">, " + std::string(relay) +
                     ", delay=1, delays=" + std::string(delays) + ", " + std::string(outcome),
                 host, instance);
}

}  // namespace

// ---- transactions and refusals ---------------------------------------------------------------------------------

TEST_CASE("track: three recipients refused at end of data are one refusal and three attempts", "[track]") {
  const auto said = analyze_text(arrives("10:00:00", "AAAAA1", 3) +
                                 tries("10:00:01", "AAAAA1", "a@btinternet.com", kBt, "0/0/1/0", kTooMany) +
                                 tries("10:00:01", "AAAAA1", "b@btinternet.com", kBt, "0/0/1/0", kTooMany) +
                                 tries("10:00:01", "AAAAA1", "c@talk21.com", kBt, "0/0/1/0", kTooMany));
  const auto& bt = provider_named(said, "BT Internet");
  CHECK(bt.refusals == 1);
  CHECK(bt.throttled == 1);
  CHECK(bt.accepted == 0);
  CHECK(bt.attempts.deferred == 3);
  CHECK(bt.attempts.throttled == 3);
  CHECK(bt.attempts.secondary == 0);
  CHECK(bt.queue.queued == 3);
  CHECK(said.totals.messages == 1);
  CHECK(said.totals.recipients == 3);
  REQUIRE(bt.groups.size() == 1);
  CHECK(bt.groups[0].messages_held == 1);
}

TEST_CASE("track: each refused RCPT is a refusal of its own", "[track]") {
  const std::string full =
      "dsn=4.2.2, status=deferred (host mx.quiet.example[192.0.2.2] said: 452 4.2.2 Mailbox full (in reply to RCPT TO "
      "command))";
  const auto said = analyze_text(arrives("10:00:00", "AAAAA1", 3) +
                                 tries("10:00:01", "AAAAA1", "a@quiet.example", kQuiet, "0/0/1/0", full) +
                                 tries("10:00:01", "AAAAA1", "b@quiet.example", kQuiet, "0/0/1/0", full) +
                                 tries("10:00:01", "AAAAA1", "c@quiet.example", kQuiet, "0/0/1/0", kSent));
  const auto& quiet = provider_named(said, "quiet.example");
  CHECK(quiet.refusals == 2);
  CHECK(quiet.throttled == 0);
  CHECK(quiet.accepted == 1);
  CHECK(quiet.attempts.deferred == 2);
  CHECK(quiet.attempts.delivered == 1);
  CHECK(said.totals.delivered == 1);
  CHECK(said.totals.queued == 2);
}

TEST_CASE("track: the next try is the next refusal", "[track]") {
  const auto said = analyze_text(arrives("10:00:00", "AAAAA1", 2) +
                                 tries("10:00:01", "AAAAA1", "a@btinternet.com", kBt, "0/0/1/0", kTooMany) +
                                 tries("10:00:01", "AAAAA1", "b@btinternet.com", kBt, "0/0/1/0", kTooMany) +
                                 tries("10:10:01", "AAAAA1", "a@btinternet.com", kBt, "600/0/1/0", kTooMany) +
                                 tries("10:10:01", "AAAAA1", "b@btinternet.com", kBt, "600/0/1/0", kTooMany));
  CHECK(provider_named(said, "BT Internet").refusals == 2);
  CHECK(provider_named(said, "BT Internet").attempts.deferred == 4);
}

TEST_CASE("track: lines of four deliveries of one message that mix are four transactions still", "[track]") {
  std::string log = arrives("10:00:00", "AAAAA1", 12);
  for (const char* user : {"x", "y", "z"}) {
    for (int host = 1; host <= 4; ++host) {
      const auto domain = "d" + std::to_string(host) + ".example";
      log += tries("10:00:01", "AAAAA1", std::string(user) + "@" + domain,
                   "relay=mx." + domain + "[192.0.2." + std::to_string(host) + "]:25", "0/0/1/0", kSent,
                   "smtp[" + std::to_string(10 + host) + "]");
    }
  }
  const auto said = analyze_text(log + removed("10:00:01", "AAAAA1"));
  for (int host = 1; host <= 4; ++host) {
    const auto& provider = provider_named(said, "d" + std::to_string(host) + ".example");
    CHECK(provider.accepted == 1);
    CHECK(provider.attempts.delivered == 3);
  }
}

TEST_CASE("track: a greeting that refuses is one refusal for all its recipients", "[track]") {
  const std::string greeting =
      "dsn=4.7.0, status=deferred (host mx.quiet.example[192.0.2.2] refused to talk to me: 421 4.7.0 Too many "
      "connections)";
  const auto said = analyze_text(arrives("10:00:00", "AAAAA1", 2) +
                                 tries("10:00:01", "AAAAA1", "a@quiet.example", kQuiet, "0/0/1/0", greeting) +
                                 tries("10:00:01", "AAAAA1", "b@quiet.example", kQuiet, "0/0/1/0", greeting));
  CHECK(provider_named(said, "quiet.example").refusals == 1);
  CHECK(provider_named(said, "quiet.example").attempts.deferred == 2);
}

TEST_CASE("track: sendmail's recipients of one line are one accepted message", "[track]") {
  const auto said = analyze_text(
      sendmail("10:00:00", 1,
               "s1NA0000000001: from=<boss@lab.example>, size=76, class=0, nrcpts=2, msgid=<1@lab.example>, "
               "relay=localhost [127.0.0.1]") +
      sendmail(
          "10:00:01", 2,
          "s1NA0000000001: to=<a@btinternet.com>,<b@talk21.com>, delay=00:00:01, xdelay=00:00:00, mailer=esmtp, pri=1, "
          "relay=mx.bt.lon5.cpcloud.co.uk. [192.0.2.1], dsn=2.0.0, stat=Sent (2.0.0 Ok: queued)"));
  const auto& bt = provider_named(said, "BT Internet");
  CHECK(bt.accepted == 1);
  CHECK(bt.attempts.delivered == 2);
  CHECK(said.totals.messages == 1);
  CHECK(said.totals.delivered == 2);
  CHECK(said.totals.queued == 0);
}

TEST_CASE("track: sendmail's list that goes on in the next line is one transaction", "[track]") {
  const std::string rest =
      "delay=00:00:01, xdelay=00:00:00, mailer=esmtp, pri=1, relay=mx.quiet.example. [192.0.2.2], dsn=2.0.0, stat=Sent "
      "(ok)";
  const auto said =
      analyze_text(sendmail("10:00:00", 1,
                            "s1NA0000000001: from=<boss@lab.example>, size=76, class=0, nrcpts=3, "
                            "msgid=<1@lab.example>, relay=localhost [127.0.0.1]") +
                   sendmail("10:00:01", 2, "s1NA0000000001: to=<a@quiet.example>,<b@quiet.example>, [more], " + rest) +
                   sendmail("10:00:01", 2, "s1NA0000000001: to=<c@quiet.example>, " + rest));
  CHECK(provider_named(said, "quiet.example").accepted == 1);
  CHECK(provider_named(said, "quiet.example").attempts.delivered == 3);
  CHECK(said.totals.queued == 0);
}

TEST_CASE("track: Exim's `->` belongs to the `=>` before it", "[track]") {
  const auto said = analyze_text(
      exim("10:00:00",
           "1xVY79-0002qH-04 <= boss@lab.example H=(c) [127.0.0.1] P=esmtp S=304 for a@quiet.example b@quiet.example") +
      exim("10:00:01",
           "1xVY79-0002qH-04 => a@quiet.example R=route T=remote_smtp H=mx.quiet.example [192.0.2.2] C=\"250 ok\"") +
      exim("10:00:01",
           "1xVY79-0002qH-04 -> b@quiet.example R=route T=remote_smtp H=mx.quiet.example [192.0.2.2] C=\"250 ok\"") +
      exim("10:00:01", "1xVY79-0002qH-04 Completed"));
  const auto& quiet = provider_named(said, "quiet.example");
  CHECK(quiet.accepted == 1);
  CHECK(quiet.attempts.delivered == 2);
  CHECK(said.totals.messages == 1);
  CHECK(said.totals.queued == 0);
}

TEST_CASE("track: Exim writes a refusal for the host and for each address; it is one", "[track]") {
  const std::string words =
      "SMTP error from remote mail server after end of data: 421 Too many messages (1.5.6.1) from 192.0.2.9";
  const std::string host = "H=mx.bt.lon5.cpcloud.co.uk [192.0.2.1]";
  const auto said =
      analyze_text(exim("10:00:00",
                        "1xVY79-0002qH-04 <= boss@lab.example H=(c) [127.0.0.1] P=esmtp S=304 for a@btinternet.com "
                        "b@btinternet.com") +
                   exim("10:00:01", "1xVY79-0002qH-04 " + host + ": " + words) +
                   exim("10:00:01", "1xVY79-0002qH-04 == a@btinternet.com R=route T=remote_smtp defer (-46) " + host +
                                        ": " + words) +
                   exim("10:00:01", "1xVY79-0002qH-04 == b@btinternet.com R=route T=remote_smtp defer (-46) " + host +
                                        ": " + words));
  const auto& bt = provider_named(said, "BT Internet");
  CHECK(bt.refusals == 1);
  CHECK(bt.throttled == 1);
  CHECK(bt.attempts.deferred == 2);
  CHECK(bt.attempts.throttled == 2);
}

// ---- one message's life ----------------------------------------------------------------------------------------

TEST_CASE("track: an id that comes in again after it was removed is a new message", "[track]") {
  std::string log;
  for (const char* clock : {"10:00:00", "10:00:30", "10:05:00"}) {
    log += arrives(clock, "AAAAA1") + tries(clock, "AAAAA1", "a@quiet.example", kQuiet, "0/0/1/0", kSent) +
           removed(clock, "AAAAA1");
  }
  const auto said = analyze_text(log);
  CHECK(said.totals.messages == 3);
  CHECK(said.totals.recipients == 3);
  CHECK(said.totals.delivered == 3);
  CHECK(provider_named(said, "quiet.example").accepted == 3);
}

TEST_CASE("track: lines of one message that swap places within a second are one message", "[track]") {
  const auto client = postfix("10:00:00", "smtpd[1]", "AAAAA1: client=localhost[127.0.0.1]");
  const auto message_id = postfix("10:00:00", "cleanup[2]", "AAAAA1: message-id=<1@lab.example>");
  const auto from = postfix("10:00:00", "qmgr[3]", "AAAAA1: from=<boss@lab.example>, size=368, nrcpt=1 (queue active)");
  const auto to = tries("10:00:00", "AAAAA1", "a@quiet.example", kQuiet, "0/0/0/0", kSent);
  const auto gone = removed("10:00:00", "AAAAA1");
  for (const auto& log : {client + message_id + from + gone + to, from + message_id + client + to + gone,
                          message_id + from + to + gone + client, client + from + to + gone + message_id,
                          client + message_id + to + gone + from}) {
    INFO(log);
    const auto said = analyze_text(log);
    CHECK(said.totals.messages == 1);
    CHECK(said.totals.recipients == 1);
    CHECK(said.totals.delivered == 1);
    CHECK(said.totals.queued == 0);
  }
}

TEST_CASE("track: a message that was queued before the log began counts from its first line", "[track]") {
  Tracker::Options options;
  options.keep_queue = true;
  const auto said =
      analyze_text(postfix("10:00:00", "smtp[9]",
                           "AAAAA1: to=<a@btinternet.com>, " + kBt + ", delay=7200, delays=7199/0/1/0, " + kTooMany),
                   options);
  CHECK(said.totals.messages == 1);
  CHECK(said.totals.recipients == 1);
  CHECK(said.totals.queued == 1);
  REQUIRE(said.queue.size() == 1);
  CHECK(said.queue[0].queue_id == "AAAAA1");
  CHECK(said.queue[0].arrived_us == said.input.to_us - 7'200'000'000);
  CHECK(said.queue[0].sender.empty());
}

TEST_CASE("track: the queue at the end holds sender, size, reasons, and recipients not named yet", "[track]") {
  Tracker::Options options;
  options.keep_queue = true;
  const auto said = analyze_text(arrives("10:00:00", "AAAAA1", 3) +
                                     tries("10:00:01", "AAAAA1", "a@btinternet.com", kBt, "0/0/1/0", kTooMany) +
                                     tries("10:00:01", "AAAAA1", "q@quiet.example", kQuiet, "0/0/1/0", kSent),
                                 options);
  REQUIRE(said.queue.size() == 1);
  const auto& entry = said.queue[0];
  CHECK(entry.queue_id == "AAAAA1");
  CHECK(entry.host == "mx");
  CHECK(entry.sender == "boss@lab.example");
  CHECK(entry.size_bytes == 368);
  CHECK(entry.unnamed_recipients == 1);
  REQUIRE(entry.recipients.size() == 1);
  CHECK(entry.recipients[0].address == "a@btinternet.com");
  CHECK(entry.recipients[0].provider == "BT Internet");
  CHECK(entry.recipients[0].reason.starts_with("421 Too many messages"));
  CHECK(said.totals.queued == 2);
  CHECK(said.totals.recipients == 3);
}

TEST_CASE("track: Postfix gives up: every recipient left has expired, the notice is a message of its own", "[track]") {
  const auto said = analyze_text(
      arrives("10:00:00", "AAAAA1", 2) + tries("10:00:01", "AAAAA1", "a@btinternet.com", kBt, "0/0/1/0", kTooMany) +
      tries("10:00:01", "AAAAA1", "b@btinternet.com", kBt, "0/0/1/0", kTooMany) +
      postfix("15:00:00", "qmgr[3]", "AAAAA1: from=<boss@lab.example>, status=expired, returned to sender") +
      postfix("15:00:00", "cleanup[2]", "BBBBB1: message-id=<2@lab.example>") +
      postfix("15:00:00", "qmgr[3]", "BBBBB1: from=<>, size=900, nrcpt=1 (queue active)") +
      postfix("15:00:00", "bounce[4]", "AAAAA1: sender non-delivery notification: BBBBB1") +
      removed("15:00:00", "AAAAA1"));
  CHECK(said.totals.expired == 2);
  CHECK(said.totals.bounced == 0);
  CHECK(said.totals.messages == 2);
  CHECK(said.totals.queued == 1);  // the notice
  const auto& bt = provider_named(said, "BT Internet");
  CHECK(bt.expired == 2);
  CHECK(bt.queue.queued == 0);
  CHECK(said.longest_wait_before_expiry_us == 5 * 3'600'000'000);
}

TEST_CASE("track: Exim gives up: retry timeout exceeded", "[track]") {
  const auto said = analyze_text(
      exim("10:00:00", "1xVY79-0002qH-04 <= boss@lab.example H=(c) [127.0.0.1] P=esmtp S=304 for a@quiet.example") +
      exim("14:00:00", "1xVY79-0002qH-04 ** a@quiet.example: retry timeout exceeded") +
      exim("14:00:00", "1xVYAA-0002qH-05 <= <> R=1xVY79-0002qH-04 U=Debian-exim P=local S=1820 for boss@lab.example") +
      exim("14:00:00", "1xVY79-0002qH-04 Completed"));
  CHECK(said.totals.messages == 2);
  CHECK(said.totals.expired == 1);
  CHECK(said.totals.bounced == 0);
  CHECK(provider_named(said, "quiet.example").attempts.bounced == 0);  // nobody was asked
}

TEST_CASE("track: sendmail gives up: cannot send message for 5 days", "[track]") {
  const std::string waits =
      "delay=00:00:01, xdelay=00:00:00, mailer=esmtp, pri=1, relay=mx.quiet.example. [192.0.2.2], dsn=4.0.0, reply=451 "
      "later, stat=Deferred: 451 later";
  const auto said =
      analyze_text(sendmail("10:00:00", 1,
                            "s1NA0000000001: from=<boss@lab.example>, size=76, class=0, nrcpts=1, "
                            "msgid=<1@lab.example>, relay=localhost [127.0.0.1]") +
                   sendmail("10:00:01", 2, "s1NA0000000001: to=<a@quiet.example>, " + waits) +
                   sendmail("15:00:00", 3, "s1NA0000000001: s1NF0000000003: DSN: Cannot send message for 5 days") +
                   sendmail("15:00:01", 3,
                            "s1NF0000000003: to=<boss@lab.example>, delay=00:00:01, xdelay=00:00:00, mailer=local, "
                            "pri=1, dsn=2.0.0, stat=Sent"));
  CHECK(said.totals.expired == 1);
  CHECK(said.totals.queued == 0);
  CHECK(said.totals.messages == 2);
  CHECK(said.totals.delivered == 1);  // the notice, into a mailbox
}

TEST_CASE("track: a delay notice is a message of its own, and the mail waits on", "[track]") {
  SECTION("Postfix") {
    const auto said = analyze_text(arrives("10:00:00", "AAAAA1") +
                                   tries("10:00:01", "AAAAA1", "a@btinternet.com", kBt, "0/0/1/0", kTooMany) +
                                   postfix("14:00:00", "cleanup[2]", "BBBBB1: message-id=<2@lab.example>") +
                                   postfix("14:00:00", "bounce[4]", "AAAAA1: sender delay notification: BBBBB1") +
                                   postfix("14:00:00", "qmgr[3]", "BBBBB1: from=<>, size=900, nrcpt=1 (queue active)") +
                                   postfix("14:00:00", "local[5]",
                                           "BBBBB1: to=<boss@lab.example>, relay=local, delay=0, delays=0/0/0/0, "
                                           "dsn=2.0.0, status=sent (delivered to mailbox)") +
                                   removed("14:00:00", "BBBBB1"));
    CHECK(said.totals.messages == 2);
    CHECK(said.totals.expired == 0);
    CHECK(said.totals.bounced == 0);
    CHECK(said.totals.queued == 1);
    CHECK(said.totals.delivered == 1);
  }
  SECTION("sendmail") {
    const auto said = analyze_text(
        sendmail("10:00:00", 1,
                 "s1NA0000000001: from=<boss@lab.example>, size=76, class=0, nrcpts=1, msgid=<1@lab.example>, "
                 "relay=localhost [127.0.0.1]") +
        sendmail("10:00:01", 2,
                 "s1NA0000000001: to=<a@quiet.example>, delay=00:00:01, xdelay=00:00:00, mailer=esmtp, pri=1, "
                 "relay=mx.quiet.example. [192.0.2.2], dsn=4.0.0, reply=451 later, stat=Deferred: 451 later") +
        sendmail("14:00:00", 3,
                 "s1NA0000000001: s1NE0000000003: DSN: Warning: could not send message for past 4 hours") +
        sendmail("14:00:00", 3,
                 "s1NE0000000003: to=<boss@lab.example>, delay=00:00:00, xdelay=00:00:00, mailer=local, pri=1, "
                 "dsn=2.0.0, stat=Sent"));
    CHECK(said.totals.messages == 2);
    CHECK(said.totals.expired == 0);
    CHECK(said.totals.queued == 1);
    CHECK(said.totals.delivered == 1);
  }
}

TEST_CASE("track: sendmail says under the mail's id that it could not warn its sender; the mail waits", "[track]") {
  const auto said = analyze_text(
      sendmail("10:00:00", 1,
               "s1NA0000000001: from=<jo@lab.example>, size=76, class=0, nrcpts=1, msgid=<1@lab.example>, "
               "relay=localhost [127.0.0.1]") +
      sendmail("10:00:01", 2,
               "s1NA0000000001: to=<a@quiet.example>, delay=00:00:01, xdelay=00:00:00, mailer=esmtp, pri=1, "
               "relay=mx.quiet.example. [192.0.2.2], dsn=4.0.0, reply=451 later, stat=Deferred: 451 later") +
      sendmail(
          "14:00:00", 3,
          "s1NA0000000001: to=<jo@lab.example>, delay=04:00:00, mailer=local, pri=1, dsn=5.1.1, stat=User unknown"));
  CHECK(said.totals.recipients == 1);
  CHECK(said.totals.bounced == 0);
  CHECK(said.totals.queued == 1);
}

TEST_CASE("track: a bounce is counted once and its notice is a message of its own", "[track]") {
  const std::string unknown =
      "dsn=5.1.1, status=bounced (host mx.quiet.example[192.0.2.2] said: 550 5.1.1 User unknown (in reply to RCPT TO "
      "command))";
  const auto said = analyze_text(arrives("10:00:00", "AAAAA1") +
                                 tries("10:00:01", "AAAAA1", "no@quiet.example", kQuiet, "0/0/1/0", unknown) +
                                 postfix("10:00:01", "cleanup[2]", "BBBBB1: message-id=<2@lab.example>") +
                                 postfix("10:00:01", "qmgr[3]", "BBBBB1: from=<>, size=900, nrcpt=1 (queue active)") +
                                 postfix("10:00:01", "bounce[4]", "AAAAA1: sender non-delivery notification: BBBBB1") +
                                 removed("10:00:01", "AAAAA1"));
  CHECK(said.totals.messages == 2);
  CHECK(said.totals.bounced == 1);
  const auto& quiet = provider_named(said, "quiet.example");
  CHECK(quiet.refusals == 1);
  CHECK(quiet.throttled == 0);
  CHECK(quiet.attempts.bounced == 1);
}

TEST_CASE("track: through a content filter and back is one message, and the filter is no provider", "[track]") {
  const auto said = analyze_text(
      arrives("10:00:00", "AAAAA1") + arrives("10:00:01", "BBBBB1") +
      tries("10:00:01", "AAAAA1", "a@quiet.example", "relay=127.0.0.1[127.0.0.1]:10024", "0/0/0/1",
            "dsn=2.0.0, status=sent (250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as BBBBB1)") +
      removed("10:00:01", "AAAAA1") + tries("10:00:02", "BBBBB1", "a@quiet.example", kQuiet, "0/0/1/0", kSent) +
      removed("10:00:02", "BBBBB1"));
  CHECK(said.totals.messages == 1);
  CHECK(said.totals.recipients == 1);
  CHECK(said.totals.delivered == 1);
  REQUIRE(said.providers.size() == 1);
  CHECK(said.providers[0].name == "quiet.example");
  CHECK(said.providers[0].accepted == 1);
}

TEST_CASE("track: what one instance takes in and another sends out is one message", "[track]") {
  const auto said = analyze_text(
      arrives("22:21:29", "797B517059D") + arrives("22:21:29", "ECF391705BD", 1, "boss@lab.example", "mx", "postfix-out") +
      tries("22:21:29", "797B517059D", "a@quiet.example", "relay=127.0.0.1[127.0.0.1]:10026", "0.1/0.14/0.13/0.21",
            "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as ECF391705BD)") +
      removed("22:21:29", "797B517059D") +
      tries("22:21:30", "ECF391705BD", "a@quiet.example", kQuiet, "0/0/1/0", kSent, "smtp[9]", "mx", "postfix-out") +
      removed("22:21:30", "ECF391705BD", "mx", "postfix-out"));
  CHECK(said.totals.messages == 1);
  CHECK(said.totals.recipients == 1);
  CHECK(said.totals.delivered == 1);
}

TEST_CASE("track: a local forward goes on as the same message", "[track]") {
  const auto said = analyze_text(
      arrives("10:00:00", "AAAAA1", 1, "friend@foreign.example") +
      postfix("10:00:00", "cleanup[2]", "BBBBB1: message-id=<AAAAA1@lab.example>") +
      postfix("10:00:00", "qmgr[3]", "BBBBB1: from=<friend@foreign.example>, size=500, nrcpt=1 (queue active)") +
      postfix("10:00:00", "local[5]",
              "AAAAA1: to=<fred@customer.example>, relay=local, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent "
              "(forwarded as BBBBB1)") +
      removed("10:00:00", "AAAAA1") +
      postfix("10:00:01", "smtp[9]",
              "BBBBB1: to=<fred@btinternet.com>, orig_to=<fred@customer.example>, " + kBt +
                  ", delay=1, delays=0/0/1/0, " + kSent) +
      removed("10:00:01", "BBBBB1"));
  CHECK(said.totals.messages == 1);
  CHECK(said.totals.recipients == 1);
  CHECK(said.totals.delivered == 1);
  const auto& bt = provider_named(said, "BT Internet");
  CHECK(bt.accepted == 1);
  REQUIRE(bt.origins.size() == 1);
  CHECK(bt.origins[0].address == "fred@customer.example");
  CHECK(bt.origins[0].target == "fred@btinternet.com");
  CHECK(bt.origins[0].sender_domains == std::map<std::string, std::uint64_t>{{"foreign.example", 1}});
}

// Postfix writes orig_to= for every alias: without one, a company whose mail is kept by Microsoft is no forward to it.
// Postfix 3.7 where smtp_tls_policy_maps says `verify`. Two recipients, one connection, one failure.
TEST_CASE("track: a certificate that our MTA would not have is a failed handshake", "[track]") {
  const std::string relay = "relay=mta7.am0.yahoodns.net[127.1.0.2]:25";
  const std::string not_verified = "dsn=4.7.5, status=deferred (Server certificate not verified)";
  const auto said = analyze_text(
      arrives("22:41:15", "075E41881D2", 2) +
      postfix("22:41:15", "smtp[172]", "certificate verification failed for mta7.am0.yahoodns.net[127.1.0.2]:25: self-signed certificate") +
      postfix("22:41:15", "smtp[172]",
              "Untrusted TLS connection established to mta7.am0.yahoodns.net[127.1.0.2]:25: TLSv1.3 with cipher "
              "TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256") +
      tries("22:41:15", "075E41881D2", "u@yahoo.co.uk", relay, "0.1/0.22/0.47/0", not_verified, "smtp[172]") +
      tries("22:41:15", "075E41881D2", "v@yahoo.co.uk", relay, "0.1/0.22/0.47/0", not_verified, "smtp[172]"));
  REQUIRE(said.tls.size() == 1);
  CHECK(said.tls[0].peer == "mta7.am0.yahoodns.net");
  CHECK(said.tls[0].handshakes == 1);
  CHECK(said.tls[0].failed == 1);
  CHECK(said.tls[0].causes[static_cast<std::size_t>(TlsCause::certificate)] == 1);
  CHECK(said.tls[0].waiting == 2);
}

TEST_CASE("track: a domain that an operator hosts is not forwarded to it", "[track]") {
  const auto said = analyze_text(
      arrives("21:46:38", "A99B915E268") +
      tries("21:46:38", "A99B915E268", "h@hotmail.example", "relay=example-com.mail.protection.outlook.com[127.1.0.3]:25",
            "0.01/0.23/0.24/0.04", "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued)") +
      removed("21:46:38", "A99B915E268"));
  const auto& microsoft = provider_named(said, "Microsoft");
  REQUIRE(microsoft.origins.size() == 1);
  CHECK(microsoft.origins[0].kind == OriginKind::other);
}

TEST_CASE("track: an MTA that was told to delete a message has it no more", "[track]") {
  const auto said = analyze_text(arrives("10:00:00", "AAAAA1") +
                                 tries("10:00:01", "AAAAA1", "a@btinternet.com", kBt, "0/0/1/0", kTooMany) +
                                 "Nov 23 10:05:00 mx postfix/postsuper[77]: AAAAA1: removed\n");
  CHECK(said.totals.queued == 0);
  CHECK(said.totals.expired == 0);
  CHECK(said.totals.delivered == 0);
}

// ---- who is who ------------------------------------------------------------------------------------------------

TEST_CASE("track: a secondary deferral is blamed on the last cause of the same provider", "[track]") {
  const std::string suspended =
      "dsn=4.0.0, status=deferred (delivery temporarily suspended: host mx.bt.lon5.cpcloud.co.uk[192.0.2.1] refused to "
      "talk to me: 421 Too many messages (1.5.6.1) from 192.0.2.9)";
  const auto said =
      analyze_text(arrives("10:00:00", "AAAAA1") + arrives("10:00:00", "AAAAA2") +
                   tries("10:00:01", "AAAAA1", "a@btinternet.com", kBt, "0/0/1/0", kTooMany) +
                   tries("10:00:02", "AAAAA2", "b@btinternet.com", "relay=none", "0/0/0/0", suspended, "error[8]"));
  const auto& bt = provider_named(said, "BT Internet");
  CHECK(bt.refusals == 1);
  CHECK(bt.attempts.deferred == 2);
  CHECK(bt.attempts.throttled == 1);
  CHECK(bt.attempts.secondary == 1);
  REQUIRE(bt.groups.size() == 1);
  CHECK(bt.groups[0].messages_held == 2);
  CHECK(bt.queue.queued == 2);
}

TEST_CASE("track: sendmail's bare Deferred is secondary, and the host's", "[track]") {
  const auto from = [](std::string_view id) {
    return std::string(id) +
           ": from=<boss@lab.example>, size=76, class=0, nrcpts=1, msgid=<1@lab.example>, relay=localhost [127.0.0.1]";
  };
  const auto said = analyze_text(
      sendmail("10:00:00", 1, from("s1NA0000000001")) + sendmail("10:00:00", 2, from("s1NA0000000002")) +
      sendmail("10:00:01", 3,
               "s1NA0000000001: to=<fred@customer.example>, delay=00:00:01, xdelay=00:00:00, mailer=esmtp, pri=1, "
               "relay=mx.bt.lon5.cpcloud.co.uk. [192.0.2.1], dsn=4.0.0, reply=421 Too many messages (1.5.6.1) from "
               "192.0.2.9, "
               "stat=Deferred: 421 Too many messages (1.5.6.1) from 192.0.2.9") +
      sendmail("10:00:02", 4,
               "s1NA0000000002: to=<sales@customer.example>, delay=00:00:02, xdelay=00:00:00, mailer=esmtp, pri=1, "
               "relay=mx.bt.lon5.cpcloud.co.uk., dsn=4.0.0, stat=Deferred"));
  const auto& bt = provider_named(said, "BT Internet");
  CHECK(bt.refusals == 1);
  CHECK(bt.throttled == 1);
  CHECK(bt.attempts.deferred == 2);
  CHECK(bt.attempts.secondary == 1);
  REQUIRE(bt.groups.size() == 1);
  CHECK(bt.groups[0].messages_held == 2);
}

TEST_CASE("track: Exim's retry time not reached is secondary, and the destination's", "[track]") {
  const std::string host = "H=mx.bt.lon5.cpcloud.co.uk [192.0.2.1]";
  const std::string words =
      "SMTP error from remote mail server after end of data: 421 Too many messages (1.5.6.1) from 192.0.2.9";
  const auto said = analyze_text(
      exim("10:00:00", "1xVY79-0002qH-04 <= boss@lab.example H=(c) [127.0.0.1] P=esmtp S=304 for a@btinternet.com") +
      exim("10:00:01", "1xVY79-0002qH-04 " + host + ": " + words) +
      exim("10:00:01",
           "1xVY79-0002qH-04 == a@btinternet.com R=route T=remote_smtp defer (-46) " + host + ": " + words) +
      exim("10:00:02", "1xVY7A-0002qH-05 <= boss@lab.example H=(c) [127.0.0.1] P=esmtp S=304 for b@btinternet.com") +
      exim("10:00:02",
           "1xVY7A-0002qH-05 == b@btinternet.com R=route T=remote_smtp defer (-54): retry time not reached for any "
           "host for 'btinternet.com'"));
  const auto& bt = provider_named(said, "BT Internet");
  CHECK(bt.refusals == 1);
  CHECK(bt.attempts.deferred == 2);
  CHECK(bt.attempts.secondary == 1);
  REQUIRE(bt.groups.size() == 1);
  CHECK(bt.groups[0].messages_held == 2);
}

TEST_CASE("track: two Postfix instances share no queue ids", "[track]") {
  const auto said = analyze_text(
      arrives("10:00:00", "AAAAA1") + arrives("10:00:00", "AAAAA1", 1, "b@lab.example", "mx", "postfix-out") +
      tries("10:00:01", "AAAAA1", "a@quiet.example", kQuiet, "0/0/1/0", kSent) + removed("10:00:01", "AAAAA1"));
  CHECK(said.totals.messages == 2);
  CHECK(said.totals.delivered == 1);
  CHECK(said.totals.queued == 1);
}

TEST_CASE("track: two hosts share no queue ids", "[track]") {
  const auto said =
      analyze_text(arrives("10:00:00", "AAAAA1", 1, "a@lab.example", "mx1") +
                   arrives("10:00:00", "AAAAA1", 1, "b@lab.example", "mx2") +
                   tries("10:00:01", "AAAAA1", "a@quiet.example", kQuiet, "0/0/1/0", kSent, "smtp[9]", "mx1") +
                   tries("10:00:01", "AAAAA1", "b@btinternet.com", kBt, "0/0/1/0", kTooMany, "smtp[9]", "mx2") +
                   removed("10:00:01", "AAAAA1", "mx1"));
  CHECK(said.totals.messages == 2);
  CHECK(said.totals.delivered == 1);
  CHECK(said.totals.queued == 1);
  CHECK(provider_named(said, "BT Internet").queue.queued == 1);
  CHECK(said.input.hosts == std::vector<std::string>{"mx1", "mx2"});
}

TEST_CASE("track: one file may hold all three MTAs", "[track]") {
  const auto said = analyze_text(
      arrives("10:00:00", "AAAAA1") + tries("10:00:01", "AAAAA1", "a@quiet.example", kQuiet, "0/0/1/0", kSent) +
      removed("10:00:01", "AAAAA1") +
      sendmail("10:00:02", 1,
               "s1NA0000000001: from=<boss@lab.example>, size=76, class=0, nrcpts=1, msgid=<1@lab.example>, "
               "relay=localhost [127.0.0.1]") +
      sendmail("10:00:02", 2,
               "s1NA0000000001: to=<a@quiet.example>, delay=00:00:01, xdelay=00:00:00, mailer=esmtp, pri=1, "
               "relay=mx.quiet.example. [192.0.2.2], dsn=2.0.0, stat=Sent (ok)") +
      "Nov 23 10:00:03 mx exim[5]: 1xVY79-0002qH-04 <= boss@lab.example H=(c) [127.0.0.1] P=esmtp S=304 for "
      "a@quiet.example\n"
      "Nov 23 10:00:03 mx exim[5]: 1xVY79-0002qH-04 => a@quiet.example R=route T=remote_smtp H=mx.quiet.example "
      "[192.0.2.2] C=\"250 ok\"\n"
      "Nov 23 10:00:03 mx exim[5]: 1xVY79-0002qH-04 Completed\n");
  const auto& quiet = provider_named(said, "quiet.example");
  CHECK(quiet.accepted == 3);
  CHECK(quiet.mtas == std::vector<std::string>{"exim", "postfix", "sendmail"});
  CHECK(said.totals.queued == 0);
}

TEST_CASE("track: a smarthost's 421 is the smarthost's, whatever the recipient's domain", "[track]") {
  const auto said =
      analyze_text(arrives("10:00:00", "AAAAA1") +
                   tries("10:00:01", "AAAAA1", "a@gmail.com", "relay=smtp.isp.example[192.0.2.3]:587", "0/0/1/0",
                         "dsn=4.7.0, status=deferred (host smtp.isp.example[192.0.2.3] said: 421 4.7.0 Too many "
                         "messages (in reply to MAIL FROM command))"));
  const auto& isp = provider_at(said, "smtp.isp.example");
  CHECK(isp.name != "Google");
  CHECK(isp.name.find("isp.example") != std::string::npos);
  CHECK(isp.refusals == 1);
  CHECK(isp.destinations == std::vector<std::string>{"gmail.com"});
  CHECK(isp.queue.queued == 1);
  for (const auto& provider : said.providers)
    CHECK(provider.name != "Google");
}

TEST_CASE("track: a host of an unknown operator goes by the domain it serves", "[track]") {
  const auto said =
      analyze_text(arrives("10:00:00", "AAAAA1") + tries("10:00:01", "AAAAA1", "a@Firm.Example",
                                                         "relay=MX7.hosting.test[192.0.2.4]:25", "0/0/1/0", kSent));
  const auto& firm = provider_named(said, "firm.example");
  CHECK(firm.relays == std::vector<std::string>{"mx7.hosting.test"});
  CHECK(firm.destinations == std::vector<std::string>{"firm.example"});
}

TEST_CASE("track: a known host is its operator's, whatever the recipient's domain", "[track]") {
  const auto said = analyze_text(arrives("10:00:00", "AAAAA1") +
                                 tries("10:00:01", "AAAAA1", "sales@firm.example", kBt, "0/0/1/0", kTooMany));
  CHECK(provider_named(said, "BT Internet").refusals == 1);
  CHECK(provider_named(said, "BT Internet").destinations == std::vector<std::string>{"firm.example"});
  CHECK(said.providers.size() == 1);
}

// ---- STARTTLS --------------------------------------------------------------------------------------------------

namespace {

const std::string kNoCipherRelay = "relay=mx.nocipher.example[192.0.2.5]:25";
const std::string kNoTls = "dsn=4.7.5, status=deferred (Cannot start TLS: handshake failure)";

std::string postfix_fails(std::string_view clock, std::string_view id, std::string_view delays, int pid) {
  const auto smtp = "smtp[" + std::to_string(pid) + "]";
  return postfix(clock, smtp, "SSL_connect error to mx.nocipher.example[192.0.2.5]:25: -1") +
         postfix(clock, smtp,
                 "warning: TLS library problem: error:0A0000C1:SSL routines::no shared "
                 "cipher:../ssl/statem/statem_srvr.c:2226:") +
         tries(clock, id, "u@nocipher.example", kNoCipherRelay, delays, kNoTls, smtp);
}

}  // namespace

TEST_CASE("track: Postfix, inbound: three lines are one failed handshake, its cause from the library's line",
          "[track]") {
  const auto said = analyze_text(
      postfix("10:00:00", "smtpd[1]", "SSL_accept error from mail-qg0-f50.google.com[192.0.2.50]: -1") +
      postfix("10:00:00", "smtpd[1]",
              "warning: TLS library problem: error:0A0000C1:SSL routines::no shared "
              "cipher:../ssl/statem/statem_srvr.c:2226:") +
      postfix("10:00:00", "smtpd[1]", "lost connection after STARTTLS from mail-qg0-f50.google.com[192.0.2.50]"));
  REQUIRE(said.tls.size() == 1);
  const auto* peer = peer_named(said, Direction::inbound, "mail-qg0-f50.google.com");
  REQUIRE(peer != nullptr);
  CHECK(peer->failed == 1);
  CHECK(peer->handshakes == 1);
  CHECK(peer->address == "192.0.2.50");
  CHECK(causes_of(*peer, TlsCause::no_shared_cipher) == 1);
  CHECK(causes_of(*peer, TlsCause::other) == 0);
  CHECK(peer->first.line == 1);
}

TEST_CASE("track: Postfix, outbound: one failure, and the mail that waits because of it", "[track]") {
  const auto said = analyze_text(arrives("10:00:00", "AAAAA1") + postfix_fails("10:00:01", "AAAAA1", "0/0/1/0", 9));
  const auto* peer = peer_named(said, Direction::outbound, "mx.nocipher.example");
  REQUIRE(peer != nullptr);
  CHECK(peer->failed == 1);
  CHECK(causes_of(*peer, TlsCause::no_shared_cipher) == 1);
  CHECK(peer->waiting == 1);
  CHECK(peer->fallbacks == 0);
  CHECK(peer->expired == 0);
  CHECK(provider_named(said, "nocipher.example").refusals == 0);
}

TEST_CASE("track: Postfix went on in clear text: seen where it logs the handshakes that succeed", "[track]") {
  const auto established = postfix("09:00:00", "smtp[8]",
                                   "Untrusted TLS connection established to mx.quiet.example[192.0.2.2]:25: TLSv1.3 "
                                   "with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)");
  const auto failure = arrives("10:00:00", "AAAAA1") + postfix_fails("10:00:01", "AAAAA1", "0/0/1/0", 9);
  const auto sent = tries("10:05:01", "AAAAA1", "u@nocipher.example", kNoCipherRelay, "300/0/1/0", kSent, "smtp[11]") +
                    removed("10:05:01", "AAAAA1");
  SECTION("it does: it went in clear") {
    const auto said = analyze_text(established + failure + postfix_fails("10:05:00", "AAAAA1", "300/0/0/0", 11) + sent);
    const auto* peer = peer_named(said, Direction::outbound, "mx.nocipher.example");
    REQUIRE(peer != nullptr);
    CHECK(peer->failed == 2);
    CHECK(peer->fallbacks == 1);
    CHECK(peer->fallback_delay_us == 300'000'000);  // 10:00:01 to 10:05:01
    CHECK(peer->waiting == 0);
  }
  SECTION("it does, and this one succeeded: it went encrypted") {
    const auto now = postfix("10:05:01", "smtp[11]",
                             "Untrusted TLS connection established to mx.nocipher.example[192.0.2.5]:25: TLSv1.2 with "
                             "cipher AES256-SHA (256/256 bits)");
    const auto said = analyze_text(established + failure + now + sent);
    const auto* peer = peer_named(said, Direction::outbound, "mx.nocipher.example");
    REQUIRE(peer != nullptr);
    CHECK(peer->failed == 1);
    CHECK(peer->handshakes == 2);
    CHECK(peer->succeeded_since == 1);
    CHECK(peer->retried == 1);
    CHECK(peer->fallbacks == 0);
  }
  SECTION("it does not: nothing is claimed") {
    const auto said = analyze_text(failure + sent);
    const auto* peer = peer_named(said, Direction::outbound, "mx.nocipher.example");
    REQUIRE(peer != nullptr);
    CHECK(peer->failed == 1);
    CHECK(peer->went_out == 1);
    CHECK(peer->fallbacks == 0);
  }
}

TEST_CASE("track: what a client brought before its handshakes failed, and what since", "[track]") {
  const auto failure = postfix("10:00:00", "smtpd[1]", "SSL_accept error from mail.shop.example[192.0.2.50]: -1");
  const auto brings = [](std::string_view clock, std::string_view id) {
    return postfix(clock, "smtpd[2]", std::string(id) + ": client=mail.shop.example[192.0.2.50]");
  };
  const auto before = brings("09:00:00", "AAAAA1") + brings("09:30:00", "AAAAA2");
  SECTION("two, then none") {
    const auto said = analyze_text(before + failure);
    REQUIRE(said.tls.size() == 1);
    CHECK(said.tls[0].messages_before == 2);
    CHECK(said.tls[0].messages_since == 0);
  }
  SECTION("two, then one more") {
    const auto said = analyze_text(before + failure + brings("11:00:00", "AAAAA3"));
    REQUIRE(said.tls.size() == 1);
    CHECK(said.tls[0].messages_before == 2);
    CHECK(said.tls[0].messages_since == 1);
    CHECK(said.tls[0].succeeded_since == 0);
  }
}

TEST_CASE("track: sendmail, inbound: a failure of 8.14 and of 8.17 is one each", "[track]") {
  for (const std::string reason : {"", "reason=no shared cipher, "}) {
    const auto said =
        analyze_text(sendmail("10:00:00", 84848,
                              "STARTTLS=server, error: accept failed=-1, " + reason +
                                  "SSL_error=1, errno=0, retry=-1, relay=mail-qg0-f50.google.com [192.0.2.50]") +
                     sendmail("10:00:00", 84848,
                              "STARTTLS=server: 84848:error:1408A0C1:SSL routines:SSL3_GET_CLIENT_HELLO:no shared "
                              "cipher:/usr/src/s3_srvr.c:1073:") +
                     sendmail("10:00:00", 84848,
                              "s1NA0000000001: mail-qg0-f50.google.com [192.0.2.50] did not issue MAIL/EXPN/VRFY/ETRN "
                              "during connection to MTA"));
    REQUIRE(said.tls.size() == 1);
    CHECK(said.tls[0].direction == Direction::inbound);
    CHECK(said.tls[0].peer == "mail-qg0-f50.google.com");
    CHECK(said.tls[0].failed == 1);
    CHECK(causes_of(said.tls[0], TlsCause::no_shared_cipher) == 1);
    CHECK(said.totals.messages == 0);
  }
}

TEST_CASE("track: sendmail, outbound: the relay is named by a later line, the mail waits and is lost in the end",
          "[track]") {
  const auto arrival = sendmail("10:00:00", 1,
                                "s1NA0000000001: from=<boss@lab.example>, size=76, class=0, nrcpts=1, "
                                "msgid=<1@lab.example>, relay=localhost [127.0.0.1]");
  const auto failure =
      sendmail("10:00:01", 9,
               "STARTTLS=client, error: connect failed=-1, reason=sslv3 alert handshake failure, SSL_error=1, errno=0, "
               "retry=-1") +
      sendmail("10:00:01", 9,
               "ruleset=tls_server, arg1=SOFTWARE, relay=mx.nocipher.example, reject=454 4.7.0 TLS handshake failed.") +
      sendmail("10:00:01", 9,
               "s1NA0000000001: to=<u@nocipher.example>, delay=00:00:01, xdelay=00:00:00, mailer=esmtp, pri=1, "
               "relay=mx.nocipher.example. [192.0.2.5], dsn=4.7.0, stat=Deferred: 454 4.7.0 TLS handshake failed.");
  const auto expiry = sendmail("15:00:00", 10, "s1NA0000000001: s1NF0000000003: DSN: Cannot send message for 5 days");
  SECTION("it waits") {
    const auto said = analyze_text(arrival + failure);
    REQUIRE(said.tls.size() == 1);
    CHECK(said.tls[0].peer == "mx.nocipher.example");
    CHECK(said.tls[0].failed == 1);
    CHECK(causes_of(said.tls[0], TlsCause::no_shared_cipher) == 1);
    CHECK(said.tls[0].waiting == 1);
    CHECK(said.tls[0].fallbacks == 0);
  }
  SECTION("it is lost") {
    const auto said = analyze_text(arrival + failure + expiry);
    REQUIRE(said.tls.size() == 1);
    CHECK(said.tls[0].waiting == 0);
    CHECK(said.tls[0].expired == 1);
  }
}

TEST_CASE("track: Exim, inbound and outbound; that it went on in clear text the line itself says", "[track]") {
  const auto said = analyze_text(
      exim("10:00:00",
           "TLS error on connection from (mail-qg0-f50.example) [192.0.2.50]:43121 (gnutls_handshake): No supported "
           "cipher suites have been found.") +
      exim("10:00:01", "1xVY79-0002qH-04 <= boss@lab.example H=(c) [127.0.0.1] P=esmtp S=304 for u@nocipher.example") +
      exim("10:00:02",
           "1xVY79-0002qH-04 TLS session: (gnutls_handshake): Handshake failed: delivering unencrypted to "
           "H=mx.nocipher.example [192.0.2.5] (not in hosts_require_tls)") +
      exim("10:00:02",
           "1xVY79-0002qH-04 => u@nocipher.example R=route T=remote_smtp H=mx.nocipher.example [192.0.2.5] C=\"250 "
           "ok\"") +
      exim("10:00:02", "1xVY79-0002qH-04 Completed"));
  REQUIRE(said.tls.size() == 2);
  const auto* inbound = peer_named(said, Direction::inbound, "mail-qg0-f50.example");
  REQUIRE(inbound != nullptr);
  CHECK(inbound->failed == 1);
  CHECK(causes_of(*inbound, TlsCause::no_shared_cipher) == 1);
  const auto* outbound = peer_named(said, Direction::outbound, "mx.nocipher.example");
  REQUIRE(outbound != nullptr);
  CHECK(outbound->failed == 1);
  CHECK(outbound->fallbacks == 1);
  CHECK(outbound->waiting == 0);
}

TEST_CASE("track: a connection that breaks after the handshake is no failed handshake", "[track]") {
  const auto said = analyze_text(exim("10:00:01",
                                      "1xVY79-0002qH-04 H=mx.quiet.example [192.0.2.2] TLS error on connection (recv): "
                                      "Error in the pull function.") +
                                 sendmail("10:00:01", 9,
                                          "STARTTLS: read error=syscall error (-1), errno=104, "
                                          "get_error=error:00000000:lib(0)::reason(0), retry=1, ssl_err=5"));
  CHECK(said.tls.empty());
}

TEST_CASE("track: the same pid on another host is another session", "[track]") {
  const auto said = analyze_text(
      postfix("10:00:00", "smtpd[1]", "SSL_accept error from a.example[192.0.2.50]: -1", "mx1") +
      postfix("10:00:00", "smtpd[1]",
              "warning: TLS library problem: error:0A0000C1:SSL routines::no shared cipher:x.c:1:", "mx2"));
  REQUIRE(said.tls.size() == 1);
  CHECK(causes_of(said.tls[0], TlsCause::no_shared_cipher) == 0);
}

// ---- a part of the log -----------------------------------------------------------------------------------------

namespace {

// Before 12:00: one delivered, one refused and waiting. After: one delivered, the waiting one refused again.
const std::string& two_halves() {
  static const std::string log =
      arrives("10:00:00", "AAAAA1") + tries("10:00:01", "AAAAA1", "a@quiet.example", kQuiet, "0/0/1/0", kSent) +
      removed("10:00:01", "AAAAA1") + arrives("11:00:00", "AAAAA2") +
      tries("11:00:01", "AAAAA2", "b@btinternet.com", kBt, "0/0/1/0", kTooMany) + arrives("13:00:00", "AAAAA3") +
      tries("13:00:01", "AAAAA3", "c@quiet.example", kQuiet, "0/0/1/0", kSent) + removed("13:00:01", "AAAAA3") +
      tries("14:00:01", "AAAAA2", "b@btinternet.com", kBt, "9000/0/1/0", kTooMany);
  return log;
}

}  // namespace

TEST_CASE("track: --since joins what came before but does not count it", "[track]") {
  TimeZone utc("UTC");
  Tracker::Options options;
  options.since_us = at(2026, 11, 23, 12);
  options.keep_queue = true;
  const auto said = analyze_text(two_halves(), options);
  const auto& quiet = provider_named(said, "quiet.example");
  CHECK(quiet.accepted == 1);
  CHECK(quiet.attempts.delivered == 1);
  const auto& bt = provider_named(said, "BT Internet");
  CHECK(bt.refusals == 1);
  CHECK(bt.attempts.deferred == 1);
  CHECK(bt.queue.queued == 1);
  REQUIRE(bt.groups.size() == 1);
  CHECK(bt.groups[0].first_us == at(2026, 11, 23, 14, 0, 1));
  CHECK(said.totals.delivered == 1);
  REQUIRE(said.queue.size() == 1);
  CHECK(said.queue[0].sender == "boss@lab.example");  // joined
  CHECK(said.queue[0].arrived_us == at(2026, 11, 23, 11));
}

TEST_CASE("track: --since between the lines of one failed handshake leaves no count below nothing", "[track]") {
  TimeZone utc("UTC");
  Tracker::Options options;
  options.since_us = at(2026, 11, 23, 10, 0, 1);
  const auto said =
      analyze_text(postfix("10:00:00", "smtpd[1]", "SSL_accept error from a.example[192.0.2.50]: -1") +
                       postfix("10:00:01", "smtpd[1]",
                               "warning: TLS library problem: error:0A0000C1:SSL routines::no shared cipher:x.c:1:") +
                       postfix("10:00:02", "smtpd[1]", "SSL_accept error from a.example[192.0.2.50]: -1"),
                   options);
  REQUIRE(said.tls.size() == 1);
  CHECK(said.tls[0].failed == 1);
  CHECK(causes_of(said.tls[0], TlsCause::other) == 1);
  CHECK(causes_of(said.tls[0], TlsCause::no_shared_cipher) == 0);
}

TEST_CASE("track: --since: the queue's peak is one of the time that is counted", "[track]") {
  TimeZone utc("UTC");
  std::string log;
  for (const std::string id : {"AAAAA1", "AAAAA2", "AAAAA3"}) {
    log += arrives("08:00:00", id) + tries("08:00:01", id, "a@btinternet.com", kBt, "0/0/1/0", kTooMany);
  }
  for (const std::string id : {"AAAAA1", "AAAAA2"}) {
    log += tries("09:00:00", id, "a@btinternet.com", kBt, "3600/0/1/0", kSent) + removed("09:00:00", id);
  }
  log += tries("13:00:00", "AAAAA3", "a@btinternet.com", kBt, "18000/0/1/0", kTooMany);
  CHECK(provider_named(analyze_text(log), "BT Internet").queue.peak == 3);
  Tracker::Options options;
  options.since_us = at(2026, 11, 23, 12);
  const auto said = analyze_text(log, options);
  const auto& queue = provider_named(said, "BT Internet").queue;
  CHECK(queue.peak == 1);
  CHECK(queue.peak_at_us >= options.since_us);
}

TEST_CASE("track: --until leaves out what came later; that is the queue at a moment", "[track]") {
  TimeZone utc("UTC");
  Tracker::Options options;
  options.until_us = at(2026, 11, 23, 12);
  options.keep_queue = true;
  const auto said = analyze_text(two_halves(), options);
  CHECK(said.totals.messages == 2);
  CHECK(provider_named(said, "quiet.example").accepted == 1);
  CHECK(provider_named(said, "BT Internet").refusals == 1);
  REQUIRE(said.queue.size() == 1);
  CHECK(said.queue[0].queue_id == "AAAAA2");
  Tracker::Options early;
  early.until_us = at(2026, 11, 23, 10, 0, 0);
  early.keep_queue = true;
  const auto then = analyze_text(two_halves(), early);
  REQUIRE(then.queue.size() == 1);
  CHECK(then.queue[0].queue_id == "AAAAA1");
  CHECK(then.queue[0].unnamed_recipients == 1);
}

TEST_CASE("track: each hour has its queue and the age of the oldest in it, also of those that left since", "[track]") {
  const auto said = analyze_text(arrives("10:10:00", "AAAAA1") + arrives("11:20:00", "AAAAA2") +
                                 tries("11:21:00", "AAAAA1", "a@btinternet.com", kBt, "0/0/1/0", kTooMany) +
                                 tries("11:22:00", "AAAAA2", "b@btinternet.com", kBt, "0/0/1/1", kTooMany) +
                                 tries("13:30:00", "AAAAA1", "a@btinternet.com", kBt, "0/0/1/2", kSent) +
                                 removed("13:30:00", "AAAAA1") +
                                 tries("14:30:00", "AAAAA2", "b@btinternet.com", kBt, "0/0/1/3", kTooMany));
  const auto& hours = provider_named(said, "BT Internet").hours;
  REQUIRE(hours.size() == 5);  // 10 to 14 o'clock
  const auto column = [&](std::uint32_t HourCounts::*member) {
    std::vector<std::uint32_t> out;
    for (const auto& hour : hours) out.push_back(hour.*member);
    return out;
  };
  CHECK(column(&HourCounts::queued) == std::vector<std::uint32_t>{1, 2, 2, 1, 1});
  CHECK(column(&HourCounts::oldest_age_s) == std::vector<std::uint32_t>{3000, 6600, 10200, 9600, 11400});
  CHECK(column(&HourCounts::inflow) == std::vector<std::uint32_t>{1, 1, 0, 0, 0});
  CHECK(column(&HourCounts::outflow) == std::vector<std::uint32_t>{0, 0, 0, 1, 0});
}
