// mtalens: what is wrong in a mail log.
#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <map>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/output.h"

namespace {

using namespace mtalens;

int say(const std::string& text) {
  Output output("");
  output.write(text);
  output.done();
  return 0;
}

int run(const Options& options) {
  if (options.version) return say(fmt::format("mtalens {}\n", MTALENS_VERSION));
  const bool reads_logs = options.command != "patterns" && options.command != "explain";
  const bool nothing_to_read = reads_logs && options.files.empty() && options.state.empty() && isatty(STDIN_FILENO);
  if (options.help || nothing_to_read) return say(help_text());
  static const std::map<std::string, int (*)(const Options&)> kCommands{
      {"report", run_report}, {"queue", run_queue},   {"compare", run_compare},   {"events", run_events},
      {"trace", run_trace},   {"check", run_check},   {"patterns", run_patterns}, {"explain", run_explain}};
  return kCommands.at(options.command)(options);
}

}  // namespace

int main(int argc, char** argv) {
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
