// A party is whoever we count for while the log is read: an operator, a relay host that no operator is known
// to run, or a recipient's domain where no host was ever named. Parties become providers at the end, when it
// is known which domains each unknown host served.
//
// `fields` lists what of a struct a state keeps on disk (src/state/archive.h): a new member goes there too.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "mtalens/analysis.h"
#include "track/bounds.h"
#include "track/message.h"

namespace mtalens {

// The refusals of one meaning, with ids instead of texts.
struct GroupCounts {
  std::uint16_t meaning = 0;
  std::uint64_t refusals = 0;
  std::uint64_t messages_held = 0;
  std::int64_t first_us = kNoTime;
  std::int64_t last_us = kNoTime;
  std::array<std::uint64_t, kStages> stages{};
  struct Code {
    std::uint16_t code = 0;
    std::string enhanced;
    std::uint64_t refusals = 0;

    template <typename Archive>
    void fields(Archive& archive) {
      archive(code, enhanced, refusals);
    }
  };
  std::vector<Code> codes;
  std::vector<std::pair<std::uint32_t, std::uint64_t>> destinations;
  std::string reply;
  Evidence first, last;
  const Event* last_event = nullptr;  // within a batch: the line that `last` will show
  std::uint32_t last_source = 0;
  std::uint64_t last_line = 0;

  template <typename Archive>
  void fields(Archive& archive) {
    archive(meaning, refusals, messages_held, first_us, last_us, stages, codes, destinations, reply, first,
            last);
  }
};

// Messages by the day they came in, UTC, sparse. The earliest of so many days stands for those before it.
class DayTable {
 public:
  void add(std::int64_t time_us);
  const std::vector<std::pair<std::int64_t, std::uint64_t>>& days() const { return days_; }

  template <typename Archive>
  void fields(Archive& archive) {
    archive(days_);
  }

 private:
  std::vector<std::pair<std::int64_t, std::uint64_t>> days_;  // by day since the epoch
};

// Whom to name for a message toward a party: its kind, and who of that kind, interned (0: nobody to name).
struct OriginKey {
  OriginKind kind = OriginKind::other;
  std::uint32_t who = 0;

  std::uint64_t value() const { return (static_cast<std::uint64_t>(kind) << 32) | who; }
};

struct OriginCounts {
  OriginKind kind = OriginKind::other;
  std::uint32_t who = 0;
  std::string target;
  std::uint64_t messages = 0;
  std::int64_t first_us = kNoTime;
  std::int64_t last_us = kNoTime;
  DayTable days;
  std::vector<std::pair<std::uint32_t, std::uint64_t>> sender_domains;  // interned
  std::uint64_t rewritten_senders = 0;
  std::uint64_t further_senders = 0;
  Evidence first;

  template <typename Archive>
  void fields(Archive& archive) {
    archive(kind, who, target, messages, first_us, last_us, days, sender_domains, rewritten_senders, further_senders, first);
  }
};

// How many recipients waited, minute by minute, as changes that are added up at the end.
class QueueCurve {
 public:
  void waited(std::int64_t from_us, std::int64_t to_us);  // to_us == kNoTime: it waits still
  // Sorted, one change for each minute since the epoch.
  const std::vector<std::pair<std::int64_t, std::int32_t>>& changes();
  void append(const QueueCurve& other) { changes_.insert(changes_.end(), other.changes_.begin(), other.changes_.end()); }

  std::size_t size() const { return changes_.size(); }
  // Changes before `hourly_us` are put together by hours; those before `from_us` become one.
  void fold(std::int64_t hourly_us, std::int64_t from_us);

  template <typename Archive>
  void fields(Archive& archive) {
    if constexpr (!Archive::kReads) compact();
    archive(changes_);
  }

 private:
  void add(std::int64_t minute, std::int32_t change);
  void compact();
  void join_changes();

