// From a short log to what an admin reads; and text of strangers made fit to print.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <string>

#include "knowledge/knowledge.h"
#include "log_files.h"
#include "mtalens/rule.h"
#include "report/report.h"
#include "report/safe_text.h"

using namespace mtalens;
using namespace mtalens::test;

namespace {

std::vector<Finding> findings_of(const Analysis& analysis) {
  return judge(analysis, Knowledge::builtin());
}

const Finding* finding(const std::vector<Finding>& findings, std::string_view id) {
  for (const auto& found : findings) {
    if (found.id == id) return &found;
  }
  return nullptr;
}

std::string subject_of(const Finding& finding, std::string_view key) {
  for (const auto& [name, value] : finding.subject) {
    if (name == key) return value;
  }
  return {};
}

// A client that shares no cipher with sendmail 8.14, and mail that one of its users forwards to BT.
constexpr std::string_view kSendmailSeed =
    "Aug 26 20:33:31 mail sm-mta[84848]: STARTTLS=server, error: accept failed=-1, SSL_error=1, errno=0, retry=-1, "
    "relay=mail-qg0-f50.google.com [209.85.192.50]\n"
    "Aug 26 20:33:31 mail sm-mta[84848]: STARTTLS=server: 84848:error:1408A0C1:SSL routines:SSL3_GET_CLIENT_HELLO:no "
    "shared "
    "cipher:/usr/src/secure/lib/libssl/../../../crypto/openssl/ssl/s3_srvr.c:1073:\n"
    "Aug 26 20:33:31 mail sm-mta[84848]: t7QJXCPI084848: mail-qg0-f50.google.com [209.85.192.50] did not issue "
    "MAIL/EXPN/VRFY/ETRN during connection to MTA\n"
    "Aug 26 20:34:01 mail sm-mta[84899]: t7QJY1aB084899: from=<news@shop.example>, size=2345, class=0, nrcpts=1, "
    "msgid=<1@shop.example>, proto=ESMTP, daemon=IPv4, relay=mx.shop.example [192.0.2.7]\n"
    "Aug 26 20:34:02 mail sm-mta[84901]: t7QJY1aB084899: to=<fred@btinternet.com>, ctladdr=<fred@customer.example> "
    "(1001/1001), delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=120345, relay=mx.bt.lon5.cpcloud.co.uk. "
    "[65.20.0.49], dsn=4.0.0, stat=Deferred: 421 Too many messages (1.5.6.1) from 81.2.3.4\n";

}  // namespace

TEST_CASE("rules: the five lines that began it: one failed handshake, one throttled refusal, one forward", "[rules]") {
  const auto said = analyze_text(kSendmailSeed);

  REQUIRE(said.tls.size() == 1);
  CHECK(said.tls[0].direction == Direction::inbound);
  CHECK(said.tls[0].peer == "mail-qg0-f50.google.com");
  CHECK(said.tls[0].address == "209.85.192.50");
  CHECK(said.tls[0].failed == 1);
  CHECK(causes_of(said.tls[0], TlsCause::no_shared_cipher) == 1);

  REQUIRE(said.providers.size() == 1);
  const auto& bt = provider_named(said, "BT Internet");
  CHECK(bt.accepted == 0);
  CHECK(bt.refusals == 1);
  CHECK(bt.throttled == 1);
  CHECK(bt.attempts.deferred == 1);
  CHECK(bt.queue.queued == 1);
  CHECK(bt.relays == std::vector<std::string>{"mx.bt.lon5.cpcloud.co.uk"});
  CHECK(said.totals.messages == 1);
  CHECK(said.totals.queued == 1);

  const auto findings = findings_of(said);
  const auto* throttle = finding(findings, "throttle/too-many-messages");
  REQUIRE(throttle != nullptr);
  CHECK(subject_of(*throttle, "provider") == "BT Internet");
  CHECK(throttle->numbers["throttled"] == 1);
  CHECK(throttle->numbers["messages_held"] == 1);
  CHECK(throttle->numbers["codes"].dump() == R"({"421 4.0.0":1})");
  CHECK_FALSE(throttle->numbers.contains("limit"));  // one refusal tells no limit
  CHECK(throttle->remedy.find("sendmail.mc") != std::string::npos);
  CHECK(throttle->remedy.find("postfix") == std::string::npos);
  REQUIRE(throttle->evidence.size() == 1);
  CHECK(throttle->evidence[0].line == 5);

  const auto* starttls = finding(findings, "starttls/handshake-failed");
  REQUIRE(starttls != nullptr);
  CHECK(subject_of(*starttls, "peer") == "mail-qg0-f50.google.com");
  CHECK(subject_of(*starttls, "direction") == "inbound");
  CHECK(starttls->numbers["causes"]["no-shared-cipher"] == 1);
  CHECK(starttls->remedy.find("sendmail.mc") != std::string::npos);
  REQUIRE_FALSE(starttls->evidence.empty());
  CHECK(starttls->evidence[0].line == 1);

  const auto* forwarding = finding(findings, "forwarding/feeds-throttle");
  REQUIRE(forwarding != nullptr);
  CHECK(forwarding->numbers["address"] == "fred@customer.example");
  CHECK(forwarding->numbers["target"] == "fred@btinternet.com");
  CHECK(forwarding->numbers["messages"] == 1);
  CHECK(forwarding->numbers["foreign_senders"] == 1);
  CHECK(forwarding->remedy.find("sendmail") != std::string::npos);
}

