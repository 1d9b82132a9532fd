#include "flow_generator.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <random>
#include <vector>

namespace mtalens::test {
namespace {

constexpr std::int64_t kBegin = 1'795'392'000;  // 2026-11-23 00:00:00 UTC, in seconds

struct Host {
  const char* name;
  const char* domain;
  const char* address;
  int refuses;     // of 100 conversations, after the end of data, as a throttle
  int greylists;   // of 100 recipients
  int unknown;     // of 100 recipients
  int breaks_tls;  // of 100 conversations
};

constexpr std::array<Host, 4> kHosts{{
    {"mx.slow.example", "slow.example", "192.0.2.1", 60, 0, 0, 0},
    {"mx.grey.example", "grey.example", "192.0.2.2", 0, 40, 5, 0},
    {"mx.good.example", "good.example", "192.0.2.3", 0, 0, 3, 0},
    {"mx.old.example", "old.example", "192.0.2.4", 5, 0, 0, 50},
}};

enum class End { delivered, throttled, greylisted, unknown, no_tls };

// A recipient of the message at hand.
struct To {
  std::string address;
  const Host* host = nullptr;
  bool open = true;
};

// One conversation with a host: who was tried, and what came of it.
struct Conversation {
  const Host* host = nullptr;
  std::int64_t time = 0;
  std::int64_t arrived = 0;
  int pid = 0;
  bool tls_failed = false;
  std::vector<std::pair<To*, End>> tries;
};

class Inventor {
 public:
  Inventor(const Draw& draw, const Strangers& strangers) : strangers_(strangers), draw_(draw) {}
  virtual ~Inventor() = default;

