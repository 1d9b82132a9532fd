// From files to events: lines of every shape, sources in every order, each line once.
#include <archive.h>
#include <archive_entry.h>

#include <catch2/catch.hpp>
#include <numeric>
#include <string>

#include "input/line_blocks.h"
#include "log_files.h"

using namespace mtalens;
using namespace mtalens::test;

namespace {

// A line of its own for each queue id: one event, with the id to be told by.
std::string removed(std::string_view stamp, std::string_view queue_id, std::string_view host = "mx") {
  return std::string(stamp) + " " + std::string(host) + " postfix/qmgr[7]: " + std::string(queue_id) + ": removed\n";
}

std::vector<std::string> ids_of(const Read& read) {
  std::vector<std::string> ids;
  for (const auto& event : read.events)
    ids.push_back(event.queue_id);
  return ids;
}

std::vector<std::uint64_t> numbers_of(const Read& read) {
  std::vector<std::uint64_t> numbers;
  for (const auto& event : read.events)
    numbers.push_back(event.line_number);
  return numbers;
}

// How often what the events tell of happened.
std::uint64_t happened(const Read& read) {
  return std::accumulate(read.events.begin(), read.events.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const SeenEvent& event) { return sum + event.times; });
}

using Ids = std::vector<std::string>;
using Numbers = std::vector<std::uint64_t>;

const std::string kRefused =
    "Nov 23 17:46:08 mx postfix/smtp[9]: AAAAA1: to=<a@x.example>, relay=mx.x.example[192.0.2.1]:25, delay=1, "
    "delays=0/0/1/0, dsn=4.0.0, status=deferred (host mx.x.example[192.0.2.1] said: 450 no (in reply to RCPT TO "
    "command))\n";

std::string repeated(std::string_view stamp, int times) {
  return std::string(stamp) + " mx last message repeated " + std::to_string(times) + " times\n";
}

}  // namespace

// ---- lines -----------------------------------------------------------------------------------------------------

TEST_CASE("stream: an empty file has no lines and no error", "[stream]") {
  const auto read = read_text("");
  CHECK(read.input.lines == 0);
  CHECK(read.input.from_us == kNoTime);
  CHECK(read.input.sources.size() == 1);
  CHECK(read.events.empty());
}

TEST_CASE("stream: the last line counts without its newline", "[stream]") {
  auto text = removed("Nov 23 17:46:08", "AAAAA1") + removed("Nov 23 17:46:09", "AAAAA2");
  text.pop_back();
  for (const std::size_t block : {1, 7, 64, 1 << 18}) {
    const auto read = read_text(text, block);
    CHECK(read.input.lines == 2);
    CHECK(read.input.bytes == text.size());
    CHECK(ids_of(read) == Ids{"AAAAA1", "AAAAA2"});
  }
}

TEST_CASE("stream: a carriage return before the newline is no part of the line", "[stream]") {
  const auto read = read_text(
      "Nov 23 17:46:08 mx postfix/qmgr[7]: AAAAA1: removed\r\nNov 23 17:46:09 mx postfix/qmgr[7]: AAAAA2: removed\r\n");
  CHECK(read.input.mail_lines == 2);
  CHECK(read.input.unrecognized_lines == 0);
  REQUIRE(ids_of(read) == Ids{"AAAAA1", "AAAAA2"});
  CHECK(read.events[0].line == "Nov 23 17:46:08 mx postfix/qmgr[7]: AAAAA1: removed");
}

TEST_CASE("stream: what is no line of a log is counted as unreadable, and its neighbours are read", "[stream]") {
  std::string junk = "\x1b[2J\xff\xfe";
  junk += '\0';
  junk += "\x80 binary\n";
  const auto text =
      removed("Nov 23 17:46:08", "AAAAA1") + junk + "\n" + "no header here\n" + removed("Nov 23 17:46:09", "AAAAA2");
  for (const std::size_t block : {1, 30, 1 << 18}) {
    const auto read = read_text(text, block);
    CHECK(read.input.lines == 5);
    CHECK(read.input.mail_lines == 2);
    CHECK(read.input.other_lines == 3);
    CHECK(read.input.unreadable_lines == 3);
    CHECK(ids_of(read) == Ids{"AAAAA1", "AAAAA2"});
    CHECK(numbers_of(read) == Numbers{1, 5});
  }
}

