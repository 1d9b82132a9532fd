// Every command and every option, told once: the command line, the settings files, `--help`, the man page and the
// completions are made of these two tables (help.cc, generate.cc). A new option is an entry here and a take() in
// options.cc.
#pragma once

#include <string_view>
#include <vector>

namespace mtalens {

struct OptionEntry {
  std::string_view name;           // "since": --since
  std::string_view letter = {};    // "o": -o
  std::string_view argument = {};  // "TIME"; empty: it takes none
  std::string_view values = {};    // those there are: "auto always never"; FILE and DIR are told by `argument`
  std::string_view help;           // what it does, without a full stop
  std::string_view preset = {};    // what holds without it
  std::string_view commands = {};  // the only ones that it is for: "queue compare"; empty: all
  std::string_view group;          // its heading in --help=all
  bool repeats = false;            // may be given again
  bool takes_rest = false;         // all words up to the next option are for it
  bool common = false;             // stands in the short help
  bool optional_argument = false;  // --help[=all]
};

struct Usage {
  std::string_view line;  // as typed
  std::string_view says;  // what for
};

struct CommandEntry {
  std::string_view name;
  std::string_view arguments;    // "[FILE…]"
  std::string_view values = {};  // of the first argument: "list test"
  std::string_view summary;      // a few words
  std::string_view about;        // a paragraph
  std::vector<Usage> examples;
  bool reads_logs = true;
};

const std::vector<OptionEntry>& option_table();
const std::vector<CommandEntry>& command_table();

// nullptr: there is none of that name.
const CommandEntry* find_command(std::string_view name);

bool is_for(const OptionEntry& option, std::string_view command);

// What stands between blanks: of `values`, of `commands`.
std::vector<std::string_view> words(std::string_view text);

// The one of `names` that was probably meant by `word`; empty: none is near.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& names);
std::vector<std::string_view> option_names();
std::vector<std::string_view> command_names();

}  // namespace mtalens
