// The end of a log: parties become providers, what is open becomes the queue.
#include <algorithm>
#include <functional>
#include <unordered_map>

#include "track/host_domain.h"
#include "track/lower.h"
#include "track/sums.h"
#include "track/tracker.h"

namespace mtalens {
namespace {

constexpr std::uint64_t kOfOperator = std::uint64_t{1} << 62;  // above any count: those stay

// The earliest of these arrivals, the first tenth and a handful left aside: mail on hold, or whose lines were lost.
std::int64_t first_but_few(std::vector<std::int64_t> arrivals) {
  constexpr std::size_t kHandful = 4;
  const auto aside = std::max(kHandful, arrivals.size() / 10);
  if (arrivals.size() <= aside) return kNoTime;
  const auto first = arrivals.begin() + static_cast<std::ptrdiff_t>(aside);
  std::nth_element(arrivals.begin(), first, arrivals.end());
  return *first;
}

// The same name, the same number; they run from 0.
std::vector<std::uint32_t> numbers_of(const std::vector<std::string>& names) {
  std::unordered_map<std::string_view, std::uint32_t> known;
  std::vector<std::uint32_t> numbers;
  for (const auto& name : names) numbers.push_back(known.try_emplace(name, static_cast<std::uint32_t>(known.size())).first->second);
  return numbers;
}

// How often each number stands there.
std::vector<std::uint32_t> counts_of(const std::vector<std::uint32_t>& numbers, std::size_t most) {
  std::vector<std::uint32_t> counts(most);
  for (const auto number : numbers) counts[number] += 1;
  return counts;
}

}  // namespace

// Beyond kMostProviders those with least to tell go by one name; gives how many.
std::uint64_t Tracker::fold_least(std::vector<std::string>& names) const {
  const auto numbers = numbers_of(names);
  const auto count = numbers.empty() ? 0 : 1 + *std::max_element(numbers.begin(), numbers.end());
  if (count <= kMostProviders) return 0;
  struct Weight {
    std::uint64_t throttled = 0, waited = 0, tried = 0;
    std::uint32_t number = 0;
  };
  std::vector<Weight> weights(count);
  for (std::uint32_t id = 0; id < parties_.size(); ++id) {
    const Party& party = parties_[id];
    Weight& weight = weights[numbers[id]];
    weight.number = numbers[id];
    weight.throttled += party.throttled + (party.kind == Party::Kind::operated ? kOfOperator : 0);
    weight.waited += party.attempts.deferred + party.expired;
    weight.tried += party.accepted + party.refusals;
  }
  const auto least = weights.begin() + kMostProviders;
  std::nth_element(weights.begin(), least, weights.end(), [](const Weight& a, const Weight& b) {
    return std::tuple(b.throttled, b.waited, b.tried, a.number) < std::tuple(a.throttled, a.waited, a.tried, b.number);
  });
  std::vector<bool> stays(count);
  for (auto weight = weights.begin(); weight != least; ++weight) stays[weight->number] = true;
  for (std::uint32_t id = 1; id < parties_.size(); ++id) {
    if (!stays[numbers[id]]) names[id] = kFurtherDestinations;
  }
  return count - kMostProviders;
}

Folded Tracker::folded(std::uint64_t providers) const {
  Folded out;
  out.providers = providers + further_parties_.count();
  out.destinations = domains_.further();
  out.tls_peers = tls_.further();
  out.people = people_.further();
  out.hosts = hosts_.further();
  out.replies = undescribed_.beyond();
  out.messages = folded_messages_;
  return out;
}

// Each party's provider. A host that no operator is known to run goes by the domain it serves; one that serves
// several, or another operator's, is a smarthost or a hoster and goes by its own name.
std::vector<std::string> Tracker::provider_names() const {
  std::vector<std::vector<std::uint32_t>> domains_of(parties_.size());
  for (std::uint32_t id = 0; id < destinations_.size(); ++id) {
    for (const auto& [party, attempts] : destinations_[id].attempts) domains_of[party].push_back(id);
  }
  std::vector<std::string> names(parties_.size());
  for (std::size_t id = 0; id < parties_.size(); ++id) {
    const Party& party = parties_[id];
    names[id] = party.kind == Party::Kind::relay ? smarthost_or_domain(party, domains_of[id]) : party.name;
  }
  // A domain whose mail some host took or refused is that host's, even where a line names no host.
  for (const auto& destination : destinations_) {
    if (destination.party == kNobody || destination.operator_id != 0) continue;
    if (destination.last_party != kNobody) names[destination.party] = names[destination.last_party];
  }
  for (auto& name : names) {
    if (name.empty()) name = "this host";  // addresses without a domain
  }
  return names;
}

std::string Tracker::smarthost_or_domain(const Party& party, const std::vector<std::uint32_t>& domains) const {
  const bool others = std::any_of(domains.begin(), domains.end(),
                                  [&](std::uint32_t id) { return destinations_[id].operator_id != 0; });
  if (domains.size() == 1 && !others && !domains_.text(domains[0]).empty()) return std::string(domains_.text(domains[0]));
  return others ? party.name : std::string(domain_of_host(party.name));
}

RefusalGroup Tracker::named(const GroupCounts& counts) const {
  RefusalGroup group;
  group.meaning = counts.meaning;
  group.refusals = counts.refusals;
  group.messages_held = counts.messages_held;
  group.first_us = counts.first_us;
  group.last_us = counts.last_us;
  group.stages = counts.stages;
  for (const auto& code : counts.codes) {
    group.codes[std::to_string(code.code) + (code.enhanced.empty() ? "" : " " + code.enhanced)] += code.refusals;
  }
  for (const auto& [domain, refusals] : counts.destinations) {
    group.destinations[std::string(domains_.text(domain))] += refusals;
  }
  group.reply = counts.reply;
  group.first = counts.first;
  group.last = counts.last;
  return group;
}

void Tracker::add_origins(Provider& provider, const Party& party) const {
  for (const auto& [key, counts] : party.origins) {
    TrafficOrigin& origin = provider.origins.emplace_back();
    origin.kind = counts.kind;
    const std::string who(people_.text(counts.who));
    switch (counts.kind) {
      case OriginKind::forward:
      case OriginKind::list: origin.address = who; break;
      case OriginKind::login: origin.auth_user = who; break;
      case OriginKind::local_user: origin.local_user = who; break;
      case OriginKind::bounce:
      case OriginKind::other: break;
    }
    origin.target = counts.target;
    origin.messages = counts.messages;
    origin.first_us = counts.first_us;
    origin.last_us = counts.last_us;
    for (const auto& [day, messages] : counts.days.days()) origin.days[day] += messages;
    for (const auto& [domain, messages] : counts.sender_domains) {
      origin.sender_domains[lower(people_.text(domain))] += messages;
    }
    origin.rewritten_senders = counts.rewritten_senders;
    origin.further_senders = counts.further_senders;
    origin.first = counts.first;
  }
}

void Tracker::add_party(Provider& provider, std::uint32_t party_id) {
  const Party& party = parties_[party_id];
  if (provider.operator_id == 0) provider.operator_id = party.operator_id;
  for (const auto mta : party.mtas) provider.mtas.emplace_back(mta);
  provider.accepted += party.accepted;
  provider.refusals += party.refusals;
  provider.throttled += party.throttled;
  provider.messages += party.messages;
  provider.expired += party.expired;
  provider.expired_notices += party.expired_notices;
  mtalens::add(provider.attempts, party.attempts);
  provider.queue.queued += party.folded.queued;
  provider.queue.notices += party.folded.notices;
  provider.queue.note_oldest(party.folded.oldest_us);
  if (provider.is_folded) return;
  for (const auto& group : party.groups) mtalens::add(provider.groups, named(group));
  provider.spells.insert(provider.spells.end(), party.spells.begin(), party.spells.end());
  add_origins(provider, party);
}

// What is still in the queue, for each provider and, where asked for, message by message.
void Tracker::add_waiting(Analysis& analysis, std::vector<Provider*>& provider_of, const std::vector<std::string>& names) {
  std::vector<std::int64_t> unnamed_since;
  messages_.for_each([&](Message& message) {
    if (message.ended()) return;
    for (const auto& recipient : message.recipients) {
      if (!recipient.open) continue;
      Provider& provider = *provider_of[recipient.party];
      provider.queue.queued += 1;
      provider.queue.notices += message.is_notice() ? 1 : 0;
      provider.queue.arrivals_us.push_back(message.arrived_us);
      parties_[recipient.party].queue.waited(message.arrived_us, kNoTime);
      if (message.arrival_seen) parties_[recipient.party].hours.at(message.arrived_us).inflow += 1;
      analysis.totals.queued += 1;
      if (message.tls_peer != kNobody) tls_.peer(message.tls_peer).waiting += 1;
    }
    if (const auto unnamed = message.unnamed_recipients(); unnamed > 0) {
      analysis.totals.queued += unnamed;
      analysis.totals.recipients += unnamed;
      analysis.input.unnamed_recipients += unnamed;
      unnamed_since.push_back(message.arrived_us);
    }
    if (!options_.keep_queue) return;
    QueueEntry entry;
    entry.queue_id = message.id();
    entry.host = hosts_.text(message.scope / kMostInstances);
    entry.arrived_us = message.arrived_us;
    entry.sender = message.sender();
    entry.size_bytes = message.size_bytes;
    entry.unnamed_recipients = message.unnamed_recipients();
    for (const auto& recipient : message.recipients) {
      if (!recipient.open) continue;
      entry.recipients.push_back({std::string(message.address(recipient)), names[recipient.party],
                                  std::string(reasons_.text(recipient.reason))});
    }
    analysis.queue.push_back(std::move(entry));
  });
  analysis.input.unnamed_recipients += folded_unnamed_;
  analysis.input.unnamed_since_us = first_but_few(std::move(unnamed_since));
}

// The domains each provider serves, and the attempts to each; and which are ours.
void Tracker::add_destinations(Piece& piece, const std::vector<std::uint32_t>& provider_of) const {
  for (std::uint32_t id = 0; id < destinations_.size(); ++id) {
    const std::string domain(domains_.text(id));
    if (destinations_[id].ours) piece.analysis.our_domains.push_back(domain);
    for (const auto& [party, attempts] : destinations_[id].attempts) {
      if (piece.providers[provider_of[party]].provider.is_folded) continue;
      auto& served = piece.providers[provider_of[party]].destinations;  // one provider may be several parties
      if (!served.empty() && served.back().first == domain) {
        served.back().second += attempts;
      } else {
        served.emplace_back(domain, attempts);
      }
    }
  }
}

Piece Tracker::counts(InputSummary input) {
  if (!counting_) start_counting();  // nothing came since
  Piece out;
  out.since_us = options_.since_us;
  Analysis& analysis = out.analysis;
  analysis.input = std::move(input);
  analysis.totals = totals_;
  analysis.longest_wait_before_expiry_us = longest_wait_us_;
  auto names = provider_names();
  analysis.folded = folded(fold_least(names));
  const auto numbers = numbers_of(names);
  out.providers.resize(numbers.empty() ? 0 : 1 + *std::max_element(numbers.begin(), numbers.end()));
  std::vector<Provider*> provider_of;
  for (const auto number : numbers) provider_of.push_back(&out.providers[number].provider);
  provider_of[kFurtherParty]->is_folded = true;
  add_waiting(analysis, provider_of, names);
  for (std::uint32_t id = 0; id < parties_.size(); ++id) {
    provider_of[id]->name = names[id];
    if (id == kNobody) continue;
    add_party(*provider_of[id], id);
    out.providers[numbers[id]].history.add(parties_[id].hours);
    out.providers[numbers[id]].history.add(parties_[id].queue);
  }
  // Once for all parties of a provider. Those of one party are in their order already, the log's, whatever its stamps.
  const auto parties_of = counts_of(numbers, out.providers.size());
  for (std::size_t i = 0; i < out.providers.size(); ++i) {
    if (parties_of[i] > 1) put_in_order(out.providers[i].provider.spells);
  }
  add_destinations(out, numbers);
  for (std::uint32_t id = 0; id < relays_.size(); ++id) {
    Provider& provider = *provider_of[relays_[id].party];
    if (!provider.is_folded) provider.relays.push_back(lower(relay_names_.text(id)));
  }
  analysis.restarts.assign(restarts_.begin(), restarts_.end());
  for (const auto& group : undescribed_.groups()) {
    if (analysis.undescribed.size() == kMostUndescribed) break;
    analysis.undescribed.push_back({group.example, group.relay, group.count, ready_made_entry(knowledge_, group)});
  }
  return out;
}

Analysis Tracker::analysis(InputSummary input) {
  Piece whole = counts(std::move(input));
  whole.analysis.tls = tls_.failed();
  return finished(std::move(whole));
}

Piece Tracker::piece(InputSummary input) {
  Piece out = counts(std::move(input));
  out.analysis.tls = tls_.every();
  return out;
}

MessagesTakenOver Tracker::taken_over() {
  MessagesTakenOver out;
  out.all_known = ended_from_before_.size() < kMostFromBefore;
  out.names.insert(ended_from_before_.begin(), ended_from_before_.end());
  messages_.for_each([&](const Message& message) {
    if (!message.ended() && !message.arrival_seen) out.names.insert(name_anywhere(message.scope, message.id()));
  });
  return out;
}

void Tracker::leave_waiting_to(const MessagesTakenOver& later) {
  messages_.for_each([&](Message& message) {
    const bool waits = message.recipients.empty() || message.open_recipients > 0 || message.unnamed_recipients() > 0;
    if (message.ended() || !waits || !later.has(name_anywhere(message.scope, message.id()))) return;
    const auto take_one = [](std::uint64_t& count) { count -= count > 0 ? 1 : 0; };
    const bool counted = message.arrived_us >= options_.since_us;
    if (counted && !message.chained) take_one(totals_.messages);
    for (const auto party : message.parties) take_one(parties_[party].messages);
    for (const auto& recipient : message.recipients) {
      if (!recipient.open) continue;
      if (counted) take_one(totals_.recipients);
      if (message.arrival_seen) parties_[recipient.party].hours.at(message.arrived_us).inflow += 1;
    }
    end(message, now_us_);
  });
}

}  // namespace mtalens