TEST_CASE("stream: a line of just the longest length is whole, one byte more is cut and counted", "[stream]") {
  const std::string head =
      "Nov 23 17:46:08 mx postfix/qmgr[7]: AAAAA1: from=<a@x.example>, size=1, nrcpt=1 (queue active)";
  for (const std::size_t length : {kLongestLine, kLongestLine + 1, 3 * kLongestLine}) {
    auto text = head + std::string(length - head.size(), ' ') + "\n" + removed("Nov 23 17:46:09", "AAAAA2");
    for (const std::size_t block : {4096, 1 << 18, 8 << 20}) {
      INFO("length " << length << ", blocks of " << block);
      const auto read = read_text(text, block);
      CHECK(read.input.lines == 2);
      CHECK(read.input.bytes == text.size());
      CHECK(read.input.cut_lines == (length > kLongestLine ? 1 : 0));
      REQUIRE(read.events.size() == 2);
      CHECK(read.events[0].line.size() == std::min(length, kLongestLine));
      CHECK(read.events[1].queue_id == "AAAAA2");
      CHECK(read.events[1].line_number == 2);
    }
  }
}

TEST_CASE("stream: a last line that is too long and never ends is cut too", "[stream]") {
  const auto text = removed("Nov 23 17:46:08", "AAAAA1") +
                    "Nov 23 17:46:09 mx postfix/qmgr[7]: AAAAA2: " + std::string(2 * kLongestLine, 'x');
  const auto read = read_text(text, 1 << 16);
  CHECK(read.input.lines == 2);
  CHECK(read.input.cut_lines == 1);
  CHECK(read.input.bytes == text.size());
}

TEST_CASE("stream: lines of other programs are told from lines that no rule knows", "[stream]") {
  const auto read = read_text(
      "Nov 23 17:46:08 mx CRON[1]: (root) CMD (true)\n"
      "Nov 23 17:46:08 mx postfix/qmgr[7]: something nobody ever wrote\n" +
      removed("Nov 23 17:46:09", "AAAAA1"));
  CHECK(read.input.lines == 3);
  CHECK(read.input.other_lines == 1);
  CHECK(read.input.mail_lines == 2);
  CHECK(read.input.unrecognized_lines == 1);
  REQUIRE(read.input.unrecognized.size() == 1);
  CHECK(read.input.unrecognized[0].line == 2);
  CHECK(read.input.unrecognized[0].text == "Nov 23 17:46:08 mx postfix/qmgr[7]: something nobody ever wrote");
}

TEST_CASE("stream: the examples of unrecognized lines are the first ones, whatever the block size", "[stream]") {
  std::string text;
  for (int i = 0; i < 50; ++i)
    text += "Nov 23 17:46:08 mx postfix/qmgr[7]: nobody knows " + std::to_string(i) + "\n";
  const auto whole = read_text(text);
  REQUIRE(whole.input.unrecognized.size() == 20);
  CHECK(whole.input.unrecognized_lines == 50);
  for (const std::size_t block : {1, 100, 500}) {
    const auto read = read_text(text, block);
    REQUIRE(read.input.unrecognized.size() == 20);
    for (std::size_t i = 0; i < 20; ++i)
      CHECK(read.input.unrecognized[i].line == whole.input.unrecognized[i].line);
  }
}

TEST_CASE("stream: what rsyslog and journald say they dropped is counted", "[stream]") {
  const auto read = read_text(
      "Nov 23 17:46:08 mx rsyslogd[5]: imjournal: 120 messages lost due to rate-limiting (20000 allowed within 600 "
      "seconds)\n"
      "Nov 23 17:46:09 mx systemd-journald[6]: Suppressed 31 messages from postfix.service\n");
  CHECK(read.input.lost_lines == 151);
}

