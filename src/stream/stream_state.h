// What reading remembers from one run to the next.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "input/resume.h"
#include "mtalens/analysis.h"
#include "stream/deduplicator.h"
#include "syslog/stamp_clock.h"

namespace mtalens {

struct SourceState {
  std::uint64_t number = 0;  // no other source ever has it: lines are quoted under it, whatever the file is called
  FileMark file;
  SourceSummary summary;
  std::uint64_t lines = 0;         // that were passed, duplicates included
  std::int64_t passed_us = kNoTime;  // when the latest of them was written
  StampClock clock = StampClock();
  std::string line_before;  // what "last message repeated" repeats if it comes next

  template <typename Archive>
  void fields(Archive& archive) {
    archive(number, file, summary, lines, passed_us, clock, line_before);
  }
};

// The source of a quoted line, in a state; what no file ever begins with.
inline std::string quoted_as(std::uint64_t number) { return "\x01" + std::to_string(number); }

struct StreamState {
  static constexpr std::size_t kMostSources = 4096;  // the files that were there longest ago are forgotten beyond

  std::string host;                  // whose logs these are, where the user says or they do not
  std::vector<SourceState> sources;  // those of the last run first, in their order; then those of earlier runs
  std::uint64_t recent = 0;          // how many the last run had
  std::uint64_t next_number = 1;
  Deduplicator duplicates;
  InputSummary input;                // of all runs

  template <typename Archive>
  void fields(Archive& archive) {
    archive(host, sources, recent, next_number, duplicates, input);
    archive.require(recent <= sources.size());
  }
};

}  // namespace mtalens
