#include "track/sums.h"

#include <algorithm>
#include <tuple>

namespace mtalens {
namespace {

// The same origin toward two parties that turn out to be one provider.
void add(TrafficOrigin& into, TrafficOrigin&& from) {
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

}  // namespace

void add(std::vector<Spell>& into, const std::vector<Spell>& from) {
  if (into.empty()) {
    into = from;
    return;
  }
  into.insert(into.end(), from.begin(), from.end());
  put_in_order(into);
}

void add(std::vector<RefusalGroup>& groups, RefusalGroup group) {
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

void add(AttemptCounts& sum, const AttemptCounts& counts) {
  sum.delivered += counts.delivered;
  sum.deferred += counts.deferred;
  sum.throttled += counts.throttled;
  sum.secondary += counts.secondary;
  sum.bounced += counts.bounced;
}

void add(std::vector<Sender>& senders, Sender sender) {
  const auto known = std::find_if(senders.begin(), senders.end(), [&](const Sender& s) { return !s.address.empty() && s.address == sender.address; });
  if (known == senders.end()) {
    senders.push_back(std::move(sender));
    return;
  }
  append(known->hosts, std::move(sender.hosts));
  known->accepted += sender.accepted;
  known->refusals += sender.refusals;
  known->throttled += sender.throttled;
  known->queued += sender.queued;
  add(known->spells, sender.spells);
}

void add(Provider& sum, Provider&& provider) {
  if (sum.operator_id == 0) sum.operator_id = provider.operator_id;
  append(sum.mtas, std::move(provider.mtas));
  append(sum.relays, std::move(provider.relays));
  sum.accepted += provider.accepted;
  sum.refusals += provider.refusals;
  sum.throttled += provider.throttled;
  add(sum.attempts, provider.attempts);
  sum.queue.queued += provider.queue.queued;
  sum.queue.notices += provider.queue.notices;
  sum.queue.note_oldest(provider.queue.oldest_us);
  sum.is_folded = sum.is_folded || provider.is_folded;
  append(sum.queue.arrivals_us, std::move(provider.queue.arrivals_us));
  sum.messages += provider.messages;
  sum.expired += provider.expired;
  sum.expired_notices += provider.expired_notices;
  for (auto& group : provider.groups) add(sum.groups, std::move(group));
  append(sum.origins, std::move(provider.origins));
  for (auto& sender : provider.senders) add(sum.senders, std::move(sender));
}

void put_in_order(std::vector<Spell>& spells) {
  const auto begin = [](const Spell& s) { return s.accepted > 0 ? s.first_accepted_us : s.first_throttled_us; };
  const auto sooner = [&](const Spell& a, const Spell& b) { return begin(a) < begin(b); };
  if (!std::is_sorted(spells.begin(), spells.end(), sooner)) std::stable_sort(spells.begin(), spells.end(), sooner);
}

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
      add(once.back(), std::move(origin));
    }
  }
  std::stable_sort(once.begin(), once.end(), [](const auto& a, const auto& b) { return a.messages > b.messages; });
  origins = std::move(once);
}

void keep_each_once(std::vector<std::string>& names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
}

}  // namespace mtalens
