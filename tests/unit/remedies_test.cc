// The configuration that a report suggests: what numbers go into it, and what a stranger's text must not do to it.
// That it helps is shown by samples/remedy, where the real MTAs were given it.
#include "rules/remedies.h"

#include <catch2/catch.hpp>

#include "knowledge/knowledge.h"

using namespace mtalens;

namespace {

Provider bt(const std::string& mta) {
  Provider provider;
  provider.name = "BT Internet";
  provider.mtas = {mta};
  provider.destinations = {"btinternet.com", "talk21.com"};
  provider.relays = {"mx.bt.lon5.cpcloud.co.uk"};
  return provider;
}

Limit a_day(std::uint64_t value) {
  Limit limit;
  limit.value = value;
  limit.per = Limit::Per::day;
  return limit;
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("remedies: Postfix's slow transport sends a message in each of the limit's shares of a day", "[remedies]") {
  const auto remedy = throttle_remedy(bt("postfix"), a_day(49));
  CAPTURE(remedy);
  CHECK(has(remedy, "bt_internet_destination_rate_delay=1764s"));  // 86400 / 49 = 1763.3
  CHECK(has(remedy, "'btinternet.com bt_internet:[mx.bt.lon5.cpcloud.co.uk]'"));
  CHECK(has(remedy, "'talk21.com bt_internet:[mx.bt.lon5.cpcloud.co.uk]'"));
  CHECK(has(throttle_remedy(bt("postfix"), std::nullopt), "bt_internet_destination_rate_delay=60s"));
}

TEST_CASE("remedies: Exim's router holds what is above a sixth of the limit in a sixth of its time", "[remedies]") {
  auto limit = a_day(49);
  CHECK(has(throttle_remedy(bt("exim"), limit), "ratelimit = 8 / 14112s / leaky / per_cmd / bt_internet"));  // 8 * 1764 s
  limit.value = 5;
  CHECK(has(throttle_remedy(bt("exim"), limit), "ratelimit = 2 / 34560s /"));
  limit.value = 120;
  limit.per = Limit::Per::hour;
  const auto remedy = throttle_remedy(bt("exim"), limit);
  CHECK(has(remedy, "ratelimit = 20 / 600s /"));
  CHECK(has(remedy, "condition = ${if acl{{bt_internet_pace}}}\n"));
  CHECK(has(remedy, "domains = btinternet.com : talk21.com\n"));
  CHECK_FALSE(has(throttle_remedy(bt("exim"), std::nullopt), "ratelimit"));
}

TEST_CASE("remedies: sendmail's queue group lies below its queue directory, else it would not start", "[remedies]") {
  const auto remedy = throttle_remedy(bt("sendmail"), a_day(49));
  CAPTURE(remedy);
  CHECK(has(remedy, "QUEUE_GROUP(\\`bt_internet', \\`Path=/var/spool/mqueue/bt_internet, Interval=1764s, Runners=1, Jobs=1')dnl"));
  CHECK(has(remedy, "Mbt_internet, P=[IPC], F=mDFMuXae,"));
  CHECK(has(remedy, "Q=bt_internet"));
}

TEST_CASE("remedies: a domain of ours that is forwarded to the provider is not routed there as a whole", "[remedies]") {
  auto provider = bt("sendmail");
  provider.destinations = {"customer.example", "btinternet.com"};  // sendmail logs the address before its forward
  TrafficOrigin forward;
  forward.kind = OriginKind::forward;
  forward.address = "fred@customer.example";
  provider.origins = {forward};
  const auto remedy = throttle_remedy(provider, a_day(49));
  CAPTURE(remedy);
  CHECK_FALSE(has(remedy, "'customer.example "));
  CHECK(has(remedy, "'btinternet.com "));
  CHECK(has(remedy, "^R.*(@(btinternet.com)|fred@customer.example)>?$"));  // what of it waits already is moved
}

TEST_CASE("remedies: names that a shell or an MTA would take for more than names are left out", "[remedies]") {
  auto provider = bt("postfix");
  provider.destinations = {"$(reboot).example", "x'y.example", "a b.example", "good.example"};
  provider.relays = {"`id`.example"};
  provider.name = "Evil; rm -rf";
  for (const std::string mta : {"postfix", "exim", "sendmail"}) {
    provider.mtas = {mta};
    const auto remedy = throttle_remedy(provider, a_day(49));
    CAPTURE(remedy);
    for (const auto* bad : {"reboot", "x'y", "a b.example", "`id`", "rm -rf", "Evil"}) CHECK_FALSE(has(remedy, bad));
    CHECK(has(remedy, "good.example"));
  }
}

TEST_CASE("remedies: Postfix overlooks a host's STARTTLS by its address; policies go by the next hop, which the log does not tell", "[remedies]") {
  TlsPeer peer;
  peer.direction = Direction::outbound;
  peer.peer = "mx.nocipher.example.org";
  peer.address = "127.1.0.3";
  peer.mtas = {"postfix"};
  const auto remedy = starttls_remedy(peer, TlsCause::no_shared_cipher, Knowledge::builtin());
  CHECK(has(remedy, "echo '127.1.0.3 starttls' >> /etc/postfix/no_starttls"));
  CHECK_FALSE(has(remedy, "mx.nocipher.example.org"));
}

TEST_CASE("remedies: a client that shares no cipher is served by a second certificate; one that hangs up is not", "[remedies]") {
  TlsPeer peer;
  peer.direction = Direction::inbound;
  peer.peer = "mail-qg0-f50.google.com";
  for (const std::string mta : {"postfix", "exim", "sendmail"}) {
    peer.mtas = {mta};
    CHECK(has(starttls_remedy(peer, TlsCause::no_shared_cipher, Knowledge::builtin()), "-keyout ecdsa.key"));
    for (const auto cause : {TlsCause::connection_lost, TlsCause::timeout, TlsCause::not_tls, TlsCause::other}) {
      const auto remedy = starttls_remedy(peer, cause, Knowledge::builtin());
      CHECK_FALSE(has(remedy, "ecdsa"));
      CHECK_FALSE(has(remedy, "{peer}"));
      CHECK(remedy.size() > 20);
    }
  }
}

TEST_CASE("remedies: a certificate that we demand and do not get is a matter of our policy", "[remedies]") {
  TlsPeer peer;
  peer.direction = Direction::outbound;
  peer.peer = "mta7.am0.yahoodns.net";
  peer.address = "127.1.0.2";
  peer.mtas = {"postfix"};
  const auto remedy = starttls_remedy(peer, TlsCause::certificate, Knowledge::builtin());
  CHECK(has(remedy, "smtp_tls_policy_maps"));
  CHECK_FALSE(has(remedy, "no_starttls"));
}

TEST_CASE("remedies: sendmail goes in clear to a host at once, for what it remembers of the host is purged", "[remedies]") {
  TlsPeer peer;
  peer.direction = Direction::outbound;
  peer.peer = "mx.nocipher.example.org";
  peer.mtas = {"sendmail"};
  const auto remedy = starttls_remedy(peer, TlsCause::no_shared_cipher, Knowledge::builtin());
  CHECK(has(remedy, "echo 'Try_TLS:mx.nocipher.example.org NO' >> /etc/mail/access\n"));
  CHECK(has(remedy, "purgestat -OTimeout.hoststatus=1s\n"));
}
