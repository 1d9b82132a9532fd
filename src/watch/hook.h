// --on-finding: a command of the user's for each piece of news.
#pragma once

#include <string>

#include "watch/news.h"

namespace mtalens {

// Runs `command` by the shell with json_news() on its standard input. Does not wait for it, but no more than a handful run at once. What goes wrong goes to standard error.
class Hook {
 public:
  explicit Hook(std::string command) : command_(std::move(command)) {}
  ~Hook();
  Hook(const Hook&) = delete;

  void run(const News& news);

 private:
  void reap(std::size_t most);

  std::string command_;
  std::size_t running_ = 0;
};

}  // namespace mtalens
