// See operators.h.
#include "knowledge/operators.h"

#include <algorithm>
#include <array>

namespace mtalens {
namespace {

constexpr std::size_t kLongestHost = 255;  // RFC 1035, 2.3.4
constexpr std::string_view kShortened = "...";
constexpr std::size_t kShortenedEnd = 17;  // sendmail's shortenstring(), without the final dot

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

}  // namespace

void HostTable::add(std::string_view pattern, std::uint32_t operator_id) {
  const bool below = pattern.starts_with("*.");
  std::string name(below ? pattern.substr(2) : pattern);
  std::transform(name.begin(), name.end(), name.begin(), lower);
  (below ? below_ : exact_)[std::move(name)] = operator_id;
}

// sendmail writes `example-com.mail.p...ction.outlook.com.`: of a name of 40 characters and more the first and the last 18.
std::uint32_t HostTable::find_by_end(std::string_view end) const {
  std::uint32_t found = 0;
  for (const auto* table : {&exact_, &below_}) {
    for (const auto& [name, operator_id] : *table) {
      if (!name.ends_with(end)) continue;
      if (found != 0 && found != operator_id) return 0;  // two operators' names end so
      found = operator_id;
    }
  }
  return found;
}

std::uint32_t HostTable::find(std::string_view host) const {
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.empty() || host.size() > kLongestHost) return 0;
  std::array<char, kLongestHost> buffer;
  std::transform(host.begin(), host.end(), buffer.begin(), lower);
  const std::string_view name(buffer.data(), host.size());
  if (const auto found = exact_.find(name); found != exact_.end()) return found->second;
  for (auto dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.', dot + 1)) {
    if (const auto found = below_.find(name.substr(dot + 1)); found != below_.end()) return found->second;
  }
  const auto gap = name.find(kShortened);
  const bool shortened = gap != std::string_view::npos && name.size() >= gap + kShortened.size() + kShortenedEnd;
  return shortened ? find_by_end(name.substr(gap + kShortened.size())) : 0;
}

}  // namespace mtalens