TEST_CASE("stream: several hosts in one file, each event with its own", "[stream]") {
  const auto read =
      read_text(removed("Nov 23 17:46:08", "AAAAA1", "mx1") + removed("Nov 23 17:46:09", "AAAAA1", "mx2"));
  REQUIRE(read.events.size() == 2);
  CHECK(read.events[0].host == "mx1");
  CHECK(read.events[1].host == "mx2");
  CHECK(read.input.hosts == std::vector<std::string>{"mx1", "mx2"});
}

TEST_CASE("stream: journald's JSON, one object a line", "[stream]") {
  const auto read = read_text(
      R"({"__REALTIME_TIMESTAMP":"1795455968000000","_HOSTNAME":"mx","SYSLOG_IDENTIFIER":"postfix/qmgr","_PID":"7","MESSAGE":"AAAAA1: removed"})"
      "\n"
      R"({"__REALTIME_TIMESTAMP":"1795455969500000","_HOSTNAME":"mx","SYSLOG_IDENTIFIER":"postfix/qmgr","SYSLOG_PID":"7","MESSAGE":[65,65,65,65,65,50,58,32,114,101,109,111,118,101,100]})"
      "\n");
  CHECK(read.input.mail_lines == 2);
  REQUIRE(ids_of(read) == Ids{"AAAAA1", "AAAAA2"});
  CHECK(read.events[0].time_us == 1795455968000000);
  CHECK(read.events[1].time_us == 1795455969500000);
}

// ---- repeated lines --------------------------------------------------------------------------------------------

TEST_CASE("stream: `message repeated N times` stands for N lines", "[stream]") {
  const auto read = read_text("Nov 23 17:46:08 mx postfix/qmgr[7]: message repeated 3 times: [ AAAAA1: removed]\n");
  REQUIRE(read.events.size() == 1);
  CHECK(read.events[0].times == 3);
  CHECK(read.events[0].queue_id == "AAAAA1");
}

TEST_CASE("stream: `last message repeated` stands for that many more of the line before, wherever a block ends",
          "[stream]") {
  const auto text = kRefused + repeated("Nov 23 17:46:38", 3);
  for (std::size_t block = 1; block < text.size() + 2; block += 7) {
    INFO("blocks of " << block);
    const auto read = read_text(text, block);
    CHECK(read.input.lines == 2);
    CHECK(read.input.mail_lines == 1);
    REQUIRE(read.events.size() == 2);
    CHECK(read.events[1].times == 3);
    CHECK(read.events[1].queue_id == "AAAAA1");
    CHECK(read.events[1].line_number == 2);
    CHECK(read.events[1].time_us - read.events[0].time_us == 30'000'000);
  }
}

TEST_CASE("stream: repeated again and again, each time is counted once", "[stream]") {
  // BSD's syslogd says so after 30 seconds, then after 120, then every 10 minutes.
  const auto text =
      kRefused + repeated("Nov 23 17:46:38", 2) + repeated("Nov 23 17:48:38", 5) + repeated("Nov 23 17:58:38", 9);
  for (std::size_t block = 1; block < text.size() + 2; block += 13) {
    INFO("blocks of " << block);
    CHECK(happened(read_text(text, block)) == 1 + 2 + 5 + 9);
  }
}

TEST_CASE("stream: what is repeated is the line just before, even if it was no mail", "[stream]") {
  for (const std::string between : {"Nov 23 17:46:09 mx CRON[1]: (root) CMD (true)\n", "no header here\n",
                                    "Nov 23 17:46:09 mx postfix/qmgr[7]: something nobody ever wrote\n"}) {
    const auto text = kRefused + between + repeated("Nov 23 17:46:38", 3);
    for (std::size_t block = 1; block < text.size() + 2; block += 13) {
      INFO(between << "blocks of " << block);
      const auto read = read_text(text, block);
      CHECK(happened(read) == 1);
      CHECK(read.input.lines == 3);
      CHECK(read.input.unreadable_lines == (between[0] == 'n' ? 1 : 0));
    }
  }
}

