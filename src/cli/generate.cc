// The man page and the completions, from the tables of commands and options.
#include <fmt/format.h>

#include <algorithm>

#include "cli/help.h"
#include "cli/option_table.h"
#include "report/wrapped.h"

namespace mtalens {
namespace {

std::string replaced(std::string_view text, char from, std::string_view to) {
  std::string out;
  for (const char c : text) c == from ? out += to : out += c;
  return out;
}

// mdoc(7): no control line by chance, no escapes but our own.
std::string mdoc_line(std::string_view text) {
  std::string out = replaced(text, '\\', "\\e");
  if (out.starts_with('.') || out.starts_with('\'')) out.insert(0, "\\&");
  return out;
}

// A sentence begins a line, and no line is long.
std::string mdoc(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto end = text.find(". ");
    const auto sentence = text.substr(0, end == std::string_view::npos ? end : end + 1);
    for (const auto& line : wrapped(sentence, 72)) out += (out.empty() ? "" : "\n") + mdoc_line(line);
    text.remove_prefix(std::min(text.size(), sentence.size() + 1));
  }
  return out;
}

// What stands behind a macro: words that are macro names themselves must not be called.
std::string mdoc_argument(std::string_view text) { return '"' + replaced(mdoc_line(text), '"', "\"\"") + '"'; }

std::string man_option(const OptionEntry& option) {
  std::string out = ".It ";
  if (!option.letter.empty()) out += fmt::format("Fl {} , ", option.letter);
  out += fmt::format("Fl Fl {}", option.name);
  if (option.optional_argument) {
    out += fmt::format(" Ns Op = Ns Ar {}", option.argument);
  } else if (!option.argument.empty()) {
    out += fmt::format(" Ar {}", option.argument);
  }
  std::string text(option.help);
  if (option.repeats) text += "; may be given again";
  if (!option.commands.empty()) text += fmt::format("; for {}", replaced(option.commands, ' ', ", "));
  text += '.';
  if (!option.preset.empty()) text += fmt::format(" Default: {}.", option.preset);
  return out + "\n" + mdoc(text) + "\n";
}

std::string man_commands() {
  std::string out = ".Sh COMMANDS\n.Bl -tag -width Ds\n";
  for (const auto& command : command_table()) {
    out += fmt::format(".It Cm {} Op Ar OPTION… {}\n{}\n", command.name, mdoc_argument(command.arguments), mdoc(command.about));
  }
  return out + ".El\n";
}

template <typename IsWanted>
std::string man_options(IsWanted is_wanted) {
  std::string out = ".Sh OPTIONS\nEvery option may stand before or after the files.\n";
  std::string_view group;
  for (const auto& option : option_table()) {
    if (!is_wanted(option)) continue;
    if (option.group != group) out += fmt::format("{}.Ss {}\n.Bl -tag -width Ds\n", group.empty() ? "" : ".El\n", option.group);
    group = option.group;
    out += man_option(option);
  }
  return out + ".El\n";
}

std::string man_examples_of(const CommandEntry& command) {
  std::string out;
  for (const auto& example : command.examples) {
    out += fmt::format(".It Li {}\n{}\n", mdoc_argument(example.line), mdoc(example.says));
  }
  return out;
}

std::string man_examples() {
  std::string out = ".Sh EXAMPLES\n.Bl -tag -width Ds\n";
  for (const auto& command : command_table()) out += man_examples_of(command);
  return out + ".El\n";
}

constexpr std::string_view kManHead = R"(.Dd November 25, 2026
.Dt MTALENS 1
.Os
.Sh NAME
.Nm mtalens
.Nd says what is wrong in a mail log
.Sh SYNOPSIS
.Nm
.Op Ar COMMAND
.Op Ar OPTION…
.Op Ar FILE…
.Sh DESCRIPTION
.Nm
reads the mail log of Postfix, Exim or sendmail and says who refuses our
mail and why, whether the queue toward them will ever be empty, which
STARTTLS handshakes fail, and who of ours causes it.
The MTA itself is not needed, and nothing is changed or sent anywhere.
.Pp
Files may be plain or compressed, told by their content.
They are put into order by the times inside them.
No file, or
.Ar - ,
is standard input.
)";

