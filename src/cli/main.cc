// mtalens: what is wrong in a mail log.
#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <map>

#include "cli/commands.h"
#include "cli/help.h"
#include "cli/least_privilege.h"
#include "cli/option_table.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/progress.h"

namespace {

using namespace mtalens;

int say(const std::string& text) {
  Output output("");
  output.write(text);
  output.done();
  return 0;
}

std::string help(const Options& options) {
  const auto about = options.help->empty() && options.command_named ? options.command : *options.help;
  if (about == "all") return full_help();
  if (about.empty()) return short_help();
  if (find_command(about) == nullptr) throw UsageError(fmt::format("--help: '{}' is neither all nor a command", about));
  return command_help(about);
}

std::string generated_for_package(const std::string& what) {
  auto text = generated(what);
  if (text.empty()) throw UsageError(fmt::format("--generate: '{}' is none of man, man-COMMAND, bash, zsh, fish", what));
  return text;
}

int run(const Options& options) {
  if (!options.generate.empty()) return say(generated_for_package(options.generate));
  if (options.version) return say(fmt::format("mtalens {}\n", MTALENS_VERSION));
  if (options.help) return say(help(options));
  const bool reads_logs = find_command(options.command)->reads_logs;
  if (reads_logs && options.files.empty() && options.state.empty() && isatty(STDIN_FILENO)) return say(short_help());
  static const std::map<std::string, int (*)(const Options&)> kCommands{
      {"report", run_report}, {"queue", run_queue},   {"compare", run_compare},   {"events", run_events},
      {"trace", run_trace},   {"check", run_check},   {"patterns", run_patterns}, {"explain", run_explain},
      {"watch", run_watch},   {"merge", run_merge},   {"sql", run_sql}};
  if (options.command != "watch") give_up_privileges(options);  // it first starts what runs its commands
  return kCommands.at(options.command)(options);
}

}  // namespace

int main(int argc, char** argv) {
  catch_interrupts();
  std::signal(SIGPIPE, SIG_IGN);  // writing to a reader that went away fails instead
  try {
    return run(read_options(argc, argv));
  } catch (const UsageError& error) {
    fmt::print(stderr, "mtalens: {}\nmtalens: `mtalens --help` names every option\n", error.what());
  } catch (const std::exception& error) {
    fmt::print(stderr, "mtalens: {}\n", error.what());
  }
  return 2;
}
