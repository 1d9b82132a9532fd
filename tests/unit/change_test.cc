// Did a change help? Against the week's story: what was really changed, and when (samples/week/*/story.json).
#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "knowledge/knowledge.h"
#include "log_files.h"
#include "mtalens/rule.h"
#include "report/report.h"
#include "rules/change.h"
#include "rules/origins.h"

using namespace mtalens;
using namespace mtalens::test;

namespace {

struct Week {
  nlohmann::json story;
  Analysis analysis;
};

Week week(const std::string& mta) {
  const auto folder = std::filesystem::path(MTALENS_SOURCE_DIR) / "samples/week" / mta;
  const auto log = mta == "exim" ? "mainlog.xz" : "maillog.xz";
  return {nlohmann::json::parse(text_of(folder / "story.json")), analyze(reading({(folder / log).string()}))};
}

std::int64_t moment_in(const Week& week, const char* name) {
  return static_cast<std::int64_t>(week.story[name].get<double>() * 1e6);
}

std::uint64_t sent(const Week& week, const char* kind) {
  std::uint64_t out = 0;
  for (const auto& [day, counts] : week.story["sent"].items()) out += counts.value(kind, 0);
  return out;
}

const std::vector<std::string> kMtas{"postfix", "exim", "sendmail"};
constexpr std::int64_t kHourUs = 3'600'000'000;

// One message an hour from 8 to 17 h for each day named, `per_hour` times; BT takes `quota` of them a day.
std::string days_of_mail(int first_day, int last_day, int per_hour, int quota) {
  std::string log;
  for (int day = first_day; day <= last_day; ++day) {
    int taken = 0;
    for (int hour = 8; hour < 18; ++hour) {
      for (int i = 0; i < per_hour; ++i) {
        const auto two = [](int n) { return (n < 10 ? "0" : "") + std::to_string(n); };
        const auto stamp = "Dec " + std::string(day < 10 ? " " : "") + std::to_string(day) + " " + two(hour) + ":" + two(i) + ":00 ";
        const auto id = "A" + two(day) + two(hour) + two(i);
        const bool takes = taken++ < quota;
        log += stamp + "mx postfix/smtpd[1]: " + id + ": client=c.example[192.0.2.77]\n";
        log += stamp + "mx postfix/qmgr[3]: " + id + ": from=<jo@lab.example>, size=368, nrcpt=1 (queue active)\n";
        log += stamp + "mx postfix/smtp[9]: " + id + ": to=<a@btinternet.com>, relay=mx.bt.lon5.cpcloud.co.uk[192.0.2.1]:25, " +
               "delay=1, delays=0/0/1/0, " +
               (takes ? "dsn=2.0.0, status=sent (250 ok)\n"
                      : "dsn=4.0.0, status=deferred (host mx.bt.lon5.cpcloud.co.uk[192.0.2.1] said: 421 Too many messages "
                        "(1.5.6.1) from 192.0.2.9 (in reply to end of DATA command))\n");
        if (takes) log += stamp + "mx postfix/qmgr[3]: " + id + ": removed\n";
      }
    }
  }
  return log;
}

}  // namespace

TEST_CASE("change: the week's forward is found as the cause when it begins and as the cure when it ends", "[change]") {
  for (const auto& mta : kMtas) {
    CAPTURE(mta);
    const auto said = week(mta);
    const auto& bt = provider_named(said.analysis, "BT Internet");
    const auto moments = moments_of(bt, said.analysis.input);
    REQUIRE(moments.size() == 2);
    CHECK(moments[0].kind == Moment::Kind::origin_began);
    CHECK(moments[1].kind == Moment::Kind::origin_ended);
    CHECK(moments[0].origin->address == "fred@customer.example");
    // The forward's first message comes at most an hour after the forward was made, its last as long before its end.
    CHECK(moments[0].at_us >= moment_in(said, "forward_begins"));
    CHECK(moments[0].at_us - moment_in(said, "forward_begins") < kHourUs);
    CHECK(moments[1].at_us <= moment_in(said, "forward_ends"));
    CHECK(moment_in(said, "forward_ends") - moments[1].at_us < kHourUs);

    const auto began = judge_change(bt, said.analysis.input, moments[0].at_us);
    CHECK(began.verdict == Verdict::made_worse);
    CHECK(began.sureness == Sureness::high);
    CHECK(began.before.offered_per_day == Approx(30).margin(3));  // own mail on a working day
    CHECK(began.after.offered_per_day == Approx(90).margin(10));  // and 60 forwarded
    const auto ended = judge_change(bt, said.analysis.input, moments[1].at_us);
    CHECK(ended.verdict == Verdict::helped);
    CHECK(ended.after.offered_per_day == Approx(30).margin(3));
    REQUIRE(ended.after.taken_per_day);
    CHECK(*ended.after.taken_per_day == Approx(49).margin(1));
  }
}

