// The JSON form of entries.h; patterns/README.md explains it to those who write it.
#include "knowledge/pattern_file.h"

#include <algorithm>
#include <boost/regex.hpp>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "parsers/pattern_parser.h"

namespace mtalens {
namespace {

using Json = nlohmann::json;

// Thrown inside an entry, caught by the loop over entries: the entry is left out, the rest goes on.
struct Fault : std::runtime_error {
  using std::runtime_error::runtime_error;
};

constexpr std::size_t kShortestLiteral = 4;  // the matcher looks literals up by their first four bytes

std::size_t line_of(std::string_view text, std::size_t at) {
  return 1 + static_cast<std::size_t>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

// Where the value of the next `"id":` at or after `from` stands; npos: no more.
std::size_t next_id(std::string_view text, std::size_t from) {
  constexpr std::string_view kKey = "\"id\"", kBlank = " \t\r\n";
  for (auto at = text.find(kKey, from); at != text.npos; at = text.find(kKey, at + 1)) {
    const auto colon = text.find_first_not_of(kBlank, at + kKey.size());
    if (colon != text.npos && text[colon] == ':') return std::min(text.find_first_not_of(kBlank, colon + 1), text.size());
  }
  return text.npos;
}

// The key a reason begins with or names as unknown: `"codes"` of `"codes": "42" is not like …`.
std::string_view key_in(std::string_view reason) {
  constexpr std::string_view kUnknown = "unknown key ";
  if (reason.starts_with(kUnknown)) reason.remove_prefix(kUnknown.size());
  if (!reason.starts_with('"') || reason.ends_with(" is missing")) return {};
  const auto end = reason.find('"', 1);
  return end == reason.npos ? std::string_view() : reason.substr(0, end + 1);
}

void check_keys(const Json& object, std::initializer_list<std::string_view> known) {
  if (!object.is_object()) throw Fault("must be an object");
  for (const auto& item : object.items()) {
    if (std::find(known.begin(), known.end(), item.key()) == known.end()) {
      throw Fault("unknown key \"" + item.key() + "\"");
    }
  }
}

void check_one_of(std::string_view key, std::string_view word, std::initializer_list<std::string_view> known) {
  if (std::find(known.begin(), known.end(), word) != known.end()) return;
  std::string all;
  for (const auto name : known)
    all += (all.empty() ? "" : ", ") + std::string(name);
  throw Fault('"' + std::string(key) + "\": \"" + std::string(word) + "\" is none of " + all);
}

void check_regex(std::string_view expression, boost::regex::flag_type syntax = boost::regex::perl | boost::regex::icase) {
  if (expression.empty()) return;
  try {
    boost::regex compiled(expression.begin(), expression.end(), syntax);
  } catch (const boost::regex_error& error) {
    throw Fault("\"regex\" is not a regular expression: " + std::string(error.what()));
  }
}

bool is_code(std::string_view word) {
  if (word == "none") return true;
  return word.size() == 3 && (word[0] == '4' || word[0] == '5') &&
         std::all_of(word.begin() + 1, word.end(), [](char c) { return (c >= '0' && c <= '9') || c == 'x'; });
}

}  // namespace

// One file's walk: JSON values become entries whose texts the store keeps.
class FileReader {
 public:
  FileReader(PatternStore& store, std::string_view json, std::string_view file, std::vector<std::string>& errors)
      : store_(store), json_(json), file_(store.keep(std::string(file))), errors_(errors) {}

  void read() {
    Json root;
    try {
      root = Json::parse(json_);
    } catch (const Json::parse_error& error) {
      complain(line_of(json_, std::min(error.byte, json_.size())), {}, "not JSON: " + shortened(error.what()));
      return;
    } catch (const Json::out_of_range& error) {  // a number beyond all numbers, quoted
      const std::string message = error.what();
      const auto begin = message.find('\'') + 1;
      const auto at = json_.find(message.substr(begin, message.rfind('\'') - begin));
      complain(line_of(json_, std::min(at, json_.size())), {}, "not JSON: " + message.substr(std::min(message.find("number"), message.size())));
      return;
    }
    try {
      check_keys(root, {"$schema", "about", "providers", "replies", "tls", "parsers", "topics"});
    } catch (const Fault& fault) {
      complain(1, {}, fault.what());
    }
    if (!root.is_object()) return;
    read_list(root, "providers", store_.providers_, [this](const Json& entry) { return provider(entry); });
    read_list(root, "replies", store_.replies_, [this](const Json& entry) { return reply(entry); });
    read_list(root, "tls", store_.tls_, [this](const Json& entry) { return tls(entry); });
    read_list(root, "parsers", store_.parsers_, [this](const Json& entry) { return parser(entry); });
    read_list(root, "topics", store_.topics_, [this](const Json& entry) { return topic(entry); });
  }

