#include "log_files.h"

#include <archive.h>
#include <archive_entry.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>

#include "knowledge/knowledge.h"
#include "mtalens/rule.h"
#include "report/report.h"

namespace mtalens::test {

namespace fs = std::filesystem;

LogFiles::LogFiles() {
  auto pattern = (fs::temp_directory_path() / "mtalens-test-XXXXXX").string();
  REQUIRE(mkdtemp(pattern.data()) != nullptr);
  directory_ = pattern;
}

LogFiles::~LogFiles() {
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

std::string LogFiles::write(const std::string& name, std::string_view text, std::int64_t modified_us) {
  const auto file = path(name);
  std::ofstream(file, std::ios::binary) << text;
  if (modified_us != kNoTime) {
    const auto since_epoch = std::chrono::microseconds(modified_us);
    fs::last_write_time(
        file, std::chrono::file_clock::from_sys(std::chrono::sys_time<std::chrono::microseconds>(since_epoch)));
  }
  return file;
}

TimeZone::TimeZone(const char* name) {
  if (const char* before = std::getenv("TZ")) {
    before_ = before;
    was_set_ = true;
  }
  setenv("TZ", name, 1);
  tzset();
}

TimeZone::~TimeZone() {
  was_set_ ? setenv("TZ", before_.c_str(), 1) : unsetenv("TZ");
  tzset();
}

ReadOptions reading(std::vector<std::string> files) {
  ReadOptions options;
  options.inputs = std::move(files);
  options.year = 2026;
  options.jobs = 1;
  return options;
}

Read read_events(const ReadOptions& options) {
  Read out;
  const auto consume = [&](const Batch& batch, const std::vector<std::string>& names) {
    for (const auto& run : batch.runs) {
      for (auto i = run.events_begin; i < run.events_end; ++i) {
        const Event& event = batch.events[i];
        out.events.push_back({event.kind, names[run.source], run.first_line + event.line_number, event.time_us,
                              event.times, std::string(event.host), std::string(event.queue_id),
                              std::string(event.recipient), std::string(event.line)});
      }
    }
  };
  out.input = read_logs(options, consume, out.errors);
  return out;
}

Read read_text(std::string_view text, std::size_t block_bytes) {
  LogFiles files;
  auto options = reading({files.write("maillog", text)});
  options.block_bytes = block_bytes;
  auto out = read_events(options);
  CHECK(out.errors.empty());
  return out;
}

Analysis analyze(const ReadOptions& options, Tracker::Options tracking) {
  Tracker tracker(Knowledge::builtin(), std::move(tracking));
  auto wanted = options;
  wanted.wanted = Tracker::wanted();
  std::vector<std::string> errors;
  auto input = read_logs(
      wanted, [&](const Batch& batch, const std::vector<std::string>& names) { tracker.add(batch, names); }, errors);
  CHECK(errors.empty());
  return tracker.analysis(std::move(input));
}

Analysis analyze_text(std::string_view text, Tracker::Options tracking) {
  LogFiles files;
  auto analysis = analyze(reading({files.write("maillog", text)}), std::move(tracking));
  for (const auto& line : analysis.input.unrecognized)
    FAIL_CHECK("unrecognized: " << line.text);
  return analysis;
}

std::string report_of(const ReadOptions& options) {
  const auto analysis = analyze(options);
  return json_report(analysis, judge(analysis, Knowledge::builtin()));
}

const Provider& provider_named(const Analysis& analysis, std::string_view name) {
  for (const auto& provider : analysis.providers) {
    if (provider.name == name) return provider;
  }
  FAIL("no provider " << name);
  std::abort();
}

const Provider& provider_at(const Analysis& analysis, std::string_view relay) {
  for (const auto& provider : analysis.providers) {
    for (const auto& known : provider.relays) {
      if (known == relay) return provider;
    }
  }
  FAIL("no provider at " << relay);
  std::abort();
}

const TlsPeer* peer_named(const Analysis& analysis, Direction direction, std::string_view name) {
  for (const auto& peer : analysis.tls) {
    if (peer.direction == direction && peer.peer == name) return &peer;
  }
  return nullptr;
}

std::uint64_t causes_of(const TlsPeer& peer, TlsCause cause) {
  return peer.causes[static_cast<std::size_t>(cause)];
}

std::int64_t at(int year, int month, int day, int hour, int minute, int second) {
  std::tm time{};
  time.tm_year = year - 1900;
  time.tm_mon = month - 1;
  time.tm_mday = day;
  time.tm_hour = hour;
  time.tm_min = minute;
  time.tm_sec = second;
  return static_cast<std::int64_t>(timegm(&time)) * 1'000'000;
}

fs::path shared_directory() {
  const char* shared = std::getenv("MTALENS_SHARED");
  for (const auto& root : {fs::path(shared ? shared : ""), fs::path(MTALENS_SOURCE_DIR) / ".." / "shared"}) {
    if (!root.empty() && fs::exists(root / "corpora")) return root;
  }
  return {};
}

std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  REQUIRE(in);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string decompressed(const fs::path& file) {
  auto* reader = archive_read_new();
  archive_read_support_filter_all(reader);
  archive_read_support_format_raw(reader);
  REQUIRE(archive_read_open_filename(reader, file.c_str(), 1 << 16) == ARCHIVE_OK);
  archive_entry* entry = nullptr;
  REQUIRE(archive_read_next_header(reader, &entry) == ARCHIVE_OK);
  std::string text;
  std::array<char, 1 << 16> buffer;
  for (la_ssize_t got = 0; (got = archive_read_data(reader, buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  archive_read_free(reader);
  return text;
}

}  // namespace mtalens::test