TEST_CASE("change: the week's useless fix made no difference, though its weekend was quiet", "[change]") {
  for (const auto& mta : kMtas) {
    CAPTURE(mta);
    const auto said = week(mta);
    const auto& bt = provider_named(said.analysis, "BT Internet");
    const auto fix = judge_change(bt, said.analysis.input, moment_in(said, "fix_that_changes_nothing"));
    CHECK(fix.verdict == Verdict::no_difference);
    CHECK(fix.sureness != Sureness::low);
    CHECK_FALSE(fix.on_weekends);
  }
}

TEST_CASE("change: on the Sunday after a fix it is too early to tell", "[change]") {
  const auto folder = std::filesystem::path(MTALENS_SOURCE_DIR) / "samples/week/postfix/maillog.xz";
  Tracker::Options tracking;
  tracking.until_us = at(2026, 12, 13, 23);
  auto said = analyze(reading({folder.string()}), tracking);
  said.input.to_us = at(2026, 12, 13, 23);
  const auto fix = judge_change(provider_named(said, "BT Internet"), said.input, at(2026, 12, 12, 9));
  CHECK(fix.verdict == Verdict::too_early);
}

TEST_CASE("change: half the mail toward a full quota is a cure, more of it makes it worse", "[change]") {
  const auto less = analyze_text(days_of_mail(7, 9, 10, 49) + days_of_mail(10, 11, 3, 49));
  CHECK(judge_change(provider_named(less, "BT Internet"), less.input, at(2026, 12, 10)).verdict == Verdict::helped);
  const auto more = analyze_text(days_of_mail(7, 9, 6, 49) + days_of_mail(10, 11, 12, 49));
  CHECK(judge_change(provider_named(more, "BT Internet"), more.input, at(2026, 12, 10)).verdict == Verdict::made_worse);
}

TEST_CASE("change: a limit that was raised helps though as much is sent as before", "[change]") {
  const auto said = analyze_text(days_of_mail(7, 9, 10, 20) + days_of_mail(10, 11, 10, 80));
  CHECK(judge_change(provider_named(said, "BT Internet"), said.input, at(2026, 12, 10)).verdict == Verdict::helped);
}

TEST_CASE("change: a limit that rose is a moment by itself, and the cure", "[change]") {
  const auto said = analyze_text(days_of_mail(7, 10, 10, 20) + days_of_mail(11, 16, 10, 80));
  const auto moments = moments_of(provider_named(said, "BT Internet"), said.input);
  REQUIRE(moments.size() == 1);
  CHECK(moments[0].kind == Moment::Kind::limit_changed);
  CHECK(moment_words(moments[0]) == "its limit changed from 20 to 80");
  const auto findings = judge(said, Knowledge::builtin());
  const auto cures = std::count_if(findings.begin(), findings.end(), [](const Finding& finding) { return finding.id == "change/helped"; });
  CHECK(cures == 1);
}

TEST_CASE("change: where throttling ceased, what was offered beyond the quota is taken", "[change]") {
  const auto ceased = analyze_text(days_of_mail(7, 9, 10, 49) + days_of_mail(10, 11, 10, 1000));
  CHECK(judge_change(provider_named(ceased, "BT Internet"), ceased.input, at(2026, 12, 10)).verdict == Verdict::helped);
  const auto began = analyze_text(days_of_mail(7, 9, 10, 1000) + days_of_mail(10, 11, 10, 49));
  CHECK(judge_change(provider_named(began, "BT Internet"), began.input, at(2026, 12, 10)).verdict == Verdict::made_worse);
}

std::string reload_on(int day) {
  return "Dec " + std::string(day < 10 ? " " : "") + std::to_string(day) +
         " 07:00:00 mx postfix/master[1]: reload -- version 3.7.11, configuration /etc/postfix\n";
}

// 7 to 10 December 2026 are Monday to Thursday, 14 to 17 as well.
TEST_CASE("change: the restart since which less is sent is told, the others are not", "[change]") {
  const auto said = analyze_text(days_of_mail(7, 9, 10, 49) + reload_on(10) + days_of_mail(10, 13, 10, 49) + reload_on(14) +
                                 days_of_mail(14, 18, 3, 49));
  CHECK(said.restarts.size() == 2);
  const auto restart = telling_restart(provider_named(said, "BT Internet"), said);
  REQUIRE(restart);
  CHECK(restart->at_us == at(2026, 12, 14, 7));
  CHECK(moment_words(*restart) == "Postfix was restarted or took up a new configuration");
  CHECK(judge_change(provider_named(said, "BT Internet"), said.input, restart->at_us).verdict == Verdict::helped);
}

