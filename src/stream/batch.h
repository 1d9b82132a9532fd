// A stretch of lines on its way: read as one, parsed by one thread, handed on in order.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "input/bytes.h"
#include "mtalens/event.h"
#include "syslog/scratch.h"
#include "syslog/stamp_clock.h"

namespace mtalens {

// What a summary keeps of each kind. A run keeps as many, so that the first ones of a log do not depend on where its
// runs end.
inline constexpr std::size_t kUnrecognizedExamples = 20;
inline constexpr std::size_t kHosts = 16;

// Consecutive lines of one source within a batch.
struct Run {
  std::uint32_t source = 0;      // index into the sources
  std::uint64_t left_out_before = 0;  // lines of this source between the run before and this one: duplicates
  std::uint64_t first_line = 0;       // its number in the source, from 1; known once all before it are counted
  std::size_t begin = 0;         // where its lines stand in the batch's text
  std::size_t end = 0;
  StampClock clock;         // as it was before the run's first line
  std::string line_before;  // where the first line says "last message repeated": the line it repeats

  // What parsing found.
  StampClock clock_after;
  std::size_t events_begin = 0;
  std::size_t events_end = 0;
  std::uint64_t lines = 0;
  std::uint64_t mail_lines = 0;
  std::uint64_t unrecognized_lines = 0;  // among the mail lines
  std::uint64_t unreadable_lines = 0;    // without a header, among the others
  std::uint64_t cut_lines = 0;           // longer than kLongestLine
  std::uint64_t lost_lines = 0;          // that a syslog daemon says it dropped
  std::int64_t from_us = kNoTime;
  std::int64_t to_us = kNoTime;
  std::uint32_t mtas = 0;                           // a bit for each parser that claimed a line
  std::vector<std::string_view> unrecognized;       // the first kUnrecognizedExamples, views into the text
  std::vector<std::uint64_t> unrecognized_numbers;  // and their line numbers in the source
  std::vector<std::string_view> hosts;              // that mail lines came from, the first kHosts, views into the text
};

struct Batch {
  std::uint64_t sequence = 0;
  std::uint64_t duplicate_lines = 0;  // left out: the same line came from another source
  Bytes text;
  Scratch scratch;  // texts that do not stand in the lines as they are; events may point into it
  std::vector<Run> runs;
  std::vector<Event> events;  // run by run, in the order of the lines

  std::string_view lines_of(const Run& run) const { return {text.data() + run.begin, run.end - run.begin}; }
  void clear() {
    duplicate_lines = 0;
    text.clear();
    scratch.clear();
    runs.clear();
    events.clear();
  }
};

}  // namespace mtalens
