// Header forms: the line as it stands in a log, then what it says. All lines are our own, in the forms that
// real daemons write.
#include "syslog/header.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "syslog/calendar.h"

using namespace mtalens;

namespace {

constexpr std::int64_t utc(int year, int month, int day, int hour, int minute, int second, int us = 0) {
  return (calendar::days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second) * 1'000'000 + us;
}

// Reads lines of November 2026 in UTC.
class Reader {
 public:
  Reader() {
    setenv("TZ", "UTC0", 1);
    tzset();
    reader_.start(StampClock(2026));
  }
  LogLine operator()(std::string_view line) { return reader_.read(line); }

 private:
  HeaderReader reader_;
};

constexpr auto k091357 = utc(2026, 11, 23, 9, 13, 57);
constexpr auto k091613 = utc(2026, 11, 23, 9, 16, 13);

}  // namespace

TEST_CASE("RFC 3164: stamp, host, tag, pid, text", "[syslog]") {
  Reader read;
  const auto line = read("Nov 23 09:13:57 lab postfix/smtpd[123]: connect from unknown[192.0.2.7]");
  CHECK(line.form == HeaderForm::rfc3164);
  CHECK(line.time_us == k091357);
  CHECK(line.host == "lab");
  CHECK(line.program == "postfix/smtpd");
  CHECK(line.pid == 123);
  CHECK(line.times == 1);
  CHECK(line.text == "connect from unknown[192.0.2.7]");
  CHECK(line.raw == "Nov 23 09:13:57 lab postfix/smtpd[123]: connect from unknown[192.0.2.7]");
}

