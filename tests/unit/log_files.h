// Logs that a test writes itself, read the way the program reads them: files in, summary, events, analysis out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "mtalens/analysis.h"
#include "mtalens/event.h"
#include "mtalens/finding.h"
#include "stream/stream.h"
#include "track/tracker.h"

namespace mtalens::test {

// A directory for one test's files; gone with it.
class LogFiles {
 public:
  LogFiles();
  ~LogFiles();
  LogFiles(const LogFiles&) = delete;
  LogFiles& operator=(const LogFiles&) = delete;

  // Writes a file and gives its path. `modified_us`: when it says it was last written to, for the year.
  std::string write(const std::string& name, std::string_view text, std::int64_t modified_us = kNoTime);
  std::string path(const std::string& name) const { return (directory_ / name).string(); }

 private:
  std::filesystem::path directory_;
};

// The process's time zone for as long as this lives.
class TimeZone {
 public:
  explicit TimeZone(const char* name);
  ~TimeZone();

 private:
  std::string before_;
  bool was_set_ = false;
};

// What a reader of events keeps of one.
struct SeenEvent {
  EventKind kind = EventKind::note;
  std::string source;
  std::uint64_t line_number = 0;  // in the source, from 1
  std::int64_t time_us = kNoTime;
  std::uint32_t times = 1;
  std::string host;
  std::string queue_id;
  std::string recipient;
  std::string line;

  bool operator==(const SeenEvent&) const = default;
};

struct Read {
  InputSummary input;
  std::vector<SeenEvent> events;
  std::vector<std::string> errors;
};

// One thread, blocks of the usual size, the year 2026 for stamps that bear none.
ReadOptions reading(std::vector<std::string> files);
Read read_events(const ReadOptions& options);
// The kinds asked for, of a log that stands in one file.
Read read_text(std::string_view text, std::size_t block_bytes = 256 * 1024);

Analysis analyze(const ReadOptions& options, Tracker::Options tracking = {});
Analysis analyze_text(std::string_view text, Tracker::Options tracking = {});
std::string report_of(const ReadOptions& options);

// The provider with that name, or that relay; the test fails where there is none.
const Provider& provider_named(const Analysis& analysis, std::string_view name);
const Provider& provider_at(const Analysis& analysis, std::string_view relay);
// The peer with a failed handshake, or null.
const TlsPeer* peer_named(const Analysis& analysis, Direction direction, std::string_view name);
std::uint64_t causes_of(const TlsPeer& peer, TlsCause cause);

// Microseconds of a moment in UTC: at(2026, 11, 23, 17, 46, 8).
std::int64_t at(int year, int month, int day, int hour = 0, int minute = 0, int second = 0);

// Where recordings too big (or not free) to ship lie; empty where they are absent.
std::filesystem::path shared_directory();
std::string text_of(const std::filesystem::path& file);
// The same through libarchive: what a compressed file holds.
std::string decompressed(const std::filesystem::path& file);

}  // namespace mtalens::test
