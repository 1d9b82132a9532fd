#include "syslog/rfc5424.h"

#include "syslog/bytes.h"

namespace mtalens {

namespace {

// One field, empty for the NIL value `-`.
std::string_view take_field(std::string_view& text) {
  const auto field = bytes::take_word(text);
  return field == "-" ? std::string_view{} : field;
}

// The size of `[id name="value"]` at the front; inside quotes a backslash escapes `"`, `\` and `]`. 0: never ends.
std::size_t element_size(std::string_view text) {
  bool quoted = false;
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '\\' && quoted) {
      ++at;
    } else if (text[at] == '"') {
      quoted = !quoted;
    } else if (text[at] == ']' && !quoted) {
      return at + 1;
    }
  }
  return 0;
}

bool skip_structured_data(std::string_view& text) {
  if (bytes::take(text, "-")) return text.empty() || text[0] == ' ';
  if (!text.starts_with('[')) return false;
  while (text.starts_with('[')) {
    const auto size = element_size(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

}  // namespace

bool read_behind_rfc5424_stamp(std::string_view text, LogLine& line) {
  line.host = take_field(text);
  line.program = take_field(text);
  const auto pid = take_field(text);
  const auto number = bytes::number_at(pid);
  if (number.size == pid.size()) line.pid = bytes::as_pid(number.value);
  take_field(text);  // msgid
  if (!skip_structured_data(text)) return false;
  while (bytes::take(text, " ")) {
  }
  bytes::take(text, "\xEF\xBB\xBF");
  line.text = text;
  return true;
}

}  // namespace mtalens
