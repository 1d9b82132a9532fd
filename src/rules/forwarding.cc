// Who of ours feeds a throttle: an address that forwards there, a login or an account of this machine that sends too
// much; and whether what remains without them would fit.
#include <fmt/format.h>

#include <algorithm>

#include "knowledge/knowledge.h"
#include "mtalens/rule.h"
#include "rules/limit.h"
#include "rules/origins.h"
#include "rules/remedies.h"
#include "rules/wording.h"

namespace mtalens {
namespace {

constexpr double kWorthSaying = 0.1;        // of the messages that want to go there
constexpr double kAccountWorthSaying = 0.25;  // everybody's web mail may come from one account

double share_of(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part * 1000 / whole) / 1000;
}

class Forwarding : public Rule {
 public:
  std::string_view name() const override { return "forwarding"; }

  void judge(const Analysis& analysis, const Knowledge& knowledge, std::vector<Finding>& findings) const override {
    for (const auto& provider : analysis.providers) {
      if (provider.throttled == 0) continue;
      for (const auto& origin : provider.origins) {
        const auto share = share_of(origin.messages, provider.messages);
        if (origin.kind == OriginKind::forward && share >= kWorthSaying &&
            (!origin.target.empty() || is_ours(analysis, knowledge, origin.address))) {
          findings.push_back(by_forward(analysis, provider, origin));
        }
        if ((origin.kind == OriginKind::login || origin.kind == OriginKind::local_user) && share >= kAccountWorthSaying) {
          findings.push_back(by_account(provider, origin));
        }
      }
    }
  }

 private:
  static bool listed(const std::vector<std::string>& sorted, const std::string& domain) {
    return std::binary_search(sorted.begin(), sorted.end(), domain);
  }

  // An address whose domain is not the operator's, at an operator's host: either forwarded without a trace in
  // the log (sendmail's virtusertable), or a domain that the operator hosts. Only the first if it is ours, or
  // the operator hosts nobody else's mail.
  static bool is_ours(const Analysis& analysis, const Knowledge& knowledge, const std::string& address) {
    const auto domain = address.substr(address.rfind('@') + 1);
    return listed(analysis.our_domains, domain) || knowledge.operator_of_domain(domain) == 0;
  }

  static std::uint64_t foreign_senders(const Analysis& analysis, const TrafficOrigin& origin) {
    std::uint64_t foreign = origin.further_senders;
    for (const auto& [domain, messages] : origin.sender_domains) {
      if (!domain.empty() && !listed(analysis.our_domains, domain)) foreign += messages;
    }
    return foreign;
  }

  static Finding base(const Provider& provider, const TrafficOrigin& origin) {
    Finding out;
    out.severity = Severity::warning;
    out.occurrences = origin.messages;
    if (origin.first.line != 0) out.evidence.push_back(origin.first);
    out.numbers["messages"] = origin.messages;
    out.numbers["share"] = share_of(origin.messages, provider.messages);
    if (origin.first_us != kNoTime) {
      out.numbers["first"] = iso_utc(origin.first_us);
      out.numbers["last"] = iso_utc(origin.last_us);
    }
    out.numbers["per_day"] = nlohmann::ordered_json::object();
    for (const auto& [day, messages] : origin.days) out.numbers["per_day"][date_of_day(day)] = messages;
    return out;
  }

  // "9 Dec 10:20 to 15 Dec 11:57; without it at most 30 a day remain, within the 49 that it takes"
  static std::string when_and_without(Finding& out, const Provider& provider, const TrafficOrigin& origin) {
    std::string words;
    if (origin.first_us != kNoTime) words = span_of(origin.first_us, origin.last_us);
    const auto left = without(provider, origin, limit_of(provider));
    if (left.days == 0) return words;
    out.numbers["remaining_per_day"] = {{"most", left.most}, {"mean", rounded(left.mean)}};
    out.numbers["remaining_fits"] = left.limit_per_day ? nlohmann::ordered_json(left.days_above == 0) : nlohmann::ordered_json();
    return words + (words.empty() ? "" : "; ") + remaining_words(left);
  }

  static double rounded(double number) { return static_cast<double>(static_cast<std::int64_t>(number * 10 + 0.5)) / 10; }

  static Finding by_forward(const Analysis& analysis, const Provider& provider, const TrafficOrigin& origin) {
    const auto foreign = foreign_senders(analysis, origin);
    Finding out = base(provider, origin);
    out.id = "forwarding/feeds-throttle";
    out.subject = {{"provider", provider.name}, {"address", origin.address}};
    out.title = fmt::format("{} of the {} for {} come from the forward of {}", grouped(origin.messages),
                            counted(provider.messages, "message"), provider.name, origin.address);
    if (origin.messages == provider.messages) {
      out.title = fmt::format("All mail for {} comes from the forward of {}", provider.name, origin.address);
    }
    out.details.push_back(when_and_without(out, provider, origin));
    out.details.push_back(origin.target.empty() ? "the log does not tell the address it forwards to"
                                                : fmt::format("{} -> {}", origin.address, origin.target));
    if (foreign > 0) {
      out.details.push_back(fmt::format("{} from foreign senders: SPF fails for them once forwarded", counted(foreign, "message")));
    }
    if (origin.rewritten_senders > 0) {
      out.details.push_back(fmt::format("{} with a rewritten sender (SRS): SPF passes for them, the quota counts them all the same",
                                        counted(origin.rewritten_senders, "message")));
    }
    out.meaning = foreign > 0 ? "Forwarded mail counts against your quota, and what others sent fails SPF when it comes from you."
                              : "Forwarded mail counts against your quota.";
    out.remedy = forwarding_remedy(provider, origin);
    out.numbers["address"] = origin.address;
    out.numbers["target"] = origin.target.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(origin.target);
    out.numbers["foreign_senders"] = foreign;
    out.numbers["rewritten_senders"] = origin.rewritten_senders;
    return out;
  }

  static Finding by_account(const Provider& provider, const TrafficOrigin& origin) {
    const bool by_login = origin.kind == OriginKind::login;
    const auto& who = by_login ? origin.auth_user : origin.local_user;
    Finding out = base(provider, origin);
    out.id = "submission/account-feeds-throttle";
    out.subject = {{"provider", provider.name}, {by_login ? "auth_user" : "uid", who}};
    out.title = fmt::format("{} of the {} for {} were sent by the {} {}", grouped(origin.messages),
                            counted(provider.messages, "message"), provider.name,
                            by_login ? "login" : "local account", who);
    out.details.push_back(when_and_without(out, provider, origin));
    out.meaning = by_login ? "One login fills the quota: a mailing gone wrong, or a stolen password."
                           : "One account on this machine fills the quota: a mailing, or a script or web page that was broken into.";
    out.remedy = account_remedy(provider, origin);
    out.numbers[by_login ? "auth_user" : "uid"] = who;
    return out;
  }
};

}  // namespace

const Rule& forwarding_rule() {
  static const Forwarding rule;
  return rule;
}

}  // namespace mtalens
