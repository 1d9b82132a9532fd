// The page of --format html as it was built in: style and script are in place, `<!--title-->`, `<!--story-->` and the
// like mark where a report's own text goes.
#pragma once

#include <string_view>

namespace mtalens {

extern const std::string_view kHtmlPage;

}  // namespace mtalens
