// Writes what each target begins with: pieces of the recordings, stripped of their headers for the parsers, read into a
// state for the state.
//   fuzz_seeds FOLDER LOG…
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "cli/option_table.h"
#include "input/line_blocks.h"
#include "input/resume.h"
#include "knowledge/knowledge.h"
#include "state/archive.h"
#include "stream/stream_state.h"
#include "syslog/header.h"
#include "target.h"
#include "track/tracker.h"

namespace {

using namespace mtalens;
namespace fs = std::filesystem;

class Seeds {
 public:
  explicit Seeds(fs::path folder) : folder_(std::move(folder)) {}

  void add(const std::string& target, std::string_view bytes) {
    fs::create_directories(folder_ / target);
    std::ofstream(folder_ / target / std::to_string(++count_), std::ios::binary) << bytes;
  }

 private:
  fs::path folder_;
  int count_ = 0;
};

std::string state_of(std::string_view log) {
  StreamState stream;
  Tracker tracker(Knowledge::builtin(), {.keep_queue = true, .our_domains = {}});
  auto options = fuzz::reading({fuzz::file_with(log)});
  const auto resumption = resume(options.inputs, {}, 0);
  options.state = &stream;
  options.resumption = &resumption;
  fuzz::read_into(options, [&](const Batch& batch, const auto& names) { tracker.add(batch, names); });
  Writer writer;
  writer(stream, tracker);
  return writer.bytes();
}

// The same as systemd's journal has it.
void add_journal(Seeds& seeds, const LogLine& line) {
  const nlohmann::json entry{{"__CURSOR", "s=1;i=2"},
                             {"__REALTIME_TIMESTAMP", std::to_string(line.time_us)},
                             {"_HOSTNAME", line.host},
                             {"SYSLOG_IDENTIFIER", line.program},
                             {"_PID", std::to_string(line.pid)},
                             {"MESSAGE", line.text}};
  seeds.add("journal_json", entry.dump());
  seeds.add("header", entry.dump());
  std::string fields;
  for (const auto& [name, value] : entry.items())
    fields += name + "=" + value.get<std::string>() + "\n";
  std::string size(8, '\0');
  size[0] = 12;
  seeds.add("journal_export", "\x20" + fields + "MESSAGE\n" + size + "A1: \nremoved\n\n" + fields + "\n");
  seeds.add("source", "\x20" + fields + "\n");
}

// Every option, on a command line and in a settings file.
void add_options(Seeds& seeds) {
  for (const auto& option : option_table()) {
    const std::string name(option.name);
    const auto value = option.values.empty() ? std::string("-3d") : std::string(words(option.values).front());
    const std::string command(option.commands.empty() ? "report" : words(option.commands).front());
    const auto setting = option.argument.empty() ? name + " = true" : name + " = " + value;
    seeds.add("options", command + "\n--" + name + (option.argument.empty() ? "" : "=" + value) + "\nmaillog\n\n" +
                             setting + "\n");
  }
}

// One line for the parser that claims it, and what it was told for the knowledge.
void add_line(Seeds& seeds, std::string_view raw, HeaderReader& headers) {
  const auto line = headers.read(raw);
  if (line.form == HeaderForm::none || line.time_us == kNoTime) return;
  for (const Parser* parser : Knowledge::builtin().parsers()) {
    std::vector<Event> events;
    if (!parser->claims_program(line.program) || !parser->parse(line, events)) continue;
    const auto& own = parsers();
    const bool by_hand = std::find(own.begin(), own.end(), parser) != own.end();
    seeds.add(by_hand ? std::string(parser->mta()) : "described",
              std::string(line.program) + ": " + std::string(line.text));
    add_journal(seeds, line);
    if (!events.empty() && events.front().code >= 400) {
      const auto& event = events.front();
      seeds.add("reply", std::string{static_cast<char>(event.code - 400), static_cast<char>(event.stage)} +
                             std::string(event.relay) + "\n" + std::string(event.enhanced_code) + "\n" +
                             std::string(event.reply));
    }
    return;
  }
}

void add_piece(Seeds& seeds, const std::string& piece) {
  seeds.add("header", piece);
  seeds.add("joining", piece);
  seeds.add("log", "\x40" + piece);
  seeds.add("report", static_cast<char>('0' + piece.size() % 8) + piece);
  seeds.add("source", "\x10" + piece);
  seeds.add("state", state_of(piece));
}

}  // namespace

int main(int argc, char** argv) {
  Seeds seeds(argv[1]);
  HeaderReader headers;
  headers.start(StampClock(2026));
  for (int i = 2; i < argc; ++i) {
    std::ifstream in(argv[i], std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    std::string piece;
    int lines = 0;
    for (std::string_view rest = text; !rest.empty();) {
      const auto line = take_line(rest);
      // Every tenth line: the recordings repeat themselves.
      if (++lines % 10 == 0) add_line(seeds, line, headers);
      piece += std::string(line) + "\n";
      if (lines % 8 != 0) continue;
      if (lines % 64 == 0) add_piece(seeds, piece);
      piece.clear();
    }
  }
  add_options(seeds);
  std::mt19937 random(1);
  for (int i = 0; i < 60; ++i) {
    std::string decisions;
    for (int byte = 0; byte < 20 + i * 4; ++byte)
      decisions += static_cast<char>(random());
    seeds.add("flow", decisions);
  }
  return 0;
}
