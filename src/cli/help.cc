#include "cli/help.h"

#include <fmt/format.h>

#include "cli/option_table.h"
#include "cli/reading.h"
#include "report/safe_text.h"
#include "report/wrapped.h"

namespace mtalens {
namespace {

constexpr std::size_t kCommandColumn = 12;
constexpr std::size_t kOptionColumn = 26;
constexpr std::size_t kExampleColumn = 44;
constexpr std::size_t kShortExamples = 2;

// "  NAME      what it does", what it does broken and hanging.
std::string row(std::string_view lead, std::size_t column, std::string_view text) {
  std::string out = "  " + std::string(lead);
  const auto used = columns(out);
  if (used + 1 > column) {
    out += "\n" + std::string(column, ' ');
  } else {
    out += std::string(column - used, ' ');
  }
  bool first = true;
  for (const auto& line : wrapped(text, page_width() - column)) {
    if (!first) out += std::string(column, ' ');
    out += line + "\n";
    first = false;
  }
  return out;
}

std::string paragraph(std::string_view text) {
  std::string out;
  for (const auto& line : wrapped(text, page_width())) out += line + "\n";
  return out + "\n";
}

std::string option_row(const OptionEntry& option) {
  std::string lead = option.letter.empty() ? "    --" : fmt::format("-{}, --", option.letter);
  lead += option.name;
  if (option.optional_argument) {
    lead += fmt::format("[={}]", option.argument);
  } else if (!option.argument.empty()) {
    lead += fmt::format(" {}", option.argument);
  }
  std::string text(option.help);
  if (option.repeats) text += "; may be given again";
  if (!option.preset.empty()) text += fmt::format(" (default: {})", option.preset);
  return row(lead, kOptionColumn, text);
}

std::string example_rows(const std::vector<Usage>& examples) {
  std::string out;
  for (const auto& example : examples) out += fmt::format("  {}\n      {}\n", example.line, example.says);
  return out;
}

std::string command_rows() {
  std::string out = "Commands\n";
  for (const auto& command : command_table()) out += row(command.name, kCommandColumn, command.summary);
  return out + "\n";
}

// Those of which `is_wanted`, under the headings of their groups.
template <typename IsWanted>
std::string grouped_options(IsWanted is_wanted) {
  std::string out;
  std::string_view group;
  for (const auto& option : option_table()) {
    if (!is_wanted(option)) continue;
    if (option.group != group) out += fmt::format("{}{}\n", out.empty() ? "" : "\n", option.group);
    group = option.group;
    out += option_row(option);
  }
  return out + "\n";
}

std::string introduction() {
  return paragraph(
             "mtalens says what is wrong in a mail log: who refuses our mail and why, whether "
             "the queue toward them grows, which STARTTLS handshakes fail.") +
         "  mtalens [COMMAND] [OPTION…] [FILE…]\n\n";
}

constexpr std::string_view kExit =
    "Exit: 0 it ran; 1 `check`: something is wrong or not as expected; 2 it could not do all that was asked.";

}  // namespace

// One screen.
std::string short_help() {
  std::string used = "Most used:";
  for (const auto& option : option_table()) {
    if (!option.common) continue;
    used += option.letter.empty() ? fmt::format(" --{}", option.name) : fmt::format(" -{}, --{}", option.letter, option.name);
    if (!option.argument.empty() && !option.optional_argument) used += fmt::format(" {}", option.argument);
    used += ';';
  }
  used.back() = '.';
  std::string out = introduction() + command_rows() + paragraph(used);
  const auto& examples = find_command("report")->examples;
  for (std::size_t i = 0; i < kShortExamples && i < examples.size(); ++i) {
    out += row(examples[i].line, kExampleColumn, examples[i].says);
  }
  return out + "mtalens COMMAND --help tells more of one; mtalens --help=all names every option.\n";
}

std::string full_help() {
  return introduction() + command_rows() + grouped_options([](const OptionEntry&) { return true; }) + paragraph(kExit);
}

std::string command_help(std::string_view name) {
  const auto& command = *find_command(name);
  std::string out = fmt::format("  mtalens {} [OPTION…] {}\n\n", command.name, command.arguments) + paragraph(command.about);
  out += "Examples\n" + example_rows(command.examples) + "\n";
  return out + grouped_options([&](const OptionEntry& option) { return is_for(option, name); });
}

}  // namespace mtalens