TEST_CASE("RFC 3164: the next line's stamp, host and tag are its own, however like the last ones they are",
          "[syslog]") {
  Reader read;
  read("Nov 23 09:13:57 lab sm-mta[1]: a");
  CHECK(read("Nov 23 09:13:58 lab sm-mta[1]: a").time_us == k091357 + 1'000'000);
  CHECK(read("Nov 24 09:13:58 lab sm-mta[1]: a").time_us == k091357 + 86'401'000'000);
  CHECK(read("Nov 24 09:13:58 lab2 sm-mta[1]: a").host == "lab2");
  CHECK(read("Nov 24 09:13:58 la sm-mta[1]: a").host == "la");
  CHECK(read("Nov 24 09:13:58 a-host-of-many-letters.example.com sm-mta[1]: a").host ==
        "a-host-of-many-letters.example.com");
  CHECK(read("Nov 24 09:13:58 a-host-of-many-letters.example.net sm-mta[1]: a").host ==
        "a-host-of-many-letters.example.net");
  CHECK(read("Nov 24 09:13:58 lab sm-mta[1]: a").host == "lab");
}

TEST_CASE("RFC 3164: the day is padded with a space, with a zero, or not at all", "[syslog]") {
  Reader read;
  CHECK(read("Nov  3 09:13:57 lab a: b").time_us == utc(2026, 11, 3, 9, 13, 57));
  CHECK(read("Nov 03 09:13:58 lab a: b").time_us == utc(2026, 11, 3, 9, 13, 58));
  const auto bare = read("Nov 3 09:13:59 lab postfix/smtp[7]: b");
  CHECK(bare.time_us == utc(2026, 11, 3, 9, 13, 59));
  CHECK(bare.program == "postfix/smtp");
}

TEST_CASE("RFC 3164: a raw socket's priority, a year, a fraction of a second", "[syslog]") {
  Reader read;
  for (const char* raw : {"<22>Nov 23 09:13:57 lab sm-mta[9]: x", "Nov 23 2026 09:13:57 lab sm-mta[9]: x",
                          "<22>Nov 23 2026 09:13:57 lab sm-mta[9]: x"}) {
    const auto line = read(raw);
    CHECK(line.time_us == k091357);
    CHECK(line.form == HeaderForm::rfc3164);
    CHECK(line.host == "lab");
    CHECK(line.program == "sm-mta");
    CHECK(line.text == "x");
    CHECK(line.raw == raw);
  }
  CHECK(read("Nov 23 2019 09:13:57 lab a: b").time_us == utc(2019, 11, 23, 9, 13, 57));
  CHECK(read("Nov 23 09:13:57.657376 lab a: b").time_us == k091357 + 657376);
  CHECK(read("Nov 23 09:13:57.5 lab a: b").time_us == k091357 + 500000);
  CHECK(read("Nov 23 09:13:57.123456789 lab a: b").time_us == k091357 + 123456);
}

TEST_CASE("journalctl -o short-precise", "[syslog]") {
  Reader read;
  const auto line = read("Nov 23 09:16:13.657376 lab postfix/qmgr[77]: 4ABC: removed");
  CHECK(line.form == HeaderForm::rfc3164);
  CHECK(line.time_us == k091613 + 657376);
  CHECK(line.program == "postfix/qmgr");
  CHECK(line.text == "4ABC: removed");
}

TEST_CASE("tags: instances, slashes, no pid, no tag", "[syslog]") {
  struct Case {
    const char* behind_host;
    const char* program;
    std::uint32_t pid;
    const char* text;
  };
  const std::vector<Case> cases{
      {"postfix-out/smtp[123]: x", "postfix-out/smtp", 123, "x"},
      {"postfix/submission/smtpd[9]: x", "postfix/submission/smtpd", 9, "x"},
      {"sm-acceptingconnections[4194304]: x", "sm-acceptingconnections", 4194304, "x"},
      {"sendmail[12345678]: x", "sendmail", 12345678, "x"},
      {"sendmail[4294967296]: x", "sendmail", 0, "x"},
      {"/usr/sbin/cron[1]: x", "/usr/sbin/cron", 1, "x"},
      {"rsyslogd: [origin software=\"rsyslogd\"] start", "rsyslogd", 0, "[origin software=\"rsyslogd\"] start"},
      {"sendmail[1] x", "sendmail", 1, "x"},
      {"sendmail[1]:x", "sendmail", 1, "x"},
      {"sendmail[1]:", "sendmail", 1, ""},
      {"sendmail:", "sendmail", 0, ""},
      {"sendmail[1]:  two spaces", "sendmail", 1, " two spaces"},
      {"amavis[12345-07]: x", "amavis", 12345, "x"},
      {"last message repeated 3 times", "", 0, "last message repeated 3 times"},
      {"some words: and more", "", 0, "some words: and more"},
      {"http://example.com/ is up", "", 0, "http://example.com/ is up"},
      {"from=<a@b>[12]: x", "", 0, "from=<a@b>[12]: x"},
      {"\"quoted\": x", "", 0, "\"quoted\": x"},
      {"word[not a pid]: x", "", 0, "word[not a pid]: x"},
      {"unclosed[123", "", 0, "unclosed[123"},
      {": x", "", 0, ": x"},
      {"[1]: x", "", 0, "[1]: x"},
      {"", "", 0, ""},
      {"mail.info postfix/smtp[5]: x", "postfix/smtp", 5, "x"},  // busybox
      {"mail:info sendmail[5]: x", "sendmail", 5, "x"},          // AIX
      {"mail.info is a word", "", 0, "mail.info is a word"},
  };
  Reader read;
  for (const auto& expected : cases) {
    for (const std::string stamp : {"Nov 23 09:13:57 ", "2026-11-23T09:13:57+00:00 "}) {
      const auto raw = stamp + "lab " + expected.behind_host;
      INFO(raw);
      const auto line = read(raw);
      CHECK(line.form != HeaderForm::none);
      CHECK(line.time_us == k091357);
      CHECK(line.host == "lab");
      CHECK(line.program == expected.program);
      CHECK(line.pid == expected.pid);
      CHECK(line.text == expected.text);
    }
  }
}

TEST_CASE("no host: the tag stands right behind the stamp", "[syslog]") {
  Reader read;
  const auto tagged = read("Nov 23 09:13:57 postfix/smtp[123]: x");
  CHECK(tagged.host.empty());
  CHECK(tagged.program == "postfix/smtp");
  CHECK(tagged.pid == 123);
  const auto repeated = read("Nov 23 09:13:57 last message repeated 3 times");
  CHECK(repeated.host.empty());
  CHECK(repeated.text == "last message repeated 3 times");
}

TEST_CASE("FreeBSD's verbose syslogd names facility and severity before the host", "[syslog]") {
  Reader read;
  for (const char* raw :
       {"Nov 23 09:13:57 <mail.info> lab sm-mta[2794]: x", "Nov 23 09:13:57 <2.6> lab sm-mta[2794]: x"}) {
    const auto line = read(raw);
    CHECK(line.host == "lab");
    CHECK(line.program == "sm-mta");
    CHECK(line.pid == 2794);
    CHECK(line.text == "x");
  }
}

TEST_CASE("Solaris puts a message id before the text", "[syslog]") {
  Reader read;
  const auto line = read("Nov 23 09:13:57 lab sendmail[123]: [ID 702911 mail.notice] 1A2B: from=<a@example.com>");
  CHECK(line.program == "sendmail");
  CHECK(line.text == "1A2B: from=<a@example.com>");
  CHECK(read("Nov 23 09:13:57 lab sendmail[123]: [ID x mail.notice] y").text == "[ID x mail.notice] y");
  CHECK(read("Nov 23 09:13:57 lab sendmail[123]: [192.0.2.1] did not issue").text == "[192.0.2.1] did not issue");
}

TEST_CASE("ISO 8601: zones and fractions", "[syslog]") {
  Reader read;
  const std::vector<std::pair<const char*, std::int64_t>> stamps{
      {"2026-11-23T09:16:13.657376+00:00", k091613 + 657376},
      {"2026-11-23T09:16:13.657376Z", k091613 + 657376},
      {"2026-11-23T09:16:13Z", k091613},
      {"2026-11-23T10:16:13+0100", k091613},
      {"2026-11-23T09:16:13+0000", k091613},
      {"2026-11-23T10:16:13+01", k091613},
      {"2026-11-23T03:46:13.25-05:30", k091613 + 250000},
      {"2026-11-23T09:16:13", k091613},
      {"2026-11-23T09:16:13.657376", k091613 + 657376},
      {"2026-11-23T23:16:13.000001+14:00", k091613 + 1},
      {"2026-11-23 09:16:13+00:00", k091613},
      {"2026-11-23 09:16:13.5Z", k091613 + 500000},
      {"<22>2026-11-23T09:16:13.657376+00:00", k091613 + 657376},
  };
  for (const auto& [stamp, time_us] : stamps) {
    const auto raw = std::string(stamp) + " lab postfix/smtp[123]: text";
    INFO(raw);
    const auto line = read(raw);
    CHECK(line.form == HeaderForm::iso8601);
    CHECK(line.time_us == time_us);
    CHECK(line.host == "lab");
    CHECK(line.program == "postfix/smtp");
    CHECK(line.pid == 123);
    CHECK(line.text == "text");
  }
}

TEST_CASE("a date and a time with a space between them, then host and tag: syslog's, not Exim's", "[syslog]") {
  Reader read;
  const auto line = read("2026-11-23 09:16:13 mx1.example.com exim[29786]: login authenticator failed");
  CHECK(line.form == HeaderForm::iso8601);
  CHECK(line.time_us == k091613);
  CHECK(line.host == "mx1.example.com");
  CHECK(line.program == "exim");
  CHECK(line.pid == 29786);
  CHECK(line.text == "login authenticator failed");
  CHECK(read("2026-11-23 09:16:13.250 lab postfix/smtp[5]: x").time_us == k091613 + 250000);
}

TEST_CASE("RFC 5424: all its fields", "[syslog]") {
  Reader read;
  const auto line = read("<22>1 2026-11-23T09:16:13.657376Z lab postfix/smtp 123 - - 4ABC: to=<a@example.com>");
  CHECK(line.form == HeaderForm::rfc5424);
  CHECK(line.time_us == k091613 + 657376);
  CHECK(line.host == "lab");
  CHECK(line.program == "postfix/smtp");
  CHECK(line.pid == 123);
  CHECK(line.text == "4ABC: to=<a@example.com>");
}

TEST_CASE("RFC 5424: nil values, structured data with quotes, a byte order mark", "[syslog]") {
  Reader read;
  const auto nil = read("<22>1 - - - - - -");
  CHECK(nil.form == HeaderForm::rfc5424);
  CHECK(nil.time_us == kNoTime);
  CHECK(nil.host.empty());
  CHECK(nil.program.empty());
  CHECK(nil.pid == 0);
  CHECK(nil.text.empty());

  const auto data = read(
      "<22>1 2026-11-23T10:16:13+01:00 lab sm-mta 9 ID47 [a@1 k=\"x \\\"] y\\]\" e=\"[\"][b@2] \xEF\xBB\xBFtext: [x]");
  CHECK(data.form == HeaderForm::rfc5424);
  CHECK(data.time_us == k091613);
  CHECK(data.program == "sm-mta");
  CHECK(data.pid == 9);
  CHECK(data.text == "text: [x]");

  CHECK(read("1 2026-11-23T09:16:13Z lab sm-mta 9 - - x").text == "x");
  CHECK(read("<22>1 2026-11-23T09:16:13Z lab sm-mta p9 - -  x").pid == 0);
  CHECK(read("<22>1 2026-11-23T09:16:13Z lab sm-mta 9 - [never=\"closed] x").form == HeaderForm::none);
  CHECK(read("<22>1 2026-11-23T09:16:13Z lab").form == HeaderForm::none);
}

TEST_CASE("journalctl -o json: fields in any order, others between them", "[syslog]") {
  Reader read;
  const auto line = read(
      R"({ "MESSAGE" : "4ABC: removed", "PRIORITY":"6","_PID":"77", "N":-1.5e3,"A":[1,{"MESSAGE":"no"},"]"],"T":true,)"
      R"("SYSLOG_IDENTIFIER":"postfix/qmgr","_HOSTNAME":"lab","__REALTIME_TIMESTAMP":"1795425373657376","X":null})");
  CHECK(line.form == HeaderForm::journal);
  CHECK(line.time_us == 1795425373657376);
  CHECK(line.time_us == k091613 + 657376);
  CHECK(line.host == "lab");
  CHECK(line.program == "postfix/qmgr");
  CHECK(line.pid == 77);
  CHECK(line.text == "4ABC: removed");
}

