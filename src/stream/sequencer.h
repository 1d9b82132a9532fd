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
#include "stream/read_progress.h"
#include "stream/stream_state.h"
#include "syslog/header.h"

namespace mtalens {

class Sequencer {
 public:
  struct Options {
    std::vector<std::string> inputs;  // file names; "-" is standard input
    int year = 0;                     // of the first stamp of each source that bears none; 0: found out
    std::size_t block_bytes = 256 * 1024;
    const StreamState* before = nullptr;    // what earlier runs read, and
    const Resumption* resumption = nullptr;  // what of it goes on, instead of `inputs`; both or neither
  };

  // Opens all sources. What cannot be opened or read goes to `errors` as "NAME: why", the rest goes on.
  Sequencer(Options options, std::vector<std::string>& errors);
  ~Sequencer();

  // Fills the batch with the next lines; false at the end.
  bool next(Batch& batch);

  // The sources that could be opened, by Run::source.
  std::vector<std::string> names() const;
  std::uint64_t bytes(std::uint32_t source) const;  // read from it so far
  ReadProgress progress() const;
  bool is_remembered(std::uint32_t source) const;  // how far it was read; not so of a pipe or standard input
  // What it goes on from, or null.
  const SourceState* before(std::uint32_t source) const;
  // At the end: how far it was read, which line came last. Its summary is the caller's to add, and its clock where a run
  // of lines has settled it; `lines` becomes the number of those that no run told of.
  void remember(std::uint32_t source, SourceState& state) const;
  Deduplicator&& duplicates() { return std::move(deduplicator_); }

 private:
  struct Cursor;

  void open(const std::string& name, const SourceState* before);
  void go_on();
  void remember_end(const Cursor& cursor, std::string_view lines);
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
  std::int64_t passed_elsewhere_us_ = kNoTime;  // the latest line of files that earlier runs read
};

}  // namespace mtalens
