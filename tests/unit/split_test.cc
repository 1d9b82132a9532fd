// A report does not depend on where blocks and files end, nor on the number of threads.
#include <catch2/catch.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "log_files.h"

using namespace mtalens;
using namespace mtalens::test;

namespace {

#ifdef __SANITIZE_ADDRESS__
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

namespace fs = std::filesystem;

std::size_t end_of_line(const std::string& text, std::size_t lines) {
  std::size_t at = 0;
  while (lines-- > 0 && at < text.size())
    at = text.find('\n', at) + 1;
  return at;
}

// Each recording whole, and of the long ones the first thousand lines and a thousand from the middle of the story.
std::vector<std::string> recordings() {
  const auto samples = fs::path(MTALENS_SOURCE_DIR) / "samples";
  std::vector<std::string> out;
  for (const auto* name : {"a/postfix/maillog", "a/sendmail/maillog", "a/exim/mainlog"})
    out.push_back(text_of(samples / name));
  for (const auto* name : {"week/postfix/maillog.xz", "week/sendmail/maillog.xz", "week/exim/mainlog.xz"}) {
    const auto text = decompressed(samples / name);
    out.push_back(text.substr(0, end_of_line(text, 1000)));
    const auto middle = text.substr(text.find('\n', text.size() / 3) + 1);
    out.push_back(middle.substr(0, end_of_line(middle, 1000)));
  }
  return out;
}

// What does not name files and line numbers.
nlohmann::json without_places(const std::string& report) {
  auto json = nlohmann::json::parse(report);
  json.erase("input");
  for (auto& finding : json["findings"]) {
    for (auto& line : finding["evidence"])
      line = line["text"];
  }
  return json;
}

}  // namespace

TEST_CASE("split: the report is the same byte for byte, wherever blocks end", "[split]") {
  LogFiles files;
  for (const auto& text : recordings()) {
    auto options = reading({files.write("log", text)});
    const auto whole = report_of(options);
    // 1: a block for each line; then sizes that end within lines, ever elsewhere.
    for (std::size_t block = 1; block < 6000; block = block * 5 / 4 + (kSanitized ? 101 : 31)) {
      INFO("blocks of " << block);
      options.block_bytes = block;
      REQUIRE((report_of(options) == whole));
    }
  }
}

TEST_CASE("split: the report is the same byte for byte, whatever the number of threads", "[split]") {
  LogFiles files;
  for (const auto& text : recordings()) {
    auto options = reading({files.write("log", text)});
    const auto one = report_of(options);
    for (const unsigned jobs : {2u, 4u, 8u}) {
      for (const std::size_t block : {300, 5000}) {
        INFO(jobs << " threads, blocks of " << block);
        options.jobs = jobs;
        options.block_bytes = block;
        REQUIRE((report_of(options) == one));
      }
    }
  }
}

TEST_CASE("split: a log cut into two files says the same", "[split]") {
  LogFiles files;
  for (const auto& text : recordings()) {
    const auto whole = without_places(report_of(reading({files.write("log", text)})));
    std::size_t line = 0, cuts = 0;
    for (std::size_t cut = text.find('\n') + 1; cut != 0 && cut < text.size(); cut = text.find('\n', cut) + 1) {
      if (++line % 7 != 0) continue;
      // Cut between two that are the same and the second looks like a copy: that is not this test's matter.
      const auto before = text.rfind('\n', cut - 2) + 1;
      if (text.compare(before, cut - before, text, cut, cut - before) == 0) continue;
      if (++cuts % (kSanitized ? 8 : 1) != 0) continue;
      INFO("cut before line " << line + 1);
      // Named so that their order by name is not that of time.
      auto options = reading({files.write("log.2", text.substr(0, cut)), files.write("log.1", text.substr(cut))});
      options.block_bytes = 1 << 14;
      REQUIRE((without_places(report_of(options)) == whole));
    }
  }
}