 private:
  template <class Entry, class Make>
  void read_list(const Json& root, const char* key, std::vector<Entry>& entries, Make make) {
    const auto list = root.find(key);
    if (list == root.end()) return;
    auto at = std::min(json_.find('"' + std::string(key) + '"'), json_.size());
    if (!list->is_array()) return complain(line_of(json_, at), {}, std::string("\"") + key + "\" must be a list");
    for (std::size_t index = 0; index < list->size(); ++index) {
      const Json& json = (*list)[index];
      const std::string id = json.is_object() ? json.value("id", Json()).dump() : std::string();
      const bool named = id.size() > 2 && id.front() == '"';
      if (named) at = place_of(id, at);
      try {
        if (!named) throw Fault("\"id\" is missing");
        const auto [first, is_new] = store_.seen_.emplace(key + id, file_);
        if (!is_new) throw Fault("a second entry with this id; the first stands in " + std::string(first->second));
        Entry entry = make(json);
        entry.origin = {file_, false};
        entries.push_back(entry);
      } catch (const std::exception& fault) {
        complain(line_of(json_, fault_place(at, fault.what())),
                 named ? id : std::string(key) + "[" + std::to_string(index) + "]", fault.what());
      }
    }
  }

  // The id's place in the text, after that of the entry before; where escapes hide it, that one's.
  std::size_t place_of(std::string_view id, std::size_t before) const {
    for (auto at = next_id(json_, before); at != json_.npos; at = next_id(json_, at)) {
      if (json_.substr(at).starts_with(id)) return at;
    }
    return before;
  }

  // The key at fault where it stands between this entry's id and the next one's, else the id.
  std::size_t fault_place(std::size_t entry, std::string_view reason) const {
    const auto key = key_in(reason);
    if (key.empty()) return entry;
    const auto at = json_.find(std::string(key), entry);
    return at < next_id(json_, entry) ? at : entry;
  }

  ProviderEntry provider(const Json& json) {
    check_keys(json, {"id", "name", "hosted_by", "domains", "relays", "limit", "relief", "notes", "sources", "examples",
                      "near_misses"});
    ProviderEntry entry;
    entry.id = text(json, "id");
    entry.name = required(json, "name");
    entry.hosted_by = text(json, "hosted_by");
    entry.domains = texts(json, "domains");
    entry.relays = texts(json, "relays");
    entry.limit = text(json, "limit");
    entry.relief = text(json, "relief");
    entry.notes = texts(json, "notes");
    entry.sources = texts(json, "sources");
    read_named_hosts(json, "examples", entry.example_domains, entry.example_relays);
    read_named_hosts(json, "near_misses", entry.near_domains, entry.near_relays);
    if (entry.domains.empty() && entry.relays.empty()) throw Fault("neither \"domains\" nor \"relays\"");
    return entry;
  }

  void read_named_hosts(const Json& json, const char* key, Texts& domains, Texts& relays) {
    const auto found = json.find(key);
    if (found == json.end()) return;
    check_keys(*found, {"domains", "relays"});
    domains = texts(*found, "domains");
    relays = texts(*found, "relays");
  }

  ReplyEntry reply(const Json& json) {
    check_keys(json, {"id", "operator", "meaning", "last", "codes", "enhanced", "stages", "literal", "regex", "limit",
                      "says", "do", "sources", "examples", "near_misses"});
    ReplyEntry entry;
    entry.id = text(json, "id");
    entry.operator_id = text(json, "operator");
    entry.meaning = meaning(required(json, "meaning"));
    entry.last = truth(json, "last");
    entry.codes = texts(json, "codes");
    for (const auto code : entry.codes) {
      if (!is_code(code))
        throw Fault("\"codes\": \"" + std::string(code) + "\" is not like \"421\", \"4xx\" or \"none\"");
    }
    entry.enhanced = texts(json, "enhanced");
    entry.stages = texts(json, "stages");
    for (const auto stage : entry.stages)
      check_stage(stage);
    entry.literals = literals(json);
    entry.regex = text(json, "regex");
    check_regex(entry.regex);
    entry.limit = limit(json);
    entry.says = text(json, "says");
    entry.remedy = remedy(json, "do");
    entry.sources = texts(json, "sources");
    entry.examples = examples(json);
    entry.near_misses = texts(json, "near_misses");
    return entry;
  }