constexpr std::string_view kManTail = R"(.Sh ENVIRONMENT
.Bl -tag -width Ds
.It Ev COLUMNS
how wide a page is.
.It Ev NO_COLOR
set and not empty: no colors, unless
.Fl Fl color Ar always
asks for them.
.It Ev TZ
the time zone, unless
.Fl Fl timezone
names one.
.El
.Sh FILES
.Bl -tag -width Ds
.It Pa ~/.config/mtalens.conf , /etc/mtalens.conf
settings, one
.Ql name = value
a line, under the names of the options.
The command line comes before
.Fl Fl config ,
and this before them in that order.
.It Pa /etc/mtalens/patterns , /usr/share/mtalens/patterns
folders of pattern files over the built-in ones.
.El
.Sh EXIT STATUS
.Bl -tag -width Ds
.It 0
It ran, whatever it found.
.It 1
Only
.Cm check :
something is wrong, or not as expected.
.It 2
It could not do all that was asked: a bad option, an unreadable file, a
full disk.
What could be read is reported.
.El
)";

std::string man_see_also() {
  std::vector<std::string> pages{"journalctl", "mailq", "postqueue"};
  for (const auto& command : command_table()) pages.push_back(fmt::format("mtalens-{}", command.name));
  std::sort(pages.begin(), pages.end());
  std::string out = ".Sh SEE ALSO\n";
  for (const auto& page : pages) out += fmt::format(".Xr {} 1{}\n", page, &page == &pages.back() ? "" : " ,");
  return out;
}

std::string man_page() {
  return std::string(kManHead) + man_commands() + man_options([](const OptionEntry&) { return true; }) + std::string(kManTail) +
         man_examples() + man_see_also();
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

// mtalens-queue(1) and its like.
std::string man_page_of(const CommandEntry& command) {
  return fmt::format(".Dd November 25, 2026\n.Dt MTALENS-{} 1\n.Os\n.Sh NAME\n.Nm mtalens-{}\n.Nd {}\n.Sh SYNOPSIS\n.Nm mtalens {}\n"
                     ".Op Ar OPTION…\n.Ar {}\n.Sh DESCRIPTION\n{}\n",
                     upper(command.name), command.name, mdoc(command.summary), command.name, mdoc_argument(command.arguments),
                     mdoc(command.about)) +
         man_options([&](const OptionEntry& option) { return is_for(option, command.name); }) +
         ".Sh EXAMPLES\n.Bl -tag -width Ds\n" + man_examples_of(command) + ".El\n.Sh SEE ALSO\n.Xr mtalens 1\n";
}

bool is_file(const OptionEntry& option) { return option.argument == "FILE"; }
bool is_folder(const OptionEntry& option) { return option.argument == "DIR"; }

std::string spellings(const OptionEntry& option, std::string_view between) {
  std::string out = fmt::format("--{}", option.name);
  if (!option.letter.empty()) out += fmt::format("{}-{}", between, option.letter);
  return out;
}

template <typename Entries, typename Text>
std::string joined(const Entries& entries, std::string_view between, Text text) {
  std::string out;
  for (const auto& entry : entries) {
    if (!out.empty()) out += between;
    out += text(entry);
  }
  return out;
}

std::string names_of(const std::vector<CommandEntry>& commands) {
  return joined(commands, " ", [](const CommandEntry& command) { return std::string(command.name); });
}

std::string bash_cases() {
  std::string out;
  for (const auto& option : option_table()) {
    if (option.argument.empty() || option.optional_argument) continue;
    const auto make = !option.values.empty() ? fmt::format("-W '{}'", option.values) : is_file(option) ? "-f" : is_folder(option) ? "-d" : "";
    out += fmt::format("    {}) COMPREPLY=($(compgen {} -- \"$current\")); return ;;\n", spellings(option, "|"),
                       make.empty() ? "-W ''" : make);
  }
  return out;
}

std::string bash_arguments() {
  std::string out;
  for (const auto& command : command_table()) {
    if (!command.values.empty()) out += fmt::format("    {}) COMPREPLY=($(compgen -W '{}' -- \"$current\")) ;;\n", command.name, command.values);
  }
  return out;
}

std::string bash_options() {
  std::string out;
  for (const auto& command : command_table()) {
    std::vector<OptionEntry> its;
    for (const auto& option : option_table()) {
      if (is_for(option, command.name)) its.push_back(option);
    }
    out += fmt::format("      {}) options='{}' ;;\n", command.name == "report" ? "*" : command.name,
                       joined(its, " ", [](const OptionEntry& option) { return spellings(option, " "); }));
  }
  const auto other = out.find("      *)");  // the word `report` may be left out: last, since the first that fits is taken
  const auto end = out.find('\n', other) + 1;
  return out.substr(0, other) + out.substr(end) + out.substr(other, end - other);
}

std::string bash_completion() {
  return fmt::format(R"(# bash completion for mtalens(1)
_mtalens() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} command= word options
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case " {} " in *" $word "*) command=$word; break ;; esac
  done
  case $before in
{}  esac
  if [[ $current == -* ]]; then
    case $command in
{}    esac
    COMPREPLY=($(compgen -W "$options" -- "$current"))
    return
  fi
  COMPREPLY=($(compgen -f -- "$current"))
  [[ $COMP_CWORD -gt 1 ]] || COMPREPLY+=($(compgen -W '{}' -- "$current"))
  case $before in
{}  esac
}}
complete -o filenames -F _mtalens mtalens
)",
                     names_of(command_table()), bash_cases(), bash_options(), names_of(command_table()), bash_arguments());
}

