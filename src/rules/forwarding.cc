// Who of ours feeds a throttle: an address that forwards there, or a login that sends too much.
#include <fmt/format.h>

#include <algorithm>

#include "knowledge/knowledge.h"
#include "mtalens/rule.h"
#include "rules/remedies.h"
#include "rules/wording.h"

namespace mtalens {
namespace {

constexpr double kWorthSaying = 0.1;  // of the messages that want to go there

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
        if (share_of(origin.messages, provider.messages) < kWorthSaying) continue;
        if (!origin.auth_user.empty()) {
          findings.push_back(by_login(provider, origin));
        } else if (!origin.target.empty() || is_ours(analysis, knowledge, origin.address)) {
          findings.push_back(by_forward(analysis, provider, origin));
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
    std::uint64_t foreign = 0;
    for (const auto& [domain, messages] : origin.sender_domains) {
      if (!domain.empty() && !listed(analysis.our_domains, domain)) foreign += messages;
    }
    return foreign;
  }

  static Finding base(const Provider& provider, const TrafficOrigin& origin) {
    Finding out;
    out.severity = Severity::warning;
    out.occurrences = origin.messages;
    if (!provider.groups.empty()) out.evidence.push_back(provider.groups.front().first);
    return out;
  }

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
    out.details.push_back(origin.target.empty() ? "the log does not tell the address it forwards to"
                                                : fmt::format("{} -> {}", origin.address, origin.target));
    if (foreign > 0) {
      out.details.push_back(fmt::format("{} from foreign senders: SPF fails for them once forwarded", counted(foreign, "message")));
    }
    out.meaning = "Forwarded mail counts against your quota, and what others sent fails SPF when it comes from you.";
    out.remedy = forwarding_remedy(provider, origin);
    out.numbers["address"] = origin.address;
    out.numbers["target"] = origin.target.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(origin.target);
    out.numbers["messages"] = origin.messages;
    out.numbers["share"] = share_of(origin.messages, provider.messages);
    out.numbers["foreign_senders"] = foreign;
    return out;
  }

  static Finding by_login(const Provider& provider, const TrafficOrigin& origin) {
    Finding out = base(provider, origin);
    out.id = "submission/account-feeds-throttle";
    out.subject = {{"provider", provider.name}, {"auth_user", origin.auth_user}};
    out.title = fmt::format("{} of the {} for {} were sent by the login {}", grouped(origin.messages),
                            counted(provider.messages, "message"), provider.name, origin.auth_user);
    out.meaning = "One login fills the quota: a mailing gone wrong, or a stolen password.";
    out.remedy = fmt::format("Ask {} what they send; change the password if it was not them.\n", origin.auth_user);
    out.numbers["auth_user"] = origin.auth_user;
    out.numbers["messages"] = origin.messages;
    out.numbers["share"] = share_of(origin.messages, provider.messages);
    return out;
  }
};

}  // namespace

const Rule& forwarding_rule() {
  static const Forwarding rule;
  return rule;
}

}  // namespace mtalens
