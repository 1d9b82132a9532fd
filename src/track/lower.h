// Host names and domains are compared without regard to case (RFC 5321, 2.4).
#pragma once

#include <string>
#include <string_view>

namespace mtalens {

inline bool has_upper(std::string_view text) {
  bool upper = false;
  for (const char c : text) upper |= c >= 'A' && c <= 'Z';
  return upper;
}

inline std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// What stands behind the last @; empty for an address without one.
inline std::string_view domain_of(std::string_view address) {
  const auto at = address.rfind('@');
  return at == std::string_view::npos ? std::string_view{} : address.substr(at + 1);
}

}  // namespace mtalens
