// See pattern_test.h. An example holds when its own entry decides it: one that another entry decides names
// that entry, which is how shadowing shows.
#include "knowledge/pattern_test.h"

#include <algorithm>
#include <ctime>
#include <map>

#include "knowledge/reply_text.h"
#include "knowledge/text_matcher.h"
#include "parsers/pattern_parser.h"
#include "syslog/header.h"
#include "syslog/scratch.h"

namespace mtalens {
namespace {

constexpr std::size_t kHostileSize = 64 * 1024;

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kShown = 100;
  return "\"" + std::string(text.substr(0, kShown)) + (text.size() > kShown ? "…\"" : "\"");
}

class PatternTester {
 public:
  PatternTester(const Knowledge& knowledge, std::chrono::milliseconds patience)
      : knowledge_(knowledge), patience_(patience) {}

  PatternTestResult run() {
    for (const auto& provider : knowledge_.providers())
      test(provider);
    for (const auto& reply : knowledge_.replies())
      test(reply);
    for (const auto& entry : knowledge_.tls())
      test(entry);
    for (const auto& entry : knowledge_.described_mtas())
      test(entry);
    find_duplicates(knowledge_.replies());
    find_duplicates(knowledge_.tls());
    return std::move(result_);
  }

 private:
  void begin(const Origin& origin, std::string_view id) {
    file_ = origin.file;
    id_ = id;
    ++result_.entries;
  }
  void fault(std::string reason) {
    result_.faults.push_back({std::string(file_), std::string(id_), std::move(reason)});
  }

  // --- providers ---

  void test(const ProviderEntry& entry) {
    begin(entry.origin, entry.id);
    if (entry.sources.empty()) fault("names no source");
    if (!entry.hosted_by.empty() && knowledge_.operator_with_id(entry.hosted_by) == 0) {
      fault("\"hosted_by\": nobody has the id " + in_quotes(entry.hosted_by));
    }
    if (entry.example_domains.empty() && entry.example_relays.empty()) fault("has no example");
    if (entry.near_domains.empty() && entry.near_relays.empty()) fault("has no near miss");
    const auto own = knowledge_.operator_with_id(entry.id);
    const auto hosts = entry.hosted_by.empty() ? own : knowledge_.operator_with_id(entry.hosted_by);
    for (const auto domain : entry.example_domains)
      expect(domain, knowledge_.operator_of_domain(domain), hosts);
    for (const auto relay : entry.example_relays)
      expect(relay, knowledge_.operator_of_relay(relay), own);
    for (const auto domain : entry.near_domains)
      expect_not(domain, knowledge_.operator_of_domain(domain), own);
    for (const auto relay : entry.near_relays)
      expect_not(relay, knowledge_.operator_of_relay(relay), own);
  }

  void expect(std::string_view name, std::uint32_t found, std::uint32_t wanted) {
    if (found == wanted) {
      ++result_.examples;
    } else {
      const auto whose = knowledge_.operator_name(found);
      fault("example " + in_quotes(name) + " is " + (whose.empty() ? "nobody's" : std::string(whose) + "'s"));
    }
  }

  void expect_not(std::string_view name, std::uint32_t found, std::uint32_t own) {
    if (found != own) {
      ++result_.near_misses;
    } else {
      fault("near miss " + in_quotes(name) + " is taken for its own");
    }
  }

  // --- replies ---

  const ReplyEntry* decider(std::string_view log, UnwrappedReply& reply, ReplyMatch& match) const {
    reply = reply_in_excerpt(log);
    match = knowledge_.entry_for(0, {}, reply.text, reply.stage, knowledge_.operator_of_relay(reply.relay));
    return match.entry;
  }

