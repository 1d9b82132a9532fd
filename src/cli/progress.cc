#include "cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>

#include "rules/wording.h"

namespace mtalens {
namespace {

volatile std::sig_atomic_t asked_to_stop = 0;

}  // namespace

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = [](int) { asked_to_stop = 1; };
  action.sa_flags = SA_RESETHAND | SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() { return asked_to_stop != 0; }

std::string progress_words(const ReadProgress& progress, double seconds) {
  const auto a_second = seconds > 0 ? static_cast<double>(progress.bytes) / seconds : 0;
  const auto speed = size(static_cast<std::uint64_t>(a_second), Units::si) + "/s";
  if (progress.disk_size == 0) return fmt::format("{}  {}", size(progress.bytes, Units::si), speed);
  const auto share = std::min<double>(1.0, static_cast<double>(progress.disk_bytes) / static_cast<double>(progress.disk_size));
  const auto left = share > 0 ? seconds * (1 - share) / share : 0;
  return fmt::format("{:3.0f} %  {}  {:.0f} s left", share * 100, speed, left);
}

ProgressLine::ProgressLine(bool wanted) : wanted_(wanted && isatty(STDERR_FILENO)) {}

ProgressLine::~ProgressLine() {
  if (shown_) fmt::print(stderr, "\r\x1b[K");
}

void ProgressLine::show(const ReadProgress& progress) {
  if (!wanted_) return;
  const auto now = Clock::now();
  if (now < next_) return;
  next_ = now + std::chrono::milliseconds(200);
  shown_ = true;
  fmt::print(stderr, "\r{}\x1b[K", progress_words(progress, std::chrono::duration<double>(now - begin_).count()));
  std::fflush(stderr);
}

}  // namespace mtalens
