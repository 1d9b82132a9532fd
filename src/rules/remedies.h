// What to do, as commands and configuration lines for the MTA that was read.
#pragma once

#include <optional>
#include <string>

#include "mtalens/analysis.h"
#include "rules/limit.h"

namespace mtalens {

class Knowledge;

// Send to this provider at the pace it takes.
std::string throttle_remedy(const Provider& provider, const std::optional<Limit>& limit);
// Stop forwarding, or forward in a way that passes SPF.
std::string forwarding_remedy(const Provider& provider, const TrafficOrigin& origin);
// Find out what an account sends, and stop it.
std::string account_remedy(const Provider& provider, const TrafficOrigin& origin);
// Mend a handshake that fails.
std::string starttls_remedy(const TlsPeer& peer, TlsCause cause, const Knowledge& knowledge);

}  // namespace mtalens
