// What a user sees and may do while logs are read: how far it has come, and Ctrl-C.
#pragma once

#include <chrono>
#include <string>

#include "stream/read_progress.h"

namespace mtalens {

// From now on the first SIGINT or SIGTERM only asks to stop; a second one ends the program.
void catch_interrupts();
bool interrupted();

// " 43 %  512 MB/s  3 s left", after `seconds`. Of a pipe nobody knows how much there is: "1.2 GB  512 MB/s".
std::string progress_words(const ReadProgress& progress, double seconds);

// One line on standard error, written over and over while reading takes longer than half a second, and gone at the end.
// Nothing where standard error is no terminal.
class ProgressLine {
 public:
  explicit ProgressLine(bool wanted);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(const ReadProgress& progress);

 private:
  using Clock = std::chrono::steady_clock;
  bool wanted_;
  bool shown_ = false;
  Clock::time_point begin_ = Clock::now();
  Clock::time_point next_ = begin_ + std::chrono::milliseconds(500);
};

}  // namespace mtalens
