#include "syslog/tag.h"

#include <algorithm>
#include <array>

#include "syslog/bytes.h"

namespace mtalens {

namespace {

constexpr std::size_t kLongestTag = 256;
constexpr std::size_t kLongestPid = 32;

// `postfix/submission/smtpd`, `/usr/sbin/cron`, `user@1000.service`, `(sd-pam)`: no space, no colon, no
// bracket, none of the marks that stand in arbitrary text. Bytes above 127 may be letters of a name.
constexpr auto kTagBytes = [] {
  std::array<bool, 256> is_tag_byte{};
  for (unsigned c = 0; c < 256; ++c) {
    is_tag_byte[c] = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c >= 0x80;
  }
  for (const unsigned char c : {'/', '-', '_', '.', '+', '@', '(', ')', '#', '~', '%', '$', '!', '*'}) {
    is_tag_byte[c] = true;
  }
  return is_tag_byte;
}();

// The size of `[123]` at the front, whose number goes to `pid`; also of `[12345-01]`, as amavis writes it.
std::size_t read_pid(std::string_view text, std::uint32_t& pid) {
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

}  // namespace

Tag read_tag(std::string_view text) {
  const auto most = std::min(text.size(), kLongestTag);
  std::size_t at = 0;
  while (at < most && kTagBytes[static_cast<unsigned char>(text[at])])
    ++at;
  if (at == 0 || at == most) return {};

  Tag tag{text.substr(0, at)};
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
