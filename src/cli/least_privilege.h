// What a subcommand with these options may still do.
#pragma once

#include "cli/options.h"

namespace mtalens {

// Gives up all that it does not need, for good. Loads the patterns first: where they stand, root alone may read.
void give_up_privileges(const Options& options);

}  // namespace mtalens
