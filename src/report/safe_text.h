// Text that strangers chose, made fit to print: no control or escape sequences, no text that turns around
// (bidirectional controls), no broken UTF-8, no endless lines.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mtalens {

// What may not be printed is shown as \xNN (bytes) or \u{NNNN} (characters). Longer than `most` bytes: cut, with "…".
std::string safe_text(std::string_view text, std::size_t most = std::string_view::npos);

// `text` as a JSON string with its quotes; bytes that are no UTF-8 become U+FFFD. Appended to `out`.
void append_json_string(std::string& out, std::string_view text);

// JSON whose strings bear no character that may not be printed: those are escaped, as append_json_string() does.
std::string printable_json(std::string_view json);

// Valid UTF-8, for JSON values: bytes that are none become U+FFFD.
std::string valid_utf8(std::string_view text);

// How many columns a terminal gives to valid UTF-8 text, wide characters not minded.
std::size_t columns(std::string_view text);

}  // namespace mtalens
