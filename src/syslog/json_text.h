// Walks JSON in place: where a value stands in the text, and what a string says without its escapes.
//
// Whatever the bytes are, nothing is read past their end, and nesting costs no stack.
#pragma once

#include <optional>
#include <string_view>

#include "syslog/scratch.h"

namespace mtalens::json {

// Where one value stands in the text, brackets and quotes included.
using Span = std::string_view;

void skip_space(std::string_view& text);

// Takes the value at the front; empty where there is none.
Span take_value(std::string_view& text);

// The value that an object has under this name, which no escapes are looked for in; nothing where it has none.
std::optional<Span> member(Span object, std::string_view name);

// The text of a string without its quotes; in scratch memory where something in it is escaped.
std::string_view unescape(std::string_view text, Scratch& scratch);

}  // namespace mtalens::json
