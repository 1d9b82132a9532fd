// Any bytes as a log: read, parsed, joined, judged and reported in every form. No crash; the text bears no control
// byte, the JSON can be read again, and every line counts once.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "knowledge/knowledge.h"
#include "mtalens/rule.h"
#include "report/report.h"
#include "stream/stream.h"
#include "track/tracker.h"

using namespace mtalens;

namespace {

void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

// A file in memory with these bytes; the same one each time.
std::string file_with(const std::uint8_t* data, std::size_t size) {
  static const int fd = memfd_create("log", 0);
  must(ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == static_cast<ssize_t>(size), "the log can be written");
  return "/proc/self/fd/" + std::to_string(fd);
}

bool is_plain(const std::string& text) {
  for (const unsigned char c : text) {
    if ((c < 0x20 && c != '\n') || c == 0x7f) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto& knowledge = Knowledge::builtin();
  ReadOptions options;
  options.inputs = {file_with(data, size)};
  options.year = 2026;
  options.jobs = 1;
  options.block_bytes = 4096;
  options.wanted = Tracker::wanted();
  Tracker tracker(knowledge, {.keep_queue = true, .our_domains = {}});
  std::vector<std::string> errors;
  auto input = read_logs(options, [&](const Batch& batch, const std::vector<std::string>& names) { tracker.add(batch, names); }, errors);
  must(input.mail_lines + input.other_lines == input.lines, "every line is one or the other");
  const auto analysis = tracker.analysis(std::move(input));
  const auto findings = judge(analysis, knowledge);
  must(is_plain(text_report(analysis, findings, {false, 80, true, true})), "the text is plain");
  must(is_plain(text_queue(analysis, analysis.input.to_us, {false, 80, true, true})), "the queue's text is plain");
  must(is_plain(markdown_report(analysis, findings)), "the markdown is plain");
  must(nlohmann::json::accept(json_report(analysis, findings)), "the report is JSON");
  must(nlohmann::json::accept(json_queue(analysis, analysis.input.to_us)), "the queue is JSON");
  csv_report(analysis);
  must(is_plain(prometheus_report(analysis, findings)), "the metrics are plain");
  must(html_report(analysis, findings).find("<script>alert") == std::string::npos, "the page holds no markup of the log's");
  return 0;
}