TEST_CASE("journalctl -o json: escapes, surrogate pairs, arrays of bytes", "[syslog]") {
  Reader read;
  const auto message = [&read](const std::string& json) {
    const auto raw = R"({"__REALTIME_TIMESTAMP":"1795425373657376","MESSAGE":)" + json + "}";
    const auto line = read(raw);
    CHECK(line.form == HeaderForm::journal);
    return std::string(line.text);
  };
  CHECK(message(R"("a \"b\" \\ \/ \t\n\r\b\f")") == "a \"b\" \\ / \t\n\r\b\f");
  CHECK(message(R"("\u0041\u00e9\u20AC\ud83d\ude00")") == "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
  CHECK(message(R"("\ud83d \ud83dx \ude00 \ud83d\u0041")") ==
        "\xEF\xBF\xBD \xEF\xBF\xBDx \xEF\xBF\xBD \xEF\xBF\xBD"
        "A");
  CHECK(message(R"("\u12 \uzzzz \u")") == "u12 uzzzz u");
  CHECK(message("[52,65,66,255,10]") == "4AB\xFF\n");
  CHECK(message("[]") == "");
  CHECK(message("null") == "");
  CHECK(message(R"(["first","second"])") == "first");
  CHECK(message("[[72,105],[72]]") == "Hi");
  CHECK(message(R"("\u0000")") == std::string(1, '\0'));
}

TEST_CASE("journalctl -o json: the pid in the tag is the program's own", "[syslog]") {
  Reader read;
  CHECK(read(R"({"__REALTIME_TIMESTAMP":"1","_PID":"5","SYSLOG_PID":"6"})").pid == 6);
  CHECK(read(R"({"__REALTIME_TIMESTAMP":"1","_PID":"5"})").pid == 5);
  CHECK(read(R"({"__REALTIME_TIMESTAMP":1,"SYSLOG_PID":6,"_COMM":"exim4"})").program == "exim4");
}

TEST_CASE("journalctl -o json: what is no whole entry has no header", "[syslog]") {
  Reader read;
  const std::string whole = R"({"__REALTIME_TIMESTAMP":"1795425373657376","A":[{"b":"c\"}"}],"MESSAGE":"x"})";
  CHECK(read(whole).form == HeaderForm::journal);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK(read(std::string_view(whole).substr(0, size)).form == HeaderForm::none);
  }
  CHECK(read(whole + "x").form == HeaderForm::none);
  CHECK(read(R"({"MESSAGE":"x"})").form == HeaderForm::none);
  CHECK(read(R"({"__REALTIME_TIMESTAMP":"soon","MESSAGE":"x"})").form == HeaderForm::none);
}

