#include "knowledge/sending_address.h"

#include <arpa/inet.h>

namespace mtalens {
namespace {

// Four numbers and three dots at the front of `text`.
std::string_view ipv4_at(std::string_view text) {
  std::size_t at = 0;
  for (int part = 0; part < 4; ++part) {
    if (part > 0 && (at >= text.size() || text[at++] != '.')) return {};
    const auto from = at;
    while (at < text.size() && at - from < 3 && text[at] >= '0' && text[at] <= '9') ++at;
    if (at == from) return {};
  }
  return text.substr(0, at);
}

std::string_view ipv6_at(std::string_view text) {
  constexpr std::size_t kLongest = 45;
  const auto end = text.substr(0, kLongest + 1).find_first_not_of("0123456789abcdefABCDEF:.");
  const auto address = text.substr(0, end == text.npos ? text.size() : end);
  if (address.find(':') == address.npos || address.size() > kLongest) return {};
  in6_addr parsed;
  return inet_pton(AF_INET6, std::string(address).c_str(), &parsed) == 1 ? address : std::string_view();
}

}  // namespace

std::string sending_address_in(std::string_view reply) {
  for (const std::string_view lead : {"from [", "address [", "from ", "[", "IP address ", "IP ", "host "}) {
    for (auto at = reply.find(lead); at != std::string_view::npos; at = reply.find(lead, at + 1)) {
      const auto behind = reply.substr(at + lead.size());
      const auto address = ipv4_at(behind);
      if (!address.empty()) return std::string(address);
      if (const auto long_one = ipv6_at(behind); !long_one.empty()) return std::string(long_one);
    }
  }
  return {};
}

bool is_loopback(std::string_view address) { return address.starts_with("127.") || address == "::1"; }

}  // namespace mtalens
