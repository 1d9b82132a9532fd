// Every MTA with a hand-written parser. A new one adds its declaration and its line.
#include "mtalens/parser.h"

namespace mtalens {

const Parser& postfix_parser();
const Parser& sendmail_parser();
const Parser& exim_parser();

const std::vector<const Parser*>& parsers() {
  static const std::vector<const Parser*> all{&postfix_parser(), &exim_parser(), &sendmail_parser()};
  return all;
}

const Parser* find_parser(std::string_view mta) {
  for (const Parser* parser : parsers()) {
    if (parser->mta() == mta) return parser;
  }
  return nullptr;
}

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