TEST_CASE("rules: our own mail through a forward is no foreign sender", "[rules]") {
  std::string log(kSendmailSeed);
  const std::string foreign = "from=<news@shop.example>", ours = "from=<boss@customer.example>";
  log.replace(log.find(foreign), foreign.size(), ours);
  const auto findings = findings_of(analyze_text(log));
  const auto* forwarding = finding(findings, "forwarding/feeds-throttle");
  REQUIRE(forwarding != nullptr);
  CHECK(forwarding->numbers["foreign_senders"] == 0);
}

TEST_CASE("rules: a log of mail that went well has no finding", "[rules]") {
  CHECK(findings_of(
            analyze_text(
                "Aug 26 20:34:01 mail sm-mta[1]: t7QJY1aB084899: from=<a@x.example>, size=1, class=0, nrcpts=1, "
                "msgid=<1@x>, relay=localhost [127.0.0.1]\n"
                "Aug 26 20:34:02 mail sm-mta[2]: t7QJY1aB084899: to=<b@y.example>, delay=00:00:01, xdelay=00:00:01, "
                "mailer=esmtp, pri=1, relay=mx.y.example. [192.0.2.7], dsn=2.0.0, stat=Sent (ok)\n"))
            .empty());
  CHECK(findings_of(analyze_text("")).empty());
}

TEST_CASE("rules: a 421 that says the other side is shutting down throttles nobody", "[rules]") {
  const auto said = analyze_text(
      "Aug 26 20:34:01 mail sm-mta[1]: t7QJY1aB084899: from=<a@x.example>, size=1, class=0, nrcpts=1, msgid=<1@x>, "
      "relay=localhost [127.0.0.1]\n"
      "Aug 26 20:34:02 mail sm-mta[2]: t7QJY1aB084899: to=<b@y.example>, delay=00:00:01, xdelay=00:00:01, "
      "mailer=esmtp, pri=1, relay=mx.y.example. [192.0.2.7], dsn=4.3.2, reply=421 4.3.2 service shutting down, "
      "stat=Deferred: 421 4.3.2 service shutting down\n");
  CHECK(provider_named(said, "y.example").refusals == 1);
  CHECK(provider_named(said, "y.example").throttled == 0);
  for (const auto& found : findings_of(said))
    CHECK_FALSE(found.id.starts_with("throttle/"));
}

TEST_CASE("rules: mail that TLS kept back until it expired is lost, and critical", "[rules]") {
  const auto findings = findings_of(analyze_text(
      "Aug 26 20:34:01 mail sm-mta[1]: t7QJY1aB084899: from=<a@x.example>, size=1, class=0, nrcpts=1, msgid=<1@x>, "
      "relay=localhost [127.0.0.1]\n"
      "Aug 26 20:34:02 mail sm-mta[2]: STARTTLS=client, error: connect failed=-1, reason=sslv3 alert handshake "
      "failure, SSL_error=1, errno=0, retry=-1\n"
      "Aug 26 20:34:02 mail sm-mta[2]: ruleset=tls_server, arg1=SOFTWARE, relay=mx.y.example, reject=454 4.7.0 TLS "
      "handshake failed.\n"
      "Aug 26 20:34:02 mail sm-mta[2]: t7QJY1aB084899: to=<b@y.example>, delay=00:00:01, xdelay=00:00:01, "
      "mailer=esmtp, pri=1, relay=mx.y.example. [192.0.2.7], dsn=4.7.0, stat=Deferred: 454 4.7.0 TLS handshake "
      "failed.\n"
      "Aug 31 20:34:02 mail sm-mta[3]: t7QJY1aB084899: t7VKY2aB000003: DSN: Cannot send message for 5 days\n"));
  const auto* lost = finding(findings, "starttls/mail-lost");
  REQUIRE(lost != nullptr);
  CHECK(lost->severity == Severity::critical);
  CHECK(subject_of(*lost, "peer") == "mx.y.example");
  CHECK(lost->numbers["expired"] == 1);
  CHECK(lost->remedy.find("Try_TLS:mx.y.example") != std::string::npos);
}