TEST_CASE("change: restarts that change nothing, or come every day, are not told", "[change]") {
  const auto same = analyze_text(days_of_mail(7, 11, 10, 49) + reload_on(12) + days_of_mail(14, 18, 10, 49));
  CHECK(same.restarts.size() == 1);
  CHECK_FALSE(telling_restart(provider_named(same, "BT Internet"), same));
  std::string log;
  for (int day = 7; day <= 18; ++day) log += reload_on(day) + days_of_mail(day, day, day < 14 ? 10 : 3, 49);
  const auto daily = analyze_text(log);
  CHECK(daily.restarts.size() == 12);
  CHECK_FALSE(telling_restart(provider_named(daily, "BT Internet"), daily));
}

TEST_CASE("change: one log against another is judged as one that was cut between them", "[change]") {
  const auto before = analyze_text(days_of_mail(7, 9, 10, 49)), after = analyze_text(days_of_mail(10, 11, 3, 49));
  const auto change = judge_change({&provider_named(before, "BT Internet"), before.input.from_us, before.input.to_us},
                                   {&provider_named(after, "BT Internet"), at(2026, 12, 10), at(2026, 12, 12)});
  CHECK(change.verdict == Verdict::helped);
  CHECK(change.after.offered_per_day == Approx(30));
}

// Sydney is eleven hours ahead: its Monday begins on Sunday at 13:00 UTC.
TEST_CASE("change: weekends are those of the process's zone", "[change]") {
  struct Zone {
    explicit Zone(const char* name) { setenv("TZ", name, 1), tzset(); }
    ~Zone() { setenv("TZ", "UTC", 1), tzset(); }
  };
  const auto said = analyze_text(days_of_mail(7, 15, 10, 49));
  const auto& bt = provider_named(said, "BT Internet");
  const auto monday = at(2026, 12, 13, 13);
  const auto compared = [&] { return judge_change({&bt, at(2026, 12, 7), at(2026, 12, 11)}, {&bt, monday, monday + 24 * kHourUs}); };
  CHECK(compared().verdict == Verdict::too_early);  // in UTC, eleven hours of it are a Sunday's
  const Zone sydney("Australia/Sydney");
  CHECK(compared().verdict == Verdict::no_difference);
}

TEST_CASE("origins: the week's forward has as many messages as were sent through it, and the rest would fit", "[change]") {
  for (const auto& mta : kMtas) {
    CAPTURE(mta);
    const auto said = week(mta);
    const auto& bt = provider_named(said.analysis, "BT Internet");
    REQUIRE(bt.origins.size() == 2);
    CHECK(bt.origins[0].kind == OriginKind::forward);
    CHECK(bt.origins[0].messages == sent(said, "forwarded"));
    CHECK(bt.origins[1].kind == OriginKind::other);
    CHECK(bt.origins[1].messages == sent(said, "own"));
    for (const auto& [day, messages] : bt.origins[0].days) {
      CHECK(messages == said.story["sent"][date_of_day(day)].value("forwarded", 0u));
    }
    const auto left = without(bt, bt.origins[0], limit_of(bt));
    CHECK(left.most == 30);
    CHECK(left.days_above == 0);
    CHECK(left.limit_per_day == 49);
  }
}

TEST_CASE("origins: a rewritten sender is no foreign one", "[change]") {
  std::string log;
  for (const std::string sender : {"SRS0=x4Kd=CR=shop.example=news@lab.example", "news@shop.example", "srs1=a=b.example==c=d=e=f@lab.example"}) {
    const auto id = "BBBB" + std::to_string(1000 + log.size());
    log += "Nov 23 10:00:00 mx postfix/smtpd[1]: " + id + ": client=c.example[192.0.2.77]\n";
    log += "Nov 23 10:00:00 mx postfix/qmgr[3]: " + id + ": from=<" + sender + ">, size=368, nrcpt=1 (queue active)\n";
    log += "Nov 23 10:00:01 mx postfix/smtp[9]: " + id + ": to=<f@btinternet.com>, orig_to=<fred@lab.example>, " +
           "relay=mx.bt.lon5.cpcloud.co.uk[192.0.2.1]:25, delay=1, delays=0/0/1/0, dsn=4.0.0, status=deferred (host "
           "mx.bt.lon5.cpcloud.co.uk[192.0.2.1] said: 421 Too many messages (1.5.6.1) from 192.0.2.9 (in reply to end of "
           "DATA command))\n";
  }
  const auto said = analyze_text(log);
  const auto& origin = provider_named(said, "BT Internet").origins.at(0);
  CHECK(origin.rewritten_senders == 2);
  CHECK(origin.sender_domains == std::map<std::string, std::uint64_t>{{"shop.example", 1}});
}

