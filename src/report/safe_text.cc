#include "report/safe_text.h"

#include <fmt/format.h>

#include <cstdint>
#include <iterator>

namespace mtalens {
namespace {

struct Decoded {
  std::uint32_t character = 0;
  std::size_t length = 0;  // 0: no UTF-8 here
};

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
Decoded decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return {};
  std::uint32_t character = first & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    character = character << 6 | (byte(i) & 0x3Fu);
  }
  constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (character < kLeast[length] || character > 0x10FFFF || (character >= 0xD800 && character < 0xE000)) return {};
  return {character, length};
}

// C0 and C1 controls, and what turns text around or hides in it (Unicode's Bidi_Control, zero width, tags).
bool unprintable(std::uint32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD || c == 0x61C || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) ||
         (c >= 0xE0000 && c <= 0xE0FFF);
}

}  // namespace

std::string safe_text(std::string_view text, std::size_t most) {
  std::string out;
  while (!text.empty()) {
    if (out.size() >= most) return out + "…";
    const auto [character, length] = decode(text);
    if (length == 0) {
      out += fmt::format("\\x{:02X}", static_cast<unsigned char>(text.front()));
    } else if (unprintable(character)) {
      out += character < 0x100 ? fmt::format("\\x{:02X}", character) : fmt::format("\\u{{{:04X}}}", character);
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t plain = 0;  // begin of what needs no escape
  std::size_t at = 0;
  const auto flush = [&](std::size_t skip) {
    out.append(text, plain, at - plain);
    at += skip;
    plain = at;
  };
  while (at < text.size()) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c >= 0x20 && c < 0x7F && c != '"' && c != '\\') {
      ++at;
    } else if (c == '"' || c == '\\') {
      flush(1);
      out += '\\';
      out += static_cast<char>(c);
    } else if (c < 0x20 || c == 0x7F) {
      flush(1);
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", c);
    } else if (const auto decoded = decode(text.substr(at)); decoded.length > 0 && !unprintable(decoded.character)) {
      at += decoded.length;
    } else if (decoded.length > 0 && decoded.character < 0x10000) {
      flush(decoded.length);
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", decoded.character);
    } else {
      flush(decoded.length == 0 ? 1 : decoded.length);
      out += "\xEF\xBF\xBD";
    }
  }
  flush(0);
  out += '"';
}

std::string printable_json(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  while (!json.empty()) {
    const auto [character, length] = decode(json);
    const auto taken = json.substr(0, length == 0 ? 1 : length);
    if (length < 2 && character != 0x7F) {
      out += taken;  // the layout's own line ends; within strings they are escaped already
    } else if (!unprintable(character)) {
      out += taken;
    } else if (character < 0x10000) {
      out += fmt::format("\\u{:04x}", character);
    } else {
      out += fmt::format("\\u{:04x}\\u{:04x}", 0xD7C0 + (character >> 10), 0xDC00 + (character & 0x3FF));
    }
    json.remove_prefix(taken.size());
  }
  return out;
}

std::string valid_utf8(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto length = decode(text).length;
    out += length == 0 ? std::string_view("\xEF\xBF\xBD") : text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

std::size_t columns(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

}  // namespace mtalens
