// --anonymize: what is read gets other names before anything is made of it.
#pragma once

#include <string>
#include <vector>

#include "anonymize/anonymized.h"
#include "cli/options.h"

namespace mtalens {

// Made at the first call, of --anonymize-key's file or of chance; null where nothing is to be anonymized. Throws
// UsageError.
Anonymizer* anonymizer(const Options& options);

// --our-domain, as the events name them.
std::vector<std::string> our_domains(const Options& options);

// What is asked for (an address, a message-id), as the events name it.
std::string as_named(const Options& options, const std::string& what);

}  // namespace mtalens