  std::vector<std::pair<std::int64_t, std::int32_t>> changes_;
  std::size_t compact_at_ = 1024;
};

// What an hour brought. Whoever is oldest in the queue at some moment is the earliest to have arrived of all that
// left later, so that one arrival an hour tells the queue's oldest at any time.
struct Hour {
  HourCounts counts;
  std::int64_t earliest_of_those_that_left_us = INT64_MAX;  // when it had arrived

  void add(const Hour& other) {
    counts.accepted += other.counts.accepted;
    counts.throttled += other.counts.throttled;
    counts.inflow += other.counts.inflow;
    counts.outflow += other.counts.outflow;
    counts.expired += other.counts.expired;
    earliest_of_those_that_left_us = std::min(earliest_of_those_that_left_us, other.earliest_of_those_that_left_us);
  }

  template <typename Archive>
  void fields(Archive& archive) {
    archive(counts, earliest_of_those_that_left_us);
  }
};

// Counts hour by hour, sparse. Where there are too many hours the older half is told by days, then as one.
class HourTable {
 public:
  HourCounts& at(std::int64_t time_us) { return hour_at(time_us).counts; }
  void left(std::int64_t time_us, std::int64_t arrived_us) {
    Hour& hour = hour_at(time_us);
    hour.counts.outflow += 1;
    hour.earliest_of_those_that_left_us = std::min(hour.earliest_of_those_that_left_us, arrived_us);
  }
  const std::vector<std::pair<std::int64_t, Hour>>& hours() const { return hours_; }

  // Hours before `hourly_us` are put together by days, those before `from_us` forgotten.
  void fold(std::int64_t hourly_us, std::int64_t from_us);

  template <typename Archive>
  void fields(Archive& archive) {
    archive(hours_);
  }

 private:
  Hour& hour_at(std::int64_t time_us);
  void make_room();

  std::vector<std::pair<std::int64_t, Hour>> hours_;  // by hour since the epoch
  std::size_t last_ = 0;
};

// Recipients of messages that are not followed any more (kMostMessages), and wait.
struct FoldedQueue {
  std::uint64_t queued = 0;
  std::uint64_t notices = 0;
  std::int64_t oldest_us = kNoTime;

  template <typename Archive>
  void fields(Archive& archive) {
    archive(queued, notices, oldest_us);
  }
};

struct Party {
  enum class Kind : std::uint8_t { operated, relay, domain };
  Kind kind = Kind::domain;
  std::uint32_t operator_id = 0;
  std::string name;  // the operator's, the host's (lower case), the domain's
  std::vector<std::string_view> mtas;

  std::uint64_t accepted = 0;
  std::uint64_t refusals = 0;
  std::uint64_t throttled = 0;
  std::uint64_t messages = 0;
  std::uint64_t expired = 0;
  std::uint64_t expired_notices = 0;
  AttemptCounts attempts;
  std::vector<GroupCounts> groups;
  std::uint16_t last_cause = 0;  // meaning of the last refusal or deferral with a cause of its own
  std::vector<Spell> spells;
  HourTable hours;
  QueueCurve queue;
  FoldedQueue folded;
  std::unordered_map<std::uint64_t, OriginCounts> origins;  // by OriginKey::value()

  void accepted_message(std::int64_t time_us, std::uint32_t times);
  void accepted_recipient() {
    if (!spells.empty()) ++spells.back().accepted_recipients;
  }
  void throttled_refusal(std::int64_t time_us, std::uint32_t times);
  GroupCounts& group(std::uint16_t meaning);
  OriginCounts& origin(OriginKey key);
  std::size_t history() const { return queue.size() + hours.hours().size() + spells.size(); }
  void seen_by(std::string_view mta);
  void fold(std::int64_t hourly_us, std::int64_t from_us);

  template <typename Archive>
  void fields(Archive& archive) {
    archive(kind, name, accepted, refusals, throttled, messages, expired, expired_notices, attempts, groups,
            last_cause, spells, hours, queue, folded, origins);  // `mtas` are the tracker's to name
  }
};

}  // namespace mtalens
