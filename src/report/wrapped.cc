#include "report/wrapped.h"

#include <algorithm>

#include "report/safe_text.h"

namespace mtalens {

std::vector<std::string> wrapped(std::string_view text, std::size_t room) {
  std::vector<std::string> out;
  std::size_t used = 0;
  while (!text.empty()) {
    const auto word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    if (word.empty()) continue;
    const auto wide = columns(word);
    if (out.empty() || used + 1 + wide > room) {
      out.emplace_back(word);
      used = wide;
    } else {
      (out.back() += ' ') += word;
      used += 1 + wide;
    }
  }
  return out;
}

}  // namespace mtalens
