// The end of a log: parties become providers, what is open becomes the queue.
#include <algorithm>
#include <functional>
#include <unordered_map>

#include "track/lower.h"
#include "track/tracker.h"

namespace mtalens {
namespace {

constexpr std::int64_t kHour = 3'600'000'000;
constexpr std::size_t kMostUndescribed = 20;

// The domain that a host most likely belongs to: mx1.hoster.example -> hoster.example, mx.isp.co.uk -> isp.co.uk.
std::string_view parent_domain(std::string_view host) {
  const auto last = host.rfind('.');
  if (last == std::string_view::npos || last == 0) return host;
  auto begin = host.rfind('.', last - 1);
  if (begin == std::string_view::npos) return host;
  if (last - begin <= 4 && host.size() - last <= 3 && begin > 0) {  // co.uk, com.au, ac.jp
    const auto before = host.rfind('.', begin - 1);
    if (before == std::string_view::npos) return host;
    begin = before;
  }
  return host.substr(begin + 1);
}

// The earliest of these arrivals, the first tenth and a handful left aside: mail on hold, or whose lines were lost.
std::int64_t first_but_few(std::vector<std::int64_t> arrivals) {
  constexpr std::size_t kHandful = 4;
  const auto aside = std::max(kHandful, arrivals.size() / 10);
  if (arrivals.size() <= aside) return kNoTime;
  const auto first = arrivals.begin() + static_cast<std::ptrdiff_t>(aside);
  std::nth_element(arrivals.begin(), first, arrivals.end());
  return *first;
}

bool is_address(std::string_view host) {
  return host.find(':') != std::string_view::npos || host.find_first_not_of("0123456789.[]") == std::string_view::npos;
}

// The hours of a provider's parties, and its queue hour by hour.
class History {
 public:
  void add(const HourTable& table) {
    if (hours_.empty()) {
      hours_ = table.hours();
      return;
    }
    std::vector<std::pair<std::int64_t, Hour>> both;
    auto mine = hours_.cbegin();
    for (const auto& [number, hour] : table.hours()) {
      for (; mine != hours_.cend() && mine->first < number; ++mine) both.push_back(*mine);
      both.emplace_back(number, hour);
      if (mine != hours_.cend() && mine->first == number) both.back().second.add((mine++)->second);
    }
    both.insert(both.end(), mine, hours_.cend());
    hours_ = std::move(both);
  }
  void add(const QueueCurve& queue) { queue_.append(queue); }
  QueueCurve& queue() { return queue_; }

  // To the hour of `end_us`: a queue that nothing happens to waits on.
  void write(Provider& provider, std::int64_t end_us) {
    if (hours_.empty()) return;
    constexpr std::int64_t kMostHours = 24 * 366 * 4;  // stamps that stray further are left out of the hours
    auto last = hours_.back().first;
    if (!provider.queue.arrivals_us.empty() && end_us / kHour > last) last = end_us / kHour;
    provider.first_hour = std::max(hours_.front().first, last - kMostHours);
    provider.hours.assign(static_cast<std::size_t>(last - provider.first_hour) + 1, {});
    for (const auto& [number, hour] : hours_) {
      if (number >= provider.first_hour) provider.hours[static_cast<std::size_t>(number - provider.first_hour)] = hour.counts;
    }
    write_queued(provider);
    write_oldest(provider, end_us);
  }

 private:
  void write_queued(Provider& provider) {
    const auto& changes = queue_.changes();
    auto change = changes.begin();
    std::int64_t waiting = 0;
    for (std::size_t i = 0; i < provider.hours.size(); ++i) {
      const auto end_minute = (provider.first_hour + static_cast<std::int64_t>(i) + 1) * 60;
      for (; change != changes.end() && change->first < end_minute; ++change) waiting += change->second;
      provider.hours[i].queued = static_cast<std::uint32_t>(std::max<std::int64_t>(0, waiting));
    }
  }

  // Backwards: the earliest arrival of those that were still to leave.
  void write_oldest(Provider& provider, std::int64_t end_us) {
    auto earliest = provider.queue.arrivals_us.empty() ? INT64_MAX : provider.queue.arrivals_us.front();
    auto hour = hours_.rbegin();
    for (std::size_t i = provider.hours.size(); i-- > 0;) {
      const auto number = provider.first_hour + static_cast<std::int64_t>(i);
      for (; hour != hours_.rend() && hour->first > number; ++hour) {
        earliest = std::min(earliest, hour->second.earliest_of_those_that_left_us);
      }
      const auto at_us = std::min((number + 1) * kHour, end_us);
      if (provider.hours[i].queued == 0 || earliest > at_us) continue;
      const auto age_s = (at_us - earliest) / 1'000'000;
      provider.hours[i].oldest_age_s = static_cast<std::uint32_t>(std::min<std::int64_t>(age_s, UINT32_MAX));
    }
  }

