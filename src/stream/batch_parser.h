// Turns a batch's lines into events: header, parser, knowledge. One per thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "knowledge/knowledge.h"
#include "mtalens/parser.h"
#include "stream/batch.h"
#include "syslog/header.h"

namespace mtalens {

// Which kinds of events somebody wants, a bit for each.
using KindSet = std::uint32_t;
constexpr KindSet kind_bit(EventKind kind) { return 1u << static_cast<unsigned>(kind); }
inline constexpr KindSet kAllKinds = ~0u;

class BatchParser {
 public:
  // `only`: the one parser to use for every line; null: each line is recognized by itself.
  BatchParser(const Knowledge& knowledge, const Parser* only, KindSet wanted);

  void parse(Batch& batch);

 private:
  // Which parser reads lines with this tag. Kept for the tags seen last.
  struct KnownProgram {
    std::string program;
    const Parser* parser = nullptr;  // null: nobody claims the tag
    std::uint32_t bit = 0;
  };

  void parse_run(Batch& batch, Run& run);
  void parse_line(Batch& batch, Run& run, const LogLine& line);
  void repeat(Batch& batch, const Run& run, const LogLine& line, std::uint32_t times);
  void recall_line_before(Batch& batch, const Run& run);
  void nothing_to_repeat(const Batch& batch);
  void note_host(Run& run, std::string_view host);
  void note_unrecognized(Run& run, const LogLine& line) const;
  const KnownProgram& parser_of(const LogLine& line);
  bool parse_headerless(Batch& batch, Run& run, LogLine line);
  void take_events(Batch& batch, const Run& run, std::size_t begin);
  static void note_time(Run& run, std::int64_t time_us);
  std::uint32_t bit_of(const Parser* parser) const;

  HeaderReader headers_;
  Classifier classifier_;
  const std::vector<const Parser*>& parsers_;
  std::vector<const Parser*> of_whole_lines_;  // that may be asked of a line without a header
  const Parser* only_;
  KindSet wanted_;
  std::array<KnownProgram, 64> programs_;
  KnownProgram by_text_;
  std::size_t last_begin_ = 0;  // events of the line before the current one; a line that repeats it is passed over
  std::size_t last_end_ = 0;
  std::string_view host_;       // that the last mail line came from
};

// The parsers whose bit is in `bits` (Run::mtas).
std::vector<std::string> mta_names(const Knowledge& knowledge, std::uint32_t bits);
std::uint32_t mta_bits(const Knowledge& knowledge, const std::vector<std::string>& names);

}  // namespace mtalens
