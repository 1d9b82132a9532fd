// Walking a line in place: the small steps that all three parsers take.
//
// Everything here takes and gives views, allocates nothing, and never reads past the view's end,
// whatever bytes it meets. Fields are found by where they stand, never by searching the whole line.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace mtalens::scan {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Whether `text` begins with these words. They are a literal, so that the comparison is a few loads in place:
// std::string_view::starts_with calls memcmp, which costs more than the rest of most lines' walk.
template <std::size_t N>
bool starts(std::string_view text, const char (&words)[N]) {
  return text.size() >= N - 1 && std::memcmp(text.data(), words, N - 1) == 0;
}

// Drops `prefix` from the front of `text` and says whether it was there.
template <std::size_t N>
bool take(std::string_view& text, const char (&prefix)[N]) {
  if (!starts(text, prefix)) return false;
  text.remove_prefix(N - 1);
  return true;
}
inline bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// What stands before the first `mark`; `text` goes on behind the mark. Without a mark: nothing is taken.
inline std::optional<std::string_view> take_until(std::string_view& text, std::string_view mark) {
  const auto at = text.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  const auto taken = text.substr(0, at);
  text.remove_prefix(at + mark.size());
  return taken;
}

// The decimal digits at the front as a number, dropped from `text`; none or too many (over 18): nothing.
inline std::optional<std::int64_t> take_number(std::string_view& text) {
  std::size_t length = 0;
  std::int64_t value = 0;
  while (length < text.size() && is_digit(text[length])) {
    if (length == 18) return std::nullopt;
    value = value * 10 + (text[length++] - '0');
  }
  if (length == 0) return std::nullopt;
  text.remove_prefix(length);
  return value;
}

// An address in angle brackets at the front, `<"odd > local"@example.com>`, `<odd\>local@example.com>`; the brackets
// are dropped and `text` goes on behind them. Nothing where no bracket opens or none closes.
std::optional<std::string_view> take_angle(std::string_view& text);

// `host[address]` or `host[address]:port`, as Postfix names its peers: host, address, port (0: none).
struct HostAndAddress {
  std::string_view host;
  std::string_view address;
  std::uint16_t port = 0;
};

// `421 4.7.0 text` or `421-4.7.0 text`: the reply's code (0 where it is no reply of 2xx to 5xx) and its
// enhanced code where one follows.
struct ReplyCodes {
  std::uint16_t code = 0;
  std::string_view enhanced;
};
ReplyCodes reply_codes(std::string_view reply);

// The enhanced status code (RFC 3463: class 2, 4 or 5, subject, detail) at the front, or empty.
std::string_view enhanced_code_at(std::string_view text);

// A host name or address without a final dot.
inline std::string_view without_final_dot(std::string_view host) {
  if (!host.empty() && host.back() == '.') host.remove_suffix(1);
  return host;
}

}  // namespace mtalens::scan