  std::vector<std::pair<std::int64_t, Hour>> hours_;  // by hour since the epoch
  QueueCurve queue_;
};

// Spells of two parties that turn out to be one provider, in the order of their times.
void merge_spells(std::vector<Spell>& into, const std::vector<Spell>& from) {
  if (into.empty()) {
    into = from;
    return;
  }
  const auto begin = [](const Spell& s) { return s.accepted > 0 ? s.first_accepted_us : s.first_throttled_us; };
  into.insert(into.end(), from.begin(), from.end());
  std::stable_sort(into.begin(), into.end(), [&](const Spell& a, const Spell& b) { return begin(a) < begin(b); });
}

// The most that waited at once, from a moment on (kNoTime: ever).
void find_peak(QueueNow& queue, QueueCurve& curve, std::int64_t from_us) {
  constexpr std::int64_t kMinute = 60'000'000;
  std::int64_t waiting = 0;
  const auto look = [&](std::int64_t time_us) {
    if (waiting <= static_cast<std::int64_t>(queue.peak)) return;
    queue.peak = static_cast<std::uint64_t>(waiting);
    queue.peak_at_us = time_us;
  };
  bool before = from_us != kNoTime;
  for (const auto& [minute, change] : curve.changes()) {
    if (before && minute * kMinute >= from_us) {
      look(from_us);
      before = false;
    }
    waiting += change;
    if (!before) look(minute * kMinute);
  }
  if (before) look(from_us);
}

void merge_group(std::vector<RefusalGroup>& groups, RefusalGroup group) {
  for (auto& known : groups) {
    if (known.meaning != group.meaning) continue;
    if (group.refusals > 0 && (known.refusals == 0 || group.first_us < known.first_us)) {
      known.first_us = group.first_us;
      known.first = std::move(group.first);
      known.reply = std::move(group.reply);
    }
    if (group.refusals > 0 && (known.refusals == 0 || group.last_us >= known.last_us)) {
      known.last_us = group.last_us;
      known.last = std::move(group.last);
    }
    known.refusals += group.refusals;
    known.messages_held += group.messages_held;
    for (std::size_t i = 0; i < kStages; ++i) known.stages[i] += group.stages[i];
    for (const auto& [code, refusals] : group.codes) known.codes[code] += refusals;
    for (const auto& [domain, refusals] : group.destinations) known.destinations[domain] += refusals;
    return;
  }
  groups.push_back(std::move(group));
}

// The same origin toward two parties that turn out to be one provider.
void merge_origin(TrafficOrigin& into, TrafficOrigin&& from) {
  if (from.first_us < into.first_us) into.first = std::move(from.first);
  into.messages += from.messages;
  into.first_us = std::min(into.first_us, from.first_us);
  into.last_us = std::max(into.last_us, from.last_us);
  for (const auto& [day, messages] : from.days) into.days[day] += messages;
  for (const auto& [domain, messages] : from.sender_domains) into.sender_domains[domain] += messages;
  into.rewritten_senders += from.rewritten_senders;
  into.further_senders += from.further_senders;
  if (into.target.empty()) into.target = std::move(from.target);
}

// Each once, most messages first.
void put_in_order(std::vector<TrafficOrigin>& origins) {
  if (origins.size() < 2) return;
  const auto who = [](const TrafficOrigin& o) { return std::tie(o.kind, o.address, o.auth_user, o.local_user); };
  std::sort(origins.begin(), origins.end(), [&](const auto& a, const auto& b) {
    return std::tuple(who(a), a.first_us) < std::tuple(who(b), b.first_us);
  });
  std::vector<TrafficOrigin> once;
  for (auto& origin : origins) {
    if (once.empty() || who(once.back()) != who(origin)) {
      once.push_back(std::move(origin));
    } else {
      merge_origin(once.back(), std::move(origin));
    }
  }
  std::stable_sort(once.begin(), once.end(), [](const auto& a, const auto& b) { return a.messages > b.messages; });
  origins = std::move(once);
}

// What an admin reads first: who throttles, for whom most mail waits or went back, then who is big.
bool more_urgent(const Provider& a, const Provider& b) {
  const auto rank = [](const Provider& p) {
    return std::tuple(p.throttled > 0, p.queue.queued + p.expired, p.throttled, p.refusals, p.accepted);
  };
  if (rank(a) != rank(b)) return rank(a) > rank(b);
  return a.name < b.name;
}

// Most urgent first. Their places are sorted, not they themselves, which are large.
void put_in_order(std::vector<Provider>& providers) {
  std::vector<Provider*> places;
  for (auto& provider : providers) places.push_back(&provider);
  std::sort(places.begin(), places.end(), [](const Provider* a, const Provider* b) { return more_urgent(*a, *b); });
  std::vector<Provider> in_order;
  in_order.reserve(providers.size());
  for (auto* provider : places) in_order.push_back(std::move(*provider));
  providers = std::move(in_order);
}

// The same name, the same number; they run from 0.
std::vector<std::uint32_t> numbers_of(const std::vector<std::string>& names) {
  std::unordered_map<std::string_view, std::uint32_t> known;
  std::vector<std::uint32_t> numbers;
  for (const auto& name : names) numbers.push_back(known.try_emplace(name, static_cast<std::uint32_t>(known.size())).first->second);
  return numbers;
}

void keep_each_once(std::vector<std::string>& names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
}

}  // namespace

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
  return is_address(party.name) || others ? party.name : std::string(parent_domain(party.name));
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
  provider.origins.reserve(provider.origins.size() + party.origins.size());
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
  provider.attempts.delivered += party.attempts.delivered;
  provider.attempts.deferred += party.attempts.deferred;
  provider.attempts.throttled += party.attempts.throttled;
  provider.attempts.secondary += party.attempts.secondary;
  provider.attempts.bounced += party.attempts.bounced;
  for (const auto& group : party.groups) merge_group(provider.groups, named(group));
  merge_spells(provider.spells, party.spells);
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
  analysis.input.unnamed_since_us = first_but_few(std::move(unnamed_since));
  std::sort(analysis.queue.begin(), analysis.queue.end(), [](const QueueEntry& a, const QueueEntry& b) {
    return std::tie(a.arrived_us, a.host, a.queue_id) < std::tie(b.arrived_us, b.host, b.queue_id);
  });
}

