#include "check/expectation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace mtalens {
namespace {

using Json = nlohmann::json;
using Path = Json::json_pointer;

// The lists of a report, and what names an element of each.
struct NamedList {
  const char* list;
  const char* one;  // what people call an element
  std::vector<const char*> names;
};

const std::array<NamedList, 4>& named_lists() {
  static const std::array<NamedList, 4> kLists{{{"providers", "provider", {"provider"}},
                                                {"tls", "TLS peer", {"direction", "peer"}},
                                                {"findings", "finding", {"id", "subject"}},
                                                {"absent_findings", "finding", {"id", "subject", "severity"}}}};
  return kLists;
}

// ---- which line each value stands in -------------------------------------------------------------------------

// Walks a text that is known to be JSON, for the lines alone.
class LineFinder {
 public:
  using Lines = std::vector<std::pair<std::string, std::size_t>>;

  static Lines find(std::string_view text) {
    LineFinder finder(text);
    finder.value(Path());
    std::sort(finder.lines_.begin(), finder.lines_.end());
    return std::move(finder.lines_);
  }

 private:
  explicit LineFinder(std::string_view text) : left_(text) {}

  void blanks() {
    while (!left_.empty() && std::string_view(" \t\r\n").find(left_.front()) != std::string_view::npos) {
      line_ += left_.front() == '\n' ? 1 : 0;
      left_.remove_prefix(1);
    }
  }
  bool take(char c) {
    blanks();
    if (left_.empty() || left_.front() != c) return false;
    left_.remove_prefix(1);
    return true;
  }
  std::string_view string() {
    std::size_t end = 1;
    while (end < left_.size() && left_[end] != '"') end += left_[end] == '\\' ? 2 : 1;
    const auto out = left_.substr(0, end + 1);
    left_.remove_prefix(out.size());
    return out;
  }
  void value(const Path& path) {
    blanks();
    lines_.emplace_back(path.to_string(), line_);
    if (left_.starts_with('"')) {
      string();
    } else if (take('{')) {
      while (!take('}') && !left_.empty()) {
        const auto key = Json::parse(string()).get<std::string>();
        take(':');
        value(path / key);
        take(',');
        blanks();
      }
    } else if (take('[')) {
      for (std::size_t i = 0; !take(']') && !left_.empty(); ++i) {
        value(path / i);
        take(',');
        blanks();
      }
    } else {
      left_.remove_prefix(std::min(left_.find_first_of(",]} \t\r\n"), left_.size()));
    }
  }

  std::string_view left_;
  std::size_t line_ = 1;
  Lines lines_;
};

// ---- comparing -------------------------------------------------------------------------------------------------

bool is_bounds(const Json& expected) {
  return expected.is_object() && !expected.empty() && std::all_of(expected.items().begin(), expected.items().end(), [](const auto& item) {
           return (item.key() == "min" || item.key() == "max") && item.value().is_number();
         });
}

bool within(const Json& bounds, const Json& actual) {
  return actual.is_number() && (!bounds.contains("min") || actual >= bounds["min"]) &&
         (!bounds.contains("max") || actual <= bounds["max"]);
}

std::string shown(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string shown_bounds(const Json& bounds) {
  if (!bounds.contains("min")) return fmt::format("at most {}", shown(bounds["max"]));
  if (!bounds.contains("max")) return fmt::format("at least {}", shown(bounds["min"]));
  return fmt::format("{} to {}", shown(bounds["min"]), shown(bounds["max"]));
}

// Whether all that `expected` says holds; for texts and the numbers that are exact or bounded.
bool holds(const Json& expected, const Json& actual) {
  if (is_bounds(expected)) return within(expected, actual);
  if (!expected.is_object()) return expected == actual;
  return actual.is_object() && std::all_of(expected.items().begin(), expected.items().end(), [&](const auto& item) {
           return actual.contains(item.key()) && holds(item.value(), actual[item.key()]);
         });
}

// "BT Internet", "inbound mx.example", "throttle/too-many-messages of BT Internet"
std::string name_of(const NamedList& list, const Json& element) {
  std::string out;
  for (const char* key : list.names) {
    if (!element.contains(key)) continue;
    if (!element[key].is_object()) {
      out += (out.empty() ? "" : " ") + shown(element[key]);
      continue;
    }
    for (const auto& [what, who] : element[key].items()) out += " of " + shown(who);
  }
  return out;
}

// Whether `element` of the report is the one that `expected` names.
bool is_named_by(const NamedList& list, const Json& expected, const Json& element) {
  return std::all_of(list.names.begin(), list.names.end(), [&](const char* key) {
    return !expected.contains(key) || (element.contains(key) && holds(expected[key], element[key]));
  });
}

class Comparison {
 public:
  explicit Comparison(const LineFinder::Lines& lines) : lines_(lines) {}

  void compare_report(const Json& expected, const Json& report) {
    for (const auto& [key, value] : expected.items()) {
      const auto path = Path() / key;
      const auto list = std::find_if(named_lists().begin(), named_lists().end(), [&list_name = key](const NamedList& l) { return list_name == l.list; });
      if (key == "schema") continue;
      if (key == "absent_findings") {
        forbid(*list, value, path, report.at("findings"));
      } else if (list != named_lists().end()) {
        compare_list(*list, value, path, report.at(key));
      } else if (!report.contains(key)) {
        say(path, fmt::format("a report has no '{}'", key));
      } else {
        compare(value, report.at(key), path, key);
      }
    }
  }

  std::vector<Deviation> take() {
    std::stable_sort(out_.begin(), out_.end(), [](const Deviation& a, const Deviation& b) { return a.line < b.line; });
    return std::move(out_);
  }

 private:
  void compare(const Json& expected, const Json& actual, const Path& path, const std::string& name) {
    if (is_bounds(expected)) {
      if (!within(expected, actual)) say(path, fmt::format("{} is {}, {} is expected", name, shown(actual), shown_bounds(expected)));
    } else if (!expected.is_object()) {
      if (expected != actual) say(path, fmt::format("{} is {}, {} is expected", name, shown(actual), shown(expected)));
    } else {
      for (const auto& [key, value] : expected.items()) {
        if (!actual.is_object() || !actual.contains(key)) {
          say(path / key, fmt::format("{}: the report has no '{}' there", name, key));
        } else {
          compare(value, actual[key], path / key, fmt::format("{}: {}", name, key));
        }
      }
    }
  }

  void compare_list(const NamedList& list, const Json& expected, const Path& path, const Json& actual) {
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const auto found = std::find_if(actual.begin(), actual.end(), [&](const Json& e) { return is_named_by(list, expected[i], e); });
      if (found == actual.end()) {
        say(path / i, fmt::format("the {} {} is expected and is not there", list.one, name_of(list, expected[i])));
      } else {
        compare(expected[i], *found, path / i, name_of(list, expected[i]));
      }
    }
  }

  void forbid(const NamedList& list, const Json& forbidden, const Path& path, const Json& findings) {
    for (std::size_t i = 0; i < forbidden.size(); ++i) {
      for (const auto& finding : findings) {
        if (!holds(forbidden[i], finding)) continue;
        say(path / i, fmt::format("the {} {} must not be there and is: {}", list.one, name_of(list, forbidden[i]), shown(finding.at("title"))));
      }
    }
  }

  void say(const Path& path, std::string says) {
    const auto at = std::lower_bound(lines_.begin(), lines_.end(), std::pair(path.to_string(), std::size_t{0}));
    out_.push_back({at == lines_.end() ? 1 : at->second, std::move(says)});
  }

  const LineFinder::Lines& lines_;
  std::vector<Deviation> out_;
};

std::string parse_trouble(std::string_view text, const Json::parse_error& error) {
  const auto before = text.substr(0, std::min(error.byte, text.size()));
  return fmt::format("line {}: is not JSON", 1 + std::count(before.begin(), before.end(), '\n'));
}

}  // namespace

