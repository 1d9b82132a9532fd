// Counts of one thing that come from several parties, peers or hosts, put together.
#pragma once

#include <iterator>
#include <string>
#include <vector>

#include "mtalens/analysis.h"

namespace mtalens {

template <typename T>
void append(std::vector<T>& into, std::vector<T>&& from) {
  into.insert(into.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

// In the order of their times.
void add(std::vector<Spell>& into, const std::vector<Spell>& from);
void add(std::vector<RefusalGroup>& groups, RefusalGroup group);
void add(AttemptCounts& sum, const AttemptCounts& counts);
// One address has one limit, whichever hosts send from it.
void add(std::vector<Sender>& senders, Sender sender);
// What both providers count but for their spells.
void add(Provider& sum, Provider&& provider);

// By the times they began at.
void put_in_order(std::vector<Spell>& spells);
// Each origin once, most messages first.
void put_in_order(std::vector<TrafficOrigin>& origins);
// Sorted, each once.
void keep_each_once(std::vector<std::string>& names);

}  // namespace mtalens
