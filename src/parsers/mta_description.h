// An MTA described by data: which programs are its own, and what its lines say.
//
//   {"kind": "attempt", "literal": " mta delivery ", "regex": "evpid=(?<queue_id>[0-9a-f]{8})",
//    "fields": {"recipient": "to"}, "words": {"outcome": {"Ok": "delivered"}}}
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace mtalens {

using Texts = std::span<const std::string_view>;

enum class LineHeader : std::uint8_t {
  syslog,  // one that syslog, journald and their like write; the MTA's words stand behind it
  none,    // a whole line is one JSON object
};

// A field of the record, and where the line has it: a key ("to"), in JSON a path ("response.code"), or a text made
// of several ("{response.code} {response.content}"). Of more than one, the first that the line has all of.
struct FieldRule {
  std::string_view field;
  Texts from;
};

// A field that always has this value.
struct Constant {
  std::string_view field, value;
};

// What the line writes, and the record's word for it. `text` may end in `*`: whatever begins like that.
struct Translation {
  std::string_view field, text, value;
};

// The key must have one of these values.
struct Condition {
  std::string_view key;
  Texts values;
};

// One form of line. It is this one where the literal stands in the text, the expression matches and every condition
// holds; the first form that does decides.
struct LineForm {
  std::string_view literal;
  std::string_view regex;  // its named groups are fields of the record
  std::string_view program;  // the tag; empty: any of the MTA's
  std::span<const Condition> when;
  std::span<const FieldRule> fields;
  std::span<const Constant> set;  // the kind at least
  std::span<const Translation> words;
};

struct MtaDescription {
  std::string_view name;
  LineHeader header = LineHeader::syslog;
  Texts programs;  // tags: "courierd", "courier*"
  Texts marks;     // without a header: what stands in each of its lines and in nobody else's
  std::string_view separator;     // between one `key=value` and the next
  bool ends_by_outcomes = false;  // see Event
  std::span<const LineForm> lines;
};

}  // namespace mtalens
