// Runs while the project is built: reads patterns/ and writes it as a C++ file of constant tables, so that
// the program starts without parsing anything. A fault in a pattern file stops the build with its place.
//
//   embed_patterns PATTERNS_DIR OUTPUT.cc
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "knowledge/pattern_file.h"

namespace {

using namespace mtalens;

// A string literal. Bytes outside printable ASCII go as three-digit octal escapes, which nothing that
// follows can lengthen.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte > 0x7e || c == '?') {  // `??` would begin a trigraph
      char octal[5];
      std::snprintf(octal, sizeof octal, "\\%03o", byte);
      out += octal;
    } else {
      out += c;
    }
  }
  return out + "\"sv";
}

// Lists become arrays of their own, before the entries that refer to them.
class TableWriter {
 public:
  explicit TableWriter(std::string root) : root_(std::move(root)) {}

  std::string list(Texts texts) {
    if (texts.empty()) return "{}";
    const std::string name = next("texts");
    arrays_ += "constexpr std::string_view " + name + "[] = {";
    for (const auto text : texts)
      arrays_ += quoted(text) + ", ";
    arrays_ += "};\n";
    return name;
  }

  std::string list(std::span<const Example> examples) {
    if (examples.empty()) return "{}";
    const std::string name = next("examples");
    arrays_ += "constexpr Example " + name + "[] = {";
    for (const auto& example : examples) {
      arrays_ +=
          "{" + quoted(example.log) + ", " + quoted(example.operator_id) + ", " + std::to_string(example.limit) + "}, ";
    }
    arrays_ += "};\n";
    return name;
  }

  std::string entry(const ProviderEntry& e) {
    return "{" + quoted(e.id) + ", " + quoted(e.name) + ", " + quoted(e.hosted_by) + ", " + list(e.domains) + ", " +
           list(e.relays) + ", " + quoted(e.limit) + ", " + quoted(e.relief) + ", " + list(e.notes) + ", " +
           list(e.sources) + ", " + list(e.example_domains) + ", " + list(e.example_relays) + ", " +
           list(e.near_domains) + ", " + list(e.near_relays) + ", " + origin(e.origin) + "}";
  }

  std::string entry(const ReplyEntry& e) {
    return "{" + quoted(e.id) + ", " + quoted(e.operator_id) + ", Meaning(" +
           std::to_string(static_cast<int>(e.meaning)) + "), " + (e.last ? "true, " : "false, ") + list(e.codes) +
           ", " + list(e.enhanced) + ", " + list(e.stages) + ", " + list(e.literals) + ", " + quoted(e.regex) + ", {" +
           std::to_string(e.limit.value) + ", " + quoted(e.limit.unit) + ", " + quoted(e.limit.per) + "}, " +
           quoted(e.says) + ", " + remedy(e.remedy) + ", " + list(e.sources) + ", " + list(e.examples) + ", " +
           list(e.near_misses) + ", " + origin(e.origin) + "}";
  }

  std::string entry(const TlsEntry& e) {
    return "{" + quoted(e.id) + ", TlsCause(" + std::to_string(static_cast<int>(e.cause)) + "), " + list(e.literals) +
           ", " + quoted(e.regex) + ", " + quoted(e.says) + ", " + cure(e.cure) + ", " + list(e.sources) + ", " +
           list(e.examples) + ", " + list(e.near_misses) + ", " + origin(e.origin) + "}";
  }

  std::string entry(const TopicEntry& e) {
    return "{" + quoted(e.id) + ", " + quoted(e.title) + ", " + quoted(e.says) + ", " + remedy(e.remedy) + ", " +
           cure(e.cure) + ", " + list(e.sources) + ", " + origin(e.origin) + "}";
  }

  std::string entry(const ParserEntry& e) {
    const std::string header = "LineHeader(" + std::to_string(static_cast<int>(e.mta.header)) + ")";
    return "{" + quoted(e.id) + ", " + quoted(e.name) + ", " + quoted(e.says) + ", {" + quoted(e.mta.name) + ", " +
           header + ", " + list(e.mta.programs) + ", " + list(e.mta.marks) + ", " + quoted(e.mta.separator) +
           (e.mta.ends_by_outcomes ? ", true, " : ", false, ") + rows("LineForm", e.mta.lines) + "}, " +
           rows("LineProof", e.proofs) + ", " + list(e.sources) + ", " + origin(e.origin) + "}";
  }

