// The command line and the settings files: one structure for all subcommands.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "mtalens/event.h"
#include "mtalens/finding.h"
#include "rules/wording.h"

namespace mtalens {

struct Options {
  std::string command = "report";
  bool command_named = false;
  std::vector<std::string> files;  // empty: standard input
  std::string what;                // trace, explain: what to look for; patterns, sql: what of it

  std::string mta = "auto";
  std::string format = "text";
  std::vector<std::string> mail_to;  // --format mail
  std::string mail_from;             // empty: sendmail puts in whoever runs it
  std::string output;               // empty or "-": standard output
  std::int64_t since_us = kNoTime;
  std::int64_t until_us = INT64_MAX;
  std::int64_t at_us = kNoTime;     // queue, compare
  std::vector<std::string> with;    // compare: the logs of after the change
  int year = 0;
  unsigned jobs = 0;
  std::size_t block_bytes = 256 * 1024;
  std::string state;                // what earlier runs read; brought up to date
  std::string state_out;            // the same, only written
  std::string host;                 // whose logs these are; empty: as they say
  std::int64_t keep_us = 400 * 86'400'000'000;
  std::uint64_t upload = 0;         // events --format clickhouse: its number
  std::string cluster;              // sql: the cluster's name in ClickHouse's settings
  std::vector<std::string> our_domains;
  std::vector<std::string> pattern_dirs;
  bool anonymize = false;
  std::string anonymize_key;            // a file; empty: other pseudonyms in each run
  std::string expect;                   // check: the file
  std::string write_expect;             // check: where to write one; "-": standard output
  Severity fail_on = Severity::warning;  // check
  bool color = false;
  bool plain = false;             // watch: lines, though it is a terminal
  std::string on_finding;         // watch: a command
  bool quiet = false;
  bool quiet_when_clean = false;  // report
  bool verbose = false;
  Units units = Units::si;
  std::optional<std::string> help;  // "all", a command or nothing
  bool version = false;
  std::string generate;  // what for a package: man, bash, zsh, fish
};

// What the user asked for makes no sense; what() says which option and why.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Reads the command line, then /etc/mtalens.conf, ~/.config/mtalens.conf and --config FILE for what it does not
// say. Sets the process's time zone where --timezone is given. Throws UsageError.
Options read_options(int argc, char** argv);

}  // namespace mtalens