  void test(const ReplyEntry& entry) {
    begin(entry.origin, entry.id);
    check_words(entry);
    const auto operator_id = knowledge_.operator_with_id(entry.operator_id);
    if (!entry.operator_id.empty() && operator_id == 0) {
      fault("\"operator\": nobody has the id " + in_quotes(entry.operator_id));
    }
    for (const auto& example : entry.examples) {
      UnwrappedReply reply;
      ReplyMatch match;
      const auto* found = decider(example.log, reply, match);
      if (!decides(found, entry, example.log)) continue;
      const auto relay_operator = knowledge_.operator_of_relay(reply.relay);
      if (operator_id != 0 && !reply.relay.empty() && relay_operator != operator_id) {
        fault("example " + in_quotes(example.log) + ": its relay is not the operator's");
      } else if (!example.operator_id.empty() && relay_operator != knowledge_.operator_with_id(example.operator_id)) {
        fault("example " + in_quotes(example.log) + ": its relay is not " + std::string(example.operator_id) + "'s");
      } else if (example.limit >= 0 && match.limit != example.limit) {
        fault("example " + in_quotes(example.log) + ": the limit it states is not found");
      } else {
        ++result_.examples;
      }
    }
    for (const auto near_miss : entry.near_misses) {
      UnwrappedReply reply;
      ReplyMatch match;
      check_near_miss(decider(near_miss, reply, match) == &entry, near_miss);
    }
  }

  // --- TLS ---

  void test(const TlsEntry& entry) {
    begin(entry.origin, entry.id);
    check_words(entry);
    for (const auto& example : entry.examples) {
      if (decides(knowledge_.tls_entry_for(example.log), entry, example.log)) ++result_.examples;
    }
    for (const auto near_miss : entry.near_misses) {
      check_near_miss(knowledge_.tls_entry_for(near_miss) == &entry, near_miss);
    }
  }

  // --- MTAs ---

  void test(const ParserEntry& entry) {
    begin(entry.origin, entry.id);
    if (entry.sources.empty()) fault("names no source");
    if (entry.says.empty()) fault("\"says\" is missing: what it reads, in a sentence");
    for (const Parser* parser : parsers()) {
      if (parser->mta() == entry.id) fault("an MTA that has a parser written by hand");
    }
    const PatternParser parser(entry.mta);
    for (std::size_t form = 0; form < entry.mta.lines.size(); ++form) {
      test_form(parser, entry, form);
      check_patience(parser, entry.mta.lines[form], form);
    }
    find_duplicate_forms(entry.mta.lines);
  }

  void test_form(const PatternParser& parser, const ParserEntry& entry, std::size_t form) {
    const LineProof& proof = entry.proofs[form];
    const std::string place = "lines[" + std::to_string(form) + "]: ";
    if (proof.examples.empty()) fault(place + "has no example");
    if (proof.near_misses.empty()) fault(place + "has no near miss");
    for (const auto& example : proof.examples)
      check_line(parser, form, place, example);
    for (const auto near_miss : proof.near_misses) {
      Event event;
      Scratch scratch;
      check_near_miss(parser.form_of(line_of(near_miss, scratch), event) == form, near_miss);
    }
  }

  static LogLine line_of(std::string_view log, Scratch& scratch) {
    HeaderReader headers;
    headers.start(StampClock(2026), scratch);
    LogLine line = headers.read(log);
    line.scratch = &scratch;
    return line;
  }

  void check_line(const PatternParser& parser, std::size_t form, const std::string& place, const LineExample& example) {
    Event event;
    Scratch scratch;
    const LogLine line = line_of(example.log, scratch);
    const bool own = parser.reads_whole_lines() ? parser.claims_text(line) : parser.claims_program(line.program);
    if (!own) return fault(place + "example " + in_quotes(example.log) + " is not of its programs");
    const auto found = parser.form_of(line, event);
    if (found != form) {
      return fault(place + "example " + in_quotes(example.log) +
                   (found ? " is decided by lines[" + std::to_string(*found) + "]" : " is matched by nothing"));
    }
    if (example.fields.empty()) return fault(place + "example " + in_quotes(example.log) + " says no fields");
    for (const auto& [field, wanted] : example.fields) {
      const auto read = find_event_field(field)->text(event);
      if (read == wanted) continue;
      return fault(place + "example " + in_quotes(example.log) + ": \"" + std::string(field) + "\" is " +
                   in_quotes(read) + ", not " + in_quotes(wanted));
    }
    ++result_.examples;
  }

  void check_patience(const PatternParser& parser, const LineForm& form, std::size_t at) {
    if (form.regex.empty()) return;
    parser.gives_up(at, "");  // compiles it
    check_patience("lines[" + std::to_string(at) + "]: ", std::string(form.literal),
                   [&](const std::string& text) { return parser.gives_up(at, text); });
  }