  TlsEntry tls(const Json& json) {
    check_keys(json, {"id", "cause", "literal", "regex", "says", "cure", "sources", "examples", "near_misses"});
    TlsEntry entry;
    entry.id = text(json, "id");
    const auto word = required(json, "cause");
    const auto cause = cause_named(word);
    if (!cause) throw Fault("\"cause\": \"" + std::string(word) + "\" is no TLS cause");
    entry.cause = *cause;
    entry.literals = literals(json);
    entry.regex = text(json, "regex");
    check_regex(entry.regex);
    entry.says = text(json, "says");
    entry.cure = cure(json);
    entry.sources = texts(json, "sources");
    entry.examples = examples(json);
    entry.near_misses = texts(json, "near_misses");
    return entry;
  }

  TopicEntry topic(const Json& json) {
    check_keys(json, {"id", "title", "says", "do", "cure", "sources"});
    TopicEntry entry;
    entry.id = text(json, "id");
    entry.title = text(json, "title");
    entry.says = required(json, "says");
    entry.remedy = remedy(json, "do");
    entry.cure = cure(json);
    entry.sources = texts(json, "sources");
    return entry;
  }

  // --- MTAs ---

  ParserEntry parser(const Json& json) {
    check_keys(json, {"id", "name", "says", "header", "programs", "marks", "separator", "ends_by_outcomes", "lines",
                      "sources"});
    ParserEntry entry;
    entry.id = entry.mta.name = text(json, "id");
    entry.name = required(json, "name");
    entry.says = text(json, "says");
    entry.mta.header = header(text(json, "header"));
    entry.mta.programs = texts(json, "programs");
    entry.mta.marks = texts(json, "marks");
    entry.mta.separator = json.contains("separator") ? required(json, "separator") : " ";
    entry.mta.ends_by_outcomes = truth(json, "ends_by_outcomes");
    entry.sources = texts(json, "sources");
    if (entry.mta.header == LineHeader::syslog && entry.mta.programs.empty()) throw Fault("\"programs\" is missing");
    if (entry.mta.header == LineHeader::none && entry.mta.marks.empty()) throw Fault("\"marks\" is missing");

    const auto lines = json.find("lines");
    if (lines == json.end() || !lines->is_array() || lines->empty()) throw Fault("\"lines\" must be a list");
    std::vector<LineForm> forms;
    std::vector<LineProof> proofs;
    for (std::size_t at = 0; at < lines->size(); ++at) {
      try {
        forms.push_back(line_form((*lines)[at], entry.mta.header));
        proofs.push_back(line_proof((*lines)[at]));
      } catch (const std::exception& fault) {
        throw Fault("lines[" + std::to_string(at) + "]: " + fault.what());
      }
    }
    entry.mta.lines = store_.keep(std::move(forms));
    entry.proofs = store_.keep(std::move(proofs));
    return entry;
  }

  static LineHeader header(std::string_view word) {
    if (word.empty() || word == "syslog") return LineHeader::syslog;
    if (word == "json") return LineHeader::none;
    throw Fault("\"header\": \"" + std::string(word) + "\" is neither syslog nor json");
  }

  LineForm line_form(const Json& json, LineHeader header) {
    check_keys(json, {"kind", "program", "literal", "regex", "when", "fields", "set", "words", "examples", "near_misses"});
    LineForm form;
    form.program = text(json, "program");
    form.literal = text(json, "literal");
    form.regex = text(json, "regex");
    check_regex(form.regex, boost::regex::perl);
    for (const auto& group : group_names(form.regex))
      check_field(group);
    std::vector<Condition> when;
    for (const auto& [key, value] : members(json, "when"))
      when.push_back({store_.keep(key), text_or_list(value, "when")});
    std::vector<FieldRule> fields;
    for (const auto& [key, value] : members(json, "fields")) {
      check_field(key);
      fields.push_back({store_.keep(key), text_or_list(value, "fields")});
      const bool pieces = std::any_of(fields.back().from.begin(), fields.back().from.end(),
                                      [](std::string_view from) { return from.find('{') != std::string_view::npos; });
      if (pieces && header == LineHeader::syslog) throw Fault("\"" + key + "\": {…} is for JSON");
    }
    form.when = store_.keep(std::move(when));
    form.fields = store_.keep(std::move(fields));
    form.words = words(json);
    form.set = constants(json);
    if (header == LineHeader::none && !form.regex.empty()) throw Fault("a \"regex\" is for lines with a header");
    if (header == LineHeader::syslog && form.literal.empty()) throw Fault("\"literal\" is missing");
    if (header == LineHeader::none && form.when.empty()) throw Fault("\"when\" is missing");
    return form;
  }