TEST_CASE("rules: a login that sends most of what is throttled is named", "[rules]") {
  std::string log;
  for (int i = 0; i < 10; ++i) {
    const auto id = "AAAAA" + std::to_string(i);
    const std::string login = i < 8 ? ", sasl_method=PLAIN, sasl_username=jo@lab.example" : "";
    log += "Nov 23 10:00:00 mx postfix/smtpd[1]: " + id + ": client=c.example[192.0.2.77]" + login + "\n";
    log += "Nov 23 10:00:00 mx postfix/qmgr[3]: " + id + ": from=<jo@lab.example>, size=368, nrcpt=1 (queue active)\n";
    log += "Nov 23 10:00:01 mx postfix/smtp[9]: " + id +
           ": to=<a@btinternet.com>, relay=mx.bt.lon5.cpcloud.co.uk[192.0.2.1]:25, delay=1, delays=0/0/1/0, dsn=4.0.0, "
           "status=deferred "
           "(host mx.bt.lon5.cpcloud.co.uk[192.0.2.1] said: 421 Too many messages (1.5.6.1) from 192.0.2.9 (in reply "
           "to end of DATA command))\n";
  }
  const auto findings = findings_of(analyze_text(log));
  const auto* account = finding(findings, "submission/account-feeds-throttle");
  REQUIRE(account != nullptr);
  CHECK(account->numbers["auth_user"] == "jo@lab.example");
  CHECK(account->numbers["messages"] == 8);
  CHECK(account->numbers["share"] == Approx(0.8));
}

TEST_CASE("rules: the report prints no control character that a stranger sent", "[rules]") {
  const std::string evil = "421 Too many messages \x1b[31m\xe2\x80\xae\x07 from 192.0.2.9";
  const auto said = analyze_text(
      "Nov 23 10:00:01 mx postfix/smtp[9]: AAAAA1: to=<\"a\x1b[2J\"@btinternet.com>, "
      "relay=mx.bt.lon5.cpcloud.co.uk[192.0.2.1]:25, delay=1, delays=0/0/1/0, "
      "dsn=4.0.0, status=deferred (host mx.bt.lon5.cpcloud.co.uk[192.0.2.1] said: " +
      evil + " (in reply to end of DATA command))\n");
  const auto findings = findings_of(said);
  const auto text = text_report(said, findings, {false, 100, true});
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find('\x07') == std::string::npos);
  CHECK(text.find("\xe2\x80\xae") == std::string::npos);
  const auto json = json_report(said, findings);
  CHECK(json.find('\x1b') == std::string::npos);
  CHECK(nlohmann::json::accept(json));
}

// ---- safe text -------------------------------------------------------------------------------------------------

TEST_CASE("safe text: what is harmless stays as it is", "[rules][safe_text]") {
  for (const std::string text : {"", "plain", "a  b", "grüße", "日本語", "\xf0\x9f\x93\xac", "<b>&\"'\\"})
    CHECK(safe_text(text) == text);
}

TEST_CASE("safe text: escapes, controls, NUL and DEL are shown, not sent", "[rules][safe_text]") {
  using namespace std::string_literals;
  CHECK(safe_text("\x1b[31mred") == "\\x1B[31mred");
  CHECK(safe_text("a\0b"s) == "a\\x00b");
  CHECK(safe_text("\r\n\t\x7f") == "\\x0D\\x0A\\x09\\x7F");
  CHECK(safe_text("\xc2\x9b"
                  "31m") ==
        "\\x9B"
        "31m");  // U+009B: a C1 control that begins an escape sequence
}

TEST_CASE("safe text: what turns text around or hides in it is shown", "[rules][safe_text]") {
  for (const std::uint32_t c : {0x202Au, 0x202Bu, 0x202Cu, 0x202Du, 0x202Eu, 0x2066u, 0x2067u, 0x2068u, 0x2069u,
                                0x200Eu, 0x200Fu, 0x61Cu, 0x200Bu, 0xFEFFu}) {
    std::string utf8;
    if (c < 0x800) {
      utf8 = {static_cast<char>(0xC0 | (c >> 6)), static_cast<char>(0x80 | (c & 0x3F))};
    } else {
      utf8 = {static_cast<char>(0xE0 | (c >> 12)), static_cast<char>(0x80 | ((c >> 6) & 0x3F)),
              static_cast<char>(0x80 | (c & 0x3F))};
    }
    CHECK(safe_text("a" + utf8 + "b") == fmt::format("a\\u{{{:04X}}}b", c));
  }
}