TEST_CASE("journalctl -o json: unescaped texts stay until the next stretch of lines", "[syslog]") {
  Reader read;
  std::vector<LogLine> lines;
  std::vector<std::string> raws;
  for (int i = 0; i < 3000; ++i) {
    raws.push_back(R"({"__REALTIME_TIMESTAMP":"1","MESSAGE":"\tline )" + std::to_string(i) + std::string(50, '.') +
                   "\"}");
  }
  for (const auto& raw : raws)
    lines.push_back(read(raw));
  for (int i = 0; i < 3000; ++i) {
    CHECK(lines[static_cast<std::size_t>(i)].text == "\tline " + std::to_string(i) + std::string(50, '.'));
  }
}

TEST_CASE("journalctl -o json: texts in the caller's memory outlive the reader's next lines, and the reader",
          "[syslog]") {
  const std::string first = R"({"__REALTIME_TIMESTAMP":"1","MESSAGE":"\tfirst"})";
  const std::string second = R"({"__REALTIME_TIMESTAMP":"1","MESSAGE":"\tother"})";
  Scratch scratch;
  LogLine kept;
  {
    HeaderReader reader;
    reader.start(StampClock(2026), scratch);
    kept = reader.read(first);
    reader.start(StampClock(2026), scratch);
    CHECK(reader.read(second).text == "\tother");
    reader.start(StampClock(2026));
    CHECK(reader.read(second).text == "\tother");
  }
  CHECK(kept.text == "\tfirst");
}

TEST_CASE("Exim's main log: stamp, then the text", "[syslog]") {
  Reader read;
  const auto line = read("2026-11-23 09:16:13 1xVQ9o-0003Ae-0l => a@example.com R=route T=smtp");
  CHECK(line.form == HeaderForm::exim);
  CHECK(line.time_us == k091613);
  CHECK(line.host.empty());
  CHECK(line.program == "exim");
  CHECK(line.pid == 0);
  CHECK(line.text == "1xVQ9o-0003Ae-0l => a@example.com R=route T=smtp");
}