  Flow invent(int messages) {
    for (const auto& host : kHosts)
      flow_.hosts[host.name];
    for (int i = 0; i < messages; ++i)
      live(kBegin + static_cast<std::int64_t>(draw_() % 100'000));
    std::stable_sort(lines_.begin(), lines_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [time, text] : lines_)
      flow_.log += text + "\n";
    return std::move(flow_);
  }

 protected:
  // `stays`: it may wait in the queue when the log ends.
  virtual std::string new_id(std::int64_t arrived, bool stays) = 0;
  virtual void arrival(std::int64_t time, const std::string& id, const std::vector<To>& recipients) = 0;
  virtual void conversation(const std::string& id, const Conversation& talk) = 0;
  virtual void expiry(std::int64_t time, const std::string& id, const std::vector<To>& left) = 0;
  virtual void end(std::int64_t time, const std::string& id) = 0;
  // Whether the log shows which mail went in clear text.
  virtual bool tells_clear_text() const { return true; }
  // Whether a failed handshake is followed by a delivery in clear text at once.
  virtual bool goes_on_in_clear() const { return false; }

  void write(std::int64_t time, std::string text) { lines_.emplace_back(time, std::move(text)); }
  bool chance(int of_100) { return static_cast<int>(draw_() % 100) < of_100; }
  int next_pid() { return ++pid_; }

  std::string throttled() const { return and_more("421 4.7.0 Too many messages from 192.0.2.9"); }
  std::string greylisted() const { return and_more("450 4.2.0 Greylisted, try again later"); }
  std::string unknown_user() const { return and_more("550 5.1.1 User unknown"); }

  Flow flow_;

 private:
  std::string and_more(std::string reply) const { return reply + strangers_.reply_end; }

  void live(std::int64_t arrived) {
    std::vector<To> recipients;
    const auto count = 1 + draw_() % 4;
    const auto first = draw_() % kHosts.size(), second = draw_() % kHosts.size();
    for (std::uint64_t i = 0; i < count; ++i) {
      const Host& host = kHosts[i % 2 == 0 ? first : second];
      recipients.push_back({fmt::format("{}{}@{}", strangers_.local_part, i, host.domain), &host});
    }
    const bool waits = chance(20);  // the log ends before it is given up
    const auto id = new_id(arrived, waits);
    tls_broke_ = fell_back_ = false;
    flow_.totals.messages += 1;
    flow_.totals.recipients += recipients.size();
    arrival(arrived, id, recipients);
    auto now = arrived;
    for (int round = 0; round < 5; ++round) {
      now = arrived + 1 + round * 900 + static_cast<std::int64_t>(draw_() % 60);
      for (const auto& host : kHosts)
        now = std::max(now, talk_to(host, id, arrived, now, recipients));
      if (std::none_of(recipients.begin(), recipients.end(), [](const To& to) { return to.open; })) return end(now, id);
    }
    std::vector<To> left;
    for (const auto& to : recipients) {
      if (to.open) left.push_back(to);
    }
    if (waits) {
      flow_.totals.queued += left.size();
      flow_.queued_ids.insert(id);
      return;
    }
    flow_.totals.expired += left.size();
    flow_.totals.messages += 1;  // the notice to its sender: delivered here
    flow_.totals.recipients += 1;
    flow_.totals.delivered += 1;
    expiry(now + 1000, id, left);
    end(now + 1000, id);
  }

  std::int64_t talk_to(const Host& host, const std::string& id, std::int64_t arrived, std::int64_t now,
                       std::vector<To>& recipients) {
    Conversation talk;
    talk.host = &host;
    talk.arrived = arrived;
    talk.time = now + static_cast<std::int64_t>(draw_() % 3);
    talk.pid = next_pid();
    for (auto& to : recipients) {
      if (to.open && to.host == &host) talk.tries.emplace_back(&to, End::delivered);
    }
    if (talk.tries.empty()) return now;
    talk.tls_failed = chance(host.breaks_tls);
    const bool refused = chance(host.refuses);
    for (auto& [to, end] : talk.tries) {
      end = talk.tls_failed && !goes_on_in_clear() ? End::no_tls
            : chance(host.unknown)                 ? End::unknown
            : chance(host.greylists)               ? End::greylisted
            : refused                              ? End::throttled
                                                   : End::delivered;
    }
    count(talk);
    conversation(id, talk);
    return talk.time;
  }

  void count(Conversation& talk) {
    auto& truth = flow_.hosts[talk.host->name];
    bool accepted = false, refused = false;
    for (auto& [to, end] : talk.tries) {
      accepted |= end == End::delivered;
      refused |= end == End::throttled;
      truth.refusals += end == End::greylisted || end == End::unknown ? 1 : 0;
      to->open = end != End::delivered && end != End::unknown;
      flow_.totals.delivered += end == End::delivered ? 1 : 0;
      flow_.totals.bounced += end == End::unknown ? 1 : 0;
      flow_.attempts.delivered += end == End::delivered ? 1 : 0;
      flow_.attempts.bounced += end == End::unknown ? 1 : 0;
      flow_.attempts.deferred += to->open ? 1 : 0;
      flow_.attempts.throttled += end == End::throttled ? 1 : 0;
    }
    truth.accepted += accepted ? 1 : 0;
    truth.refusals += refused ? 1 : 0;
    truth.throttled += refused ? 1 : 0;
    truth.tls_failed += talk.tls_failed ? 1 : 0;
    tls_broke_ |= talk.tls_failed;
    if (!tells_clear_text() || !accepted || !tls_broke_ || fell_back_ || talk.host->breaks_tls == 0) return;
    fell_back_ = true;
    truth.fallbacks += 1;
  }

  const Strangers& strangers_;
  const Draw& draw_;
  std::vector<std::pair<std::int64_t, std::string>> lines_;
  int pid_ = 1000;
  bool tls_broke_ = false;  // for the message at hand
  bool fell_back_ = false;  // and it went in clear text after that
};

std::string syslog(std::int64_t time, std::string_view tag, int pid, std::string_view text) {
  const std::time_t seconds = time;
  return fmt::format("{:%b %e %H:%M:%S} mx {}[{}]: {}", fmt::gmtime(seconds), tag, pid, text);
}

class PostfixInventor : public Inventor {
 public:
  using Inventor::Inventor;

 protected:
  // It says nothing here of handshakes that succeed: in clear text or not is unknown.
  bool tells_clear_text() const override { return false; }

  // Short ids are used again and again: here every one of a few dozen that is free for some seconds.
  std::string new_id(std::int64_t arrived, bool stays) override {
    if (stays) return fmt::format("{:05X}1067", 0xB0000 + ++stayed_);
    for (int i = 0;; ++i) {
      const auto id = fmt::format("{:05X}1066", 0xA0000 + i * 37);
      const auto lives = busy_.equal_range(id);
      const bool free = std::all_of(lives.first, lives.second, [&](const auto& life) {
        return arrived > life.second + 10'000 || arrived + 10'000 < life.second;
      });
      if (!free) continue;
      busy_.emplace(id, arrived);
      return id;
    }
  }

  void arrival(std::int64_t time, const std::string& id, const std::vector<To>& recipients) override {
    write(time, syslog(time, "postfix/smtpd", 11, id + ": client=localhost[127.0.0.1]"));
    write(time, syslog(time, "postfix/cleanup", 12, fmt::format("{}: message-id=<{}.{}@lab.example>", id, time, id)));
    write(time, active(time, id, "boss@lab.example", recipients.size()));
  }

  void conversation(const std::string& id, const Conversation& talk) override {
    const auto& host = *talk.host;
    const auto smtp = [&](std::string_view text) {
      write(talk.time, syslog(talk.time, "postfix/smtp", talk.pid, text));
    };
    if (talk.time - talk.arrived > 100) write(talk.time, active(talk.time, id, "boss@lab.example", talk.tries.size()));
    if (talk.tls_failed) {
      smtp(fmt::format("SSL_connect error to {}[{}]:25: -1", host.name, host.address));
      smtp(
          "warning: TLS library problem: error:0A0000C1:SSL routines::no shared "
          "cipher:../ssl/statem/statem_srvr.c:2226:");
    }
    const auto age = talk.time - talk.arrived;
    for (const auto& [to, end] : talk.tries) {
      const auto said = [&](std::string_view reply, std::string_view when) {
        return fmt::format("host {}[{}] said: {} (in reply to {} command)", host.name, host.address, reply, when);
      };
      const auto status = end == End::delivered ? std::string("dsn=2.0.0, status=sent (250 2.0.0 Ok: queued)")
                          : end == End::throttled
                              ? "dsn=4.7.0, status=deferred (" + said(throttled(), "end of DATA") + ")"
                          : end == End::greylisted ? "dsn=4.2.0, status=deferred (" + said(greylisted(), "RCPT TO") + ")"
                          : end == End::unknown    ? "dsn=5.1.1, status=bounced (" + said(unknown_user(), "RCPT TO") + ")"
                                                   : "dsn=4.7.5, status=deferred (Cannot start TLS: handshake failure)";
      smtp(fmt::format("{}: to=<{}>, relay={}[{}]:25, delay={}, delays={}/0/0.{:02}/0, {}", id, to->address, host.name,
                       host.address, age, age, talk.pid % 100, status));
    }
  }

  void expiry(std::int64_t time, const std::string& id, const std::vector<To>&) override {
    const auto notice = new_id(time, false);
    write(time, syslog(time, "postfix/qmgr", 13, id + ": from=<boss@lab.example>, status=expired, returned to sender"));
    write(time,
          syslog(time, "postfix/cleanup", 12, fmt::format("{}: message-id=<{}.{}@lab.example>", notice, time, notice)));
    write(time, active(time, notice, "", 1));
    write(time, syslog(time, "postfix/bounce", 14, id + ": sender non-delivery notification: " + notice));
    write(time, syslog(time, "postfix/local", 15,
                       notice + ": to=<boss@lab.example>, relay=local, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent "
                                "(delivered to mailbox)"));
    end(time, notice);
  }

  void end(std::int64_t time, const std::string& id) override {
    write(time, syslog(time, "postfix/qmgr", 13, id + ": removed"));
  }

 private:
  static std::string active(std::int64_t time, const std::string& id, std::string_view sender, std::size_t recipients) {
    return syslog(time, "postfix/qmgr", 13,
                  fmt::format("{}: from=<{}>, size=368, nrcpt={} (queue active)", id, sender, recipients));
  }

  int stayed_ = 0;
  std::multimap<std::string, std::int64_t>
      busy_;  // when a message with that id arrived; none lives longer than 10,000 s
};

class SendmailInventor : public Inventor {
 public:
  using Inventor::Inventor;

 protected:
  std::string new_id(std::int64_t, bool) override { return fmt::format("6ANHjsX{:07}", ++ids_); }

  void arrival(std::int64_t time, const std::string& id, const std::vector<To>& recipients) override {
    write(time, syslog(time, "sm-mta", next_pid(),
                       fmt::format("{}: from=<boss@lab.example>, size=76, class=0, nrcpts={}, msgid=<{}@lab.example>, "
                                   "proto=ESMTP, daemon=MTA, relay=localhost [127.0.0.1]",
                                   id, recipients.size(), id)));
  }

  void conversation(const std::string& id, const Conversation& talk) override {
    const auto& host = *talk.host;
    const auto says = [&](std::string_view text) { write(talk.time, syslog(talk.time, "sm-mta", talk.pid, text)); };
    if (talk.tls_failed) {
      says(
          "STARTTLS=client, error: connect failed=-1, reason=sslv3 alert handshake failure, SSL_error=1, errno=0, "
          "retry=-1");
      says(fmt::format("ruleset=tls_server, arg1=SOFTWARE, relay={}, reject=454 4.7.0 TLS handshake failed.",
                       host.name));
    }
    // Those refused one by one have a line each, the rest share one.
    std::string together;
    End shared = End::delivered;
    for (const auto& [to, end] : talk.tries) {
      if (end == End::greylisted)
        says(line(id, talk, "<" + to->address + ">", "4.2.0",
                  fmt::format("reply={}, stat=Deferred: {}", greylisted(), greylisted())));
      if (end == End::unknown)
        says(
            line(id, talk, "<" + to->address + ">", "5.1.1", fmt::format("reply={}, stat=User unknown", unknown_user())));
      if (end == End::greylisted || end == End::unknown) continue;
      together += (together.empty() ? "<" : ",<") + to->address + ">";
      shared = end;
    }
    if (together.empty()) return;
    says(shared == End::delivered ? line(id, talk, together, "2.0.0", "stat=Sent (2.0.0 Ok: queued)")
         : shared == End::throttled
             ? line(id, talk, together, "4.7.0", fmt::format("reply={}, stat=Deferred: {}", throttled(), throttled()))
             : line(id, talk, together, "4.7.0", "stat=Deferred: 454 4.7.0 TLS handshake failed."));
  }

  void expiry(std::int64_t time, const std::string& id, const std::vector<To>&) override {
    const auto notice = new_id(time, false);
    const auto pid = next_pid();
    write(time, syslog(time, "sm-mta", pid, fmt::format("{}: {}: DSN: Cannot send message for 5 days", id, notice)));
    write(
        time,
        syslog(
            time, "sm-mta", pid,
            notice +
                ": to=<boss@lab.example>, delay=00:00:00, xdelay=00:00:00, mailer=local, pri=1, dsn=2.0.0, stat=Sent"));
  }

  void end(std::int64_t, const std::string&) override {}

 private:
  static std::string line(const std::string& id, const Conversation& talk, std::string_view to, std::string_view dsn,
                          std::string_view rest) {
    const auto age = talk.time - talk.arrived;
    return fmt::format(
        "{}: to={}, delay={:02}:{:02}:{:02}, xdelay=00:00:00, mailer=esmtp, pri=30076, relay={}. [{}], dsn={}, {}", id,
        to, age / 3600, age / 60 % 60, age % 60, talk.host->name, talk.host->address, dsn, rest);
  }

  int ids_ = 0;
};

class EximInventor : public Inventor {
 public:
  using Inventor::Inventor;

 protected:
  bool goes_on_in_clear() const override { return true; }

  std::string new_id(std::int64_t, bool) override {
    ++ids_;
    return fmt::format("1xVY{:02}-{:06}-{:02}", ids_ / 1'000'000 % 100, ids_ % 1'000'000, ids_ % 100);
  }

  void arrival(std::int64_t time, const std::string& id, const std::vector<To>& recipients) override {
    std::string list;
    for (const auto& to : recipients)
      list += " " + to.address;
    says(time, id + " <= boss@lab.example H=(c.example) [127.0.0.1]:38870 P=esmtp S=304 for" + list);
  }

  void conversation(const std::string& id, const Conversation& talk) override {
    const auto& host = *talk.host;
    const auto where = fmt::format("H={} [{}]", host.name, host.address);
    if (talk.tls_failed) {
      says(talk.time, fmt::format("{} TLS session: (gnutls_handshake): Handshake failed: delivering unencrypted to {} "
                                  "(not in hosts_require_tls)",
                                  id, where));
    }
    const auto refused = fmt::format("SMTP error from remote mail server after end of data: {}", throttled());
    bool told = false;
    std::string_view arrow = "=>";
    for (const auto& [to, end] : talk.tries) {
      if (end == End::throttled && !told) {
        says(talk.time, fmt::format("{} {}: {}", id, where, refused));
        told = true;
      }
      const auto rcpt = [&](std::string_view reply) {
        return fmt::format("SMTP error from remote mail server after RCPT TO:<{}>: {}", to->address, reply);
      };
      switch (end) {
        case End::delivered:
          break;
        case End::throttled:
          says(talk.time,
               fmt::format("{} == {} R=route T=remote_smtp defer (-46) {} DT=0s: {}", id, to->address, where, refused));
          break;
        case End::greylisted:
          says(talk.time, fmt::format("{} == {} R=route T=remote_smtp defer (-44) {}: {}", id, to->address, where,
                                      rcpt(greylisted())));
          break;
        case End::unknown:
          says(talk.time,
               fmt::format("{} ** {} R=route T=remote_smtp {}: {}", id, to->address, where, rcpt(unknown_user())));
          break;
        case End::no_tls:
          break;
      }
    }
    for (const auto& [to, end] : talk.tries) {
      if (end != End::delivered) continue;
      says(talk.time, fmt::format("{} {} {} R=route T=remote_smtp S=318 {} C=\"250 2.0.0 Ok: queued\" QT=0s DT=0s", id,
                                  arrow, to->address, where));
      arrow = "->";
    }
  }

  void expiry(std::int64_t time, const std::string& id, const std::vector<To>& left) override {
    const auto notice = new_id(time, false);
    for (const auto& to : left)
      says(time, fmt::format("{} ** {}: retry timeout exceeded", id, to.address));
    says(time, fmt::format("{} <= <> R={} U=Debian-exim P=local S=1820 for boss@lab.example", notice, id));
    says(time, notice + " => boss <boss@lab.example> R=local T=discard S=0 QT=0s DT=0s");
    end(time, notice);
  }

  void end(std::int64_t time, const std::string& id) override { says(time, id + " Completed"); }

 private:
  void says(std::int64_t time, std::string_view text) {
    const std::time_t seconds = time;
    write(time, fmt::format("{:%Y-%m-%d %H:%M:%S} {}", fmt::gmtime(seconds), text));
  }

  int ids_ = 0;
};

}  // namespace

Flow invent_flow(std::string_view mta, const Draw& draw, int messages, const Strangers& strangers) {
  if (mta == "postfix") return PostfixInventor(draw, strangers).invent(messages);
  if (mta == "sendmail") return SendmailInventor(draw, strangers).invent(messages);
  return EximInventor(draw, strangers).invent(messages);
}

Flow invent_flow(std::string_view mta, unsigned seed, int messages) {
  std::mt19937 random(seed);
  return invent_flow(mta, [&] { return static_cast<std::uint32_t>(random()); }, messages);
}

}  // namespace mtalens::test
