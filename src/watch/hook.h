// --on-finding: a command of the user's for each piece of news.
#pragma once

#include <sys/types.h>

#include <string>

#include "watch/news.h"

namespace mtalens {

// Runs `command` by the shell with json_news() on its standard input. Does not wait for it, but no more than a handful
// run at once. What goes wrong goes to standard error.
//
// The commands are run by a process of its own, which begins here and keeps the rights that this one then gives up: it
// gets the findings through a pipe, and the one command that it runs was settled before. Make it while there is one
// thread. Empty: nothing is run. Throws std::system_error.
class Hook {
 public:
  explicit Hook(const std::string& command);
  // Waits for the commands that still run.
  ~Hook();
  Hook(const Hook&) = delete;

  void run(const News& news);

 private:
  pid_t runner_ = -1;
  int pipe_ = -1;  // to it
};

}  // namespace mtalens