// The domains each provider serves, by attempts, most first; and which are ours.
void Tracker::add_destinations(Analysis& analysis, const std::vector<Provider*>& provider_of) const {
  struct Served {
    Provider* provider;
    std::uint64_t attempts;
    std::string_view domain;
  };
  std::vector<Served> all;
  for (std::uint32_t id = 0; id < destinations_.size(); ++id) {
    if (destinations_[id].ours) analysis.our_domains.emplace_back(domains_.text(id));
    const auto begin = all.size();  // one provider may be several parties
    for (const auto& [party, attempts] : destinations_[id].attempts) {
      const auto known = std::find_if(all.begin() + static_cast<std::ptrdiff_t>(begin), all.end(),
                                      [provider = provider_of[party]](const Served& served) { return served.provider == provider; });
      if (known != all.end()) {
        known->attempts += attempts;
      } else {
        all.push_back({provider_of[party], attempts, domains_.text(id)});
      }
    }
  }
  std::sort(all.begin(), all.end(), [](const Served& a, const Served& b) {
    return a.attempts != b.attempts ? a.attempts > b.attempts : a.domain < b.domain;
  });
  for (const auto& served : all) served.provider->destinations.emplace_back(served.domain);
}

Analysis Tracker::analysis(InputSummary input) {
  if (!counting_) start_counting();  // nothing came since
  Analysis out;
  out.input = std::move(input);
  out.totals = totals_;
  out.longest_wait_before_expiry_us = longest_wait_us_;
  const auto names = provider_names();
  const auto numbers = numbers_of(names);
  std::vector<Provider> providers(numbers.empty() ? 0 : 1 + *std::max_element(numbers.begin(), numbers.end()));
  std::vector<Provider*> provider_of;
  for (const auto number : numbers) provider_of.push_back(&providers[number]);
  add_waiting(out, provider_of, names);

  std::vector<History> histories(providers.size());
  for (std::uint32_t id = 0; id < parties_.size(); ++id) {
    provider_of[id]->name = names[id];
    if (id == kNobody) continue;
    add_party(*provider_of[id], id);
    histories[numbers[id]].add(parties_[id].hours);
    histories[numbers[id]].add(parties_[id].queue);
  }
  add_destinations(out, provider_of);
  for (std::uint32_t id = 0; id < relays_.size(); ++id) {
    provider_of[relays_[id].party]->relays.push_back(lower(relay_names_.text(id)));
  }
  out.providers.reserve(providers.size());
  for (std::size_t i = 0; i < providers.size(); ++i) {
    Provider& provider = providers[i];
    const auto& tried = provider.attempts;
    if (tried.delivered + tried.deferred + tried.bounced + provider.refusals + provider.queue.queued + provider.expired == 0) continue;
    History& history = histories[i];
    find_peak(provider.queue, history.queue(), options_.since_us);
    std::sort(provider.queue.arrivals_us.begin(), provider.queue.arrivals_us.end());
    history.write(provider, out.input.to_us);
    if (!provider.queue.arrivals_us.empty()) provider.queue.oldest_us = provider.queue.arrivals_us.front();
    keep_each_once(provider.relays);
    keep_each_once(provider.mtas);
    std::sort(provider.groups.begin(), provider.groups.end(), [](const RefusalGroup& a, const RefusalGroup& b) {
      return std::tuple(b.refusals, b.messages_held, a.meaning) < std::tuple(a.refusals, a.messages_held, b.meaning);
    });
    put_in_order(provider.origins);
    out.providers.push_back(std::move(provider));
  }
  put_in_order(out.providers);
  std::sort(out.our_domains.begin(), out.our_domains.end());
  out.tls = tls_.failed();
  out.restarts.assign(restarts_.begin(), restarts_.end());
  for (const auto& group : undescribed_.groups()) {
    if (out.undescribed.size() == kMostUndescribed) break;
    out.undescribed.push_back({group.example, group.relay, group.count, ready_made_entry(knowledge_, group)});
  }
  return out;
}

}  // namespace mtalens