  void find_duplicate_forms(std::span<const LineForm> forms) {
    std::map<std::string, std::size_t> first;
    for (std::size_t at = 0; at < forms.size(); ++at) {
      std::string conditions = std::string(forms[at].program) + "|" + std::string(forms[at].literal) + "|" + std::string(forms[at].regex);
      for (const auto& condition : forms[at].when) {
        conditions += "|" + std::string(condition.key);
        for (const auto value : condition.values)
          conditions += "=" + std::string(value);
      }
      const auto [earlier, is_new] = first.emplace(conditions, at);
      if (!is_new) {
        fault("lines[" + std::to_string(at) + "] asks the same as lines[" + std::to_string(earlier->second) + "]");
      }
    }
  }

  // --- all ---

  template <class Entry>
  bool decides(const Entry* found, const Entry& entry, std::string_view example) {
    if (found == &entry) return true;
    fault("example " + in_quotes(example) +
          (found == nullptr ? " is matched by nothing" : " is decided by " + std::string(found->id)));
    return false;
  }

  void check_near_miss(bool matched, std::string_view text) {
    if (matched) {
      fault("near miss " + in_quotes(text) + " matches");
    } else {
      ++result_.near_misses;
    }
  }

  template <class Entry>
  void check_words(const Entry& entry) {
    if (entry.sources.empty()) fault("names no source");
    if (entry.says.empty()) fault("\"says\" is missing: what it means, in a sentence");
    if (entry.examples.empty()) fault("has no example");
    if (entry.near_misses.empty()) fault("has no near miss");
    if (!entry.regex.empty()) check_patience(entry);
  }

  // Text that makes a careless expression go back and forth: its own literal again and again, one character
  // for very long, nested brackets, blanks.
  template <class Entry>
  void check_patience(const Entry& entry) {
    const LazyRegex expression(entry.regex);
    expression.matches("");  // compiles it
    check_patience({}, plain_words(entry.literals.front()),
                   [&](const std::string& text) { return !expression.try_match(text).has_value(); });
  }

  template <class GivesUp>
  void check_patience(const std::string& place, const std::string& literal, GivesUp gives_up_on) {
    for (const std::string& piece : {literal, literal + " ", std::string("a"), std::string("0"), std::string(" "),
                                     std::string("(["), std::string("1.2 "), std::string("x@y.z ")}) {
      std::string hostile = literal;
      while (hostile.size() < kHostileSize)
        hostile += piece;
      const std::clock_t start = std::clock();  // of the processor: a busy machine is no fault of the pattern
      const bool gave_up = gives_up_on(hostile + "!");
      const std::chrono::milliseconds took((std::clock() - start) / (CLOCKS_PER_SEC / 1000));
      if (gave_up) {
        fault(place + "\"regex\" takes too many steps over hostile text of 64 KiB");
        return;
      }
      if (took > patience_) {
        fault(place + "\"regex\" takes " + std::to_string(took.count()) + " ms over hostile text of 64 KiB");
        return;
      }
    }
  }

  static std::string constraints(const ReplyEntry& e) {
    std::string all(e.operator_id);
    for (const auto list : {e.codes, e.enhanced, e.stages}) {
      all += '|';
      for (const auto text : list)
        all += std::string(text) + ",";
    }
    return all + "|" + std::string(e.regex) + (e.last ? "|last" : "");
  }
  static std::string constraints(const TlsEntry& e) { return std::string(e.regex); }

  // The same literal under the same conditions twice: the later entry never decides by it.
  template <class Entry>
  void find_duplicates(const std::vector<Entry>& entries) {
    std::map<std::string, const Entry*> first;
    for (const Entry& entry : entries) {
      for (const auto literal : entry.literals) {
        const auto [at, is_new] = first.emplace(plain_words(literal) + "|" + constraints(entry), &entry);
        if (is_new) continue;
        file_ = entry.origin.file;
        id_ = entry.id;
        fault("its literal " + in_quotes(literal) + " stands in " + std::string(at->second->id) + " too");
      }
    }
  }

  const Knowledge& knowledge_;
  std::chrono::milliseconds patience_;
  PatternTestResult result_;
  std::string_view file_, id_;
};

}  // namespace

PatternTestResult test_patterns(const std::vector<std::filesystem::path>& dirs, std::chrono::milliseconds patience) {
  std::vector<std::string> errors;
  const Knowledge knowledge(dirs, errors);
  auto result = PatternTester(knowledge, patience).run();
  for (auto& error : errors)
    result.faults.push_back({{}, {}, std::move(error)});
  return result;
}

}  // namespace mtalens
