// Cuts a source's bytes into blocks of whole lines.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "input/byte_source.h"
#include "input/bytes.h"
#include "input/resume.h"
#include "syslog/bytes.h"

namespace mtalens {

// A line of more bytes is cut there by whoever reads it; its beginning counts, the rest is skipped. Real lines
// end far earlier (syslog daemons cut at 8 KiB, Exim at 32 KiB).
inline constexpr std::size_t kLongestLine = 1 << 20;

class LineBlocks {
 public:
  // `block_bytes`: how much is read at once.
  LineBlocks(const std::string& name, std::size_t block_bytes) : source_(name), block_bytes_(block_bytes) {}

  // Replaces `block` by the next whole lines, each but perhaps the very last with its newline. False at the end.
  // Of a line longer than kLongestLine at least kLongestLine + 1 bytes are there. Throws InputError.
  bool next(Bytes& block);

  // Begins where reading ended before. Throws InputError.
  void go_on_from(const FileMark& mark);
  // The last line of a plain file that has no newline yet is still being written: it is not handed on, and not read
  // as far as mark() tells.
  void leave_unfinished_line() { leaves_unfinished_line_ = true; }
  // How far it was read; of a pipe or standard input nothing is remembered.
  FileMark mark() const;

  const ByteSource& source() const { return source_; }
  std::uint64_t bytes() const { return bytes_; }  // read so far

 private:
  void look_at_head();
  void skip_to_newline();
  bool handed_on(const Bytes& block);

  ByteSource source_;
  std::size_t block_bytes_;
  Bytes rest_;  // the beginning of a line whose end was not read yet
  std::uint64_t bytes_ = 0;
  std::uint64_t begun_at_ = 0;
  std::uint64_t passed_ = 0;  // where what was handed on ends
  bool at_end_ = false;
  bool leaves_unfinished_line_ = false;
  std::string head_, tail_;  // of what was handed on, for a mark; of compressed sources only
};

// The first line in `lines` without its newline; `lines` goes on behind it.
inline std::string_view take_line(std::string_view& lines) {
  const auto end = bytes::find(lines, '\n');
  const auto line = lines.substr(0, end);
  lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
  return line;
}

}  // namespace mtalens