  // "kind" and "set".
  std::span<const Constant> constants(const Json& json) {
    std::vector<Constant> list{{"kind", required(json, "kind")}};
    for (const auto& [key, value] : members(json, "set"))
      list.push_back({store_.keep(key), store_.keep(value_text(value))});
    for (const auto& constant : list) {
      check_field(constant.field);
      check_word(constant.field, constant.value);
    }
    return store_.keep(std::move(list));
  }

  std::span<const Translation> words(const Json& json) {
    std::vector<Translation> list;
    for (const auto& [field, translations] : members(json, "words")) {
      check_field(field);
      if (!translations.is_object()) throw Fault("\"words\": \"" + field + "\" must be an object");
      for (const auto& [from, to] : translations.items()) {
        check_word(field, value_text(to));
        list.push_back({store_.keep(field), store_.keep(from), store_.keep(value_text(to))});
      }
    }
    // The longest first: "mail*" goes before "*".
    std::stable_sort(list.begin(), list.end(),
                     [](const Translation& a, const Translation& b) { return a.text.size() > b.text.size(); });
    return store_.keep(std::move(list));
  }

  LineProof line_proof(const Json& json) {
    LineProof proof;
    proof.near_misses = texts(json, "near_misses");
    std::vector<LineExample> list;
    if (const auto found = json.find("examples"); found != json.end()) {
      for (const auto& item : *found) {
        check_keys(item, {"log", "fields"});
        std::vector<Constant> fields;
        for (const auto& [key, value] : members(item, "fields")) {
          check_field(key);
          fields.push_back({store_.keep(key), store_.keep(value_text(value))});
        }
        list.push_back({required(item, "log"), store_.keep(std::move(fields))});
      }
    }
    proof.examples = store_.keep(std::move(list));
    return proof;
  }

  static std::vector<std::pair<std::string, Json>> members(const Json& json, const char* key) {
    std::vector<std::pair<std::string, Json>> list;
    const auto found = json.find(key);
    if (found == json.end()) return list;
    if (!found->is_object()) throw Fault(std::string("\"") + key + "\" must be an object");
    for (const auto& [name, value] : found->items())
      list.emplace_back(name, value);
    return list;
  }

  static std::string value_text(const Json& value) {
    if (value.is_string()) return value.get<std::string>();
    if (value.is_number() || value.is_boolean()) return value.dump();
    throw Fault("a value must be a text, a number, true or false");
  }

  static void check_field(std::string_view name) {
    if (find_event_field(name) == nullptr) throw Fault("\"" + std::string(name) + "\" is no field of the record");
  }

  static void check_word(std::string_view field, std::string_view word) {
    Event event;
    if (!find_event_field(field)->set(event, word)) {
      throw Fault("\"" + std::string(field) + "\" cannot be \"" + std::string(word) + "\"");
    }
  }

  static Meaning meaning(std::string_view word) {
    const auto found = meaning_named(word);
    if (!found) throw Fault("\"meaning\": \"" + std::string(word) + "\" is none of the meanings");
    return *found;
  }

  static void check_stage(std::string_view word) {
    for (int stage = 1; stage <= static_cast<int>(Stage::eod); ++stage) {
      if (stage_name(static_cast<Stage>(stage)) == word) return;
    }
    throw Fault("\"stages\": \"" + std::string(word) + "\" is no stage");
  }

  Texts literals(const Json& json) {
    const Texts found = texts(json, "literal");
    if (found.empty()) throw Fault("\"literal\" is missing");
    for (const auto literal : found) {
      if (literal.size() < kShortestLiteral) throw Fault("\"literal\" is shorter than four characters");
    }
    return found;
  }

  StatedLimit limit(const Json& json) {
    const auto found = json.find("limit");
    if (found == json.end()) return {};
    check_keys(*found, {"value", "unit", "per"});
    StatedLimit stated;
    stated.unit = required(*found, "unit");
    stated.per = required(*found, "per");
    check_one_of("unit", stated.unit, {"messages", "recipients", "connections"});
    check_one_of("per", stated.per, {"connection", "minute", "hour", "day"});
    stated.value = number(*found, "value");
    return stated;
  }

  std::span<const Example> examples(const Json& json) {
    const auto found = json.find("examples");
    if (found == json.end()) return {};
    std::vector<Example> list;
    for (const auto& item : *found)
      list.push_back(example(item));
    return store_.keep(std::move(list));
  }

  Example example(const Json& json) {
    Example example;
    if (json.is_string()) {
      example.log = store_.keep(json.get<std::string>());
      return example;
    }
    check_keys(json, {"log", "operator", "limit"});
    example.log = required(json, "log");
    example.operator_id = text(json, "operator");
    example.limit = number(json, "limit");
    return example;
  }

