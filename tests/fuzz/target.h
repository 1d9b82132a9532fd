// What a fuzz target is: a function of any bytes, which ends the program where something does not hold. Its name is its
// function's; libFuzzer runs it (fuzzer.cc), and so does every build with what was once found (replay.cc).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "mtalens/analysis.h"
#include "stream/stream.h"

namespace mtalens::fuzz {

void header(std::string_view bytes);          // lines: every header form and stamp
void journal_json(std::string_view bytes);    // a line of `journalctl -o json`
void journal_export(std::string_view bytes);  // `journalctl -o export`, cut anywhere
void source(std::string_view bytes);          // a file: plain, compressed, a journal; cut into blocks of lines
void postfix(std::string_view bytes);         // `postfix/smtp: text`, one line: its parser
void sendmail(std::string_view bytes);
void exim(std::string_view bytes);
void described(std::string_view bytes);    // the MTAs that pattern files describe
void reply(std::string_view bytes);        // a host's name, and what it said
void patterns(std::string_view bytes);     // a pattern file
void options(std::string_view bytes);      // a command line, an empty line, a settings file
void expectation(std::string_view bytes);  // what `check` expects
void state(std::string_view bytes);        // what a state holds behind its checksum
void log(std::string_view bytes);          // a whole log, joined and judged, in blocks of any size
void joining(std::string_view bytes);      // the same against the tracker's twin
void report(std::string_view bytes);       // the same in one of the forms of report
void flow(std::string_view bytes);         // decisions, of which mail is invented whose truth is known

// Ends the program with `what`.
void must(bool holds, std::string_view what);

// The process's time zone, until another target asks for another.
void in_zone(const std::string& name);

// The bytes as a file in memory that can be opened by this name, until the next call with the same `number`.
std::string file_with(std::string_view bytes, std::size_t number = 0);

// One thread, the year 2026.
ReadOptions reading(std::vector<std::string> files);
// Reads all of it for a tracker. What it reads must be readable.
InputSummary read_into(const ReadOptions& options, const Consume& consume);

// Takes bytes apart into decisions; where they are used up, zero and empty.
class Decisions {
 public:
  explicit Decisions(std::string_view bytes) : left_(bytes) {}

  std::uint8_t byte() {
    if (left_.empty()) return 0;
    const auto first = static_cast<std::uint8_t>(left_.front());
    left_.remove_prefix(1);
    return first;
  }
  std::uint32_t two_bytes() {
    const std::uint32_t high = byte();
    return high << 8 | byte();
  }
  std::string_view text(std::size_t size) {
    const auto taken = left_.substr(0, size);
    left_.remove_prefix(taken.size());
    return taken;
  }
  bool used_up() const { return left_.empty(); }
  std::string_view rest() const { return left_; }

 private:
  std::string_view left_;
};

}  // namespace mtalens::fuzz
