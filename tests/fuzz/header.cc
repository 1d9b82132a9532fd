// Any lines as what syslog daemons, journald and Exim write: what the reader remembers of the lines before changes
// nothing, and all it gives stands in the line or was unescaped from it.
#include "syslog/header.h"

#include "input/line_blocks.h"
#include "target.h"

namespace mtalens::fuzz {
namespace {

constexpr std::int64_t kModified = 1'798'000'000'000'000;  // 2026-12-23

bool same(const LogLine& a, const LogLine& b) {
  return a.form == b.form && a.pid == b.pid && a.times == b.times && a.time_us == b.time_us && a.host == b.host &&
         a.program == b.program && a.text == b.text && a.raw == b.raw;
}

}  // namespace

void header(std::string_view bytes) {
  in_zone("Europe/London");
  HeaderReader used;
  used.start(StampClock(2026, kModified));
  std::vector<std::string_view> lines;
  while (!bytes.empty()) {
    const auto line = take_line(bytes);
    lines.push_back(line);
    HeaderReader fresh;
    fresh.start(used.clock());
    const auto first = used.read(line);
    must(same(first, fresh.read(line)), "a line's header does not depend on the lines before but through the clock");
    must(used.clock().agrees_with(fresh.clock()), "nor does the clock behind it");
    must(first.form != HeaderForm::none || first.text == first.raw, "without a header the text is the whole line");
    must(first.text.size() <= line.size() && first.program.size() <= line.size(), "no text is longer than its line");
    must(first.times > 0, "a line stands for one at least");
    repeats_line_before(first);
  }
  const auto year = year_of_first_stamp(lines, kModified);
  must(year <= 2027, "a log does not begin after it ended");
}

}  // namespace mtalens::fuzz