TEST_CASE("Exim's main log: milliseconds, zone and pid are options", "[syslog]") {
  Reader read;
  const std::vector<std::pair<const char*, std::uint32_t>> stamps{
      {"2026-11-23 09:16:13.250", 0},
      {"2026-11-23 10:16:13.250 +0100", 0},
      {"2026-11-23 04:16:13.250 -0500 [4433]", 4433},
      {"2026-11-23 09:16:13.250 [4433]", 4433},
  };
  for (const auto& [stamp, pid] : stamps) {
    for (const char* text :
         {"1xVQ9o-0003Ae-0l <= a@example.com", "Start queue run: pid=4437", "[192.0.2.1] x", "=> x"}) {
      const auto raw = std::string(stamp) + " " + text;
      INFO(raw);
      const auto line = read(raw);
      CHECK(line.form == HeaderForm::exim);
      CHECK(line.time_us == k091613 + 250000);
      CHECK(line.pid == pid);
      CHECK(line.text == text);
    }
  }
  CHECK(read("2026-11-23 09:16:13 ").form == HeaderForm::exim);
  CHECK(read("2026-11-23 09:16:13").text.empty());
}

TEST_CASE("Exim through syslog: its own stamp is dropped", "[syslog]") {
  Reader read;
  const auto line = read("Nov 23 09:16:14 lab exim[55]: 2026-11-23 09:16:13 1xVQ9o-0003Ae-0l Completed");
  CHECK(line.form == HeaderForm::rfc3164);
  CHECK(line.time_us == k091613 + 1'000'000);
  CHECK(line.program == "exim");
  CHECK(line.pid == 55);
  CHECK(line.text == "1xVQ9o-0003Ae-0l Completed");

  const auto pids =
      read("Nov 23 09:16:14 lab exim4[55]: 2026-11-23 10:16:13.123 +0100 [77] 1xVQ9o-0003Ae-0l Completed");
  CHECK(pids.pid == 55);
  CHECK(pids.text == "1xVQ9o-0003Ae-0l Completed");
  CHECK(read("Nov 23 09:16:14 lab exim-out: 2026-11-23 09:16:13 [77] no host name found").pid == 77);
  CHECK(read("Nov 23 09:16:14 lab exim[55]: 1xVQ9o-0003Ae-0l Completed").text == "1xVQ9o-0003Ae-0l Completed");
}

TEST_CASE("Exim through syslog: the pieces of a long line keep their numbers and lose the stamp", "[syslog]") {
  Reader read;
  CHECK(read("Nov 23 09:16:14 lab exim[5]: [1/2] 2026-11-23 09:16:13 1xVQ9o-0003Ae-0l ** a").text ==
        "[1/2] 1xVQ9o-0003Ae-0l ** a");
  CHECK(read("Nov 23 09:16:14 lab exim[5]: [2\\2] the rest of it").text == "[2\\2] the rest of it");
}

TEST_CASE("Exim with syslog's stamp cut off", "[syslog]") {
  Reader read;
  const auto line = read("mail.example.com exim[3751842]: 2026-11-23 09:16:13 plain_server authenticator failed");
  CHECK(line.form == HeaderForm::iso8601);
  CHECK(line.time_us == k091613);
  CHECK(line.host == "mail.example.com");
  CHECK(line.pid == 3751842);
  CHECK(line.text == "plain_server authenticator failed");
  CHECK(read("mail.example.com exim[3751842]: plain_server authenticator failed").form == HeaderForm::none);
}

TEST_CASE("message repeated: the inner text, so many times", "[syslog]") {
  Reader read;
  const auto line =
      read("Nov 23 09:13:57 lab postfix/smtpd[9]: message repeated 3 times: [ connect from a[192.0.2.1]]");
  CHECK(line.times == 3);
  CHECK(line.program == "postfix/smtpd");
  CHECK(line.pid == 9);
  CHECK(line.text == "connect from a[192.0.2.1]");
  for (const char* text : {"message repeated", "message repeated 0 times: [ x]", "message repeated 3 times",
                           "message repeated x times: [ x]", "message repeated 99999999999999999999 times: [ x]"}) {
    const auto raw = "Nov 23 09:13:57 lab a[9]: " + std::string(text);
    const auto odd = read(raw);
    CHECK(odd.times == 1);
    CHECK(odd.program == "a");
  }
}

