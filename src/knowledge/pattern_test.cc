// See pattern_test.h. An example holds when its own entry decides it: one that another entry decides names
// that entry, which is how shadowing shows.
#include "knowledge/pattern_test.h"

#include <algorithm>
#include <map>

#include "knowledge/reply_text.h"
#include "knowledge/text_matcher.h"

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

  // --- both ---

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
    const std::string literal = plain_words(entry.literals.front());
    for (const std::string& piece : {literal, literal + " ", std::string("a"), std::string("0"), std::string(" "),
                                     std::string("(["), std::string("1.2 "), std::string("x@y.z ")}) {
      std::string hostile = literal;
      while (hostile.size() < kHostileSize)
        hostile += piece;
      const auto start = std::chrono::steady_clock::now();
      const bool gave_up = !expression.try_match(hostile + "!").has_value();
      const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
      if (gave_up) {
        fault("\"regex\" takes too many steps over hostile text of 64 KiB");
        return;
      }
      if (took > patience_) {
        fault("\"regex\" takes " + std::to_string(took.count()) + " ms over hostile text of 64 KiB");
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
