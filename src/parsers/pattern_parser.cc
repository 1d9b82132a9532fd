// Walks the forms of a description over a line; see pattern_parser.h.
#include "parsers/pattern_parser.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "syslog/json_text.h"
#include "syslog/scratch.h"

namespace mtalens {
namespace {

constexpr std::size_t kLongestMatched = 64 * 1024;  // what stands behind is no mail program's

// "courier*" is any that begins with it.
bool is_like(std::string_view text, std::string_view pattern) {
  if (!pattern.ends_with('*')) return text == pattern;
  return text.starts_with(pattern.substr(0, pattern.size() - 1));
}

// `key=value`, `key=<value>` and `key="value"`; a value in neither goes to the separator, a `: ` or the end.
std::optional<std::string_view> keyed_value(std::string_view text, std::string_view key, std::string_view separator) {
  for (std::size_t at = text.find(key); at != std::string_view::npos; at = text.find(key, at + 1)) {
    const bool begins = at == 0 || text.substr(0, at).ends_with(separator);
    auto rest = text.substr(at + key.size());
    if (!begins || !rest.starts_with('=')) continue;
    rest.remove_prefix(1);
    if (rest.starts_with('"')) return rest.substr(1, rest.find('"', 1) - 1);
    if (rest.starts_with('<')) return rest.substr(0, std::max(rest.find('>'), rest.find('>') + 1));
    return rest.substr(0, std::min(rest.find(separator), rest.find(": ")));
  }
  return std::nullopt;
}

// What a path such as "response.enhanced_code.class" leads to; null and what is not there are nothing.
std::optional<std::string_view> json_value(std::string_view object, std::string_view path, Scratch* scratch) {
  for (;;) {
    const auto dot = path.find('.');
    const auto value = json::member(object, path.substr(0, dot));
    if (!value || *value == "null") return std::nullopt;
    if (dot == std::string_view::npos) {
      if (!value->starts_with('"')) return value;
      const auto inside = value->substr(1, value->size() - 2);
      return scratch != nullptr ? json::unescape(inside, *scratch) : inside;
    }
    object = *value;
    path.remove_prefix(dot + 1);
  }
}

}  // namespace

std::vector<std::string> group_names(std::string_view regex) {
  std::vector<std::string> names;
  for (std::size_t at = 0; at < regex.size(); ++at) {
    if (regex[at] == '\\') {
      ++at;
      continue;
    }
    const auto rest = regex.substr(at);
    if (!rest.starts_with("(?<") || rest.starts_with("(?<=") || rest.starts_with("(?<!")) continue;
    names.emplace_back(rest.substr(3, rest.find('>') - 3));
  }
  return names;
}

PatternParser::Form::Form(const LineForm& form) : says(form) {
  for (auto& name : group_names(form.regex)) {
    const auto* field = find_event_field(name);
    groups.push_back({std::move(name), field});
  }
  for (const auto& constant : form.set) {
    if (constant.field == "counts_refusal") counts_refusals = false;
  }
}

PatternParser::PatternParser(const MtaDescription& mta) : mta_(mta) {
  for (const auto& form : mta_.lines)
    forms_.emplace_back(form);
}

bool PatternParser::claims_program(std::string_view program) const {
  return std::any_of(mta_.programs.begin(), mta_.programs.end(),
                     [&](std::string_view pattern) { return is_like(program, pattern); });
}

bool PatternParser::claims_text(const LogLine& line) const {
  if (!reads_whole_lines() || mta_.marks.empty() || !line.text.starts_with('{')) return false;
  return std::all_of(mta_.marks.begin(), mta_.marks.end(), [&](std::string_view mark) {
    return line.text.find(mark) != std::string_view::npos;
  });
}

bool PatternParser::parse(const LogLine& line, std::vector<Event>& events) const {
  Event event;
  if (!form_of(line, event)) return false;
  events.push_back(event);
  return true;
}

std::optional<std::size_t> PatternParser::form_of(const LogLine& line, Event& event) const {
  for (std::size_t at = 0; at < forms_.size(); ++at) {
    if (read(forms_[at], line, event)) return at;
  }
  return std::nullopt;
}

bool PatternParser::gives_up(std::size_t form, std::string_view text) const {
  boost::cmatch found;
  return match(forms_[form], text, found) == Match::gave_up;
}

std::uint32_t PatternParser::given_up() const {
  std::uint32_t most = 0;
  for (const auto& form : forms_) most = std::max(most, form.given_up.load());
  return most;
}

PatternParser::Match PatternParser::match(const Form& form, std::string_view text, boost::cmatch& found) const {
  std::call_once(form.once, [&form] {
    form.regex.assign(form.says.regex.begin(), form.says.regex.end(), boost::regex::perl);
  });
  if (form.given_up >= kMostGivenUp) return Match::gave_up;
  text = text.substr(0, kLongestMatched);
  try {
    return boost::regex_search(text.data(), text.data() + text.size(), found, form.regex) ? Match::yes : Match::no;
  } catch (const std::runtime_error&) {
    ++form.given_up;
    return Match::gave_up;
  }
}

// The line as this form has it, or false.
bool PatternParser::read(const Form& form, const LogLine& line, Event& event) const {
  const LineForm& says = form.says;
  if (!says.program.empty() && line.program != says.program) return false;
  if (line.text.find(says.literal) == std::string_view::npos) return false;
  for (const auto& condition : says.when) {
    const auto is = value(line, condition.key);
    if (!is || std::find(condition.values.begin(), condition.values.end(), *is) == condition.values.end()) return false;
  }
  boost::cmatch found;
  if (!says.regex.empty() && match(form, line.text, found) != Match::yes) return false;

  event = event_from(line, mta_.name, EventKind::note);
  if (reads_whole_lines()) event.program = mta_.name;
  event.ends_by_outcomes = mta_.ends_by_outcomes;
  for (const auto& constant : says.set) {
    if (!set(form, constant.field, constant.value, event)) return false;
  }
  for (const auto& group : form.groups) {
    const auto& text = found[group.name];
    if (!text.matched) continue;
    if (!set(form, group.name, {text.first, static_cast<std::size_t>(text.length())}, event)) return false;
  }
  for (const auto& rule : says.fields) {
    const auto text = value_of_any(line, rule.from);
    if (text && !set(form, rule.field, *text, event)) return false;
  }
  const bool refused = event.code >= 400 && event.outcome != Outcome::delivered && !event.local && !event.secondary &&
                       (event.kind == EventKind::attempt || event.kind == EventKind::refusal);
  if (form.counts_refusals) event.counts_refusal = refused;
  return true;
}

bool PatternParser::set(const Form& form, std::string_view field, std::string_view text, Event& event) const {
  for (const auto& word : form.says.words) {
    if (word.field != field || !is_like(text, word.text)) continue;
    text = word.value;
    break;
  }
  const auto* known = find_event_field(field);
  return known == nullptr || known->set(event, text);
}

std::optional<std::string_view> PatternParser::value(const LogLine& line, std::string_view key) const {
  if (reads_whole_lines()) return json_value(line.text, key, line.scratch);
  return keyed_value(line.text, key, mta_.separator);
}

std::optional<std::string_view> PatternParser::value_of_any(const LogLine& line, Texts from) const {
  for (const auto one : from) {
    const bool pieces = one.find('{') != std::string_view::npos;
    if (const auto text = pieces ? put_together(line, one) : value(line, one)) return text;
  }
  return std::nullopt;
}

// `{response.code} {response.content}` with its values in place; nothing where one of them is not there.
std::optional<std::string_view> PatternParser::put_together(const LogLine& line, std::string_view from) const {
  if (line.scratch == nullptr) return std::nullopt;
  std::string text;
  while (!from.empty()) {
    const auto open = std::min(from.find('{'), from.size());
    text += from.substr(0, open);
    from.remove_prefix(open);
    const auto close = from.find('}');
    if (close == std::string_view::npos) break;
    const auto piece = value(line, from.substr(1, close - 1));
    if (!piece) return std::nullopt;
    text += *piece;
    from.remove_prefix(close + 1);
  }
  char* room = line.scratch->take(text.size());
  std::memcpy(room, text.data(), text.size());
  return std::string_view(room, text.size());
}

}  // namespace mtalens