TEST_CASE("origins: a mailing list and a script are told from users", "[change]") {
  std::string log;
  const auto message = [&](const std::string& id, const std::string& arrival, const std::string& sender) {
    log += "Nov 23 10:00:00 mx postfix/" + arrival + "\n";
    log += "Nov 23 10:00:00 mx postfix/qmgr[3]: " + id + ": from=<" + sender + ">, size=368, nrcpt=1 (queue active)\n";
    log += "Nov 23 10:00:01 mx postfix/smtp[9]: " + id + ": to=<f@btinternet.com>, relay=mx.bt.lon5.cpcloud.co.uk[192.0.2.1]:25, "
           "delay=1, delays=0/0/1/0, dsn=2.0.0, status=sent (250 ok)\n";
  };
  message("AAAAAC1", "smtpd[1]: AAAAAC1: client=c.example[192.0.2.77]", "talk-bounces+f=btinternet.com@lists.example");
  message("AAAAAC2", "smtpd[1]: AAAAAC2: client=c.example[192.0.2.77]", "talk-bounces+g=btinternet.com@lists.example");
  message("AAAAAC3", "pickup[1]: AAAAAC3: uid=33 from=<www-data>", "www-data@lab.example");
  const auto said = analyze_text(log);
  const auto& origins = provider_named(said, "BT Internet").origins;
  REQUIRE(origins.size() == 2);
  CHECK(origins[0].kind == OriginKind::list);
  CHECK(origins[0].address == "talk-bounces@lists.example");
  CHECK(origins[1].kind == OriginKind::local_user);
  CHECK(origins[1].local_user == "33");
}

// A slow transport lets its mail wait unnamed: the forward's mail of the last three days is in the queue, not at its end.
TEST_CASE("change: a forward has not ended where Postfix has not named yet who waits", "[change]") {
  std::string log = days_of_mail(7, 10, 2, 15);
  const std::string to = "to=<a@btinternet.com>,";
  for (auto at = log.find(to); at != log.npos; at = log.find(to, at + 1)) log.insert(at + to.size(), " orig_to=<fred@customer.example>,");
  const auto named = analyze_text(log + "Dec 13 18:00:00 mx postfix/master[1]: reload -- version 3.7.11, configuration /etc/postfix\n");
  for (int day = 11; day <= 13; ++day) {
    for (int i = 10; i < 30; ++i) {
      const auto id = "B00" + std::to_string(day) + std::to_string(i);
      const auto stamp = "Dec " + std::to_string(day) + " " + std::to_string(8 + i / 3) + ":00:00 mx postfix/";
      log += stamp + "smtpd[1]: " + id + ": client=c.example[192.0.2.77]\n";
      log += stamp + "qmgr[3]: " + id + ": from=<jo@lab.example>, size=368, nrcpt=1 (queue active)\n";
    }
  }
  const auto paced = analyze_text(log);
  const auto ends = [](const Analysis& said) {
    const auto moments = moments_of(provider_named(said, "BT Internet"), said.input);
    return std::count_if(moments.begin(), moments.end(), [](const Moment& moment) { return moment.kind == Moment::Kind::origin_ended; });
  };
  CHECK(named.input.unnamed_recipients == 0);
  CHECK(ends(named) == 1);
  CHECK(paced.input.unnamed_recipients == 60);
  CHECK(paced.input.named_until_us() < paced.input.to_us - 2 * 24 * kHourUs);
  CHECK(ends(paced) == 0);
}

TEST_CASE("change: the other recordings have no cause and no cure", "[change]") {
  for (const std::string file : {"a/postfix/maillog", "a/sendmail/maillog", "a/exim/mainlog"}) {
    auto path = std::filesystem::path(MTALENS_SOURCE_DIR) / "samples" / file;
    if (!std::filesystem::exists(path)) path += ".xz";
    for (const auto& finding : judge(analyze(reading({path.string()})), Knowledge::builtin())) {
      CAPTURE(file, finding.title);
      CHECK_FALSE(finding.id.starts_with("change/"));
      CHECK_FALSE(finding.id.starts_with("submission/"));
    }
  }
}
