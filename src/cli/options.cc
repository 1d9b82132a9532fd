#include "cli/options.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <boost/program_options.hpp>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "cli/known.h"
#include "cli/times.h"
#include "mtalens/parser.h"

namespace po = boost::program_options;

namespace mtalens {
namespace {

const std::vector<std::string> kCommands{"report", "queue", "trace", "compare", "events", "check", "patterns", "explain"};

std::int64_t now_us() {
  using namespace std::chrono;
  return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
}

po::options_description settings() {
  po::options_description out("Options");
  auto add = out.add_options();
  add("mta", po::value<std::string>()->value_name("NAME"), "auto, postfix, sendmail or exim: which MTA wrote the log (default: each line is recognized)");
  add("since", po::value<std::string>()->value_name("TIME"), "count from here: 2026-12-09, 2026-12-09T14:00, yesterday, -36h");
  add("until", po::value<std::string>()->value_name("TIME"), "leave out what came later");
  add("at", po::value<std::string>()->value_name("TIME"), "queue: the moment (default: the end of the log); compare: when the change was made");
  add("year", po::value<int>()->value_name("YEAR"), "of each file's first stamp that bears none (default: told from the file's age)");
  add("timezone", po::value<std::string>()->value_name("ZONE"), "of stamps that bear none: Europe/London, UTC (default: this machine's)");
  add("our-domain", po::value<std::vector<std::string>>()->composing()->value_name("DOMAIN"), "a domain whose mail is ours (may be given again)");
  add("patterns", po::value<std::vector<std::string>>()->composing()->value_name("DIR"),
      "a folder of pattern files over the built-in ones (may be given again)");
  add("format", po::value<std::string>()->value_name("FORMAT"), "text or json (events are always JSON, one object a line); report: html, markdown, csv, prometheus, junit, mail too");
  add("to", po::value<std::vector<std::string>>()->composing()->value_name("ADDRESS"), "--format mail: whom it is for (may be given again)");
  add("from", po::value<std::string>()->value_name("ADDRESS"), "--format mail: whom it is from (default: who runs it)");
  add("state", po::value<std::string>()->value_name("FILE"), "report, queue: go on where the last run with this file ended, and keep it for the next");
  add("state-out", po::value<std::string>()->value_name("FILE"), "only write such a file (-: to standard output, without a report)");
  add("keep", po::value<std::string>()->value_name("DAYS"), "how far back a state's history goes (default: 400d)");
  add("output,o", po::value<std::string>()->value_name("FILE"), "write there, once all is read (default: standard output)");
  add("expect", po::value<std::string>()->value_name("FILE"), "check: what the report must say; --write-expect makes one to edit");
  add("write-expect", po::value<std::string>()->value_name("FILE"), "check: write there what this log's report says");
  add("fail-on", po::value<std::string>()->value_name("SEVERITY"), "check: info, warning or critical: what fails unless it is expected (default: warning)");
  add("jobs", po::value<int>()->value_name("N"), "threads (default: one for each core)");
  add("color", po::value<std::string>()->value_name("WHEN"), "auto, always or never");
  add("quiet-when-clean", po::bool_switch(), "report: print nothing where nothing is wrong, so that cron sends no mail");
  add("quiet", po::bool_switch(), "nothing on standard error but errors");
  add("verbose", po::bool_switch(), "every finding with what to do, and on standard error what the run cost");
  add("config", po::value<std::string>()->value_name("FILE"), "settings, one `name = value` a line, under these names");
  add("help,h", po::bool_switch(), "this text");
  add("version", po::bool_switch(), "the version");
  return out;
}

// For tests: how much is read at once.
po::options_description hidden() {
  po::options_description out;
  out.add_options()("block-bytes", po::value<int>())("arguments", po::value<std::vector<std::string>>());
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

void read_settings(const std::string& file, const po::options_description& known, po::variables_map& given, bool must_exist) {
  std::ifstream in(file);
  if (!in) {
    if (must_exist) throw UsageError(fmt::format("--config: {}: cannot be read", file));
    return;
  }
  try {
    po::store(po::parse_config_file(in, known), given);
  } catch (const po::error& error) {
    throw UsageError(fmt::format("{}: {}", file, error.what()));
  }
}

void take_arguments(const po::variables_map& given, Options& options) {
  std::vector<std::string> arguments;
  if (given.count("arguments")) arguments = given["arguments"].as<std::vector<std::string>>();
  auto first = arguments.begin();
  if (first != arguments.end() && std::find(kCommands.begin(), kCommands.end(), *first) != kCommands.end()) {
    options.command = *first++;
  }
  const auto needs = [&](const char* command, const char* what) {
    if (options.command != command) return;
    if (first == arguments.end()) throw UsageError(fmt::format("{}: say {}", command, what));
    options.what = *first++;
  };
  needs("trace", "what to look for: a queue id, an address or a message-id");
  needs("explain", "which finding, meaning, reply or TLS cause: throttle/too-many-messages, tls/no-shared-cipher");
  needs("patterns", "list or test");
  if (options.command == "patterns" && options.what != "list" && options.what != "test") {
    throw UsageError(fmt::format("patterns: '{}' is neither list nor test", options.what));
  }
  options.files.assign(first, arguments.end());
}

template <typename T>
void take(const po::variables_map& given, const char* name, T& to) {
  if (given.count(name)) to = given[name].template as<T>();
}

// What is read must not be replaced by what is said of it.
void check_output(const Options& options) {
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
  if (options.format != "mail") return;
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

// A state is of all that was read, to its end.
void check_state(const Options& options) {
  if (options.state.empty() && options.state_out.empty()) return;
  if (options.command != "report" && options.command != "queue") throw UsageError("--state: only for `report` and `queue`");
  if (options.until_us != INT64_MAX || options.at_us != kNoTime) {
    throw UsageError("--state: tells how things stand now; --until and --at need the logs themselves, without --state");
  }
}

void check(const Options& options) {
  check_state(options);
  if (options.mta != "auto" && known(options).knowledge.find_parser(options.mta) == nullptr) {
    std::string names = "auto";
    for (const Parser* parser : known(options).knowledge.parsers()) names += ", " + std::string(parser->mta());
    throw UsageError(fmt::format("--mta: '{}' is none of {}", options.mta, names));
  }
  if (options.at_us != kNoTime && options.command != "queue" && options.command != "compare") {
    throw UsageError("--at: only `queue` and `compare` look at a moment");
  }
  if (options.at_us == kNoTime && options.command == "compare") throw UsageError("compare: say --at TIME, when the change was made");
  static const std::vector<std::string> kReportFormats{"html", "markdown", "csv", "prometheus", "junit", "mail"};
  const auto& formats = kReportFormats;
  if (options.command == "report" && std::find(formats.begin(), formats.end(), options.format) != formats.end()) return check_mail(options);
  const bool ndjson = options.command == "events" && (options.format == "ndjson" || options.format == "json");
  if (options.format != "text" && options.format != "json" && !ndjson) {
    throw UsageError(fmt::format("--format: '{}' is none of text, json{}", options.format,
                                 options.command == "report" ? ", html, markdown, csv, prometheus, junit, mail" : ""));
  }
}

}  // namespace

Options read_options(int argc, char** argv) {
  const auto known = settings();
  po::options_description all;
  all.add(known).add(hidden());
  po::positional_options_description positions;
  positions.add("arguments", -1);
  po::variables_map given;
  try {
    using namespace po::command_line_style;
    po::store(po::command_line_parser(argc, argv).options(all).positional(positions).style(unix_style & ~allow_guessing).run(), given);
  } catch (const po::error& error) {
    throw UsageError(error.what());
  }
  if (given.count("config")) read_settings(given["config"].as<std::string>(), known, given, true);
  if (const char* home = std::getenv("HOME")) read_settings(std::string(home) + "/.config/mtalens.conf", known, given, false);
  read_settings("/etc/mtalens.conf", known, given, false);

  Options options;
  take_arguments(given, options);
  if (given.count("timezone")) set_zone(given["timezone"].as<std::string>());
  tzset();
  take(given, "mta", options.mta);
  take(given, "format", options.format);
  take(given, "to", options.mail_to);
  take(given, "from", options.mail_from);
  take(given, "output", options.output);
  take(given, "year", options.year);
  take(given, "our-domain", options.our_domains);
  take(given, "patterns", options.pattern_dirs);
  take(given, "state", options.state);
  take(given, "state-out", options.state_out);
  if (given.count("keep")) options.keep_us = keep_option(given);
  take(given, "quiet", options.quiet);
  take(given, "quiet-when-clean", options.quiet_when_clean);
  take(given, "verbose", options.verbose);
  take(given, "help", options.help);
  take(given, "version", options.version);
  take(given, "expect", options.expect);
  take(given, "write-expect", options.write_expect);
  if (given.count("fail-on")) options.fail_on = severity_option(given["fail-on"].as<std::string>());
  if (options.output == "-") options.output.clear();
  if (given.count("since")) options.since_us = time_option(given, "since");
  if (given.count("until")) options.until_us = time_option(given, "until");
  if (given.count("at")) options.at_us = time_option(given, "at");
  const auto whole = [&](const char* name, int least, int most) {
    const int value = given[name].as<int>();
    if (value < least || value > most) throw UsageError(fmt::format("--{}: {} is not between {} and {}", name, value, least, most));
    return value;
  };
  if (given.count("jobs")) options.jobs = static_cast<unsigned>(whole("jobs", 1, 256));
  if (given.count("year")) options.year = whole("year", 1970, 9999);
  if (given.count("block-bytes")) options.block_bytes = static_cast<std::size_t>(whole("block-bytes", 1, 1 << 30));
  options.color = wants_color(given, options.output);
  check(options);
  if (!options.output.empty()) check_output(options);
  return options;
}

std::string help_text() {
  std::ostringstream out;
  out << "mtalens says what is wrong in a mail log of Postfix, sendmail or Exim: who refuses\n"
         "our mail and why, whether the queue toward them grows, which STARTTLS handshakes fail.\n\n"
         "  mtalens /var/log/mail.log             the diagnosis (rotated and compressed files too)\n"
         "  mtalens /var/log/exim4/mainlog*\n"
         "  journalctl -o short-iso -t postfix/smtp -t postfix/qmgr … | mtalens\n"
         "  journalctl -o json --since -7d -u 'postfix*' -u exim4 -u sendmail | mtalens\n"
         "                                        on a machine without syslog files\n"
         "  mtalens queue --at 2026-12-09T14:00 FILE…     what the queue held then\n"
         "  mtalens compare --at 2026-12-12T09:00 FILE…   did the change of then help?\n"
         "  mtalens trace ID|ADDRESS|MESSAGE-ID FILE…     one message's whole life\n"
         "  mtalens explain throttle/too-many-messages    what a finding means and what to do\n"
         "  mtalens patterns list [WORD…]                 what is known of providers and replies\n"
         "  mtalens patterns test [DIR…]                  whether pattern files hold\n"
         "  mtalens check --expect FILE FILE…     for CI: exit 1 where something is wrong or unexpected\n"
         "  mtalens events FILE…                  every line's meaning, as NDJSON\n\n"
      << settings() << "\nExit: 0 it ran; 1 check: something is wrong or unexpected; 2 it could not do all that was asked.\n";
  return out.str();
}

}  // namespace mtalens
