// Turns `journalctl -o export` into lines of text (systemd's "Journal Export Format"): entries of `NAME=value` lines,
// or NAME, a newline, the value's length as 64 bits little-endian, the value and a newline, with an empty line behind.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "input/journal_entry.h"

namespace mtalens {

class JournalExport {
 public:
  static constexpr std::string_view kBegin = "__CURSOR=";  // every export begins so

  // The next bytes, cut anywhere.
  void feed(std::string_view bytes);
  // Nothing comes any more: an entry without its empty line ends here.
  void finish();
  // The lines since the last call. Of a value longer than a megabyte, its beginning.
  std::string take_lines();

 private:
  bool take_next();
  bool take_value(std::string_view left);
  void take_line(std::string_view line);
  void end_entry();

  std::string rest_;           // not taken yet: less than a field
  std::size_t at_ = 0;         // how far it was taken
  std::uint64_t skipped_ = 0;  // bytes still to pass over
  bool to_newline_ = false;    // what is left of a line is to be passed over
  std::string name_;           // whose value comes; empty: a line comes
  bool begun_ = false;         // an entry
  JournalFields entry_;
  std::string lines_;
};

}  // namespace mtalens
