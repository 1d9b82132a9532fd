// What came and went toward a provider hour by hour, and how its queue went: put together from those of its parties,
// and from those of several hosts.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "mtalens/analysis.h"
#include "track/party.h"

namespace mtalens {

class History {
 public:
  void add(const HourTable& table) { add(table.hours()); }
  void add(const QueueCurve& queue) { queue_.append(queue); }
  void add(const History& other) {
    add(other.hours_);
    queue_.append(other.queue_);
  }

  // The most that waited at once, from a moment on (kNoTime: ever).
  void find_peak(QueueNow& queue, std::int64_t from_us);
  // To the hour of `end_us`: a queue that nothing happens to waits on. `provider.queue.arrivals_us` is in its order.
  void write(Provider& provider, std::int64_t end_us);

 private:
  void add(const std::vector<std::pair<std::int64_t, Hour>>& hours);
  void write_queued(Provider& provider);
  void write_oldest(Provider& provider, std::int64_t end_us) const;

  std::vector<std::pair<std::int64_t, Hour>> hours_;  // by hour since the epoch
  QueueCurve queue_;
};

}  // namespace mtalens
