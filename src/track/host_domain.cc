#include "track/host_domain.h"

namespace mtalens {
namespace {

bool is_address(std::string_view host) {
  return host.find(':') != std::string_view::npos || host.find_first_not_of("0123456789.[]") == std::string_view::npos;
}

}  // namespace

std::string_view domain_of_host(std::string_view host) {
  if (is_address(host)) return host;
  const auto last = host.rfind('.');
  if (last == std::string_view::npos || last == 0) return host;
  auto begin = host.rfind('.', last - 1);
  if (begin == std::string_view::npos) return host;
  if (last - begin <= 4 && host.size() - last <= 3 && begin > 0) {  // co.uk, com.au, ac.jp
    const auto before = host.rfind('.', begin - 1);
    if (before == std::string_view::npos) return host;
    begin = before;
  }
  return host.substr(begin + 1);
}

}  // namespace mtalens
