// Where a subcommand's text goes: standard output, or a file that is replaced only when all was written.
#pragma once

#include <sys/types.h>

#include <cstdio>
#include <string>
#include <string_view>

namespace mtalens {

// A reader that went away (`| head`) is a success: write() then ends the program with exit code 0. A full disk
// is the user's to hear of: exit code 2.
class Output {
 public:
  // Empty: standard output. A new file is its owner's alone, for it may hold addresses, or has that mode; one that is
  // replaced keeps its own. Ends the program where it cannot be opened.
  explicit Output(const std::string& file, mode_t mode = 0600);
  ~Output();
  Output(const Output&) = delete;

  void write(std::string_view text);
  // Everything was written; for a file, this is when it appears under its name.
  void done();

 private:
  [[noreturn]] void give_up(int error);

  std::string file_;
  std::string temporary_;
  int fd_ = 1;
};

}  // namespace mtalens
