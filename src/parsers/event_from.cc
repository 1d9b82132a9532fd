// What every parser starts from.
#include "mtalens/parser.h"

namespace mtalens {

Event event_from(const LogLine& line, std::string_view mta, EventKind kind) {
  Event event;
  event.kind = kind;
  event.mta = mta;
  event.times = line.times;
  event.time_us = line.time_us;
  event.pid = line.pid;
  event.host = line.host;
  event.program = line.program;
  event.line = line.raw;
  return event;
}

}  // namespace mtalens
