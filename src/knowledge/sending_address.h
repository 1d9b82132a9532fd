// The address that a provider says it is sent from: what it counts by.
#pragma once

#include <string>
#include <string_view>

namespace mtalens {

// "Too many messages (1.5.6.1) from 81.2.3.4", "from your IP address [2001:db8::25]": the address, or nothing.
std::string sending_address_in(std::string_view reply);

// It means the host that says it: 127.0.0.1 of one host is not that of another.
bool is_loopback(std::string_view address);

}  // namespace mtalens