Expectation::Expectation(std::string_view text) {
  try {
    expected_ = Json::parse(text);
  } catch (const Json::parse_error& error) {
    throw ExpectationError(parse_trouble(text, error));
  } catch (const Json::out_of_range&) {
    throw ExpectationError("holds a number that is too large");
  }
  lines_ = LineFinder::find(text);
  if (!expected_.is_object() || expected_.value("schema", Json()) != "mtalens.expect/1") {
    throw ExpectationError("line 1: is no object with \"schema\": \"mtalens.expect/1\"");
  }
  for (const auto& list : named_lists()) {
    const auto found = expected_.find(list.list);
    if (found == expected_.end()) continue;
    const auto names_something = [&](const Json& element) {
      return element.is_object() && std::any_of(list.names.begin(), list.names.end(), [&](const char* n) { return element.contains(n); });
    };
    if (!found->is_array() || !std::all_of(found->begin(), found->end(), names_something)) {
      const auto at = std::lower_bound(lines_.begin(), lines_.end(), std::pair("/" + std::string(list.list), std::size_t{0}));
      throw ExpectationError(fmt::format("line {}: '{}' is no list of objects that say which {} is meant", at->second, list.list, list.one));
    }
  }
}

std::vector<Deviation> Expectation::deviations(const Json& report) const {
  Comparison comparison(lines_);
  comparison.compare_report(expected_, report);
  return comparison.take();
}

bool Expectation::names(const Json& finding) const {
  const auto& list = named_lists()[2];
  const auto listed = expected_.find(list.list);
  return listed != expected_.end() &&
         std::any_of(listed->begin(), listed->end(), [&](const Json& expected) { return is_named_by(list, expected, finding); });
}

std::string expectation_of(const nlohmann::ordered_json& report) {
  nlohmann::ordered_json out{{"schema", "mtalens.expect/1"}};
  out["input"]["unrecognized_lines"]["max"] = report.at("input").at("unrecognized_lines");
  out["totals"] = report.at("totals");
  for (const char* list : {"providers", "tls", "findings"}) out[list] = nlohmann::ordered_json::array();
  for (const auto& provider : report.at("providers")) {
    auto& kept = out["providers"].emplace_back();
    for (const char* key : {"provider", "accepted", "refusals", "throttled"}) kept[key] = provider.at(key);
    kept["queue"]["queued"] = provider.at("queue").at("queued");
  }
  for (const auto& peer : report.at("tls")) {
    auto& kept = out["tls"].emplace_back();
    for (const char* key : {"direction", "peer", "failed", "causes"}) kept[key] = peer.at(key);
  }
  for (const auto& finding : report.at("findings")) {
    auto& kept = out["findings"].emplace_back();
    for (const char* key : {"id", "severity", "subject"}) kept[key] = finding.at(key);
  }
  out["absent_findings"] = nlohmann::ordered_json::array();
  return out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace mtalens
