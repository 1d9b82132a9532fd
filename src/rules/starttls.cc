// Which handshakes fail, why, and what became of the mail.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "mtalens/rule.h"
#include "rules/remedies.h"
#include "rules/wording.h"

namespace mtalens {
namespace {

TlsCause main_cause(const TlsPeer& peer) {
  std::size_t most = 0;
  for (std::size_t i = 1; i < peer.causes.size(); ++i) {
    if (peer.causes[i] > peer.causes[most]) most = i;
  }
  return static_cast<TlsCause>(most);
}

std::string_view cause_words(TlsCause cause) {
  switch (cause) {
    case TlsCause::no_shared_cipher: return "you share no TLS cipher";
    case TlsCause::protocol_version: return "you share no TLS version";
    case TlsCause::certificate: return "the certificate is not accepted";
    case TlsCause::connection_lost: return "the connection breaks during the handshake";
    case TlsCause::not_tls: return "what comes after STARTTLS is no TLS";
    case TlsCause::timeout: return "the handshake times out";
    default: return "the handshake fails";
  }
}

constexpr std::size_t kMostPeers = 50;  // told one by one, of each direction: those with most failures

// Further peers that fail alike.
struct Others {
  TlsPeer sum;
  std::uint64_t peers = 0;

  void add(const TlsPeer& peer) {
    if (peers++ == 0) {
      sum = peer;
      return;
    }
    sum.handshakes += peer.handshakes;
    sum.failed += peer.failed;
    for (std::size_t i = 0; i < sum.causes.size(); ++i) sum.causes[i] += peer.causes[i];
    sum.fallbacks += peer.fallbacks;
    sum.waiting += peer.waiting;
    sum.expired += peer.expired;
    if (peer.first_failed_us < sum.first_failed_us) {
      sum.first_failed_us = peer.first_failed_us;
      sum.first = peer.first;
    }
    if (peer.last_failed_us > sum.last_failed_us) {
      sum.last_failed_us = peer.last_failed_us;
      sum.last = peer.last;
    }
  }
};

class StartTls : public Rule {
 public:
  std::string_view name() const override { return "starttls"; }

  void judge(const Analysis& analysis, const Knowledge& knowledge, std::vector<Finding>& findings) const override {
    std::array<std::size_t, 3> told{};  // by direction
    std::map<std::pair<Direction, TlsCause>, Others> others;
    for (const auto& peer : analysis.tls) {
      if (peer.expired > 0) findings.push_back(lost(peer, knowledge));
      if (told[static_cast<std::size_t>(peer.direction)]++ >= kMostPeers) {
        others[{peer.direction, main_cause(peer)}].add(peer);
        continue;
      }
      findings.push_back(failed(peer, knowledge));
      if (peer.fallbacks > 0) findings.push_back(in_clear(peer, knowledge));
    }
    for (const auto& [kind, peers] : others) findings.push_back(failed(peers, kind.second, knowledge));
  }

 private:
  static std::string name_of(const TlsPeer& peer) { return peer.peer.empty() ? "a peer that the log does not name" : peer.peer; }

  static Finding base(const TlsPeer& peer) {
    Finding out;
    out.subject = {{"peer", peer.peer}, {"direction", std::string(direction_name(peer.direction))}};
    out.numbers["handshakes"] = peer.handshakes;
    out.numbers["failed"] = peer.failed;
    out.numbers["causes"] = nlohmann::ordered_json::object();
    for (std::size_t i = 1; i < peer.causes.size(); ++i) {
      if (peer.causes[i] > 0) out.numbers["causes"][std::string(cause_name(static_cast<TlsCause>(i)))] = peer.causes[i];
    }
    out.numbers["fallbacks"] = peer.fallbacks;
    out.numbers["waiting"] = peer.waiting;
    out.numbers["expired"] = peer.expired;
    if (peer.first_failed_us != kNoTime) {
      out.numbers["first"] = iso_utc(peer.first_failed_us);
      out.numbers["last"] = iso_utc(peer.last_failed_us);
    }
    out.occurrences = peer.failed;
    if (peer.first.line != 0) out.evidence.push_back(peer.first);
    if (peer.failed > 1) out.evidence.push_back(peer.last);
    return out;
  }

