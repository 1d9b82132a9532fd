// The terminal while a log is watched: the report's first screen, and the latest news below it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mtalens {

// Takes the terminal's other screen and gives it back at its end.
class Screen {
 public:
  Screen();
  ~Screen();
  Screen(const Screen&) = delete;

  // What stands there is written over, line by line, so that nothing flickers.
  void draw(std::string_view report, const std::vector<std::string>& news);

 private:
  std::string drawn_;
};

}  // namespace mtalens