TEST_CASE("stream: a file that begins with `last message repeated` repeats nothing", "[stream]") {
  const auto read = read_text(repeated("Nov 23 17:46:08", 3) + removed("Nov 23 17:46:09", "AAAAA1"));
  CHECK(ids_of(read) == Ids{"AAAAA1"});
  CHECK(happened(read) == 1);
}

TEST_CASE("stream: of two merged files each repeats its own line", "[stream]") {
  LogFiles files;
  const auto a = files.write("a", removed("Nov 23 17:46:01", "AAAAAAAAAA1") + repeated("Nov 23 17:46:03", 2) +
                                      removed("Nov 23 17:46:05", "AAAAA2"));
  const auto b = files.write("b", removed("Nov 23 17:46:02", "BBBBBBBBBB1") + repeated("Nov 23 17:46:04", 7) +
                                      removed("Nov 23 17:46:06", "BBBBB2"));
  const auto read = read_events(reading({a, b}));
  REQUIRE(read.events.size() == 6);
  CHECK(ids_of(read) == Ids{"AAAAAAAAAA1", "BBBBBBBBBB1", "AAAAAAAAAA1", "BBBBBBBBBB1", "AAAAA2", "BBBBB2"});
  CHECK(read.events[2].times == 2);
  CHECK(read.events[3].times == 7);
}

// ---- files -----------------------------------------------------------------------------------------------------

TEST_CASE("stream: a file that is missing is an error, the others are read", "[stream]") {
  LogFiles files;
  const auto here = files.write("here", removed("Nov 23 17:46:08", "AAAAA1"));
  const auto read = read_events(reading({files.path("gone"), here}));
  REQUIRE(read.errors.size() == 1);
  CHECK(read.errors[0].starts_with(files.path("gone") + ": "));
  CHECK(ids_of(read) == Ids{"AAAAA1"});
  CHECK(read.input.sources.size() == 1);
}

TEST_CASE("stream: a directory is an error, the others are read", "[stream]") {
  LogFiles files;
  const auto here = files.write("here", removed("Nov 23 17:46:08", "AAAAA1"));
  const auto read = read_events(reading({files.path(""), here}));
  CHECK(read.errors.size() == 1);
  CHECK(ids_of(read) == Ids{"AAAAA1"});
}

TEST_CASE("stream: rotated files come in the order of the times inside, however they are named", "[stream]") {
  LogFiles files;
  const auto newest =
      files.write("maillog", removed("Nov 23 00:00:01", "AAAAA3") + removed("Nov 23 12:00:00", "AAAAA4"));
  const auto middle = files.write("maillog.1", removed("Nov 22 00:00:01", "AAAAA2"));
  const auto oldest = files.write("maillog.2", removed("Nov 21 00:00:01", "AAAAA1"));
  for (const auto& order : {std::vector{newest, middle, oldest}, {oldest, newest, middle}, {middle, oldest, newest}}) {
    for (const std::size_t block : {1, 1 << 18}) {
      auto options = reading(order);
      options.block_bytes = block;
      const auto read = read_events(options);
      CHECK(ids_of(read) == Ids{"AAAAA1", "AAAAA2", "AAAAA3", "AAAAA4"});
      CHECK(read.input.duplicate_lines == 0);
      for (const auto& source : read.input.sources)
        CHECK(source.lines == (source.name == newest ? 2 : 1));
    }
  }
}

TEST_CASE("stream: files that overlap in time are merged line by line, each in its own order", "[stream]") {
  LogFiles files;
  const auto a = files.write("a", removed("Nov 23 10:00:00", "AAAAA1") + removed("Nov 23 10:00:02", "AAAAA2") +
                                      removed("Nov 23 10:00:04", "AAAAA3"));
  const auto b = files.write("b", removed("Nov 23 10:00:01", "BBBBB1") + removed("Nov 23 10:00:03", "BBBBB2") +
                                      removed("Nov 23 10:00:05", "BBBBB3"));
  for (const std::size_t block : {1, 60, 1 << 18}) {
    auto options = reading({a, b});
    options.block_bytes = block;
    const auto read = read_events(options);
    CHECK(ids_of(read) == Ids{"AAAAA1", "BBBBB1", "AAAAA2", "BBBBB2", "AAAAA3", "BBBBB3"});
    CHECK(numbers_of(read) == Numbers{1, 1, 2, 2, 3, 3});
  }
}