  static Finding failed(const TlsPeer& peer, const Knowledge& knowledge) {
    const auto cause = main_cause(peer);
    const bool inbound = peer.direction == Direction::inbound;
    Finding out = base(peer);
    out.id = "starttls/handshake-failed";
    out.severity = Severity::warning;
    out.title = inbound ? fmt::format("{} fails STARTTLS with you: {}", name_of(peer), cause_words(cause))
                        : fmt::format("STARTTLS to {} fails: {}", name_of(peer), cause_words(cause));
    auto since = fmt::format("{} of {} failed, {}", grouped(peer.failed), counted(peer.handshakes, "handshake"),
                             span_of(peer.first_failed_us, peer.last_failed_us));
    if (!peer.address.empty()) since += " [" + peer.address + "]";
    out.details.push_back(since);
    if (!peer.words.empty()) out.details.push_back("\"" + peer.words + "\"");
    out.details.push_back(what_became(peer));
    out.meaning = inbound ? "The mail it wanted to bring did not come in over these connections."
                          : "Mail to it cannot be encrypted; whether it still goes out depends on the MTA.";
    out.remedy = starttls_remedy(peer, cause, knowledge);
    return out;
  }

  // The first of them is the example that the quoted words and the remedy are of.
  static Finding failed(const Others& others, TlsCause cause, const Knowledge& knowledge) {
    Finding out = failed(others.sum, knowledge);
    const bool inbound = others.sum.direction == Direction::inbound;
    out.subject.front() = {"peers", std::to_string(others.peers)};
    out.numbers["peers"] = others.peers;
    const auto more = counted(others.peers, "more peer");
    out.title = inbound ? fmt::format("{} fail STARTTLS with you: {}", more, cause_words(cause))
                        : fmt::format("STARTTLS to {} fails: {}", more, cause_words(cause));
    return out;
  }

  static std::string what_became(const TlsPeer& peer) {
    if (peer.direction == Direction::inbound) {
      return peer.handshakes > peer.failed
                 ? fmt::format("other handshakes with it succeed ({})", grouped(peer.handshakes - peer.failed))
                 : "no handshake with it ever succeeded in this log";
    }
    std::string out;
    const auto add = [&](std::uint64_t n, std::string_view noun, std::string_view what) {
      if (n > 0) out += (out.empty() ? "" : "; ") + counted(n, noun) + std::string(what);
    };
    add(peer.fallbacks, "message", " went out in clear text afterwards");
    add(peer.waiting, "recipient", " waiting");
    add(peer.expired, "recipient", " expired");
    return out.empty() ? "no mail waits because of it" : out;
  }

  static Finding lost(const TlsPeer& peer, const Knowledge& knowledge) {
    Finding out = base(peer);
    out.id = "starttls/mail-lost";
    out.severity = Severity::critical;
    out.occurrences = peer.expired;
    out.title = fmt::format("{} for {} expired because STARTTLS never worked", counted(peer.expired, "recipient"), name_of(peer));
    out.meaning = "The MTA insists on TLS once the other side offers it, and gave the mail up in the end.";
    out.remedy = starttls_remedy(peer, main_cause(peer), knowledge);
    return out;
  }

  static Finding in_clear(const TlsPeer& peer, const Knowledge& knowledge) {
    Finding out = base(peer);
    out.id = "starttls/fallback";
    out.severity = Severity::info;
    out.occurrences = peer.fallbacks;
    out.title = fmt::format("{} to {} went in clear text", counted(peer.fallbacks, "message"), name_of(peer));
    out.meaning = "After a failed handshake the mail was sent unencrypted.";
    out.remedy = starttls_remedy(peer, main_cause(peer), knowledge);
    return out;
  }
};

}  // namespace

const Rule& starttls_rule() {
  static const StartTls rule;
  return rule;
}

}  // namespace mtalens