// Inside '…', where _arguments takes [ ] and : for its own.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
      continue;
    }
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string zsh_option(const OptionEntry& option) {
  std::string value;
  if (!option.argument.empty()) {
    const auto action = !option.values.empty() ? fmt::format("({})", option.values) : is_file(option) ? "_files" : is_folder(option) ? "_files -/" : " ";
    value = fmt::format(":{}:{}", option.argument, action);
  }
  const auto spelled = [&](std::string_view name) {
    const auto ending = option.optional_argument ? "=-" : value.empty() || option.letter == name.substr(1) ? "" : "=";
    return fmt::format("  '{}{}{}[{}]{}{}' \\\n", option.repeats ? "*" : "", name, ending, zsh_text(option.help),
                       option.optional_argument ? ":" : "", value);
  };
  std::string out = spelled(fmt::format("--{}", option.name));
  if (option.letter.empty()) return out;
  return out + (option.optional_argument ? fmt::format("  '-{}[{}]' \\\n", option.letter, zsh_text(option.help))
                                         : spelled(fmt::format("-{}", option.letter)));
}

std::string zsh_completion() {
  std::string out = "#compdef mtalens\n# zsh completion for mtalens(1)\n_mtalens_first() {\n  local -a commands=(\n";
  for (const auto& command : command_table()) out += fmt::format("    '{}:{}'\n", command.name, zsh_text(command.summary));
  out += "  )\n  _describe command commands\n  _files\n}\n_arguments -s -S \\\n";
  for (const auto& option : option_table()) out += zsh_option(option);
  return out + "  '1:command or file:_mtalens_first' \\\n  '*:file:_files'\n";
}

std::string fish_text(std::string_view text) { return replaced(replaced(text, '\\', "\\\\"), '\'', "\\'"); }

std::string fish_completion() {
  std::string out = "# fish completion for mtalens(1)\n";
  for (const auto& command : command_table()) {
    out += fmt::format("complete -c mtalens -n __fish_use_subcommand -a {} -d '{}'\n", command.name, fish_text(command.summary));
    for (const auto value : words(command.values)) {
      out += fmt::format("complete -c mtalens -n '__fish_seen_subcommand_from {}' -a {}\n", command.name, value);
    }
  }
  for (const auto& option : option_table()) {
    out += fmt::format("complete -c mtalens -l {}", option.name);
    if (!option.letter.empty()) out += fmt::format(" -s {}", option.letter);
    if (!option.commands.empty()) out += fmt::format(" -n '__fish_seen_subcommand_from {}'", option.commands);
    if (!option.values.empty()) {
      out += fmt::format(" {} '{}'", option.optional_argument ? "-f -a" : "-x -a", option.values);
    } else if (is_file(option)) {
      out += " -r -F";
    } else if (is_folder(option)) {
      out += " -x -a '(__fish_complete_directories)'";
    } else if (!option.argument.empty()) {
      out += " -x";
    }
    out += fmt::format(" -d '{}'\n", fish_text(option.help));
  }
  return out;
}

}  // namespace

std::string generated(std::string_view what) {
  if (what == "man") return man_page();
  if (what.starts_with("man-")) {
    const auto* command = find_command(what.substr(4));
    return command == nullptr ? "" : man_page_of(*command);
  }
  if (what == "bash") return bash_completion();
  if (what == "zsh") return zsh_completion();
  if (what == "fish") return fish_completion();
  return "";
}

}  // namespace mtalens
