#include "cli/options.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <boost/program_options.hpp>
#include <cctype>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "cli/known.h"
#include "cli/option_table.h"
#include "cli/times.h"
#include "input/journal.h"
#include "mtalens/parser.h"

namespace po = boost::program_options;

namespace mtalens {
namespace {

std::int64_t now_us() {
  using namespace std::chrono;
  return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
}

// What the option takes; its new owner is the description it goes into.
const po::value_semantic* value_of(const OptionEntry& option) {
  if (option.optional_argument) return po::value<std::string>()->implicit_value("");
  if (option.takes_rest) return po::value<std::vector<std::string>>()->composing()->multitoken();
  if (option.repeats) return po::value<std::vector<std::string>>()->composing();
  if (!option.argument.empty()) return po::value<std::string>();
  return po::bool_switch();
}

po::options_description settings() {
  po::options_description out;
  for (const auto& option : option_table()) {
    std::string name(option.name);
    if (!option.letter.empty()) (name += ',') += option.letter;
    out.add_options()(name.c_str(), value_of(option));
  }
  return out;
}

// For tests, how much is read at once; for packages, the man page and the completions.
po::options_description hidden() {
  po::options_description out;
  auto add = out.add_options();
  add("block-bytes", po::value<std::string>());
  add("generate", po::value<std::string>());
  add("arguments", po::value<std::vector<std::string>>());
  return out;
}

std::int64_t time_option(const po::variables_map& given, const char* name) {
  const auto& text = given[name].as<std::string>();
  const auto time = parse_user_time(text, now_us());
  if (!time) {
    throw UsageError(fmt::format("--{}: '{}' is no time; say 2026-12-09, 2026-12-09T14:00, yesterday or -36h", name, text));
  }
  return *time;
}

Severity severity_option(const std::string& name) {
  if (name == "info") return Severity::info;
  if (name == "warning") return Severity::warning;
  if (name == "critical") return Severity::critical;
  throw UsageError(fmt::format("--fail-on: '{}' is none of info, warning, critical", name));
}

// glibc takes any name and means UTC by those it does not know: look whether the zone is there.
void set_zone(const std::string& zone) {
  const bool named = zone.find("..") == std::string::npos && !zone.starts_with('/') &&
                     std::filesystem::is_regular_file("/usr/share/zoneinfo/" + zone);
  if (!named && zone != "UTC") throw UsageError(fmt::format("--timezone: no zone '{}' in /usr/share/zoneinfo", zone));
  setenv("TZ", zone.c_str(), 1);
}

bool wants_color(const po::variables_map& given, const std::string& output) {
  const auto when = given.count("color") ? given["color"].as<std::string>() : std::string("auto");
  if (when == "always") return true;
  if (when == "never") return false;
  if (when != "auto") throw UsageError(fmt::format("--color: '{}' is none of auto, always, never", when));
  const char* no_color = std::getenv("NO_COLOR");
  return output.empty() && isatty(STDOUT_FILENO) && (no_color == nullptr || *no_color == '\0');
}

std::string did_you_mean(std::string_view name, const std::vector<std::string_view>& names, std::string_view before) {
  const auto meant = nearest(name, names);
  return meant.empty() ? "" : fmt::format("; did you mean {}{}?", before, meant);
}

[[noreturn]] void refuse_unknown(const std::string& given, std::string_view where, std::string_view dashes) {
  const auto name = given.substr(std::min(given.find_first_not_of('-'), given.size()));
  throw UsageError(fmt::format("{}there is no option {}{}{}", where, given.starts_with('-') ? "" : dashes, given,
                               did_you_mean(name, option_names(), dashes)));
}

// A word that is nearly a command's name and no file.
void refuse_misspelled_command(const std::string& word) {
  std::error_code none;
  if (word.find_first_of("/.-") != std::string::npos || std::filesystem::exists(word, none)) return;
  const auto meant = did_you_mean(word, command_names(), "");
  if (!meant.empty()) throw UsageError(fmt::format("'{}' is neither a command nor a file{}", word, meant));
}

// Options of which a command would make nothing.
void refuse_misplaced(const po::variables_map& given, const Options& options) {
  for (const auto& entry : option_table()) {
    const std::string name(entry.name);
    if (entry.commands.empty() || !given.count(name) || is_for(entry, options.command)) continue;
    if (entry.argument.empty() && !given[name].as<bool>()) continue;
    std::string commands;
    for (const auto command : words(entry.commands)) commands += fmt::format("{}`{}`", commands.empty() ? "" : ", ", command);
    throw UsageError(fmt::format("--{}: only for {}", name, commands));
  }
}

Units units_option(const std::string& name) {
  if (name == "si") return Units::si;
  if (name == "iec") return Units::iec;
  throw UsageError(fmt::format("--units: '{}' is none of si, iec", name));
}

void read_settings(const std::string& file, const po::options_description& known, po::variables_map& given, bool must_exist) {
  std::ifstream in(file);
  if (!in) {
    if (must_exist) throw UsageError(fmt::format("--config: {}: cannot be read", file));
    return;
  }
  try {
    po::store(po::parse_config_file(in, known), given);
  } catch (const po::unknown_option& error) {
    refuse_unknown(error.get_option_name(), file + ": ", "");
  } catch (const po::error& error) {
    throw UsageError(fmt::format("{}: {}", file, error.what()));
  }
}

void take_arguments(const po::variables_map& given, Options& options) {
  std::vector<std::string> arguments;
  if (given.count("arguments")) arguments = given["arguments"].as<std::vector<std::string>>();
  auto first = arguments.begin();
  if (first != arguments.end()) {
    options.command_named = find_command(*first) != nullptr;
    if (options.command_named) {
      options.command = *first++;
    } else {
      refuse_misspelled_command(*first);
    }
  }
  if (given.count("help")) return;
  const auto needs = [&](const char* command, const char* what) {
    if (options.command != command) return;
    if (first == arguments.end()) throw UsageError(fmt::format("{}: say {}", command, what));
    options.what = *first++;
  };
  needs("trace", "what to look for: a queue id, an address or a message-id");
  needs("explain", "which finding, meaning, reply or TLS cause: throttle/too-many-messages, tls/no-shared-cipher");
  needs("patterns", "list or test");
  needs("sql", "schema, views or findings");
  if (options.command == "patterns" && options.what != "list" && options.what != "test") {
    throw UsageError(fmt::format("patterns: '{}' is neither list nor test", options.what));
  }
  if (options.command == "sql" && options.what != "schema" && options.what != "views" && options.what != "findings") {
    throw UsageError(fmt::format("sql: '{}' is none of schema, views, findings", options.what));
  }
  options.files.assign(first, arguments.end());
}

template <typename T>
void take(const po::variables_map& given, const char* name, T& to) {
  if (given.count(name)) to = given[name].template as<T>();
}

// What is read must not be replaced by what is said of it.
void check_output(const Options& options) {
  if (options.command == "merge") return;  // all of it is read before
  std::error_code none;
  for (const auto& file : options.files) {
    if (std::filesystem::equivalent(file, options.output, none) && std::filesystem::is_regular_file(file, none)) {
      throw UsageError(fmt::format("--output: {} is one of the logs to read", options.output));
    }
  }
}

// What goes into a header must be one address: no line end, no comma, no list.
bool is_address(const std::string& text) {
  const auto at = text.rfind('@');
  const auto plain = [](unsigned char c) { return c > 0x20 && c < 0x7F && std::string_view("<>(),;:\\\"[]").find(static_cast<char>(c)) == std::string_view::npos; };
  return !text.empty() && text.size() <= 254 && at != 0 && at + 1 != text.size() && std::all_of(text.begin(), text.end(), plain);
}

void check_mail(const Options& options) {
  if (options.format != "mail") {
    if (!options.mail_to.empty()) throw UsageError("--to: only --format mail has somebody to send to");
    if (!options.mail_from.empty()) throw UsageError("--from: only --format mail names a sender");
    return;
  }
  if (options.mail_to.empty()) throw UsageError("--format mail: say whom it is for with --to ADDRESS");
  for (const auto& address : options.mail_to) {
    if (!is_address(address)) throw UsageError(fmt::format("--to: '{}' is no address", address));
  }
  if (!options.mail_from.empty() && !is_address(options.mail_from)) throw UsageError(fmt::format("--from: '{}' is no address", options.mail_from));
}

std::int64_t keep_option(const po::variables_map& given) {
  const auto& text = given["keep"].as<std::string>();
  const auto time = parse_user_time("-" + text, 0);
  if (!time || -*time < 86'400'000'000) throw UsageError(fmt::format("--keep: '{}' is not a number of days, one at least: 400d", text));
  return -*time;
}

std::uint64_t upload_option(const std::string& text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return value;
  throw UsageError(fmt::format("--upload: '{}' is no number of 64 bits", text));
}

// A state is of all that was read, to its end.
void check_state(const Options& options) {
  if (options.state.empty() && options.state_out.empty()) return;
  if (options.until_us != INT64_MAX || options.at_us != kNoTime) {
    throw UsageError("--state: tells how things stand now; --until and --at need the logs themselves, without --state");
  }
}

// A state would mix the names of one run with those of another.
void check_anonymize(const Options& options) {
  if (options.anonymize && (!options.state.empty() || !options.state_out.empty())) throw UsageError("--anonymize: needs the logs themselves, without --state");
  if (options.anonymize && options.format == "clickhouse") throw UsageError("--anonymize: not with --format clickhouse, whose rows are joined from the lines themselves");
  if (!options.anonymize && !options.anonymize_key.empty()) throw UsageError("--anonymize-key: only with --anonymize");
}

void check_compare(const Options& options) {
  if (options.command != "compare") return;
  if (options.at_us == kNoTime && options.with.empty()) {
    throw UsageError("compare: say --at TIME, when the change was made, or --with FILE, the log of after it");
  }
  if (options.at_us != kNoTime && !options.with.empty()) throw UsageError("compare: --at or --with, not both");
  if (!options.with.empty() && options.files.empty()) throw UsageError("compare: name the logs of before the change, too");
}

void check_watch(const Options& options) {
  if (options.command != "watch") return;
  if (!options.output.empty()) throw UsageError("--output: watch writes as it goes; say > FILE");
  if (options.since_us != kNoTime || options.until_us != INT64_MAX) throw UsageError("watch: tells how things stand now, without --since and --until");
}

// A name that ClickHouse takes without quotes.
bool is_identifier(const std::string& text) {
  const auto plain = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
  return !text.empty() && text.size() <= 64 && std::isdigit(static_cast<unsigned char>(text[0])) == 0 && std::all_of(text.begin(), text.end(), plain);
}

void check_clickhouse(const Options& options) {
  if (!options.cluster.empty() && !is_identifier(options.cluster)) {
    throw UsageError(fmt::format("--cluster: '{}' is no name: letters, digits and _", options.cluster));
  }
  if (options.command != "events" || options.format == "clickhouse") return;
  if (!options.state.empty()) throw UsageError("--state: of events only with --format clickhouse");
  if (options.upload != 0 || !options.host.empty()) throw UsageError("--upload, --host: only with --format clickhouse");
}

void check(const Options& options) {
  check_clickhouse(options);
  check_watch(options);
  check_state(options);
  check_anonymize(options);
  if (options.mta != "auto" && known(options).knowledge.find_parser(options.mta) == nullptr) {
    std::string names = "auto";
    for (const Parser* parser : known(options).knowledge.parsers()) names += ", " + std::string(parser->mta());
    throw UsageError(fmt::format("--mta: '{}' is none of {}", options.mta, names));
  }
  check_compare(options);
  static const std::vector<std::string> kFormats{"html", "markdown", "csv", "prometheus", "junit", "mail"};
  if (options.command == "report") check_mail(options);
  if (options.command == "report" && std::find(kFormats.begin(), kFormats.end(), options.format) != kFormats.end()) return;
  if (options.command == "check" && options.format == "junit") return;
  if (options.command == "events" && options.format == "clickhouse") return;
  const bool ndjson = options.command == "events" && (options.format == "ndjson" || options.format == "json");
  if (options.format != "text" && options.format != "json" && !ndjson) {
    throw UsageError(fmt::format("--format: '{}' is none of text, json{}", options.format,
                                 options.command == "report"  ? ", html, markdown, csv, prometheus, junit, mail"
                                 : options.command == "check" ? ", junit"
                                 : options.command == "events" ? ", clickhouse"
                                                              : ""));
  }
}

int whole_option(const po::variables_map& given, const char* name, int least, int most) {
  const auto& text = given[name].as<std::string>();
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least || value > most) {
    throw UsageError(fmt::format("--{}: '{}' is no number from {} to {}", name, text, least, most));
  }
  return value;
}

po::variables_map command_line(int argc, char** argv, const po::options_description& known) {
  po::options_description all;
  all.add(known).add(hidden());
  po::positional_options_description positions;
  positions.add("arguments", -1);
  po::variables_map given;
  try {
    using namespace po::command_line_style;
    po::store(po::command_line_parser(argc, argv).options(all).positional(positions).style(unix_style & ~allow_guessing).run(), given);
  } catch (const po::unknown_option& error) {
    refuse_unknown(error.get_option_name(), "", "--");
  } catch (const po::error& error) {
    throw UsageError(error.what());
  }
  return given;
}

// What was given becomes the options' values; times are read in the zone that was given.
void take_values(const po::variables_map& given, Options& options) {
  if (given.count("timezone")) set_zone(given["timezone"].as<std::string>());
  tzset();
  take(given, "mta", options.mta);
  take(given, "format", options.format);
  take(given, "to", options.mail_to);
  take(given, "from", options.mail_from);
  take(given, "output", options.output);
  take(given, "our-domain", options.our_domains);
  take(given, "with", options.with);
  take(given, "on-finding", options.on_finding);
  take(given, "patterns", options.pattern_dirs);
  take(given, "anonymize", options.anonymize);
  take(given, "anonymize-key", options.anonymize_key);
  take(given, "state", options.state);
  take(given, "state-out", options.state_out);
  if (given.count("keep")) options.keep_us = keep_option(given);
  take(given, "host", options.host);
  take(given, "cluster", options.cluster);
  if (given.count("upload")) options.upload = upload_option(given["upload"].as<std::string>());
  take(given, "plain", options.plain);
  if (given["journal"].as<bool>()) {
    if (options.command == "watch" && !options.files.empty()) throw UsageError("watch: follows files or the --journal, not both");
    options.files.emplace_back(kSystemJournal);
  }
  take(given, "quiet", options.quiet);
  take(given, "quiet-when-clean", options.quiet_when_clean);
  take(given, "verbose", options.verbose);
  if (given.count("help")) options.help = given["help"].as<std::string>();
  take(given, "generate", options.generate);
  take(given, "version", options.version);
  take(given, "expect", options.expect);
  take(given, "write-expect", options.write_expect);
  if (given.count("fail-on")) options.fail_on = severity_option(given["fail-on"].as<std::string>());
  if (options.output == "-") options.output.clear();
  if (given.count("since")) options.since_us = time_option(given, "since");
  if (given.count("until")) options.until_us = time_option(given, "until");
  if (given.count("at")) options.at_us = time_option(given, "at");
  if (given.count("jobs")) options.jobs = static_cast<unsigned>(whole_option(given, "jobs", 1, 256));
  if (given.count("year")) options.year = whole_option(given, "year", 1970, 9999);
  if (given.count("block-bytes")) options.block_bytes = static_cast<std::size_t>(whole_option(given, "block-bytes", 1, 1 << 30));
  options.color = wants_color(given, options.output);
  if (given.count("units")) options.units = units_option(given["units"].as<std::string>());
}

}  // namespace

Options read_options(int argc, char** argv) {
  const auto known = settings();
  auto given = command_line(argc, argv, known);
  Options options;
  take_arguments(given, options);
  refuse_misplaced(given, options);
  if (given.count("config")) read_settings(given["config"].as<std::string>(), known, given, true);
  if (const char* home = std::getenv("HOME")) read_settings(std::string(home) + "/.config/mtalens.conf", known, given, false);
  read_settings("/etc/mtalens.conf", known, given, false);
  take_values(given, options);
  if (options.help || options.version || !options.generate.empty()) return options;
  check(options);
  if (!options.output.empty()) check_output(options);
  return options;
}

}  // namespace mtalens
