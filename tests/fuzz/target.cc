#include "target.h"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "track/tracker.h"

namespace mtalens::fuzz {

void must(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

void in_zone(const std::string& name) {
  static std::string now;
  if (now == name) return;
  now = name;
  setenv("TZ", name.c_str(), 1);
  tzset();
}

std::string file_with(std::string_view bytes, std::size_t number) {
  static const std::array<int, 2> files{memfd_create("first", 0), memfd_create("second", 0)};
  const int fd = files.at(number);
  const bool written =
      ftruncate(fd, 0) == 0 && pwrite(fd, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size());
  must(written, "a file in memory can be written");
  return "/proc/self/fd/" + std::to_string(fd);
}

ReadOptions reading(std::vector<std::string> files) {
  ReadOptions options;
  options.inputs = std::move(files);
  options.year = 2026;
  options.jobs = 1;
  options.wanted = Tracker::wanted();
  return options;
}

InputSummary read_into(const ReadOptions& options, const Consume& consume) {
  std::vector<std::string> errors;
  auto input = read_logs(options, consume, errors);
  must(input.mail_lines + input.other_lines == input.lines, "every line is one or the other");
  return input;
}

}  // namespace mtalens::fuzz
