#include "parsers/scan.h"

namespace mtalens::scan {

std::optional<std::string_view> take_angle(std::string_view& text) {
  if (text.empty() || text.front() != '<') return std::nullopt;
  // Nearly every address: neither quotes nor backslashes.
  const auto close = text.find('>');
  if (close == std::string_view::npos) return std::nullopt;
  if (const auto plain = text.substr(0, close);
      plain.find('"') == std::string_view::npos && plain.find('\\') == std::string_view::npos) {
    const auto inside = text.substr(1, close - 1);
    text.remove_prefix(close + 1);
    return inside;
  }
  bool quoted = false;
  for (std::size_t i = 1; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\') {  // RFC 822 lets a backslash quote outside of quotes, too, and so does Exim
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == '>' && !quoted) {
      const auto inside = text.substr(1, i - 1);
      text.remove_prefix(i + 1);
      return inside;
    }
  }
  if (!quoted) return std::nullopt;
  // A quote that never closes: somebody's odd address. Take the first closing bracket after all.
  const auto at = text.find('>');
  if (at == std::string_view::npos) return std::nullopt;
  const auto inside = text.substr(1, at - 1);
  text.remove_prefix(at + 1);
  return inside;
}

std::string_view enhanced_code_at(std::string_view text) {
  if (text.size() < 5 || (text[0] != '2' && text[0] != '4' && text[0] != '5') || text[1] != '.') return {};
  std::size_t at = 2;
  const auto digits = [&](std::size_t most) {
    const auto from = at;
    while (at < text.size() && at - from < most && is_digit(text[at])) ++at;
    return at > from;
  };
  if (!digits(3) || at >= text.size() || text[at] != '.') return {};
  ++at;
  if (!digits(3)) return {};
  if (at < text.size() && (is_digit(text[at]) || text[at] == '.')) return {};  // an address or a version
  return text.substr(0, at);
}

ReplyCodes reply_codes(std::string_view reply) {
  if (reply.size() < 3 || reply[0] < '2' || reply[0] > '5' || !is_digit(reply[1]) || !is_digit(reply[2])) return {};
  if (reply.size() > 3 && reply[3] != ' ' && reply[3] != '-') return {};
  ReplyCodes out;
  out.code = static_cast<std::uint16_t>((reply[0] - '0') * 100 + (reply[1] - '0') * 10 + (reply[2] - '0'));
  if (reply.size() > 4) out.enhanced = enhanced_code_at(reply.substr(4));
  return out;
}

}  // namespace mtalens::scan