  std::string entry(const LineForm& e) {
    return "{" + quoted(e.literal) + ", " + quoted(e.regex) + ", " + quoted(e.program) + ", " + rows("Condition", e.when) + ", " +
           rows("FieldRule", e.fields) + ", " + rows("Constant", e.set) + ", " + rows("Translation", e.words) + "}";
  }
  std::string entry(const LineProof& e) {
    return "{" + rows("LineExample", e.examples) + ", " + list(e.near_misses) + "}";
  }
  std::string entry(const LineExample& e) { return "{" + quoted(e.log) + ", " + rows("Constant", e.fields) + "}"; }
  std::string entry(const Condition& e) { return "{" + quoted(e.key) + ", " + list(e.values) + "}"; }
  std::string entry(const FieldRule& e) { return "{" + quoted(e.field) + ", " + list(e.from) + "}"; }
  std::string entry(const Constant& e) { return "{" + quoted(e.field) + ", " + quoted(e.value) + "}"; }
  std::string entry(const Translation& e) {
    return "{" + quoted(e.field) + ", " + quoted(e.text) + ", " + quoted(e.value) + "}";
  }

  template <class Row>
  std::string rows(const std::string& type, std::span<const Row> list_of_rows) {
    if (list_of_rows.empty()) return "{}";
    std::string items;
    for (const auto& row : list_of_rows)
      items += entry(row) + ", ";
    const std::string name = next("rows");
    arrays_ += "constexpr " + type + " " + name + "[] = {" + items + "};\n";
    return name;
  }

  template <class Entry>
  void table(const char* type, const char* name, std::span<const Entry> entries) {
    std::string rows;
    for (const auto& e : entries)
      rows += "  " + entry(e) + ",\n";
    tables_ += std::string("constexpr std::array<") + type + ", " + std::to_string(entries.size()) + "> " + name +
               " = {{\n" + rows + "}};\n";
  }

  std::string file() const {
    return "// Written by embed_patterns from patterns/: do not edit.\n#include <array>\n\n"
           "#include \"knowledge/entries.h\"\n\nnamespace mtalens {\nnamespace {\n\nusing namespace "
           "std::literals;\n\n" +
           arrays_ + tables_ +
           "constexpr PatternSet kPatterns = {kProviders, kReplies, kTls, kParsers, kTopics};\n\n}  // namespace\n\n"
           "const PatternSet& builtin_patterns() { return kPatterns; }\n\n}  // namespace mtalens\n";
  }

 private:
  static std::string remedy(const Remedy& r) {
    return "{" + quoted(r.any) + ", " + quoted(r.postfix) + ", " + quoted(r.sendmail) + ", " + quoted(r.exim) + "}";
  }
  std::string origin(const Origin& o) const { return "{" + quoted(o.file.substr(root_.size())) + ", true}"; }
  static std::string cure(const TlsCure& c) { return "{" + remedy(c.inbound) + ", " + remedy(c.outbound) + "}"; }
  std::string next(const char* kind) { return std::string(kind) + "_" + std::to_string(++count_); }

  std::string root_;  // what the files' names begin with
  std::string arrays_, tables_;
  int count_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: embed_patterns PATTERNS_DIR OUTPUT.cc\n");
    return 2;
  }
  PatternStore store;
  std::vector<std::string> errors;
  store.read_directory(argv[1], errors);
  for (const auto& error : errors)
    std::fprintf(stderr, "%s\n", error.c_str());
  if (!errors.empty()) return 1;

  const PatternSet set = store.set();
  TableWriter writer(std::string(argv[1]) + "/");
  writer.table("ProviderEntry", "kProviders", set.providers);
  writer.table("ReplyEntry", "kReplies", set.replies);
  writer.table("TlsEntry", "kTls", set.tls);
  writer.table("ParserEntry", "kParsers", set.parsers);
  writer.table("TopicEntry", "kTopics", set.topics);
  std::ofstream output(argv[2], std::ios::binary);
  output << writer.file();
  return output.good() ? 0 : 1;
}
