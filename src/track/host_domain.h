// The domain that a host most likely belongs to: mx1.hoster.example -> hoster.example, mx.isp.co.uk -> isp.co.uk. An
// address is its own.
#pragma once

#include <string_view>

namespace mtalens {

std::string_view domain_of_host(std::string_view host);

}  // namespace mtalens
