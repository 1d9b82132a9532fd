// Which handshakes fail, why, and what became of the mail.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <tuple>
#include <utility>

#include "knowledge/knowledge.h"
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

// By its name as a mail host, or by a domain of the operator's that it stands in: mail-qg0-f50.google.com.
std::uint32_t operator_of(const TlsPeer& peer, const Knowledge& knowledge) {
  if (const auto id = knowledge.operator_of_relay(peer.peer)) return id;
  for (auto dot = peer.peer.find('.'); dot != std::string::npos; dot = peer.peer.find('.', dot + 1)) {
    if (const auto id = knowledge.operator_of_domain(std::string_view(peer.peer).substr(dot + 1))) return id;
  }
  return 0;
}

constexpr std::size_t kMostPeers = 50;  // told one by one, of each direction: those with most failures

// Peers that fail alike: those of one operator, or further ones.
struct Alike {
  std::vector<const TlsPeer*> peers;

  TlsPeer sum() const {
    TlsPeer out = *peers.front();
    for (std::size_t i = 1; i < peers.size(); ++i) out.add(*peers[i]);
    return out;
  }
};

class StartTls : public Rule {
 public:
  std::string_view name() const override { return "starttls"; }

  void judge(const Analysis& analysis, const Knowledge& knowledge, std::vector<Finding>& findings) const override {
    std::map<std::tuple<Direction, std::uint32_t, TlsCause>, Alike> by_operator;
    for (const auto& peer : analysis.tls) {
      if (const auto id = operator_of(peer, knowledge)) by_operator[{peer.direction, id, main_cause(peer)}].peers.push_back(&peer);
    }
    std::array<std::size_t, 3> told{};  // by direction
    std::map<std::pair<Direction, TlsCause>, Alike> others;
    for (const auto& peer : analysis.tls) {
      if (peer.expired > 0) findings.push_back(lost(peer, knowledge));
      const auto id = operator_of(peer, knowledge);
      const auto alike = id != 0 ? by_operator.find({peer.direction, id, main_cause(peer)}) : by_operator.end();
      if (alike != by_operator.end() && alike->second.peers.size() > 1) {
        if (alike->second.peers.front() == &peer) findings.push_back(of_operator(alike->second, id, analysis, knowledge));
      } else if (told[static_cast<std::size_t>(peer.direction)]++ < kMostPeers) {
        findings.push_back(failed(peer, analysis, knowledge));
        if (peer.fallbacks > 0) findings.push_back(in_clear(peer, knowledge));
      } else {
        others[{peer.direction, main_cause(peer)}].peers.push_back(&peer);
      }
    }
    for (const auto& [kind, peers] : others) findings.push_back(of_others(peers, analysis, knowledge));
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
    out.numbers["succeeded_since"] = peer.succeeded_since;
    out.numbers["retried"] = peer.retried;
    out.numbers["waiting"] = peer.waiting;
    out.numbers["bounced"] = peer.bounced;
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

  static Finding failed(const TlsPeer& peer, const Analysis& analysis, const Knowledge& knowledge) {
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
    out.details.push_back(what_became(peer, analysis.input.from_us));
    out.meaning = inbound ? "The mail it wanted to bring did not come in over these connections."
                          : "Mail to it cannot be encrypted; whether it still goes out depends on the MTA.";
    out.remedy = starttls_remedy(peer, cause, knowledge);
    return out;
  }

  // The first of them is the example that the quoted words and the remedy are of.
  static Finding of_all(const Alike& alike, const std::string& who, const Analysis& analysis, const Knowledge& knowledge) {
    const auto sum = alike.sum();
    Finding out = failed(sum, analysis, knowledge);
    out.numbers["peers"] = alike.peers.size();
    const auto words = cause_words(main_cause(sum));
    out.title = sum.direction == Direction::inbound ? fmt::format("{} fail STARTTLS with you: {}", who, words)
                                                    : fmt::format("STARTTLS to {} fails: {}", who, words);
    return out;
  }

  static Finding of_others(const Alike& alike, const Analysis& analysis, const Knowledge& knowledge) {
    Finding out = of_all(alike, counted(alike.peers.size(), "more peer"), analysis, knowledge);
    out.subject.front() = {"peers", std::to_string(alike.peers.size())};
    return out;
  }

  static Finding of_operator(const Alike& alike, std::uint32_t id, const Analysis& analysis, const Knowledge& knowledge) {
    const std::string name(knowledge.operator_name(id));
    Finding out = of_all(alike, counted(alike.peers.size(), "host") + " of " + name, analysis, knowledge);
    out.subject.front() = {"operator", name};
    return out;
  }

  static std::string what_became(const TlsPeer& peer, std::int64_t log_begins_us) {
    return peer.direction == Direction::inbound ? what_came_in(peer, log_begins_us) : what_went_out(peer);
  }

  // Whether the peer ever got through.
  static std::string what_came_in(const TlsPeer& peer, std::int64_t log_begins_us) {
    const auto succeeded = peer.handshakes - peer.failed;
    const bool is_over = peer.succeeded_since > 0;
    auto out = is_over         ? fmt::format("it is over: {} with it succeeded since", counted(peer.succeeded_since, "handshake"))
               : succeeded > 0 ? fmt::format("other handshakes with it succeeded ({})", grouped(succeeded))
                               : std::string("no handshake with it ever succeeded in this log");
    if (peer.messages_before < 0 || is_over) return out;
    const auto before = static_cast<std::uint64_t>(peer.messages_before), since = static_cast<std::uint64_t>(peer.messages_since);
    if (before + since == 0) return out + "; no message came in from it: its mail does not reach you";
    if (since > 0) {
      return out + fmt::format("; {} came in from it before the first failure, {} since", counted(before, "message"), grouped(since));
    }
    out += fmt::format("; {} came in from it before the first failure", counted(before, "message"));
    const auto days = static_cast<double>(peer.first_failed_us - log_begins_us) / 86'400e6;
    if (days >= 1) out += fmt::format(" ({:.0f} a day)", static_cast<double>(before) / days);
    return out + ", none since: its mail does not reach you any more";
  }

  static std::string what_went_out(const TlsPeer& peer) {
    std::string out;
    const auto add = [&](std::uint64_t n, std::string_view noun, const std::string& what) {
      if (n > 0) out += (out.empty() ? "" : "; ") + counted(n, noun) + what;
    };
    const auto late_us = peer.fallbacks > 0 ? peer.fallback_delay_us / static_cast<std::int64_t>(peer.fallbacks) : 0;
    add(peer.fallbacks, "message", " went out in clear text afterwards" +
                                       (late_us >= 1'000'000 ? ", " + duration(late_us) + " late on average" : std::string()));
    add(peer.went_out, "message", " went out afterwards, whether in clear text the log does not tell (smtp_tls_loglevel = 1 would)");
    add(peer.retried, "message", " went out with TLS at a later try");
    add(peer.waiting, "recipient", " waiting");
    add(peer.bounced, "recipient", " bounced");
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