TEST_CASE("last message repeated: left as it is, and its count can be asked for", "[syslog]") {
  Reader read;
  const auto line = read("Nov 23 09:13:57 lab last message repeated 3 times");
  CHECK(line.form == HeaderForm::rfc3164);
  CHECK(line.times == 1);
  CHECK(line.program.empty());
  CHECK(repeat_count(line.text) == 3);
  CHECK(repeat_count("last message repeated 1 time") == 1);
  CHECK(repeat_count("--- last message repeated 12 times ---") == 12);
  CHECK(repeat_count("Last message 'connect from a' repeated 2 times, suppressed by syslog-ng on lab") == 2);
  CHECK(repeat_count("last message repeated") == 0);
  CHECK(repeat_count("last message repeated times") == 0);
  CHECK(repeat_count("lost connection after last message repeated 3 times") == 0);
  CHECK(repeat_count("") == 0);
}

TEST_CASE("lines without a header are whole in text", "[syslog]") {
  Reader read;
  for (const char* raw : {"",
                          " ",
                          "#",
                          "# failJSON: { \"time\": \"2013-06-12T03:57:58\" }",
                          "-- Logs begin at Mon 2026-11-23 09:00:00 UTC. --",
                          "-- Boot 5f2c --",
                          "-- No entries --",
                          "Nov",
                          "Nov 23",
                          "Nov 23 09:13:57",
                          "Nov 31 09:13:57 lab a: b",
                          "Feb 30 09:13:57 lab a: b",
                          "Nov 23 24:13:57 lab a: b",
                          "Nov 23 09:60:57 lab a: b",
                          "Nov 23 09:13:61 lab a: b",
                          "Nov  0 09:13:57 lab a: b",
                          "Nov 23 9:13:57 lab a: b",
                          "Nov 23 09:13:57x lab a: b",
                          "nov 23 09:13:57 lab a: b",
                          "Non 23 09:13:57 lab a: b",
                          "2026-13-23T09:16:13Z lab a: b",
                          "2026-00-23T09:16:13Z lab a: b",
                          "2026-11-31T09:16:13Z lab a: b",
                          "2026-02-29 09:16:13 exim",
                          "2026-11-23T09:16:13X lab a: b",
                          "2026-11-23T09:16:13+25:00 lab a: b",
                          "2026-11-23_09:16:13 lab a: b",
                          "<22>",
                          "<>",
                          "<22",
                          "{",
                          "{}",
                          "{x}",
                          "<22>1",
                          "<22>1 ",
                          "<22>1 x",
                          "\tNov 23 09:13:57 lab a: b",
                          "From: somebody",
                          "250 OK"}) {
    INFO(raw);
    const auto line = read(raw);
    CHECK(line.form == HeaderForm::none);
    CHECK(line.time_us == kNoTime);
    CHECK(line.host.empty());
    CHECK(line.program.empty());
    CHECK(line.pid == 0);
    CHECK(line.text == raw);
    CHECK(line.raw == raw);
  }
}

TEST_CASE("a carriage return at the end and a byte order mark at the beginning are dropped", "[syslog]") {
  Reader read;
  CHECK(read("Nov 23 09:13:57 lab a[1]: text\r").text == "text");
  CHECK(read("Nov 23 09:13:57 lab a[1]: text\r").raw == "Nov 23 09:13:57 lab a[1]: text");
  CHECK(read("\r").raw.empty());
  CHECK(read("\xEF\xBB\xBFNov 23 09:13:57 lab a[1]: text").text == "text");
}

