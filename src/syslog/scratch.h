// Memory for the few texts that do not stand in the line as they are: unescaped JSON, a joined line.
//
// What was taken stays where it is until clear(), which keeps the blocks for the next stretch of lines.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

namespace mtalens {

class Scratch {
 public:
  // Room for `size` bytes. The last room taken may be given back in part, with give_back().
  char* take(std::size_t size) {
    while (current_ < blocks_.size() && blocks_[current_].size - used_ < size) {
      ++current_;
      used_ = 0;
    }
    if (current_ == blocks_.size()) {
      const auto block_size = std::max(size, kBlockSize);
      blocks_.push_back({std::make_unique<char[]>(block_size), block_size});
    }
    char* room = blocks_[current_].bytes.get() + used_;
    used_ += size;
    return room;
  }

  void give_back(std::size_t size) { used_ -= size; }

  void clear() {
    current_ = 0;
    used_ = 0;
  }

 private:
  static constexpr std::size_t kBlockSize = 64 * 1024;

  struct Block {
    std::unique_ptr<char[]> bytes;
    std::size_t size;
  };
  std::vector<Block> blocks_;
  std::size_t current_ = 0;  // the block that is being filled
  std::size_t used_ = 0;     // of it
};

}  // namespace mtalens
