// The common record's fields by the names that `mtalens events` gives them: for MTAs that are described by data.
#pragma once

#include <string>
#include <string_view>

#include "mtalens/event.h"

namespace mtalens {

struct EventField {
  std::string_view name;
  // Takes the text as a log writes it: `<a@b>`, `[192.0.2.1]`, `host.`, `1m3s`; `-` and nothing leave the field
  // unset. False where the field is an enumeration and this is none of its words.
  bool (*set)(Event& event, std::string_view text);
  // What set() made of it; empty: not set.
  std::string (*text)(const Event& event);
};

// Null: there is no such field.
const EventField* find_event_field(std::string_view name);

}  // namespace mtalens
