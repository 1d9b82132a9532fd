// mtalens patterns list|test and mtalens explain: what the program knows, and whether it holds.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/known.h"
#include "cli/output.h"
#include "knowledge/pattern_list.h"
#include "knowledge/pattern_test.h"
#include "report/safe_text.h"
#include "rules/wording.h"

namespace mtalens {
namespace {

using Json = nlohmann::ordered_json;

std::string_view list_name(PatternKind kind) {
  switch (kind) {
    case PatternKind::provider: return "providers";
    case PatternKind::reply: return "replies";
    case PatternKind::tls: return "tls";
    case PatternKind::parser: return "parsers";
    case PatternKind::topic: return "topics";
  }
  return "";
}

std::string json_list(const std::vector<PatternRow>& rows) {
  Json out;
  out["schema"] = "mtalens.patterns/1";
  for (const char* name : {"providers", "replies", "tls", "parsers", "topics"}) out[name] = Json::array();
  for (const auto& row : rows) {
    out[std::string(list_name(row.kind))].push_back({{"id", valid_utf8(row.id)},
                                                     {"title", valid_utf8(row.title)},
                                                     {"source", valid_utf8(row.source)},
                                                     {"matches", row.matches},
                                                     {"says", valid_utf8(row.says)}});
  }
  return printable_json(out.dump(2, ' ', false, Json::error_handler_t::replace)) + "\n";
}

std::string text_list(const std::vector<PatternRow>& rows) {
  std::string out;
  std::size_t counts[5] = {};
  for (const auto& row : rows) {
    ++counts[static_cast<std::size_t>(row.kind)];
    out += fmt::format("{:<10} {:<40} {}\n", list_name(row.kind), safe_text(row.id), safe_text(row.title));
    if (!row.matches.empty()) out += fmt::format("           {}\n", safe_text(list_of(row.matches, 6)));
  }
  return out + fmt::format("{}, {}, {}, {}, {}\n", counted(counts[0], "provider"), counted(counts[1], "reply"),
                           counted(counts[2], "TLS failure"), counted(counts[3], "parser"), counted(counts[4], "topic"));
}

int list(const Options& options) {
  std::string search;
  for (const auto& word : options.files) search += (search.empty() ? "" : " ") + word;
  const auto rows = list_patterns(known(options).knowledge, search);
  Output output(options.output);
  output.write(options.format == "json" ? json_list(rows) : text_list(rows));
  output.done();
  return known(options).complete ? 0 : 2;
}

int test(const Options& options) {
  auto folders = pattern_folders(options);
  folders.insert(folders.end(), options.files.begin(), options.files.end());
  const auto result = test_patterns(folders);
  Output output(options.output);
  for (const auto& fault : result.faults) {
    if (!fault.entry.empty()) output.write(fmt::format("{}: {}: ", safe_text(fault.file), safe_text(fault.entry)));
    output.write(safe_text(fault.reason) + "\n");
  }
  output.write(fmt::format("{}, {} and {} hold; {}\n", counted(result.entries, "entry"), counted(result.examples, "example"),
                           counted(result.near_misses, "near miss"), counted(result.faults.size(), "fault")));
  output.done();
  return result.faults.empty() ? 0 : 2;
}

// "For Postfix, outgoing mail:"
std::string remedy_head(const ExplainedRemedy& remedy) {
  std::string out = remedy.mta.empty() ? "What to do" : fmt::format("What to do with {}", remedy.mta);
  if (remedy.direction == Direction::outbound) out += ", for outgoing mail";
  if (remedy.direction == Direction::inbound) out += ", for incoming mail";
  return out + ":";
}

}  // namespace

int run_patterns(const Options& options) { return options.what == "list" ? list(options) : test(options); }

int run_explain(const Options& options) {
  const auto found = explain(known(options).knowledge, options.what);
  if (!found) {
    fmt::print(stderr, "mtalens: explain: nothing is known by the name '{}'; `mtalens patterns list {}` searches\n",
               safe_text(options.what), safe_text(options.what));
    return 2;
  }
  std::string text = fmt::format("{}\n", safe_text(found->id));
  if (found->title != found->id) text += fmt::format("{}\n", safe_text(found->title));
  text += fmt::format("\n{}\n", safe_text(found->says));
  for (const auto& remedy : found->remedies) {
    text += fmt::format("\n{}\n", remedy_head(remedy));
    for (auto rest = remedy.text; !rest.empty();) {
      const auto end = rest.find('\n');
      text += "  " + safe_text(rest.substr(0, end)) + "\n";
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
  }
  for (const auto note : found->notes) text += fmt::format("\nNote: {}\n", safe_text(note));
  if (!found->sources.empty()) text += "\nSources:\n";
  for (const auto source : found->sources) text += fmt::format("  {}\n", safe_text(source));
  if (found->source != "built-in") text += fmt::format("\nFrom {}\n", safe_text(found->source));
  Output output(options.output);
  output.write(text);
  output.done();
  return known(options).complete ? 0 : 2;
}

}  // namespace mtalens
