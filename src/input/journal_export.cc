#include "input/journal_export.h"

#include <algorithm>
#include <utility>

namespace mtalens {
namespace {

constexpr std::size_t kLongestValue = 1 << 20;
constexpr std::uint64_t kMostBytes = 768u << 20;  // of a value, in journald (DATA_SIZE_MAX); more is damage
constexpr std::size_t kLength = 8;

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = kLength; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

}  // namespace

void JournalExport::feed(std::string_view bytes) {
  rest_ += bytes;
  at_ = 0;
  while (take_next()) {
  }
  rest_.erase(0, at_);
}

void JournalExport::finish() {
  feed("\n");
  end_entry();
}

std::string JournalExport::take_lines() { return std::exchange(lines_, {}); }

// False: what is there is not a whole field.
bool JournalExport::take_next() {
  const auto left = std::string_view(rest_).substr(at_);
  if (skipped_ > 0) {
    const auto passed = std::min<std::uint64_t>(skipped_, left.size());
    skipped_ -= passed;
    at_ += passed;
    return passed > 0;
  }
  if (!name_.empty()) return take_value(left);
  const auto end = left.find('\n');
  if (end == left.npos && !to_newline_ && left.size() <= kLongestValue) return false;
  if (!to_newline_) take_line(left.substr(0, end));
  to_newline_ = end == left.npos;
  at_ += to_newline_ ? left.size() : end + 1;
  return !to_newline_;
}

bool JournalExport::take_value(std::string_view left) {
  if (left.size() < kLength) return false;
  const auto length = little_endian(left);
  auto* const field = entry_.field(name_);
  const auto wanted = field == nullptr || length > kMostBytes ? 0 : std::min<std::uint64_t>(length, kLongestValue);
  if (left.size() < kLength + wanted) return false;
  if (wanted > 0) *field = left.substr(kLength, wanted);
  if (length <= kMostBytes) {
    at_ += kLength + wanted;
    skipped_ = length - wanted + 1;
  }
  name_.clear();
  return true;
}

void JournalExport::take_line(std::string_view line) {
  if (line.empty()) return end_entry();
  begun_ = true;
  const auto equals = line.find('=');
  if (equals == line.npos) {
    name_ = line;
  } else if (auto* const field = entry_.field(line.substr(0, equals))) {
    *field = line.substr(equals + 1);
  }
}

void JournalExport::end_entry() {
  if (begun_) append_journal_line(entry_, lines_);
  entry_ = {};
  begun_ = false;
}

}  // namespace mtalens