TEST_CASE("safe text: broken UTF-8 is shown byte by byte", "[rules][safe_text]") {
  CHECK(safe_text("\xff") == "\\xFF");
  CHECK(safe_text("\x80") == "\\x80");
  CHECK(safe_text("\xc3") == "\\xC3");                             // cut off
  CHECK(safe_text("\xc3(") == "\\xC3(");                           // no second byte
  CHECK(safe_text("\xc0\xaf") == "\\xC0\\xAF");                    // overlong
  CHECK(safe_text("\xe0\x80\xaf") == "\\xE0\\x80\\xAF");           // overlong
  CHECK(safe_text("\xed\xa0\x80") == "\\xED\\xA0\\x80");           // half of a surrogate pair
  CHECK(safe_text("\xf4\x90\x80\x80") == "\\xF4\\x90\\x80\\x80");  // beyond U+10FFFF
  CHECK(safe_text("\xe2\x82") == "\\xE2\\x82");
}

TEST_CASE("safe text: JSON gets valid UTF-8 and nothing raw below a space", "[rules][safe_text]") {
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; b += 5) {
      const std::string bytes{static_cast<char>(a), static_cast<char>(b), 'x'};
      std::string json;
      append_json_string(json, bytes);
      REQUIRE(nlohmann::json::accept(json));
      for (const char c : json)
        REQUIRE(static_cast<unsigned char>(c) >= 0x20);
      REQUIRE(nlohmann::json::accept(nlohmann::json(valid_utf8(bytes)).dump()));
    }
  }
}

TEST_CASE("safe text: a long text is cut, and says so", "[rules][safe_text]") {
  CHECK(safe_text("abcdef", 3) == "abc…");
  CHECK(safe_text("abc", 3) == "abc");
}

TEST_CASE("A hundred peers that fail alike: fifty are told one by one, the others as one, and none is lost", "[rules]") {
  Analysis analysis;
  for (int i = 0; i < 100; ++i) {
    TlsPeer peer;
    peer.direction = Direction::outbound;
    peer.peer = fmt::format("mx{}.example", i);
    peer.handshakes = 3;
    peer.failed = 2;
    peer.causes[static_cast<std::size_t>(TlsCause::timeout)] = 2;
    peer.fallbacks = 1;
    peer.first_failed_us = 1'000'000 * (100 - i);
    peer.last_failed_us = 2'000'000 * (100 - i);
    peer.words = "handshake timed out";
    analysis.tls.push_back(peer);
  }
  std::uint64_t failures = 0, one_by_one = 0;
  const Finding* others = nullptr;
  const auto findings = findings_of(analysis);
  for (const auto& found : findings) {
    if (found.id != "starttls/handshake-failed") continue;
    failures += found.occurrences;
    if (found.numbers.contains("peers")) others = &found;
    one_by_one += subject_of(found, "peer").empty() ? 0 : 1;
  }
  CHECK(failures == 200);
  CHECK(one_by_one == 50);
  REQUIRE(others != nullptr);
  CHECK(others->numbers["peers"] == 50);
  CHECK(others->numbers["failed"] == 100);
  CHECK(others->numbers["fallbacks"] == 50);
  CHECK(others->numbers["first"] == "1970-01-01T00:00:01Z");
  CHECK(others->title == "STARTTLS to 50 more peers fails: the handshake times out");
}

TEST_CASE("The hosts of one operator are one story; what a client's mail does is said", "[rules]") {
  Analysis analysis;
  analysis.input.from_us = 0;
  for (const auto* host : {"mail-qg0-f50.google.com", "mail-qg0-f51.google.com"}) {
    TlsPeer peer;
    peer.direction = Direction::inbound;
    peer.peer = host;
    peer.handshakes = peer.failed = 4;
    peer.causes[static_cast<std::size_t>(TlsCause::no_shared_cipher)] = 4;
    peer.first_failed_us = 2 * 86'400'000'000;
    peer.last_failed_us = 3 * 86'400'000'000;
    peer.messages_before = 10;
    peer.messages_since = 0;
    analysis.tls.push_back(peer);
  }
  const auto findings = findings_of(analysis);
  REQUIRE(findings.size() == 1);
  const auto& found = findings.front();
  CHECK(found.title == "2 hosts of Google fail STARTTLS with you: you share no TLS cipher");
  CHECK(found.numbers["failed"] == 8);
  CHECK(found.details.back() == "no handshake with it ever succeeded in this log; 20 messages came in from it before the first "
                                "failure (10 a day), none since: its mail does not reach you any more");
}
