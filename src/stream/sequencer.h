// Puts the lines of all sources into one sequence: rotated files in the order of the times inside them, files
// that overlap in time merged line by line, and a line that two of them hold only once.
//
// The merge works on whole blocks as long as one source is alone at its time; only where two overlap does it
// look at each line. Within a source the order of the lines is never changed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "input/line_blocks.h"
#include "stream/batch.h"
#include "stream/deduplicator.h"
#include "syslog/header.h"

namespace mtalens {

class Sequencer {
 public:
  struct Options {
    std::vector<std::string> inputs;  // file names; "-" is standard input
    int year = 0;                     // of the first stamp of each source that bears none; 0: found out
    std::size_t block_bytes = 256 * 1024;
  };

  // Opens all sources. What cannot be opened or read goes to `errors` as "NAME: why", the rest goes on.
  Sequencer(Options options, std::vector<std::string>& errors);
  ~Sequencer();

  // Fills the batch with the next lines; false at the end.
  bool next(Batch& batch);

  // The sources that could be opened, by Run::source.
  std::vector<std::string> names() const;
  std::uint64_t bytes(std::uint32_t source) const;  // read from it so far

 private:
  struct Cursor;

  Cursor* earliest();
  bool is_alone(const Cursor& cursor) const;
  Run& add_run(Batch& batch, Cursor& cursor, std::size_t begin);
  void add_whole_block(Batch& batch, Cursor& cursor);
  void add_line(Batch& batch, Cursor& cursor);
  void next_block(Cursor& cursor);

  Options options_;
  std::vector<std::string>& errors_;
  std::vector<std::unique_ptr<Cursor>> cursors_;  // by source
  std::vector<Cursor*> open_;                     // those with lines left
  Deduplicator deduplicator_;
  std::uint64_t sequence_ = 0;
};

}  // namespace mtalens