TEST_CASE("stream: the same line in two files happened once, and the report tells", "[stream]") {
  LogFiles files;
  const auto mail = removed("Nov 23 10:00:00", "AAAAA1") + removed("Nov 23 10:00:02", "AAAAA2") +
                    removed("Nov 23 10:00:02", "AAAAA3");
  const auto mail_log = files.write("mail.log", mail);
  const auto syslog = files.write("syslog", "Nov 23 09:59:59 mx CRON[1]: (root) CMD (true)\n" + mail);
  for (const std::size_t block : {1, 60, 1 << 18}) {
    auto options = reading({mail_log, syslog});
    options.block_bytes = block;
    const auto read = read_events(options);
    INFO("blocks of " << block);
    CHECK(ids_of(read) == Ids{"AAAAA1", "AAAAA2", "AAAAA3"});
    CHECK(read.input.duplicate_lines == 3);
    CHECK(read.input.lines == 4);
    CHECK(read.input.mail_lines == 3);
    CHECK(read.input.other_lines == 1);
  }
}

TEST_CASE("stream: line numbers count the duplicates that are left out", "[stream]") {
  LogFiles files;
  const auto a = files.write("a", removed("Nov 23 10:00:00", "AAAAA1") + removed("Nov 23 10:00:02", "AAAAA2"));
  const auto b = files.write("b", removed("Nov 23 10:00:00", "AAAAA1") + removed("Nov 23 10:00:02", "AAAAA2") +
                                      removed("Nov 23 10:00:03", "BBBBB3"));
  const auto read = read_events(reading({a, b}));
  REQUIRE(read.events.size() == 3);
  CHECK(read.events.back().queue_id == "BBBBB3");
  CHECK(read.events.back().source == b);
  CHECK(read.events.back().line_number == 3);
}

TEST_CASE("stream: a line that stands twice in one file happened twice", "[stream]") {
  LogFiles files;
  const auto twice = files.write("twice", kRefused + kRefused);
  const auto once = files.write("once", kRefused);
  const auto thrice = files.write("thrice", kRefused + kRefused + kRefused);
  CHECK(read_events(reading({twice})).events.size() == 2);
  const auto both = read_events(reading({twice, once}));
  CHECK(both.events.size() == 2);
  CHECK(both.input.duplicate_lines == 1);
  const auto all = read_events(reading({once, thrice, twice}));
  CHECK(all.events.size() == 3);
  CHECK(all.input.duplicate_lines == 3);
}

TEST_CASE("stream: the same words from another process, host or second are another line", "[stream]") {
  LogFiles files;
  const auto a = files.write(
      "a",
      "Nov 23 10:00:00 mx postfix/qmgr[7]: AAAAA1: removed\nNov 23 10:00:09 mx postfix/qmgr[7]: AAAAA9: removed\n");
  const auto b = files.write(
      "b",
      "Nov 23 10:00:00 mx postfix/qmgr[8]: AAAAA1: removed\nNov 23 10:00:00 my postfix/qmgr[7]: AAAAA1: removed\n"
      "Nov 23 10:00:01 mx postfix/qmgr[7]: AAAAA1: removed\n");
  const auto read = read_events(reading({a, b}));
  CHECK(read.input.duplicate_lines == 0);
  CHECK(read.events.size() == 5);
}

TEST_CASE("stream: the same line with and without fractions of a second is one line", "[stream]") {
  TimeZone utc("UTC");
  LogFiles files;
  std::string plain, precise;
  for (int i = 0; i < 6; ++i) {
    const auto second = std::to_string(i), id = "AAAAA" + second;
    plain += removed("Nov 23 10:00:0" + second, id);
    precise += removed("2026-11-23T10:00:0" + second + ".734512+00:00", id);
  }
  for (const std::size_t block : {1, 60, 1 << 18}) {
    INFO("blocks of " << block);
    auto options = reading({files.write("mail.log", plain), files.write("syslog", precise)});
    options.block_bytes = block;
    const auto read = read_events(options);
    CHECK(read.events.size() == 6);
    CHECK(read.input.duplicate_lines == 6);
  }
}

