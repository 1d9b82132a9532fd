// The Exim parser, line by line: the line, then what it says.
#include <catch2/catch.hpp>
#include <string>

#include "mtalens/parser.h"

namespace mtalens {
const Parser& exim_parser();
}

using namespace mtalens;

namespace {

LogLine line_of(std::string_view text) {
  LogLine line;
  line.form = HeaderForm::exim;
  line.time_us = 1'795'425'376'000'000;
  line.program = "exim";
  line.text = text;
  line.raw = text;
  return line;
}

std::vector<Event> events_of(std::string_view text) {
  std::vector<Event> events;
  const bool known = exim_parser().parse(line_of(text), events);
  CHECK(known == !events.empty());
  return events;
}

Event event_of(std::string_view text) {
  INFO(text);
  const auto events = events_of(text);
  REQUIRE(events.size() == 1);
  CHECK(events[0].mta == "exim");
  CHECK(events[0].time_us == 1'795'425'376'000'000);
  return events[0];
}

bool unknown(std::string_view text) {
  return events_of(text).empty();
}

}  // namespace

TEST_CASE("exim: tags that start with the word exim are its own", "[exim]") {
  for (const auto* tag : {"exim", "exim4", "exim-out", "exim_in", "exim4-submission"}) {
    CHECK(exim_parser().claims_program(tag));
  }
  for (const auto* tag : {"eximstats", "postfix/smtp", "sm-mta", "", "exi"}) {
    CHECK_FALSE(exim_parser().claims_program(tag));
  }
}

TEST_CASE("exim: a message id and its mark betray the text", "[exim]") {
  CHECK(exim_parser().claims_text(line_of("1xVY79-0002qH-04 <= a@b.example U=a P=local S=1")));
  CHECK(exim_parser().claims_text(line_of("1xVY79-00000002qHz-04ab == a@b.example R=r T=t defer (-1): x")));
  CHECK(exim_parser().claims_text(line_of("1xVY79-0002qH-04 Completed")));
  CHECK_FALSE(exim_parser().claims_text(line_of("1xVY79-0002qH-04 whatever")));
  CHECK_FALSE(exim_parser().claims_text(line_of("1xVY79-0002qH-042 Completed")));
  CHECK_FALSE(exim_parser().claims_text(line_of("Completed")));
}

TEST_CASE("exim: an arrival over TLS, with a login, a subject and recipients", "[exim]") {
  const auto event = event_of(
      "1xVY79-0002qH-04 <= boss@lab.example H=client.example (helo) [192.0.2.7]:38870 I=[192.0.2.1]:587 P=esmtpsa "
      "X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=no SNI=mx.lab.example A=plain:jo@lab.example S=1304 "
      "id=20261123.1@client.example T=\"said \\\"hi\\\" for x@evil.example\" from <boss@lab.example> for a@b.example "
      "\"c d\"@e.example f@g.example");
  CHECK(event.kind == EventKind::received);
  CHECK(event.queue_id == "1xVY79-0002qH-04");
  CHECK(event.sender == "boss@lab.example");
  CHECK(event.client == "client.example");
  CHECK(event.client_address == "192.0.2.7");
  CHECK(event.auth_user == "jo@lab.example");
  CHECK(event.size_bytes == 1304);
  CHECK(event.message_id == "20261123.1@client.example");
  CHECK(event.recipients == 3);
  CHECK(event.tls_version == "TLS1.3");
  CHECK(event.tls_cipher == "TLS_AES_256_GCM_SHA384");
}

TEST_CASE("exim: without a verified name the client is what it called itself", "[exim]") {
  const auto event = event_of("1xVY79-0002qH-04 <= a@b.example H=(client.example.net) [127.0.0.1] P=esmtp S=289");
  CHECK(event.client == "client.example.net");
  CHECK(event.client_address == "127.0.0.1");
  CHECK(event.recipients == -1);
}

TEST_CASE("exim: a local submission names its user", "[exim]") {
  const auto event = event_of("1xVY79-0002qH-04 <= www@lab.example U=www-data P=local S=777 id=1@lab.example");
  CHECK(event.client == "www-data");
  CHECK(event.client_address.empty());
  CHECK(event.uid == -1);
  CHECK(event.auth_user.empty());
}

TEST_CASE("exim: a notice's R= is the message it is about", "[exim]") {
  const auto event = event_of("1xVY8A-0002ze-10 <= <> R=1xVY79-0002qH-04 U=Debian-exim P=local S=1834");
  CHECK(event.kind == EventKind::received);
  CHECK(event.null_sender);
  CHECK(event.sender.empty());
  CHECK(event.relation == Relation::bounce_of);
  CHECK(event.other_queue_id == "1xVY79-0002qH-04");
}

TEST_CASE("exim: taken in and refused at once is received too", "[exim]") {
  CHECK(event_of("1xVY79-0002qH-04 (= a@b.example H=[192.0.2.7] P=smtp S=3").kind == EventKind::received);
}

TEST_CASE("exim: a quoted sender keeps its spaces", "[exim]") {
  const auto event = event_of("1xVY79-0002qH-04 <= \"a b\"@c.example H=[192.0.2.7] P=esmtp S=5");
  CHECK(event.sender == "\"a b\"@c.example");
  CHECK(event.client_address == "192.0.2.7");
  CHECK(event.size_bytes == 5);
}

TEST_CASE("exim: a certificate's name cannot pose as another host", "[exim]") {
  const auto event = event_of(
      "1xVY79-0002qH-04 <= a@b.example H=mx.b.example [192.0.2.7] P=esmtps X=TLSv1.2:AES128-SHA:128 CV=no "
      "DN=\"/CN=x\" H=bank.example [198.51.100.1] S=1\" S=900 id=1@b.example for c@d.example");
  CHECK(event.client == "mx.b.example");
  CHECK(event.client_address == "192.0.2.7");
  CHECK(event.size_bytes == 900);
  CHECK(event.message_id == "1@b.example");
  CHECK(event.recipients == 1);
}

TEST_CASE("exim: a delivery names relay, reply and time in the queue", "[exim]") {
  const auto event = event_of(
      "1xVY79-0002qH-04 => y@yahoo.example R=route T=remote_smtp S=318 H=mta7.am0.example [192.0.2.9]:25 "
      "X=TLS1.3:ECDHE_SECP256R1__AES_256_GCM:256 CV=no DN=\"CN=mx.lab.example\" C=\"250 2.0.0 Ok: \\\"queued\\\"\" "
      "QT=1h2m3s DT=1s");
  CHECK(event.kind == EventKind::attempt);
  CHECK(event.outcome == Outcome::delivered);
  CHECK(event.recipient == "y@yahoo.example");
  CHECK(event.original_recipient.empty());
  CHECK(event.relay == "mta7.am0.example");
  CHECK(event.relay_address == "192.0.2.9");
  CHECK(event.relay_port == 25);
  CHECK(event.tls_version == "TLS1.3");
  CHECK(event.tls_cipher == "ECDHE_SECP256R1__AES_256_GCM");
  CHECK(event.code == 250);
  CHECK(event.enhanced_code == "2.0.0");
  CHECK(event.reply == "250 2.0.0 Ok: \\\"queued\\\"");
  CHECK(event.delay_us == 3'723'000'000);
  CHECK(event.size_bytes == 318);
  CHECK_FALSE(event.local);
  CHECK_FALSE(event.same_transaction);
}

TEST_CASE("exim: further recipients of one transaction, over a connection used before", "[exim]") {
  const auto event = event_of(
      "1xVY79-0002qH-04 -> b@c.example R=route T=remote_smtp H=mx.c.example [2001:db8::25]* C=\"250 ok\" QT=0.250s");
  CHECK(event.outcome == Outcome::delivered);
  CHECK(event.same_transaction);
  CHECK(event.relay == "mx.c.example");
  CHECK(event.relay_address == "2001:db8::25");
  CHECK(event.delay_us == 250'000);
}

TEST_CASE("exim: a cutthrough delivery is a delivery", "[exim]") {
  CHECK(event_of("1xVY79-0002qH-04 >> a@b.example R=r T=smtp H=mx.b.example [192.0.2.2] C=\"250 ok\"").outcome ==
        Outcome::delivered);
}

TEST_CASE("exim: a forward shows both addresses", "[exim]") {
  const auto event = event_of(
      "1xVY79-0002qH-04 => fred.bloggs@btinternet.com <fred@customer.example> R=route T=remote_smtp "
      "H=mx.bt.example [192.0.2.3] C=\"250 ok\"");
  CHECK(event.recipient == "fred.bloggs@btinternet.com");
  CHECK(event.original_recipient == "fred@customer.example");
}

TEST_CASE("exim: with all parents logged the original recipient is the one in angle brackets", "[exim]") {
  const auto event = event_of(
      "1xVY79-0002qH-04 => new@dest.example (mid@x.example, mid2@x.example) <parent@customer.example> R=r T=smtp "
      "H=mx.dest.example [192.0.2.3]");
  CHECK(event.recipient == "new@dest.example");
  CHECK(event.original_recipient == "parent@customer.example");
  CHECK(event.relay_address == "192.0.2.3");
}

TEST_CASE("exim: a local delivery's recipient is the address in brackets", "[exim]") {
  for (const auto* text :
       {"1xVY79-0002qH-04 => boss <boss@lab.example> R=local T=discard",
        "1xVY79-0002qH-04 => /var/mail/boss <boss@lab.example> R=local T=address_file",
        "1xVY79-0002qH-04 => |/usr/bin/filter -f \"a b\" <boss@lab.example> R=local T=address_pipe",
        "1xVY79-0002qH-04 => >jo@x.example (page+jo@x.example) <boss@lab.example> R=f T=address_reply",
        "1xVY79-0002qH-04 => :blackhole: <boss@lab.example> R=system_aliases",
        "1xVY79-0002qH-04 => save mbox/a@b <boss@lab.example> R=f T=address_file"}) {
    INFO(text);
    const auto event = event_of(text);
    CHECK(event.outcome == Outcome::delivered);
    CHECK(event.recipient == "boss@lab.example");
    CHECK(event.original_recipient.empty());
    CHECK(event.local);
  }
}

TEST_CASE("exim: LMTP and this very machine are local, the lab's 127.1.0.1 is not", "[exim]") {
  CHECK(event_of("1xVY79-0002qH-04 => a@b.example R=r T=dovecot_lmtp C=\"250 saved\"").local);
  CHECK(event_of("1xVY79-0002qH-04 => a@b.example R=r T=filter_smtp H=localhost [127.0.0.1]:10024 C=\"250 ok\"").local);
  CHECK_FALSE(
      event_of("1xVY79-0002qH-04 => a@b.example R=r T=remote_smtp H=mx.b.example [127.1.0.1] C=\"250 ok\"").local);
}

TEST_CASE("exim: what an ACL discarded is delivered to nobody", "[exim]") {
  const auto event = event_of("1xVY79-0002qH-04 => blackhole (RCPT ACL discarded recipients): spam");
  CHECK(event.outcome == Outcome::delivered);
  CHECK(event.recipient.empty());
  CHECK(event.local);
}

TEST_CASE("exim: with -N nothing was sent", "[exim]") {
  CHECK(event_of("1xVY79-0002qH-04 *> a@b.example R=r T=smtp H=mx.b.example [192.0.2.2]").kind == EventKind::note);
}

TEST_CASE("exim: fields inside a stranger's quoted local part are no fields", "[exim]") {
  const auto event = event_of(
      "1xVY79-0002qH-04 => x R=a T=b H=evil [198.51.100.1] C=\"250 ok\"@d.example "
      "<\"x R=a T=b H=evil [198.51.100.1] C=\\\"250 ok\\\"\"@d.example> R=real T=remote_smtp H=mx.d.example "
      "[192.0.2.9] "
      "C=\"250 2.1.5 real\"");
  CHECK(event.recipient == "\"x R=a T=b H=evil [198.51.100.1] C=\\\"250 ok\\\"\"@d.example");
  CHECK(event.relay == "mx.d.example");
  CHECK(event.relay_address == "192.0.2.9");
  CHECK(event.reply == "250 2.1.5 real");
}

TEST_CASE("exim: a deferral at the end of data was counted on the host's own line", "[exim]") {
  const auto event = event_of(
      "1xVY79-0002qH-04 == fred@btinternet.com <fred@customer.example> R=route T=remote_smtp defer (-46) "
      "H=mx.bt.example [192.0.2.3]:25 DT=0.2s: SMTP error from remote mail server after end of data: 421 Too many "
      "messages (1.7.3) from 192.0.2.1");
  CHECK(event.outcome == Outcome::deferred);
  CHECK(event.recipient == "fred@btinternet.com");
  CHECK(event.original_recipient == "fred@customer.example");
  CHECK(event.relay == "mx.bt.example");
  CHECK(event.relay_address == "192.0.2.3");
  CHECK(event.relay_port == 25);
  CHECK(event.stage == Stage::eod);
  CHECK(event.code == 421);
  CHECK(event.enhanced_code.empty());
  CHECK(event.reply == "421 Too many messages (1.7.3) from 192.0.2.1");
  CHECK_FALSE(event.counts_refusal);
  CHECK_FALSE(event.secondary);
}

TEST_CASE("exim: the host's own line is the refusal", "[exim]") {
  const auto event = event_of(
      "1xVY79-0002qH-04 H=mta7.am0.example [192.0.2.9]: SMTP error from remote mail server after MAIL "
      "FROM:<a@b.example> "
      "SIZE=1319: 421 4.7.0 [TSS04] Messages temporarily deferred: see https://postmaster.example/error-codes");
  CHECK(event.kind == EventKind::refusal);
  CHECK(event.queue_id == "1xVY79-0002qH-04");
  CHECK(event.relay == "mta7.am0.example");
  CHECK(event.relay_address == "192.0.2.9");
  CHECK(event.stage == Stage::mail);
  CHECK(event.code == 421);
  CHECK(event.enhanced_code == "4.7.0");
  CHECK(event.reply == "421 4.7.0 [TSS04] Messages temporarily deferred: see https://postmaster.example/error-codes");
  CHECK(event.counts_refusal);
}

TEST_CASE("exim: stages go by the command that Exim names", "[exim]") {
  const std::pair<const char*, Stage> stages[] = {
      {"initial connection", Stage::connect},
      {"EHLO lab.example", Stage::helo},
      {"HELO lab.example", Stage::helo},
      {"STARTTLS", Stage::starttls},
      {"AUTH PLAIN", Stage::auth},
      {"pipelined MAIL FROM:<>", Stage::mail},
      {"pipelined DATA", Stage::data},
      {"end of data", Stage::eod},
      {"pipelined end of data", Stage::eod},
  };
  for (const auto& [command, stage] : stages) {
    INFO(command);
    const auto text =
        std::string("1xVY79-0002qH-04 H=mx.b.example [192.0.2.9]: SMTP error from remote mail server after ") +
        command + ": 451 later";
    std::vector<Event> events;
    REQUIRE(exim_parser().parse(line_of(text), events));
    CHECK(events[0].kind == EventKind::refusal);
    CHECK(events[0].stage == stage);
    CHECK(events[0].code == 451);
  }
}

TEST_CASE("exim: RCPT counts on the recipient's line, and on the host's where others will be tried", "[exim]") {
  const auto last = event_of(
      "1xVY79-0002qH-04 == \"a: 550 x\"@b.example R=r T=remote_smtp defer (-44) H=mx.b.example [192.0.2.9]: SMTP error "
      "from remote mail server after RCPT TO:<\"a: 550 x\"@b.example>: 451 4.7.1 Greylisted");
  CHECK(last.stage == Stage::rcpt);
  CHECK(last.code == 451);
  CHECK(last.enhanced_code == "4.7.1");
  CHECK(last.counts_refusal);
  const auto earlier = event_of(
      "1xVY79-0002qH-04 H=mx1.b.example [192.0.2.8] SMTP error from remote mail server after RCPT TO:<a@b.example>: "
      "451 "
      "4.7.1 Greylisted");
  CHECK(earlier.kind == EventKind::refusal);
  CHECK(earlier.stage == Stage::rcpt);
  CHECK(earlier.counts_refusal);
}

TEST_CASE("exim: a reply of several lines keeps its literal \\n", "[exim]") {
  const auto event = event_of(
      "1xVY79-0002qH-04 == g@gmail.example R=route T=remote_smtp defer (0) H=mx.gmail.example [192.0.2.8]: SMTP error "
      "from "
      "remote mail server after initial connection: 421-4.7.0 unusual rate of mail\\n421 4.7.0 from [192.0.2.1].");
  CHECK(event.stage == Stage::connect);
  CHECK(event.code == 421);
  CHECK(event.enhanced_code == "4.7.0");
  CHECK(event.reply == "421-4.7.0 unusual rate of mail\\n421 4.7.0 from [192.0.2.1].");
  CHECK_FALSE(event.counts_refusal);
}

TEST_CASE("exim: a retry time not reached is no attempt of its own, whatever its number", "[exim]") {
  for (const auto* text :
       {"1xVY79-0002qH-04 == a@bt.example R=route T=remote_smtp defer (-53): retry time not reached for any host for "
        "'bt.example'",
        "1xVY79-0002qH-04 == a@bt.example R=route T=remote_smtp defer (-54) DT=0s: retry time not reached for any host",
        "1xVY79-0002qH-04 == a@bt.example routing defer (-51): retry time not reached",
        "1xVY79-0002qH-04 == a@bt.example R=local T=maildir defer (-52): Retry time not yet reached",
        "1xVY79-0002qH-04 == a@bt.example routing defer (-56): domain is in queue_domains"}) {
    const auto event = event_of(text);
    CHECK(event.outcome == Outcome::deferred);
    CHECK(event.secondary);
    CHECK(event.code == 0);
    CHECK_FALSE(event.counts_refusal);
    CHECK(event.recipient == "a@bt.example");
  }
}

TEST_CASE("exim: a remote reply that speaks of retry times is no secondary deferral", "[exim]") {
  const auto event = event_of(
      "1xVY79-0002qH-04 == a@b.example R=r T=remote_smtp defer (-46) H=mx.b.example [192.0.2.9]: SMTP error from "
      "remote "
      "mail server after end of data: 450 retry time not reached");
  CHECK_FALSE(event.secondary);
  CHECK(event.code == 450);
}

TEST_CASE("exim: a failed call is told by errno's words", "[exim]") {
  const auto refused = event_of("1xVY79-0002qH-04 == a@b.example R=r T=remote_smtp defer (111): Connection refused");
  CHECK(refused.reply == "Connection refused");
  CHECK(refused.stage == Stage::connect);
  CHECK_FALSE(refused.secondary);
  CHECK_FALSE(refused.local);
  const auto timeout = event_of(
      "1xVY79-0002qH-04 == a@b.example R=r T=remote_smtp defer (110): Connection timed out H=mx.b.example [192.0.2.9]: "
      "SMTP "
      "timeout after STARTTLS");
  CHECK(timeout.reply == "SMTP timeout after STARTTLS");
  CHECK(timeout.stage == Stage::starttls);
  CHECK(timeout.relay == "mx.b.example");
  const auto dns = event_of("1xVY79-0002qH-04 == a@b.example R=dnslookup defer (-1): host lookup did not complete");
  CHECK(dns.reply == "host lookup did not complete");
  CHECK_FALSE(dns.secondary);
}

TEST_CASE("exim: what befell a host, without an SMTP reply, is a note about it", "[exim]") {
  for (const auto* text :
       {"1xVY79-0002qH-04 H=mx.b.example [192.0.2.9] Connection refused",
        "1xVY79-0002qH-04 H=mx.b.example [192.0.2.9]:25 No route to host",
        "1xVY79-0002qH-04 H=mx.b.example [192.0.2.9]: SMTP timeout after STARTTLS: Connection timed out",
        "1xVY79-0002qH-04 H=mx.b.example [192.0.2.9]: Remote host closed connection in response to EHLO x",
        "1xVY79-0002qH-04 H=mx.b.example [192.0.2.9] TLS error on connection (recv): Error in the pull function."}) {
    const auto event = event_of(text);
    CHECK(event.kind == EventKind::note);
    CHECK(event.queue_id == "1xVY79-0002qH-04");
    CHECK(event.relay == "mx.b.example");
    CHECK(event.relay_address == "192.0.2.9");
  }
}

TEST_CASE("exim: a 5xx has no line of the host's but at the greeting and HELO", "[exim]") {
  const auto rcpt = event_of(
      "1xVY79-0002qH-04 ** a@b.example F=<s@c.example> R=r T=remote_smtp H=mx.b.example [192.0.2.9] "
      "X=TLSv1.2:AES128-SHA:128 CV=yes DN=\"/CN=a b\" : SMTP error from remote mail server after RCPT "
      "TO:<a@b.example>: 550 "
      "5.1.1 No such user DT=1s");
  CHECK(rcpt.outcome == Outcome::bounced);
  CHECK(rcpt.stage == Stage::rcpt);
  CHECK(rcpt.code == 550);
  CHECK(rcpt.enhanced_code == "5.1.1");
  CHECK(rcpt.reply == "550 5.1.1 No such user");
  CHECK(rcpt.sender == "s@c.example");
  CHECK(rcpt.tls_version == "TLSv1.2");
  CHECK(rcpt.counts_refusal);
  const auto greeting = event_of(
      "1xVY79-0002qH-04 ** a@b.example R=r T=remote_smtp H=mx.b.example [192.0.2.9] : SMTP error from remote mail "
      "server "
      "after initial connection: 554 no service here");
  CHECK(greeting.stage == Stage::connect);
  CHECK_FALSE(greeting.counts_refusal);
}

TEST_CASE("exim: a 5xx at the end of data is one refusal, however many recipients it costs", "[exim]") {
  const std::string stamp = "2026-11-23 09:16:16 ";
  const std::string raw =
      stamp +
      "1xVY79-0002qH-04 ** a@b.example R=r T=remote_smtp H=mx.b.example [192.0.2.9] : SMTP error from "
      "remote mail server after end of data: 554 5.7.1 spam";
  LogLine line = line_of(raw);
  line.text.remove_prefix(stamp.size());
  std::vector<Event> events;
  REQUIRE(exim_parser().parse(line, events));
  CHECK(events[0].stage == Stage::eod);
  CHECK(events[0].counts_refusal);
  CHECK(events[0].conversation == stamp);  // the same on the line of every other recipient
}

TEST_CASE("exim: too long a wait is expiry, an unknown address a bounce", "[exim]") {
  const auto expired = event_of("1xVY79-0002qH-04 ** fred@bt.example <fred@customer.example>: retry timeout exceeded");
  CHECK(expired.outcome == Outcome::expired);
  CHECK(expired.recipient == "fred@bt.example");
  CHECK(expired.original_recipient == "fred@customer.example");
  CHECK(expired.reply == "retry timeout exceeded");
  CHECK(event_of("1xVY79-0002qH-04 ** fred@bt.example: retry timeout exceeded").recipient == "fred@bt.example");
  CHECK(
      event_of("1xVY79-0002qH-04 ** a@b.example R=r T=remote_smtp : all hosts for 'b.example' have been failing for a "
               "long time (and retry time not reached)")
          .outcome == Outcome::expired);
  CHECK(event_of("1xVY79-0002qH-04 ** a@b.example R=r T=remote_smtp: retry time not reached for any host after a long "
                 "failure period")
            .outcome == Outcome::expired);
  const auto unknown_address = event_of("1xVY79-0002qH-04 ** nobody@lab.example : Unrouteable address");
  CHECK(unknown_address.outcome == Outcome::bounced);
  CHECK(unknown_address.reply == "Unrouteable address");
  CHECK_FALSE(unknown_address.counts_refusal);
}

TEST_CASE("exim: up to 4.86 the host stands within the words", "[exim]") {
  const auto deferral = event_of(
      "1QexIu-0006dj-PX == a@b.example R=dnslookup T=remote_smtp defer (-46): SMTP error from remote mail server after "
      "end "
      "of data: host mx.b.example [192.0.2.9]: 421 4.7.0 slow down");
  CHECK(deferral.relay == "mx.b.example");
  CHECK(deferral.relay_address == "192.0.2.9");
  CHECK(deferral.reply == "421 4.7.0 slow down");
  CHECK(deferral.counts_refusal);
  const auto greeting = event_of(
      "1QexIu-0006dj-PX SMTP error from remote mail server after initial connection: host mx.b.example [192.0.2.9]: "
      "421 no");
  CHECK(greeting.kind == EventKind::refusal);
  CHECK(greeting.stage == Stage::connect);
  CHECK(greeting.counts_refusal);
  CHECK(event_of("1QexIu-0006dj-PX mx.b.example [192.0.2.9] Connection timed out").relay_address == "192.0.2.9");
  CHECK(event_of("1QexIu-0006dj-PX ** a@b.example R=d T=remote_smtp: SMTP error from remote mail server after RCPT "
                 "TO:<a@b.example>: host mx.b.example [192.0.2.9]: 550 no such user")
            .counts_refusal);
}

TEST_CASE("exim: LMTP is local and refuses nobody's mail abroad", "[exim]") {
  const auto event = event_of(
      "1xVY79-0002qH-04 == jo@lab.example R=r T=dovecot_lmtp defer (0): LMTP error after RCPT TO:<jo@lab.example>: 452 "
      "4.2.2 full");
  CHECK(event.local);
  CHECK(event.code == 452);
  CHECK(event.stage == Stage::rcpt);
  CHECK_FALSE(event.counts_refusal);
}

TEST_CASE("exim: a message's end", "[exim]") {
  CHECK(event_of("1xVY79-0002qH-04 Completed").ended == Ended::removed);
  const auto timed = event_of("1xVY79-0002qH-04 Completed QT=2d4h");
  CHECK(timed.ended == Ended::removed);
  CHECK(timed.delay_us == 187'200'000'000);
  for (const auto* text : {"1xVY79-0002qH-04 removed by root", "1xVY79-0002qH-04 cancelled by timeout_frozen_after",
                           "1xVY79-0002qH-04 Message removed because older than 4d"}) {
    CHECK(event_of(text).kind == EventKind::ended);
    CHECK(event_of(text).ended == Ended::deleted);
  }
}

TEST_CASE("exim: frozen and thawed, skipped and queued are notes about the message", "[exim]") {
  for (const auto* text :
       {"1xVY79-0002qH-04 Frozen (message created with -f <>)", "1xVY79-0002qH-04 Message is frozen",
        "1xVY79-0002qH-04 frozen by root", "1xVY79-0002qH-04 Unfrozen by errmsg timer",
        "1xVY79-0002qH-04 unfrozen by root", "1xVY79-0002qH-04 *** Frozen (delivery error message)",
        "1xVY79-0002qH-04 Spool file for 1xVY79-0002qH-04 is locked (another process is handling this message)",
        "1xVY79-0002qH-04 no immediate delivery: load average 12.30",
        "1xVY79-0002qH-04 DKIM: d=b.example s=k c=relaxed/simple a=rsa-sha256 b=2048 [verification succeeded]"}) {
    const auto event = event_of(text);
    CHECK(event.kind == EventKind::note);
    CHECK(event.queue_id == "1xVY79-0002qH-04");
  }
}

TEST_CASE("exim: an inbound handshake that failed", "[exim]") {
  const auto event = event_of(
      "TLS error on connection from (mail-qg0-f50.example) [192.0.2.50]:38870 I=[192.0.2.1]:25 (gnutls_handshake): No "
      "supported cipher suites have been found.");
  CHECK(event.kind == EventKind::tls);
  CHECK(event.direction == Direction::inbound);
  CHECK(event.handshake == Handshake::failed);
  CHECK(event.cause == TlsCause::no_shared_cipher);
  CHECK(event.peer == "mail-qg0-f50.example");
  CHECK(event.peer_address == "192.0.2.50");
  CHECK(event.reply == "(gnutls_handshake): No supported cipher suites have been found.");
}

TEST_CASE("exim: causes by the libraries' words", "[exim]") {
  const std::pair<const char*, TlsCause> causes[] = {
      {"(gnutls_handshake): The TLS connection was non-properly terminated.", TlsCause::connection_lost},
      {"(gnutls_handshake): Error in the pull function.", TlsCause::connection_lost},
      {"(SSL_accept): error:0A000126:SSL routines::unexpected eof while reading", TlsCause::connection_lost},
      {"(gnutls_handshake): An unexpected TLS packet was received.", TlsCause::not_tls},
      {"(SSL_accept): error:1408F10B:SSL routines:ssl3_get_record:wrong version number", TlsCause::not_tls},
      {"(SSL_accept): error:1417A0C1:SSL routines:tls_post_process_client_hello:no shared cipher",
       TlsCause::no_shared_cipher},
      {"(SSL_accept): error:14209102:SSL routines:tls_early_post_process_client_hello:unsupported protocol",
       TlsCause::protocol_version},
      {"(gnutls_handshake): A packet with illegal or unsupported version was received.", TlsCause::protocol_version},
      {"(SSL_accept): error:14094412:SSL routines:ssl3_read_bytes:sslv3 alert bad certificate", TlsCause::certificate},
      {"(gnutls_handshake): rxd alert: Certificate is bad", TlsCause::certificate},
      {"(gnutls_handshake): timed out", TlsCause::timeout},
      {"(gnutls_handshake): Decryption has failed.", TlsCause::other},
  };
  for (const auto& [words, cause] : causes) {
    INFO(words);
    const auto text = std::string("TLS error on connection from host.example (helo) [192.0.2.50] ") + words;
    std::vector<Event> events;
    REQUIRE(exim_parser().parse(line_of(text), events));
    CHECK(events[0].handshake == Handshake::failed);
    CHECK(events[0].peer == "host.example");
    CHECK(events[0].cause == cause);
  }
}

TEST_CASE("exim: outbound, it says so when the mail goes on in clear", "[exim]") {
  const auto event = event_of(
      "1xVY79-0002qH-04 TLS session: (gnutls_handshake): The TLS connection was non-properly terminated.: delivering "
      "unencrypted to H=mx.drop.example [192.0.2.4] (not in hosts_require_tls)");
  CHECK(event.kind == EventKind::tls);
  CHECK(event.direction == Direction::outbound);
  CHECK(event.handshake == Handshake::failed);
  CHECK(event.cause == TlsCause::connection_lost);
  CHECK(event.fallback);
  CHECK(event.queue_id == "1xVY79-0002qH-04");
  CHECK(event.peer == "mx.drop.example");
  CHECK(event.peer_address == "192.0.2.4");
}

TEST_CASE("exim: where TLS is a must, the deferral is the handshake's only line", "[exim]") {
  const auto events = events_of(
      "1xVY79-0002qH-04 == a@b.example R=r T=remote_smtp defer (-37) H=mx.b.example [192.0.2.9]: TLS session: "
      "(SSL_connect): "
      "error:0A000410:SSL routines::sslv3 alert handshake failure");
  REQUIRE(events.size() == 2);
  CHECK(events[0].kind == EventKind::attempt);
  CHECK(events[0].outcome == Outcome::deferred);
  CHECK(events[0].stage == Stage::starttls);
  CHECK(events[1].kind == EventKind::tls);
  CHECK(events[1].direction == Direction::outbound);
  CHECK(events[1].handshake == Handshake::failed);
  CHECK(events[1].peer == "mx.b.example");
  CHECK_FALSE(events[1].fallback);
}

TEST_CASE("exim: trouble on a session that stands is no failed handshake", "[exim]") {
  for (const auto* text : {"TLS error on connection from host.example [192.0.2.50] (recv): Error in the pull function.",
                           "TLS error on connection from host.example [192.0.2.50] (send): The specified session has "
                           "been invalidated for some reason.",
                           "1xVY79-0002qH-04 TLS error on connection (recv): Error in the pull function.",
                           "TLS error (SSL_write): error:80000020:system library::Broken pipe"}) {
    CHECK(event_of(text).kind == EventKind::note);
  }
}

TEST_CASE("exim: a rejected recipient", "[exim]") {
  const auto event = event_of(
      "H=host.example (he lo) [192.0.2.66]:43030 I=[192.0.2.1]:25 Ci=7326 CV=no SNI=mx.example F=<spam@a.example> "
      "temporarily "
      "rejected RCPT <jo: x@lab.example>: greylisted: come back");
  CHECK(event.kind == EventKind::rejected);
  CHECK(event.client == "host.example");
  CHECK(event.client_address == "192.0.2.66");
  CHECK(event.sender == "spam@a.example");
  CHECK(event.recipient == "jo: x@lab.example");
  CHECK(event.stage == Stage::rcpt);
  CHECK(event.reply == "greylisted: come back");
}

TEST_CASE("exim: other rejections name client and stage", "[exim]") {
  const std::pair<const char*, Stage> lines[] = {
      {"H=(helo) [192.0.2.66] rejected MAIL <a@b.example>: no", Stage::mail},
      {"H=(helo) [192.0.2.66] rejected EHLO or HELO helo: no", Stage::helo},
      {"H=[192.0.2.66] rejected connection in \"connect\" ACL: no", Stage::connect},
      {"H=[192.0.2.66]:62839 dropped by 'connect' ACL: Country is banned", Stage::connect},
      {"1xVY79-0002qH-04 H=(helo) [192.0.2.66] F=<a@b.example> rejected after DATA: spam", Stage::eod},
      {"1xVY79-0002qH-04 F=a@b.example H=x.example (helo) [192.0.2.66] P=esmtp temporarily rejected by local_scan(): "
       "no",
       Stage::eod},
      {"Connection from [192.0.2.66]:999 refused: too many connections", Stage::connect},
      {"rejected EHLO from [192.0.2.66]: syntactically invalid argument(s): (no argument given)", Stage::helo},
      {"rejected MAIL from (helo) [192.0.2.66]: no HELO/EHLO given", Stage::mail},
      {"SMTP call from (helo) [192.0.2.66] dropped: too many nonmail commands (last was \"RSET\")", Stage::none},
      {"SMTP protocol synchronization error (input sent without waiting for greeting): rejected connection from "
       "H=[192.0.2.66] input=\"GET / HTTP/1.1\\r\\n H=[198.51.100.1]\"",
       Stage::connect},
      {"SMTP protocol synchronization error (next input sent too soon: pipelining was not advertised): rejected "
       "\"RSET\" "
       "H=(helo) [192.0.2.66] next input=\"QUIT\" H=[198.51.100.1]\"",
       Stage::none},
      {"SMTP protocol error in \"auth login\" H=(x) [198.51.100.1]\" H=(helo) [192.0.2.66] AUTH command used when not "
       "advertised",
       Stage::none},
      {"rejected from <a@b.example> H=(helo) [192.0.2.66]: message too big: read=9 max=5", Stage::eod},
      {"unqualified sender rejected: <jo> H=(helo) [192.0.2.66]", Stage::mail},
  };
  for (const auto& [text, stage] : lines) {
    const auto event = event_of(text);
    CHECK(event.kind == EventKind::rejected);
    CHECK(event.client_address == "192.0.2.66");
    CHECK(event.stage == stage);
  }
}

TEST_CASE("exim: a failed login tells who tried", "[exim]") {
  for (const auto* text :
       {"dovecot_login authenticator failed for (User) [192.0.2.66]:21298 I=[192.0.2.1]:465 Ci=3: 535 "
        "Incorrect authentication data (set_id=brian)",
        "plain authenticator failed for H=(User) [192.0.2.66]: 535 Incorrect authentication data (set_id=brian)"}) {
    const auto event = event_of(text);
    CHECK(event.kind == EventKind::rejected);
    CHECK(event.stage == Stage::auth);
    CHECK(event.client == "User");
    CHECK(event.client_address == "192.0.2.66");
    CHECK(event.auth_user == "brian");
    CHECK(event.code == 535);
  }
}

TEST_CASE("exim: our own login refused at a smarthost is a refusal", "[exim]") {
  const auto event = event_of("1xVY79-0002qH-04 plain authenticator failed H=smart.example [192.0.2.25] 535 5.7.8 no");
  CHECK(event.kind == EventKind::refusal);
  CHECK(event.stage == Stage::auth);
  CHECK(event.relay == "smart.example");
  CHECK(event.code == 535);
  CHECK(event.counts_refusal);
}

TEST_CASE("exim: who came and went without mail", "[exim]") {
  for (const auto* text :
       {"no MAIL in SMTP connection from host.example (helo) [192.0.2.66]:1418 D=34s C=EHLO,AUTH",
        "SMTP connection from (helo) [192.0.2.66] lost D=1s",
        "SMTP connection from [192.0.2.66]:4711 (TCP/IP connection count = 1)",
        "1xVY79-0002qH-04 SMTP connection from (helo) [192.0.2.66]:44884 I=[192.0.2.1]:25 closed by DROP in ACL",
        "SMTP command timeout on TLS connection from [192.0.2.66] D=5m",
        "unexpected disconnection while reading SMTP command from (helo) [192.0.2.66] D=3s",
        "SMTP data timeout (message abandoned) on connection from (helo) [192.0.2.66] F=<a@b.example> D=5m",
        "H=(helo) [192.0.2.66] incomplete transaction (QUIT) from <a@b.example>"}) {
    const auto event = event_of(text);
    CHECK(event.kind == EventKind::connection);
    CHECK(event.client_address == "192.0.2.66");
  }
}

TEST_CASE("exim: the daemon's own words are notes", "[exim]") {
  for (const auto* text :
       {"Start queue run: pid=4437 -qff", "End queue run: pid=4437", "Start 'bulk' queue run: pid=1",
        "pid 123: SIGHUP received: re-exec daemon", "cwd=/var/www 5 args: /usr/sbin/sendmail -t -i -f a b",
        "no host name found for IP address 192.0.2.8",
        "no IP address found for host a.example (during SMTP connection from [192.0.2.9])",
        "H=(x) [192.0.2.9] sender verify fail for <a@b.example>: Unknown user", "H=(x) [192.0.2.9] Warning: something",
        "Warning: purging the environment.", "failed to expand \"x\": unknown",
        "ident connection to 192.0.2.9 timed out",
        "DNS list lookup defer (probably timeout) for 9.2.0.192.bl.example: assumed not in list",
        "[192.0.2.9] SSL verify error: depth=0 error=self signed certificate cert=/CN=x"}) {
    CHECK(event_of(text).kind == EventKind::note);
  }
}

TEST_CASE("exim: the daemon's start is a restart", "[exim]") {
  CHECK(event_of("exim 4.96 daemon started: pid=4433, -q30m, listening for SMTP on [127.0.0.1]:25").kind == EventKind::restart);
}

TEST_CASE("exim: what syslog was too short for comes in parts", "[exim]") {
  const auto first = event_of("[1/2] 1xVY79-0002qH-04 <= a@b.example H=[192.0.2.9] P=esmtp S=5 for c@d.example e@");
  CHECK(first.kind == EventKind::received);
  CHECK(first.queue_id == "1xVY79-0002qH-04");
  CHECK(event_of("[1\\3] 2026-11-23 09:16:16.123 +0000 [77] 1xVY79-0002qH-04 Completed").kind == EventKind::ended);
  CHECK(event_of("[2/2] f.example g@h.example").kind == EventKind::note);
  CHECK(event_of("[2\\2] 1xVY79-0002qH-04 Completed").kind == EventKind::note);
}

TEST_CASE("exim: words nobody knows stay unrecognized", "[exim]") {
  for (const auto* text :
       {"", " ", "hello", "1xVY79-0002qH-04", "1xVY79-0002qH-04 ", "1xVY79-0002qH-04 my own logwrite", "H=", "H=(",
        "H=(helo) [192.0.2.9] did something odd", "1xVY79-0002qH-04 <= ", "removed by root",
        "1xVY79-0002qH-04 == a@b.example R=r", "TLS error", "Completed", "[1/2] "}) {
    INFO(text);
    CHECK(unknown(text));
  }
}

TEST_CASE("exim: a line may end anywhere, and hold any byte", "[exim]") {
  const std::string_view lines[] = {
      "1xVY79-0002qH-04 <= \"a b\"@c.example H=h.example (helo) [2001:db8::1]:4711 I=[192.0.2.9]:25 P=esmtpsa "
      "X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=no DN=\"CN=a\" A=plain:boss S=1234 id=1@c T=\"x \\\" y\" from <a@b> for "
      "x@y.example",
      "1xVY79-0002qH-04 => |/bin/x y (m@n) <\"a b\"@c.example> F=<s@t> R=r T=t H=h DS [192.0.2.1]:25* X=a:b:1 DN=\"a\" "
      "C=\"250 \\\" x\" QT=1d2h DT=1s",
      "1xVY79-0002qH-04 == a@b <c@d> R=r T=t defer (110): Connection timed out H=h [192.0.2.1]:25 DT=1s: SMTP timeout "
      "after RCPT TO:<a@b>",
      "1xVY79-0002qH-04 == a@b R=r T=t defer (-46) H=h [192.0.2.1]: SMTP error from remote mail server after MAIL "
      "FROM:<\"a>\"@b> SIZE=1: host h [192.0.2.1]: 421-4.7.0 a\\n421 b",
      "1xVY79-0002qH-04 ** a@b R=r T=t: SMTP error from remote mail server after RCPT TO:<a@b>: 550 5.1.1 x DT=1s",
      "1xVY79-0002qH-04 TLS session: (x): y: delivering unencrypted to H=h [192.0.2.1] (not in hosts_require_tls)",
      "TLS error on connection from h (helo) [192.0.2.1]:1 I=[192.0.2.2]:25 (gnutls_handshake): timed out",
      "[1/2] 2026-11-23 09:16:16.1 +0000 [7] 1xVY79-0002qH-04 H=h (helo) [192.0.2.1] F=<a@b> rejected RCPT <c@d>: no",
      "login authenticator failed for H=h (helo) [192.0.2.1]:1 I=[192.0.2.2]:25: 535 no (set_id=x)",
      "SMTP protocol synchronization error (x): rejected \"RSET\" H=h (helo) [192.0.2.1] next input=\"y\"",
  };
  std::vector<Event> events;
  for (const auto whole : lines) {
    for (std::size_t length = 0; length <= whole.size(); ++length) {
      // A buffer of its own, so that a read past the end is seen.
      const std::vector<char> part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
      events.clear();
      exim_parser().parse(line_of({part.data(), part.size()}), events);
      std::vector<char> hostile(whole.begin(), whole.end());
      if (length < hostile.size()) hostile[length] = "\0\xff\"<>[]() :=\\"[length % 13];
      exim_parser().parse(line_of({hostile.data(), hostile.size()}), events);
    }
  }
  SUCCEED();
}
