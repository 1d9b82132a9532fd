// What strangers' hosts say, and the files that describe it.
#include "knowledge/knowledge.h"

#include <string>

#include "input/line_blocks.h"
#include "knowledge/answer_cache.h"
#include "knowledge/pattern_file.h"
#include "parsers/pattern_parser.h"
#include "target.h"

namespace mtalens::fuzz {

// A byte each for the code and the stage, a line with the host, one with the enhanced code, then a reply on each line:
// what the classifier remembers of one reply is true of the next.
void reply(std::string_view bytes) {
  const auto& knowledge = Knowledge::builtin();
  Classifier classifier(knowledge);
  Decisions decisions(bytes);
  Event event;
  event.kind = EventKind::attempt;
  event.outcome = Outcome::deferred;
  event.code = static_cast<std::uint16_t>(400 + decisions.byte() % 200);
  event.stage = static_cast<Stage>(decisions.byte() % 9);
  auto rest = decisions.rest();
  event.relay = take_line(rest);
  event.enhanced_code = take_line(rest);
  while (!rest.empty()) {
    event.reply = take_line(rest);
    classifier.classify(event);
    must(event.operator_id == knowledge.operator_of_relay(event.relay),
         "a host's operator is remembered as it is known");
    const auto meaning = knowledge.meaning_of(event.code, event.enhanced_code, answered_part(event.reply), event.stage,
                                              event.operator_id);
    must(event.meaning == static_cast<std::uint16_t>(meaning), "a reply's meaning is remembered as it is known");
    knowledge.tls_cause_of(event.reply);
  }
  knowledge.operator_of_domain(event.relay);
}

// A pattern file, and what stands behind it as lines: its entries, or what is wrong with it by line; the MTAs that it
// describes read any line.
void patterns(std::string_view bytes) {
  const auto end = bytes.find('\0');
  PatternStore store;
  std::vector<std::string> errors;
  store.read_text(bytes.substr(0, end), "fuzzed.json", errors);
  std::vector<Event> events;
  for (const auto& entry : store.set().parsers) {
    const PatternParser parser(entry.mta);
    LogLine line;
    line.form = HeaderForm::rfc3164;
    line.program = entry.mta.programs.empty() ? std::string_view{} : entry.mta.programs.front();
    const auto read = [&](std::string_view text) {
      line.raw = line.text = text;
      parser.claims_text(line);
      parser.parse(line, events);
    };
    for (const auto& proof : entry.proofs) {
      for (const auto& example : proof.examples)
        read(example.log);
    }
    if (end != bytes.npos) read(bytes.substr(end + 1));
  }
}

}  // namespace mtalens::fuzz