TEST_CASE("a line of nothing but byte order marks is read at once", "[syslog]") {
  std::string marks;
  for (int i = 0; i < 300'000; ++i) marks += "\xEF\xBB\xBF";
  Reader read;
  CHECK(read(marks).form == HeaderForm::none);
}

TEST_CASE("RFC 3164: blanks behind the host mean the same under a host that was read before", "[syslog]") {
  Reader read;
  for (int again = 0; again < 2; ++again) {
    CHECK(read("Nov 23 09:13:57 lab  sm-mta[1]: text").program == "sm-mta");
    CHECK(read("Nov 23 09:13:57 lab  text without a tag").text == "text without a tag");
  }
}

TEST_CASE("the clock goes on where the lines left it", "[syslog]") {
  Reader in_utc;
  HeaderReader reader;
  reader.start(StampClock(2026));
  reader.read("Dec 31 23:59:59 lab a: b");
  CHECK(reader.read("Jan  1 00:00:00 lab a: b").time_us == utc(2027, 1, 1, 0, 0, 0));
  CHECK(reader.clock().year() == 2027);
  const auto clock = reader.clock();
  reader.start(StampClock(2020));
  CHECK(reader.read("Jan  1 00:00:00 lab a: b").time_us == utc(2020, 1, 1, 0, 0, 0));
  reader.start(clock);
  CHECK(reader.read("Jan  1 00:00:00 lab a: b").time_us == utc(2027, 1, 1, 0, 0, 0));
}

// Every byte string is a line: whatever comes in, the views that come out lie in the line or in scratch
// memory. The sanitizers watch; each line stands in memory of exactly its size.
namespace {

std::size_t read_exactly(HeaderReader& reader, std::string_view text) {
  const std::vector<char> exact(text.begin(), text.end());
  const auto line = reader.read({exact.data(), exact.size()});
  std::size_t sum = line.text.size();
  for (const auto view : {line.host, line.program, line.text, line.raw}) {
    for (const char c : view)
      sum += static_cast<unsigned char>(c);
  }
  return sum + repeat_count(line.text);
}

const std::vector<std::string> kSamples{
    "Nov 23 09:13:57 lab postfix/smtpd[123]: connect from unknown[192.0.2.7]",
    "<22>Nov  3 09:13:57.657376 lab postfix-out/smtp[1234567]: [ID 702911 mail.notice] text",
    "Nov 23 2026 09:13:57 <mail.info> lab sm-mta: message repeated 3 times: [ text]",
    "Nov 23 09:13:57 lab last message repeated 3 times",
    "Nov 23 09:13:57 lab Last message 'x' repeated 3 times, suppressed by syslog-ng on lab",
    "2026-11-23T09:16:13.657376+00:00 lab sm-mta[5]: text",
    "2026-11-23 09:16:13.123 +0100 [77] 1xVQ9o-0003Ae-0l <= a@example.com",
    "2026-11-23 09:16:13 mx1.example.com exim[29786]: [1/2] 2026-11-23 09:16:13 +0100 [5] x",
    "mail.example.com exim[3751842]: 2026-11-23 09:16:13 plain_server",
    "<22>1 2026-11-23T09:16:13Z lab sm-mta 9 ID47 [a@1 k=\"x \\\"] y\\]\" e=\"[\"][b@2] \xEF\xBB\xBFtext",
    R"({"MESSAGE":"a\n\ud83d\ude00\u00e9","B":[[1,2],{"c":"\"]"}],"_PID":"7","__REALTIME_TIMESTAMP":"1795425373657376"})",
    R"({"MESSAGE":[72,105,255],"_HOSTNAME":["a","b"],"SYSLOG_IDENTIFIER":"exim","__REALTIME_TIMESTAMP":"1"})",
};

}  // namespace

TEST_CASE("hostile: every beginning and every end of every form", "[syslog]") {
  HeaderReader reader;
  reader.start(StampClock(2026));
  for (const auto& sample : kSamples) {
    CHECK(reader.read(sample).form != HeaderForm::none);
    for (std::size_t size = 0; size <= sample.size(); ++size) {
      read_exactly(reader, std::string_view(sample).substr(0, size));
      read_exactly(reader, std::string_view(sample).substr(size));
    }
  }
}

TEST_CASE("hostile: any byte anywhere in every form", "[syslog]") {
  HeaderReader reader;
  for (const auto& sample : kSamples) {
    reader.start(StampClock(2026));
    for (std::size_t at = 0; at < sample.size(); ++at) {
      auto changed = sample;
      for (const char c : {'\0', ' ', '\\', '"', '[', ']', '{', ':', '9', '-', '\x7F', '\x80', '\xFF'}) {
        changed[at] = c;
        read_exactly(reader, changed);
      }
    }
  }
}

TEST_CASE("hostile: random bytes, alone and behind the beginning of every form", "[syslog]") {
  std::mt19937 random(20261123);
  HeaderReader reader;
  reader.start(StampClock(2026));
  const auto pick = [&random](std::size_t below) { return static_cast<std::size_t>(random() % below); };
  constexpr std::string_view kAlphabet = "{}[]\"\\:,.+-/ <>=uZT0123456789abNovexim\n";
  for (int round = 0; round < 20000; ++round) {
    const auto& sample = kSamples[pick(kSamples.size())];
    std::string text = sample.substr(0, pick(sample.size() + 1));
    const bool any_byte = pick(2) == 0;
    for (auto count = pick(80); count > 0; --count) {
      text += any_byte ? static_cast<char>(random()) : kAlphabet[pick(kAlphabet.size())];
    }
    read_exactly(reader, text);
    if (round % 1000 == 0) reader.start(StampClock(static_cast<int>(pick(4000))));
  }
}

TEST_CASE("hostile: words of NUL or 0xFF are no stamp that was remembered", "[syslog]") {
  HeaderReader reader;
  reader.start(StampClock(2026));
  for (const char c : {'\0', '\xFF'}) {
    for (const std::string front : {"", "2026-11-23T", "Nov 23 ", "lab exim[1]: ", "<22>"}) {
      CHECK(reader.read(front + std::string(40, c)).form == HeaderForm::none);
      CHECK(reader.read(front + std::string(40, c)).time_us == kNoTime);
    }
  }
}

