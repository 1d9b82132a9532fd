// Any text as one of an MTA's lines. Its parser says the same wherever the line stands in memory, nothing where it does
// not know the words, and what it says can be written down.
#include <memory>
#include <nlohmann/json.hpp>

#include "knowledge/knowledge.h"
#include "mtalens/parser.h"
#include "report/events.h"
#include "syslog/scratch.h"
#include "target.h"

namespace mtalens::fuzz {
namespace {

// The line in memory of exactly its size: a byte read behind it is seen.
struct Line {
  explicit Line(std::string_view text) : bytes(new char[text.size()]), size(text.size()) {
    text.copy(bytes.get(), text.size());
  }
  std::string_view view() const { return {bytes.get(), size}; }

  std::unique_ptr<char[]> bytes;
  std::size_t size;
};

// `program: text`
LogLine log_line(std::string_view raw, Scratch& scratch) {
  LogLine line;
  line.form = HeaderForm::rfc3164;
  line.raw = raw;
  line.text = raw;
  line.time_us = 1'795'392'000'000'000;
  line.host = "mx";
  line.pid = 7;
  line.scratch = &scratch;
  if (const auto colon = raw.find(": "); colon != raw.npos) {
    line.program = raw.substr(0, colon);
    line.text = raw.substr(colon + 2);
  }
  if (line.program == "exim") line.form = HeaderForm::exim;
  return line;
}

void check(const Event& event, const Parser& parser, const LogLine& line) {
  must(event.mta == parser.mta(), "an event says whose it is");
  must(event.line.empty() || event.line == line.raw, "an event has its whole line");
  must(event.code == 0 || (event.code >= 200 && event.code < 600), "a reply's code is one of SMTP's");
  must(event.times > 0, "an event happened once at least");
  must((event.outcome != Outcome::none) == (event.kind == EventKind::attempt) || event.outcome == Outcome::none,
       "only an attempt has an outcome");
  must((event.kind == EventKind::tls) == (event.handshake != Handshake::none), "only a handshake is one");
  must(event.kind != EventKind::related || event.relation != Relation::none, "what is related is so in some way");
  must(event.kind != EventKind::ended || event.ended != Ended::none, "what ended did so in some way");
}

std::string told(std::string_view raw, const Parser& parser, Classifier& classifier) {
  static Scratch scratch;
  scratch.clear();
  const auto line = log_line(raw, scratch);
  if (!parser.reads_whole_lines()) parser.claims_text(line);
  std::vector<Event> events(1);
  const bool known = parser.parse(line, events);
  must(known == (events.size() > 1), "events are what a parser that knows the words appends");
  std::string out;
  for (std::size_t i = 1; i < events.size(); ++i) {
    check(events[i], parser, line);
    classifier.classify(events[i]);
    append_event(out, events[i], "maillog", 1, Knowledge::builtin());
  }
  return out;
}

void parse(std::string_view bytes, const Parser& parser) {
  static Classifier classifier(Knowledge::builtin());
  const auto raw = bytes.substr(0, bytes.find('\n'));
  const Line line(raw);
  const auto events = told(line.view(), parser, classifier);
  must(events == told(raw, parser, classifier), "a line means the same wherever it stands");
  for (std::string_view left = events; !left.empty();) {
    const auto end = left.find('\n');
    must(end != left.npos && nlohmann::json::accept(left.substr(0, end)), "every event is a line of JSON");
    left.remove_prefix(end + 1);
  }
}

const Parser& named(std::string_view mta) {
  return *Knowledge::builtin().find_parser(mta);
}

}  // namespace

void postfix(std::string_view bytes) {
  parse(bytes, named("postfix"));
}
void sendmail(std::string_view bytes) {
  parse(bytes, named("sendmail"));
}
void exim(std::string_view bytes) {
  parse(bytes, named("exim"));
}

void described(std::string_view bytes) {
  for (const auto& entry : Knowledge::builtin().described_mtas())
    parse(bytes, named(entry.id));
}

}  // namespace mtalens::fuzz
