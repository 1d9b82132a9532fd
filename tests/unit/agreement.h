// Whether an analysis says what is known of its log from elsewhere.
#pragma once

#include <string>

#include "flow_generator.h"
#include "mtalens/analysis.h"
#include "twin.h"

namespace mtalens::test {

// What differs, a line each, ours first; empty: nothing does. The analysis is one with its queue.
std::string disagreement(const Analysis& analysis, const Twin& twin);
std::string disagreement(const Analysis& analysis, const Flow& flow);

}  // namespace mtalens::test
