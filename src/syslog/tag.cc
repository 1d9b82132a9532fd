#include "syslog/tag.h"

#include <algorithm>

#include "syslog/bytes.h"
#include "syslog/word.h"

namespace mtalens {

namespace {

constexpr std::size_t kLongestProgram = 256;
constexpr std::size_t kLongestPid = 32;

// `postfix/submission/smtpd`, `/usr/sbin/cron`, `user@1000.service`, `(sd-pam)`: no space, no quote, none
// of : ; < = > ? [ \ ] ^ that end a tag or stand in arbitrary text. Bytes above 127 may be letters.
constexpr std::uint64_t marks_of_no_tag(std::uint64_t bytes) {
  return word::bytes_between(bytes, 0, '"') | word::bytes_between(bytes, ':', '?') |
         word::bytes_between(bytes, '[', '^');
}

// Nearly all tags end within two words; reading both before looking spares the processor a wrong guess.
std::size_t program_size(std::string_view text) {
  constexpr std::size_t kStep = 2 * word::kBytes;
  const auto most = std::min(text.size(), kLongestProgram);
  std::size_t at = 0;
  for (; at + kStep <= most; at += kStep) {
    const auto first = marks_of_no_tag(word::load(text.data() + at));
    const auto second = marks_of_no_tag(word::load(text.data() + at + word::kBytes));
    if ((first | second) == 0) continue;
    return at + (first != 0 ? word::first_index(first) : word::kBytes + word::first_index(second));
  }
  while (at < most && (marks_of_no_tag(static_cast<unsigned char>(text[at])) & 0x80) == 0)
    ++at;
  return at;
}

// The size of `[123]` at the front, whose number goes to `pid`; also of `[12345-01]`, as amavis writes it.
std::size_t read_pid(std::string_view text, std::uint32_t& pid) {
  if (text.size() > word::kBytes) {
    const auto digits = word::load(text.data() + 1);
    const auto count = word::digit_count(digits);
    if (count - 1 < 7 && text[1 + count] == ']') {  // count 1..7
      pid = word::number(digits, count);
      return count + 2;
    }
  }
  const auto number = bytes::number_at(text.substr(1));
  pid = bytes::as_pid(number.value);
  std::size_t at = 1 + number.size;
  if (at < text.size() && text[at] == ']') return at + 1;
  const auto most = std::min(text.size(), kLongestPid);
  while (at < most && text[at] != ']' && text[at] != ' ')
    ++at;
  if (at + 1 >= text.size() || text[at] != ']' || text[at + 1] != ':') return 0;
  return at + 1;
}

// The tag whose program takes so many bytes.
Tag tag_of(std::string_view text, std::size_t at) {
  Tag tag;
  tag.program_size = at;
  if (text[at] == '[') {
    const auto size = read_pid(text.substr(at), tag.pid);
    if (size == 0) return {};
    at += size;
    tag.bracketed = true;
    if (at < text.size() && text[at] == ':') ++at;
  } else if (text[at] == ':' && (at + 1 == text.size() || text[at + 1] == ' ')) {
    ++at;
  } else {
    return {};
  }
  tag.size = at;
  return tag;
}

}  // namespace

Tag read_tag(std::string_view text) {
  const std::size_t size = program_size(text);
  if (size == 0 || size == text.size() || size == kLongestProgram) return {};
  return tag_of(text, size);
}

Tag KnownTags::read(std::string_view text) {
  if (text.size() < 2 * word::kBytes) return read_tag(text);
  const auto first = word::load(text.data()), second = word::load(text.data() + word::kBytes);
  for (const auto& program : programs_) {
    const bool is_it = (first & program.first_mask) == program.first && (second & program.second_mask) == program.second;
    if (is_it) return tag_of(text, program.size);
  }
  const Tag tag = read_tag(text);
  if (tag.bracketed && tag.program_size < 2 * word::kBytes) remember(text, tag.program_size);
  return tag;
}

void KnownTags::remember(std::string_view text, std::size_t program_size) {
  const auto bytes = program_size + 1;
  const auto in_first = std::min(bytes, word::kBytes);
  Program& program = programs_[next_++ % programs_.size()];
  program.first_mask = word::first_bytes(UINT64_MAX, in_first);
  program.second_mask = word::first_bytes(UINT64_MAX, bytes - in_first);
  program.first = word::load(text.data()) & program.first_mask;
  program.second = word::load(text.data() + word::kBytes) & program.second_mask;
  program.size = program_size;
}

std::size_t priority_word_size(std::string_view text) {
  constexpr std::string_view kSeverities[] = {"emerg", "alert",   "crit",   "err",  "error",
                                              "warn",  "warning", "notice", "info", "debug"};
  constexpr std::size_t kLongest = 16;
  const auto space = text.substr(0, kLongest).find(' ');
  if (space == std::string_view::npos) return 0;
  const auto dot = text.substr(0, space).find_first_of(".:");
  if (dot == std::string_view::npos || dot == 0) return 0;
  const auto severity = text.substr(dot + 1, space - dot - 1);
  const bool known = std::find(std::begin(kSeverities), std::end(kSeverities), severity) != std::end(kSeverities);
  return known ? space + 1 : 0;
}

}  // namespace mtalens
