#include "stream/batch_parser.h"

#include <algorithm>
#include <cstring>

#include "input/line_blocks.h"
#include "syslog/bytes.h"
#include "syslog/word.h"

namespace mtalens {
namespace {

// rsyslog: `imjournal: 120 messages lost due to rate-limiting`; journald: `Suppressed 120 messages from …`;
// older rsyslog: `begin to drop messages due to rate-limiting`, which names no number.
std::uint64_t lost_messages(const LogLine& line) {
  if (!line.program.starts_with("rsyslogd") && line.program != "systemd-journald" && line.program != "systemd-journal")
    return 0;
  const auto number_before = [&](std::string_view words) -> std::uint64_t {
    const auto at = line.text.find(words);
    if (at == std::string_view::npos) return 0;
    std::uint64_t value = 0, scale = 1;
    for (auto i = at; i > 0 && line.text[i - 1] >= '0' && line.text[i - 1] <= '9' && scale < 1'000'000'000; --i) {
      value += static_cast<std::uint64_t>(line.text[i - 1] - '0') * scale;
      scale *= 10;
    }
    return value;
  };
  if (line.text.find("rate-limiting") != std::string_view::npos) return number_before(" messages lost");
  if (line.text.starts_with("Suppressed ")) return number_before(" messages");
  return 0;
}

// The last eight bytes of a tag, or all of it.
std::uint64_t last_bytes(std::string_view tag) {
  if (tag.size() >= word::kBytes) return word::load(tag.data() + tag.size() - word::kBytes);
  std::uint64_t all = 0;
  for (const char c : tag) all = all << 8 | static_cast<unsigned char>(c);
  return all;
}

}  // namespace

BatchParser::BatchParser(const Knowledge& knowledge, const Parser* only, KindSet wanted)
    : classifier_(knowledge), parsers_(knowledge.parsers()), only_(only), wanted_(wanted) {
  for (const Parser* parser : parsers_) {
    if (parser->reads_whole_lines() && (only == nullptr || only == parser)) of_whole_lines_.push_back(parser);
  }
}

std::uint32_t BatchParser::bit_of(const Parser* parser) const {
  const auto at = std::find(parsers_.begin(), parsers_.end(), parser);
  return at == parsers_.end() ? 0 : 1u << (at - parsers_.begin());
}

void BatchParser::parse(Batch& batch) {
  batch.events.clear();
  batch.scratch.clear();
  for (auto& run : batch.runs) parse_run(batch, run);
}

void BatchParser::parse_run(Batch& batch, Run& run) {
  run.events_begin = last_begin_ = last_end_ = batch.events.size();
  run.lines = run.mail_lines = run.unrecognized_lines = run.unreadable_lines = run.cut_lines = run.lost_lines = 0;
  run.from_us = run.to_us = kNoTime;
  run.mtas = 0;
  run.unrecognized.clear();
  run.unrecognized_numbers.clear();
  run.hosts.clear();
  host_ = {};
  headers_.start(run.clock, batch.scratch);
  for (auto lines = batch.lines_of(run); !lines.empty();) {
    auto raw = take_line(lines);
    if (raw.size() > kLongestLine) [[unlikely]] {
      raw = raw.substr(0, kLongestLine);
      ++run.cut_lines;
    }
    parse_line(batch, run, headers_.read(raw));
    ++run.lines;
  }
  run.events_end = batch.events.size();
  run.clock_after = headers_.clock();
}

void BatchParser::parse_line(Batch& batch, Run& run, const LogLine& line) {
  note_time(run, line.time_us);
  if (line.form == HeaderForm::none) {
    if (!of_whole_lines_.empty() && parse_headerless(batch, run, line)) return;
    ++run.unreadable_lines;
    return nothing_to_repeat(batch);
  }
  const auto& known = parser_of(line);
  if (known.parser == nullptr) {
    if (const auto times = repeats_line_before(line)) return repeat(batch, run, line, times);
    run.lost_lines += lost_messages(line);
    return nothing_to_repeat(batch);
  }
  ++run.mail_lines;
  run.mtas |= known.bit;
  if (!bytes::same(line.host, host_)) note_host(run, line.host);
  const auto begin = batch.events.size();
  if (!known.parser->parse(line, batch.events)) {
    note_unrecognized(run, line);
    return nothing_to_repeat(batch);
  }
  take_events(batch, run, begin);
}

// Classifies those from `begin` on, and drops what nobody wants.
void BatchParser::take_events(Batch& batch, const Run& run, std::size_t begin) {
  auto kept = begin;
  for (auto i = begin; i < batch.events.size(); ++i) {
    Event& event = batch.events[i];
    if ((wanted_ & kind_bit(event.kind)) == 0) continue;
    event.line_number = static_cast<std::uint32_t>(run.lines);
    classifier_.classify(event);
    if (kept != i) batch.events[kept] = event;
    ++kept;
  }
  batch.events.resize(kept);
  last_begin_ = begin;
  last_end_ = kept;
}

void BatchParser::note_time(Run& run, std::int64_t time_us) {
  if (time_us == kNoTime) return;
  if (run.from_us == kNoTime || time_us < run.from_us) run.from_us = time_us;
  if (time_us > run.to_us) run.to_us = time_us;
}

// A line that is one JSON object of an MTA's own; false: it is nobody's.
bool BatchParser::parse_headerless(Batch& batch, Run& run, LogLine line) {
  for (const Parser* parser : of_whole_lines_) {
    if (!parser->claims_text(line)) continue;
    line.scratch = &batch.scratch;
    ++run.mail_lines;
    run.mtas |= bit_of(parser);
    const auto begin = batch.events.size();
    if (!parser->parse(line, batch.events)) {
      note_unrecognized(run, line);
      nothing_to_repeat(batch);
      return true;
    }
    for (auto i = begin; i < batch.events.size(); ++i)
      note_time(run, batch.events[i].time_us);
    if (const auto host = batch.events[begin].host; host != host_) note_host(run, host);
    take_events(batch, run, begin);
    return true;
  }
  return false;
}

void BatchParser::nothing_to_repeat(const Batch& batch) { last_begin_ = last_end_ = batch.events.size(); }

// "last message repeated 3 times" stands for three more lines like the one before it. A line of many events that is
// repeated again and again adds to what the first repetition gave: its lines would become more than memory holds.
void BatchParser::repeat(Batch& batch, const Run& run, const LogLine& line, std::uint32_t times) {
  constexpr std::size_t kMany = 64;
  auto repeated = batch.events.size();
  const auto again = last_end_ - last_begin_;
  if (again > kMany && repeated >= last_end_ + again && run.lines > 0) {
    for (auto at = repeated - again; at < repeated; ++at) batch.events[at].times += times;
    return;
  }
  if (run.lines == 0) {
    recall_line_before(batch, run);
  } else {
    for (auto i = last_begin_; i < last_end_; ++i) {
      const Event event = batch.events[i];
      batch.events.push_back(event);
    }
  }
  for (; repeated < batch.events.size(); ++repeated) {
    Event& event = batch.events[repeated];
    event.times = times;
    event.time_us = line.time_us;
    event.line_number = static_cast<std::uint32_t>(run.lines);
  }
}

// The line before the run's first is not in the batch: it is parsed once more, for its events alone.
void BatchParser::recall_line_before(Batch& batch, const Run& run) {
  if (run.line_before.empty()) return;
  Run aside;
  const StampClock clock = headers_.clock();
  parse_line(batch, aside, headers_.read(run.line_before));
  headers_.start(clock, batch.scratch);
  host_ = {};
}

void BatchParser::note_host(Run& run, std::string_view host) {
  host_ = host;
  if (host.empty() || run.hosts.size() >= kHosts) return;
  if (std::find(run.hosts.begin(), run.hosts.end(), host) == run.hosts.end()) run.hosts.push_back(host);
}

void BatchParser::note_unrecognized(Run& run, const LogLine& line) const {
  ++run.unrecognized_lines;
  if (run.unrecognized.size() >= kUnrecognizedExamples) return;
  run.unrecognized.push_back(line.raw);
  run.unrecognized_numbers.push_back(run.lines);
}

const BatchParser::KnownProgram& BatchParser::parser_of(const LogLine& line) {
  if (only_ != nullptr) {
    by_text_.parser = only_;
    by_text_.bit = bit_of(only_);
    return by_text_;
  }
  const auto slot = ((last_bytes(line.program) ^ line.program.size()) * 0x9E3779B97F4A7C15u) >> 58;
  KnownProgram& known = programs_[slot];
  if (!bytes::same(known.program, line.program) || known.program.empty()) {
    known.program = line.program;
    known.parser = nullptr;
    for (const Parser* parser : parsers_) {
      if (!parser->claims_program(line.program)) continue;
      known.parser = parser;
      known.bit = bit_of(parser);
      break;
    }
  }
  if (known.parser != nullptr) return known;
  for (const Parser* parser : parsers()) {
    if (!parser->claims_text(line)) continue;
    by_text_.parser = parser;
    by_text_.bit = bit_of(parser);
    return by_text_;
  }
  return known;
}

std::vector<std::string> mta_names(const Knowledge& knowledge, std::uint32_t bits) {
  std::vector<std::string> names;
  const auto& all = knowledge.parsers();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (bits & (1u << i)) names.emplace_back(all[i]->mta());
  }
  return names;
}

std::uint32_t mta_bits(const Knowledge& knowledge, const std::vector<std::string>& names) {
  std::uint32_t bits = 0;
  const auto& all = knowledge.parsers();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (std::find(names.begin(), names.end(), all[i]->mta()) != names.end()) bits |= 1u << i;
  }
  return bits;
}

}  // namespace mtalens
