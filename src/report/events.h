// The common record as NDJSON, one object a line; README.md documents the names.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mtalens/event.h"

namespace mtalens {

class Knowledge;

// Appends the event's object and a newline to `out`.
void append_event(std::string& out, const Event& event, std::string_view source, std::uint64_t line,
                  const Knowledge& knowledge);

}  // namespace mtalens
