#include "state/state.h"

#include <algorithm>
#include <map>
#include <set>

#include "input/crc64.h"
#include "state/archive.h"
#include "state/state_file.h"

namespace mtalens {
namespace {

constexpr std::size_t kMostBeginnings = 16;

Tracker::Options counting_from(std::int64_t since_us, const std::vector<std::string>& our_domains) {
  Tracker::Options options;
  options.since_us = since_us;
  options.keep_queue = true;
  options.our_domains = our_domains;
  return options;
}

}  // namespace

State::State(const Knowledge& knowledge, std::vector<std::string> our_domains)
    : knowledge_(knowledge), our_domains_(std::move(our_domains)), all_(knowledge, counting_from(kNoTime, our_domains_)) {}

State::Beginning& State::add_beginning(std::int64_t since_us) {
  return beginnings_.emplace_back(Beginning{since_us, Tracker(knowledge_, counting_from(since_us, our_domains_))});
}

std::uint64_t State::layout() {
  Layout layout;
  common_fields(layout);
  return layout.fingerprint();
}

void State::load(std::string_view bytes, const std::string& name) {
  Reader reader(unsealed(StateKind::single, bytes, layout(), name));
  common_fields(reader);
  const auto count = reader.length();
  reader.require(count <= kMostBeginnings);
  for (std::uint64_t i = 0; i < count; ++i) {
    std::int64_t since_us = kNoTime;
    reader(since_us);
    reader(add_beginning(since_us).tracker);
  }
  reader.require(reader.at_end());
}

std::string State::bytes(const std::vector<std::int64_t>& beginnings) {
  std::vector<Beginning*> kept;
  for (auto& beginning : beginnings_) {
    if (std::find(beginnings.begin(), beginnings.end(), beginning.since_us) != beginnings.end()) kept.push_back(&beginning);
  }
  Writer writer;
  common_fields(writer);
  writer.count(kept.size());
  for (auto* beginning : kept) writer(beginning->since_us, beginning->tracker);
  return sealed(StateKind::single, writer.bytes(), layout());
}

// Lines are quoted under the names that the files have now, with `before` before them.
void State::name_sources(InputSummary& input, Tracker& tracker, const std::string& before) const {
  std::map<std::string, std::string> names;
  std::set<std::string> taken;
  for (std::size_t i = 0; i < stream_.sources.size(); ++i) {
    const SourceState& source = stream_.sources[i];
    const bool gone = i >= stream_.recent && taken.contains(source.file.name);
    taken.insert(source.file.name);
    names.emplace(quoted_as(source.number), before + source.file.name + (gone ? " (rotated away)" : ""));
  }
  EvidenceVisitor visitor([&](Evidence& evidence) {
    if (!evidence.source.starts_with('\x01')) {
      if (!evidence.source.empty()) evidence.source.insert(0, before);
      return;
    }
    const auto named = names.find(evidence.source);
    evidence.source = named == names.end() ? "(a log that is gone)" : named->second;
  });
  visitor(input, tracker);
}

bool State::count_since(std::int64_t since_us) {
  const bool known = std::any_of(beginnings_.begin(), beginnings_.end(), [&](const Beginning& b) { return b.since_us == since_us; });
  if (since_us == kNoTime || known) return true;
  if (all_.now_us() >= since_us || beginnings_.size() >= kMostBeginnings) return false;
  Writer writer;
  writer(all_);
  Reader reader(writer.bytes());
  Tracker& tracker = add_beginning(since_us).tracker;
  reader(tracker);
  tracker.wait_for_since();
  return true;
}

void State::add(const Batch& batch, const std::vector<std::string>& names) {
  if (first_line_ == 0 && !batch.runs.empty()) {
    const auto lines = batch.lines_of(batch.runs.front());
    first_line_ = crc64(lines.substr(0, lines.find('\n'))) | 1;
  }
  all_.add(batch, names);
  for (auto& beginning : beginnings_) beginning.tracker.add(batch, names);
}

void State::fold(std::int64_t keep_us) { all_.fold(keep_us); }

Tracker& State::tracker_since(std::int64_t since_us) {
  for (auto& beginning : beginnings_) {
    if (beginning.since_us == since_us) return beginning.tracker;
  }
  return all_;
}

Analysis State::analysis(std::int64_t since_us) {
  Tracker& tracker = tracker_since(since_us);
  name_sources(stream_.input, tracker);
  return tracker.analysis(stream_.input);
}

std::vector<std::string> State::hosts() const {
  if (!stream_.host.empty()) return {stream_.host};
  auto out = all_.hosts();
  std::sort(out.begin(), out.end());
  return out;
}

Piece State::piece(std::int64_t since_us, const std::string& host) {
  Tracker& tracker = tracker_since(since_us);
  auto input = stream_.input;
  name_sources(input, tracker, host + ":");
  for (auto& source : input.sources) source.name.insert(0, host + ":");
  auto out = tracker.piece(std::move(input));
  for (auto& entry : out.analysis.queue) {
    if (entry.host.empty()) entry.host = host;
  }
  for (auto& restart : out.analysis.restarts) {
    if (restart.host.empty()) restart.host = host;
  }
  return out;
}

void State::leave_waiting_to(const MessagesTakenOver& later) {
  all_.leave_waiting_to(later);
  for (auto& beginning : beginnings_) beginning.tracker.leave_waiting_to(later);
}

Analysis State::analysis_so_far() {
  Writer writer;
  writer(all_);
  Reader reader(writer.bytes());
  Tracker copy(knowledge_, counting_from(kNoTime, our_domains_));
  reader(copy);
  auto input = stream_.input;
  name_sources(input, copy);
  return copy.analysis(std::move(input));
}

}  // namespace mtalens
