#include "input/line_blocks.h"

#include <cstring>

namespace mtalens {

bool LineBlocks::next(Bytes& block) {
  block.swap(rest_);
  rest_.clear();
  while (!at_end_) {
    const auto have = block.size();
    block.resize(have + block_bytes_);
    const auto got = source_.read({block.data() + have, block_bytes_});
    block.resize(have + got);
    bytes_ += got;
    if (got == 0) {
      at_end_ = true;
      break;
    }
    const void* newline = memrchr(block.data() + have, '\n', got);
    if (newline != nullptr) {
      const auto whole = static_cast<std::size_t>(static_cast<const char*>(newline) - block.data()) + 1;
      rest_.assign(block.begin() + static_cast<std::ptrdiff_t>(whole), block.end());
      block.resize(whole);
      return true;
    }
    if (block.size() > kLongestLine) {
      block.resize(kLongestLine + 1);
      block.push_back('\n');
      skip_to_newline();
      return true;
    }
  }
  return !block.empty();
}

void LineBlocks::skip_to_newline() {
  Bytes skipped(block_bytes_);
  for (;;) {
    const auto got = source_.read(skipped);
    bytes_ += got;
    if (got == 0) {
      at_end_ = true;
      return;
    }
    if (const void* newline = std::memchr(skipped.data(), '\n', got)) {
      const auto* behind = static_cast<const char*>(newline) + 1;
      rest_.assign(behind, static_cast<const char*>(skipped.data()) + got);
      return;
    }
  }
}

}  // namespace mtalens