TEST_CASE("hostile: lines of 100 kilobytes in every part", "[syslog]") {
  Reader read;
  const std::string much(100'000, 'x');
  CHECK(read("Nov 23 09:13:57 lab " + much + "[1]: text").program.empty());
  CHECK(read("Nov 23 09:13:57 lab " + much + ": text").program.empty());
  CHECK(read("Nov 23 09:13:57 lab " + much).text.size() == much.size());
  CHECK(read("Nov 23 09:13:57 " + much + " a[1]: text").host.size() == much.size());
  CHECK(read("Nov 23 09:13:57 lab a[1]: " + much).text.size() == much.size());
  CHECK(read("Nov 23 09:13:57 lab a[" + std::string(100'000, '1') + "]: x").time_us == k091357);
  CHECK(read("2026-11-23T09:16:13." + std::string(100'000, '1') + "Z lab a: x").time_us == k091613 + 111111);
  CHECK(read(R"({"__REALTIME_TIMESTAMP":"1","MESSAGE":"\t)" + much + "\"}").text.size() == much.size() + 1);
  CHECK(
      read(R"({"__REALTIME_TIMESTAMP":"1","A":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}").form ==
      HeaderForm::journal);
}

// Recordings and corpora, where they are present.
namespace {

std::filesystem::path corpora() {
  if (const char* shared = std::getenv("MTALENS_SHARED")) return std::filesystem::path(shared) / "corpora";
  return std::filesystem::path(MTALENS_SOURCE_DIR) / "../shared/corpora";
}

std::vector<std::string> lines_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  if (lines.empty()) WARN("not here, left out: " << file.filename());
  return lines;
}

}  // namespace

TEST_CASE("recordings: every line of the lab has a header, and the two forms of one log say the same", "[syslog]") {
  for (const char* mta : {"postfix", "sendmail"}) {
    const auto plain = lines_of(corpora() / "lab/a" / mta / "maillog");
    const auto iso = lines_of(corpora() / "lab/a" / mta / "maillog.iso");
    if (plain.empty() || iso.empty()) return;
    REQUIRE(plain.size() == iso.size());
    Reader read;
    Reader read_iso;
    for (std::size_t i = 0; i < plain.size(); ++i) {
      const auto a = read(plain[i]);
      const auto b = read_iso(iso[i]);
      REQUIRE(a.form == HeaderForm::rfc3164);
      REQUIRE(b.form == HeaderForm::iso8601);
      REQUIRE(a.time_us == b.time_us - b.time_us % 1'000'000);
      REQUIRE(a.host == b.host);
      REQUIRE(a.program == b.program);
      REQUIRE_FALSE(a.program.empty());
      REQUIRE(a.pid == b.pid);
      REQUIRE(a.text == b.text);
    }
  }
}

TEST_CASE("recordings: every line of Exim's main log is Exim's", "[syslog]") {
  Reader read;
  for (const auto& raw : lines_of(corpora() / "lab/a/exim/mainlog")) {
    INFO(raw);
    const auto line = read(raw);
    REQUIRE(line.form == HeaderForm::exim);
    REQUIRE(line.text == std::string_view(raw).substr(20));
  }
}

// Above each line stands what it must give, with the time in the zone Europe/Zurich:
//   # failJSON: { "time": "2013-06-12T03:57:58", … }
TEST_CASE("corpora: fail2ban's lines have the times it says they have", "[syslog]") {
  const Reader in_utc_afterwards;
  setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
  tzset();
  for (const char* name : {"exim.log", "postfix.log", "sendmail-auth.log", "sendmail-reject.log"}) {
    std::string expected;
    for (const auto& raw : lines_of(corpora() / "fail2ban" / name)) {
      constexpr std::string_view kTime = "\"time\": \"";
      const auto at = raw.find(kTime);
      if (raw.starts_with('#')) {
        if (at != std::string::npos) expected = raw.substr(at + kTime.size(), 19);
        continue;
      }
      if (raw.empty()) continue;
      INFO(raw);
      HeaderReader reader;
      reader.start(StampClock(expected.empty() ? 2026 : std::stoi(expected.substr(0, 4))));
      const auto line = reader.read(raw);
      REQUIRE(line.form != HeaderForm::none);
      REQUIRE_FALSE(line.program.empty());
      if (expected.empty()) continue;
      const auto iso = reader.read(expected + " lab a: b");
      if (iso.form != HeaderForm::none) REQUIRE(line.time_us == iso.time_us);  // some write 2005-03-7
      expected.clear();
    }
  }
  setenv("TZ", "UTC0", 1);
  tzset();
}