  // "do": a text that holds for every MTA, or one for each.
  Remedy remedy(const Json& json, const char* key) {
    const auto found = json.find(key);
    if (found == json.end()) return {};
    if (found->is_string())
      return {.any = store_.keep(found->get<std::string>()), .postfix = {}, .sendmail = {}, .exim = {}};
    check_keys(*found, {"any", "postfix", "sendmail", "exim"});
    return {text(*found, "any"), text(*found, "postfix"), text(*found, "sendmail"), text(*found, "exim")};
  }

  TlsCure cure(const Json& json) {
    const auto found = json.find("cure");
    if (found == json.end()) return {};
    check_keys(*found, {"inbound", "outbound"});
    return {remedy(*found, "inbound"), remedy(*found, "outbound")};
  }

  std::string_view text(const Json& json, const char* key) {
    const auto found = json.find(key);
    if (found == json.end()) return {};
    if (!found->is_string()) throw Fault(std::string("\"") + key + "\" must be a text");
    return store_.keep(found->get<std::string>());
  }

  std::string_view required(const Json& json, const char* key) {
    const auto found = text(json, key);
    if (found.empty()) throw Fault(std::string("\"") + key + "\" is missing");
    return found;
  }

  static bool truth(const Json& json, const char* key) {
    const auto found = json.find(key);
    if (found == json.end()) return false;
    if (!found->is_boolean()) throw Fault(std::string("\"") + key + "\" must be true or false");
    return found->get<bool>();
  }

  // -1: not there.
  static std::int64_t number(const Json& json, const char* key) {
    const auto found = json.find(key);
    if (found == json.end()) return -1;
    if (!found->is_number_integer() || *found < 0) throw Fault(std::string("\"") + key + "\" must be a whole number");
    return found->get<std::int64_t>();
  }

  // A list of texts, or one text.
  Texts texts(const Json& json, const char* key) {
    const auto found = json.find(key);
    return found == json.end() ? Texts{} : text_or_list(*found, key);
  }

  Texts text_or_list(const Json& value, const char* key) {
    if (value.is_string()) return store_.keep(std::vector<std::string_view>{store_.keep(value.get<std::string>())});
    if (!value.is_array()) throw Fault(std::string("\"") + key + "\" must be a list of texts");
    std::vector<std::string_view> list;
    for (const auto& item : value) {
      if (!item.is_string()) throw Fault(std::string("\"") + key + "\" must be a list of texts");
      list.push_back(store_.keep(item.get<std::string>()));
    }
    return store_.keep(std::move(list));
  }

  // The library's messages begin with its own name in brackets and the place, which we give ourselves.
  static std::string shortened(std::string message) {
    const auto colon = message.find(": ");
    return colon == std::string::npos ? message : message.substr(colon + 2);
  }

  void complain(std::size_t line, const std::string& entry, const std::string& reason) {
    errors_.push_back(std::string(file_) + ":" + std::to_string(line) + ": " + (entry.empty() ? "" : entry + ": ") +
                      reason);
  }

  PatternStore& store_;
  std::string_view json_;
  std::string_view file_;
  std::vector<std::string>& errors_;
};

std::string_view PatternStore::keep(std::string text) {
  return texts_.emplace_back(std::move(text));
}

void PatternStore::read_text(std::string_view json, std::string_view file, std::vector<std::string>& errors) {
  FileReader(*this, json, file, errors).read();
}

void PatternStore::read_directory(const std::filesystem::path& dir, std::vector<std::string>& errors) {
  namespace fs = std::filesystem;
  seen_.clear();  // the same id in another directory is an override, not a duplicate
  std::error_code failure;
  if (!fs::is_directory(dir, failure)) {
    errors.push_back(dir.string() + (fs::exists(dir, failure) ? ": not a directory" : ": no such directory"));
    return;
  }
  std::vector<fs::path> files;
  for (fs::recursive_directory_iterator at(dir, fs::directory_options::skip_permission_denied, failure), end;
       !failure && at != end; at.increment(failure)) {
    if (at->is_regular_file(failure) && at->path().extension() == ".json") files.push_back(at->path());
  }
  if (failure) errors.push_back(dir.string() + ": " + failure.message());
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    if (file.filename() == "schema.json") continue;
    std::ifstream stream(file, std::ios::binary);
    const std::string json{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    if (!stream) {
      errors.push_back(file.string() + ": cannot be read");
      continue;
    }
    read_text(json, file.string(), errors);
  }
}

}  // namespace mtalens