namespace {

// The text compressed, or empty where this libarchive cannot.
std::string compressed(std::string_view text, int (*add_filter)(archive*)) {
  auto* writer = archive_write_new();
  std::string out(text.size() + (1 << 16), '\0');
  std::size_t used = 0;
  auto* entry = archive_entry_new();
  archive_entry_set_pathname(entry, "maillog");
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_entry_set_size(entry, static_cast<la_int64_t>(text.size()));
  const bool made = archive_write_set_format_raw(writer) == ARCHIVE_OK && add_filter(writer) == ARCHIVE_OK &&
                    archive_write_set_bytes_in_last_block(writer, 1) == ARCHIVE_OK &&
                    archive_write_open_memory(writer, out.data(), out.size(), &used) == ARCHIVE_OK &&
                    archive_write_header(writer, entry) == ARCHIVE_OK &&
                    archive_write_data(writer, text.data(), text.size()) == static_cast<la_ssize_t>(text.size()) &&
                    archive_write_close(writer) == ARCHIVE_OK;
  archive_entry_free(entry);
  archive_write_free(writer);
  return made ? out.substr(0, used) : std::string();
}

}  // namespace

TEST_CASE("stream: a compressed file reads like the plain one, whatever its name", "[stream]") {
  std::string text;
  for (int i = 0; i < 2000; ++i)
    text += removed("Nov 23 10:00:00", "AAAAA" + std::to_string(i));
  LogFiles files;
  const auto plain = read_text(text);
  const std::pair<const char*, int (*)(archive*)> filters[] = {{"gzip", archive_write_add_filter_gzip},
                                                               {"xz", archive_write_add_filter_xz},
                                                               {"zstd", archive_write_add_filter_zstd},
                                                               {"bzip2", archive_write_add_filter_bzip2},
                                                               {"lz4", archive_write_add_filter_lz4},
                                                               {"lzip", archive_write_add_filter_lzip},
                                                               {"compress", archive_write_add_filter_compress}};
  for (const auto& [name, filter] : filters) {
    INFO(name);
    const auto packed = compressed(text, filter);
    if (packed.empty()) {
      WARN(name << ": this libarchive does not write it; skipped");
      continue;
    }
    const auto read = read_events(reading({files.write(name, packed)}));
    CHECK(read.errors.empty());
    CHECK(ids_of(read) == ids_of(plain));
    CHECK(read.input.lines == 2000);
  }
}

TEST_CASE("stream: a compressed file that breaks off is an error, and what it held till there is read", "[stream]") {
  std::string text;
  for (int i = 0; i < 20000; ++i)
    text += removed("Nov 23 10:00:00", "AAAAA" + std::to_string(i * 7919 % 100003));
  const auto packed = compressed(text, archive_write_add_filter_gzip);
  if (packed.empty()) return;
  LogFiles files;
  const auto here = files.write("here", removed("Nov 24 10:00:00", "BBBBB1"));
  const auto read = read_events(reading({files.write("broken.gz", packed.substr(0, packed.size() / 2)), here}));
  CHECK(read.errors.size() == 1);
  CHECK(read.events.size() > 1000);
  CHECK(read.events.back().queue_id == "BBBBB1");
}

// ---- time ------------------------------------------------------------------------------------------------------

TEST_CASE("stream: the year turns inside a file, wherever a block ends", "[stream]") {
  TimeZone utc("UTC");
  const auto text = removed("Dec 31 23:59:58", "AAAAA1") + removed("Dec 31 23:59:59", "AAAAA2") +
                    removed("Jan  1 00:00:00", "AAAAA3") + removed("Jan  1 00:00:01", "AAAAA4");
  for (std::size_t block = 1; block < text.size() + 2; block += 11) {
    INFO("blocks of " << block);
    const auto read = read_text(text, block);
    REQUIRE(read.events.size() == 4);
    CHECK(read.events[1].time_us == at(2026, 12, 31, 23, 59, 59));
    CHECK(read.events[2].time_us == at(2027, 1, 1));
    CHECK(read.input.to_us == at(2027, 1, 1, 0, 0, 1));
  }
}

