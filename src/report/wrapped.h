// Paragraphs as lines.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mtalens {

// Breaks at blanks into lines of at most `room` columns; a longer word stays whole.
std::vector<std::string> wrapped(std::string_view text, std::size_t room);

}  // namespace mtalens
