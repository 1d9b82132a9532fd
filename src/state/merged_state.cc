#include "state/merged_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "state/archive.h"
#include "state/state_file.h"

namespace mtalens {
namespace {

constexpr std::int64_t kLateLine = 120'000'000;  // lines of one log may be as late as this

// By what two states may be seen to be of the same logs: a host's name, a file's first bytes.
std::set<std::string> marks_of(const HostState& state) {
  std::set<std::string> out;
  for (const auto& host : state.hosts) out.insert("@" + host);
  for (const auto& file : state.files) {
    if (file.head.size() == FileMark::kText) out.insert("=" + file.head);
  }
  return out;
}

bool has_file(const HostState& state, const HostState::File& file) {
  return std::any_of(state.files.begin(), state.files.end(), [&](const HostState::File& other) {
    return other.offset >= file.offset && other.head.starts_with(file.head);
  });
}

// Everything that `part` was made from, `whole` was made from, too.
bool holds(const HostState& whole, const HostState& part) {
  const bool spans = whole.from_us <= part.from_us && part.to_us <= whole.to_us && part.lines <= whole.lines;
  if (!spans || !std::includes(whole.hosts.begin(), whole.hosts.end(), part.hosts.begin(), part.hosts.end())) return false;
  if (whole.first_line == part.first_line) return true;
  return part.all_in_files && std::all_of(part.files.begin(), part.files.end(), [&](const auto& file) { return has_file(whole, file); });
}

// One ends where the other begins.
bool is_before(const HostState& a, const HostState& b) {
  return a.from_us < b.from_us && a.to_us < b.to_us && a.to_us - b.from_us <= kLateLine;
}

bool tell_the_same_time(const HostState& a, const HostState& b) {
  return a.lines > 0 && b.lines > 0 && a.from_us != kNoTime && b.from_us != kNoTime && !is_before(a, b) && !is_before(b, a);
}

bool canonical_order(const HostState& a, const HostState& b) {
  return std::tie(a.hosts, a.from_us, a.to_us, a.lines, a.bytes) < std::tie(b.hosts, b.from_us, b.to_us, b.lines, b.bytes);
}

[[noreturn]] void refuse(const HostState& a, const HostState& b) {
  throw StateError(fmt::format("{} and {} tell of the same time of {}, and neither has all that the other has: each line "
                               "would count twice. Read that host's logs in one run, or leave one of the two out",
                               a.name, b.name, b.host()));
}

}  // namespace

std::string HostState::host() const {
  if (hosts.empty()) return "nobody";
  return hosts.front() + (hosts.size() > 1 ? "…" : "");
}

void MergedState::add(std::string_view bytes, const std::string& name) {
  if (!is_merged(bytes)) return add_single(bytes, name);
  Reader reader(unsealed(StateKind::merged, bytes, State::layout_of(knowledge_), name));
  std::vector<std::string> all;
  reader(all);
  reader.require(reader.at_end());
  for (const auto& one : all) add_single(one, name);
}

void MergedState::add_single(std::string_view bytes, const std::string& name) {
  State state(knowledge_, {});
  state.load(bytes, name);
  const StreamState& stream = state.stream();
  HostState& out = states_.emplace_back();
  out.bytes = bytes;
  out.name = name;
  out.hosts = state.hosts();
  out.from_us = stream.input.from_us;
  out.to_us = stream.input.to_us;
  out.lines = stream.input.lines;
  out.first_line = state.first_line();
  std::uint64_t lines = 0;
  for (const auto& source : stream.sources) {
    if (source.file.offset > 0) out.files.push_back({source.file.head, source.file.offset});
    lines += source.summary.lines;
  }
  out.all_in_files = lines > 0 && lines >= out.lines;
}

void MergedState::settle() {
  std::sort(states_.begin(), states_.end(), canonical_order);
  states_.erase(std::unique(states_.begin(), states_.end(), [](const auto& a, const auto& b) { return a.bytes == b.bytes; }), states_.end());
  std::map<std::string, std::vector<std::size_t>> related;
  for (std::size_t i = 0; i < states_.size(); ++i) {
    for (const auto& mark : marks_of(states_[i])) related[mark].push_back(i);
  }
  std::vector<bool> held(states_.size());
  const auto for_each_pair = [&](auto visit) {
    for (const auto& [mark, places] : related) {
      for (std::size_t i = 0; i < places.size(); ++i) {
        for (std::size_t k = i + 1; k < places.size(); ++k) visit(places[i], places[k]);
      }
    }
  };
  // Of two that hold each other the later in the order stays.
  for_each_pair([&](std::size_t a, std::size_t b) {
    if (holds(states_[b], states_[a])) {
      held[a] = true;
    } else if (holds(states_[a], states_[b])) {
      held[b] = true;
    }
  });
  for_each_pair([&](std::size_t a, std::size_t b) {
    if (!held[a] && !held[b] && tell_the_same_time(states_[a], states_[b])) refuse(states_[a], states_[b]);
  });
  std::vector<HostState> kept;
  for (std::size_t i = 0; i < states_.size(); ++i) {
    if (!held[i]) kept.push_back(std::move(states_[i]));
  }
  states_ = std::move(kept);
}

std::string MergedState::bytes() const {
  Writer writer;
  writer.count(states_.size());
  for (const auto& state : states_) writer(state.bytes);
  return sealed(StateKind::merged, writer.bytes(), State::layout_of(knowledge_));
}

bool MergedState::goes_on(const HostState& state) const {
  return std::any_of(states_.begin(), states_.end(), [&](const HostState& other) {
    return is_before(state, other) && std::any_of(state.hosts.begin(), state.hosts.end(), [&](const auto& host) {
             return std::binary_search(other.hosts.begin(), other.hosts.end(), host);
           });
  });
}

}  // namespace mtalens
