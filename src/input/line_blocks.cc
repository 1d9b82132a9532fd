#include "input/line_blocks.h"

#include <algorithm>
#include <cstring>

namespace mtalens {

bool LineBlocks::next(Bytes& block) {
  if (bytes_ == 0) look_at_head();
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
      return handed_on(block);
    }
    if (block.size() > kLongestLine) {
      block.resize(kLongestLine + 1);
      block.push_back('\n');
      skip_to_newline();
      passed_ = begun_at_ + bytes_ - rest_.size();
      tail_.clear();
      return true;
    }
  }
  if (leaves_unfinished_line_ && source_.seekable()) {
    bytes_ -= block.size();
    block.clear();
  }
  return !block.empty() && handed_on(block);
}

bool LineBlocks::handed_on(const Bytes& block) {
  passed_ = begun_at_ + bytes_ - rest_.size();
  const std::string_view text(block.data(), block.size());
  if (!source_.seekable() && head_.size() < FileMark::kText) head_ += text.substr(0, FileMark::kText - head_.size());
  tail_ += text.substr(text.size() - std::min(text.size(), FileMark::kText));
  if (tail_.size() > FileMark::kText) tail_.erase(0, tail_.size() - FileMark::kText);
  return true;
}

// Of a line that is still being written, too. At the beginning of a run: at its end another log may stand under the name.
void LineBlocks::look_at_head() {
  if (!source_.seekable()) return;
  head_.assign(FileMark::kText, '\0');
  head_.resize(source_.read_at(0, head_));
}

void LineBlocks::go_on_from(const FileMark& mark) {
  if (source_.is_system_journal()) {
    source_.go_on_behind(mark.tail);
  } else {
    source_.skip(mark.offset);
  }
  begun_at_ = passed_ = mark.offset;
  head_ = mark.head;
  tail_ = mark.tail;
}

FileMark LineBlocks::mark() const {
  if (source_.is_system_journal()) return {source_.name(), 0, 0, 0, 0, passed_, "cursor", source_.cursor()};
  if (!source_.regular() || source_.name() == "standard input") return {};
  return {source_.name(), source_.device(), source_.inode(), source_.size(), source_.modified_us(), passed_, head_, tail_};
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
