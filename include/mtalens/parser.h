// What an MTA's parser is to the rest: it tells which lines are its own and turns each into events.
//
// A parser keeps no state between lines and allocates nothing: any number of threads use one at once.
// Adding an MTA is one file that defines a Parser and its line in the registry (src/parsers/registry.cc), or one
// file of data in patterns/parsers/.
#pragma once

#include <string_view>
#include <vector>

#include "mtalens/event.h"
#include "mtalens/log_line.h"

namespace mtalens {

class Parser {
 public:
  virtual ~Parser() = default;

  // The MTA's name as reports and `--mta` use it: "postfix". Static text.
  virtual std::string_view mta() const = 0;

  // Whether lines with this tag are this MTA's: "postfix/smtp", "sm-mta". Asked once per distinct tag.
  virtual bool claims_program(std::string_view program) const = 0;

  // Whether the text alone betrays this MTA, for tags that nobody claims (sendmail -L sets any tag).
  virtual bool claims_text(const LogLine& line) const = 0;

  // Whether its lines bear no header that we read (they are JSON from the first byte on): `text` is then the whole
  // line, and the parser reads the time too.
  virtual bool reads_whole_lines() const { return false; }

  // Appends what the line says to `events`: one event for most lines, one per recipient where several
  // share a line. False, with nothing appended, when no rule knows the line's words: it is then counted
  // as unrecognized and shown, so never answer true for "whatever is left".
  virtual bool parse(const LogLine& line, std::vector<Event>& events) const = 0;
};

// An event with all that the header told: every parser starts from it.
Event event_from(const LogLine& line, std::string_view mta, EventKind kind);

// Every parser written by hand, in the order they are asked; those that pattern files describe come after them
// (Knowledge::parsers()). Static lifetime.
const std::vector<const Parser*>& parsers();

}  // namespace mtalens
