#include "syslog/json_text.h"

#include "syslog/bytes.h"

namespace mtalens::json {
namespace {

// The bytes of the string at the front, from quote to quote; 0 where none begins or it never ends.
std::size_t string_size(std::string_view text) {
  if (text.empty() || text[0] != '"') return 0;
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '"') return at + 1;
    if (text[at] == '\\') ++at;
  }
  return 0;
}

// The bytes of the array or object at the front, with all that is nested in it.
std::size_t nested_size(std::string_view text) {
  std::size_t depth = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '"') {
      const auto size = string_size(text.substr(at));
      if (size == 0) return 0;
      at += size - 1;
    } else if (text[at] == '[' || text[at] == '{') {
      ++depth;
    } else if (text[at] == ']' || text[at] == '}') {
      if (--depth == 0) return at + 1;
    }
  }
  return 0;
}

// The bytes of the number, true, false or null at the front.
std::size_t word_size(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size() && (bytes::is_digit(text[at]) || (text[at] >= 'a' && text[at] <= 'z') || text[at] == '-' ||
                              text[at] == '+' || text[at] == '.' || text[at] == 'E')) {
    ++at;
  }
  return at;
}

// The value of four hexadecimal digits at `at`, or -1.
std::int32_t hex4(std::string_view text, std::size_t at) {
  if (text.size() < at + 4) return -1;
  std::int32_t value = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    const char c = text[i];
    const char lower = static_cast<char>(c | 0x20);
    if (bytes::is_digit(c)) {
      value = value * 16 + (c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      value = value * 16 + (lower - 'a' + 10);
    } else {
      return -1;
    }
  }
  return value;
}

char* append_utf8(char* out, std::int32_t code_point) {
  const auto put = [&out](std::int32_t byte) { *out++ = static_cast<char>(byte); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | code_point >> 6);
    put(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    put(0xE0 | code_point >> 12);
    put(0x80 | (code_point >> 6 & 0x3F));
    put(0x80 | (code_point & 0x3F));
  } else {
    put(0xF0 | code_point >> 18);
    put(0x80 | (code_point >> 12 & 0x3F));
    put(0x80 | (code_point >> 6 & 0x3F));
    put(0x80 | (code_point & 0x3F));
  }
  return out;
}

// What `\uXXXX` at `at` stands for, a surrogate pair taken together; moves `at` behind it. Half a pair
// stands for U+FFFD, and digits that are none leave `at` where it is.
std::int32_t take_unicode(std::string_view text, std::size_t& at) {
  constexpr std::int32_t kReplacement = 0xFFFD;
  const auto unit = hex4(text, at + 2);
  if (unit < 0) return kReplacement;
  at += 6;
  if (unit < 0xD800 || unit > 0xDFFF) return unit;
  if (unit > 0xDBFF || text.substr(at, 2) != "\\u") return kReplacement;
  const auto low = hex4(text, at + 2);
  if (low < 0xDC00 || low > 0xDFFF) return kReplacement;
  at += 6;
  return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
}

char unescaped(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    default:
      return c;
  }
}

}  // namespace

void skip_space(std::string_view& text) {
  while (!text.empty() && (text[0] == ' ' || text[0] == '\t' || text[0] == '\n' || text[0] == '\r')) {
    text.remove_prefix(1);
  }
}

Span take_value(std::string_view& text) {
  skip_space(text);
  if (text.empty()) return {};
  const auto size = text[0] == '"'                     ? string_size(text)
                    : text[0] == '[' || text[0] == '{' ? nested_size(text)
                                                       : word_size(text);
  const auto value = text.substr(0, size);
  text.remove_prefix(size);
  return value;
}

// Unescaping never makes it longer.
std::string_view unescape(std::string_view text, Scratch& scratch) {
  if (text.find('\\') == std::string_view::npos) return text;
  char* const room = scratch.take(text.size());
  char* out = room;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '\\' || at + 1 == text.size()) {
      *out++ = text[at++];
    } else if (text[at + 1] == 'u' && hex4(text, at + 2) >= 0) {
      out = append_utf8(out, take_unicode(text, at));
    } else {
      *out++ = unescaped(text[at + 1]);
      at += 2;
    }
  }
  const auto size = static_cast<std::size_t>(out - room);
  scratch.give_back(text.size() - size);
  return {room, size};
}

std::optional<Span> member(Span object, std::string_view name) {
  skip_space(object);
  if (!bytes::take(object, "{")) return std::nullopt;
  for (;;) {
    skip_space(object);
    const auto key = take_value(object);
    if (!key.starts_with('"')) return std::nullopt;
    skip_space(object);
    if (!bytes::take(object, ":")) return std::nullopt;
    const auto value = take_value(object);
    if (value.empty()) return std::nullopt;
    if (key.substr(1, key.size() - 2) == name) return value;
    skip_space(object);
    if (!bytes::take(object, ",")) return std::nullopt;
  }
}

}  // namespace mtalens::json