TEST_CASE("stream: without a year told, the file's last modification tells it", "[stream]") {
  TimeZone utc("UTC");
  LogFiles files;
  const auto text = removed("Dec 31 23:59:59", "AAAAA1") + removed("Jan  1 00:00:00", "AAAAA2");
  auto options = reading({files.write("maillog", text, at(2024, 1, 1, 0, 0, 1))});
  options.year = 0;
  for (const std::size_t block : {1, 60, 1 << 18}) {
    options.block_bytes = block;
    const auto read = read_events(options);
    REQUIRE(read.events.size() == 2);
    CHECK(read.events[0].time_us == at(2023, 12, 31, 23, 59, 59));
    CHECK(read.events[1].time_us == at(2024, 1, 1));
  }
}

TEST_CASE("stream: rotated files on both sides of the turn of the year join in order", "[stream]") {
  TimeZone utc("UTC");
  LogFiles files;
  const auto old = files.write("maillog.1", removed("Dec 30 10:00:00", "AAAAA1") + removed("Dec 31 10:00:00", "AAAAA2"),
                               at(2026, 12, 31, 10));
  const auto now = files.write("maillog", removed("Jan  1 10:00:00", "AAAAA3") + removed("Jan  2 10:00:00", "AAAAA4"),
                               at(2027, 1, 2, 10));
  auto options = reading({now, old});
  options.year = 0;
  const auto read = read_events(options);
  CHECK(ids_of(read) == Ids{"AAAAA1", "AAAAA2", "AAAAA3", "AAAAA4"});
  CHECK(read.input.from_us == at(2026, 12, 30, 10));
  CHECK(read.input.to_us == at(2027, 1, 2, 10));
}

TEST_CASE("stream: at the end of summer time the clock steps back and no line is lost or dated a year off",
          "[stream]") {
  TimeZone london("Europe/London");
  // 02:00 BST becomes 01:00 GMT on 25 October 2026: 01:30 comes twice, an hour apart.
  const auto text = removed("Oct 25 00:59:59", "AAAAA1") + removed("Oct 25 01:30:00", "AAAAA2") +
                    removed("Oct 25 01:59:59", "AAAAA3") + removed("Oct 25 01:00:00", "AAAAA4") +
                    removed("Oct 25 01:30:00", "AAAAA5") + removed("Oct 25 02:00:00", "AAAAA6");
  std::vector<std::int64_t> whole;
  for (const auto& event : read_text(text).events)
    whole.push_back(event.time_us);
  REQUIRE(whole.size() == 6);
  CHECK(whole[0] == at(2026, 10, 24, 23, 59, 59));
  CHECK(whole[5] == at(2026, 10, 25, 2));
  CHECK(whole[1] == at(2026, 10, 25, 0, 30));
  CHECK(whole[3] == at(2026, 10, 25, 1));
  CHECK(whole[4] == at(2026, 10, 25, 1, 30));
  for (std::size_t block = 1; block < text.size() + 2; block += 11) {
    INFO("blocks of " << block);
    std::vector<std::int64_t> times;
    for (const auto& event : read_text(text, block).events)
      times.push_back(event.time_us);
    CHECK(times == whole);
  }
}

TEST_CASE("stream: any number of threads hands on the same events in the same order", "[stream]") {
  std::string text;
  for (int i = 0; i < 5000; ++i) {
    const auto second = (i / 100) % 60;
    text += removed("Nov 23 10:00:" + std::string(second < 10 ? "0" : "") + std::to_string(second),
                    "AAAAA" + std::to_string(i));
  }
  LogFiles files;
  auto options = reading({files.write("maillog", text)});
  options.block_bytes = 700;
  const auto one = read_events(options);
  CHECK(one.events.size() == 5000);
  for (const unsigned jobs : {2u, 4u, 8u}) {
    options.jobs = jobs;
    const auto many = read_events(options);
    CHECK(many.events == one.events);
    CHECK(many.input.lines == one.input.lines);
  }
}
