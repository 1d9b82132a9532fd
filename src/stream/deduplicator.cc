#include "stream/deduplicator.h"

#include <functional>
#include <string_view>

namespace mtalens {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kWindow = 10 * kSecond;

std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
  return (hash ^ value) * 0x9E3779B97F4A7C15u + (hash >> 29);
}

std::uint64_t fingerprint(const LogLine& line) {
  const std::hash<std::string_view> hash;
  std::uint64_t value = mix(static_cast<std::uint64_t>(line.time_us / kSecond), line.pid);
  value = mix(value, hash(line.host));
  value = mix(value, hash(line.program));
  return mix(value, hash(line.text));
}

}  // namespace

bool Deduplicator::is_duplicate(const LogLine& line, std::uint32_t source) {
  if (line.time_us == kNoTime) return false;
  if (current_from_us_ == kNoTime || line.time_us >= current_from_us_ + kWindow) {
    previous_ = std::move(current_);
    current_.clear();
    current_from_us_ = line.time_us;
  }
  const auto key = fingerprint(line);
  if (const auto old = previous_.find(key); old != previous_.end()) {
    current_.insert(previous_.extract(old));
  }
  Seen& seen = current_[key];
  if (seen.by_source.size() <= source) seen.by_source.resize(source + 1);
  if (++seen.by_source[source] <= seen.most) return true;
  seen.most = seen.by_source[source];
  return false;
}

void Deduplicator::renumber(const std::vector<std::uint32_t>& new_of_old) {
  for (auto* window : {&current_, &previous_}) {
    for (auto& [line, seen] : *window) {
      const auto old = std::move(seen.by_source);
      seen.by_source.clear();
      for (std::size_t i = 0; i < old.size() && i < new_of_old.size(); ++i) {
        const auto source = new_of_old[i];
        if (source == UINT32_MAX) continue;
        if (seen.by_source.size() <= source) seen.by_source.resize(source + 1);
        seen.by_source[source] = old[i];
      }
    }
  }
}

}  // namespace mtalens
