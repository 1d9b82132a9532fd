#include "stream/sequencer.h"

#include <algorithm>
#include <utility>

namespace mtalens {
namespace {

constexpr std::uint64_t kReadWholeForYear = 8 << 20;   // smaller files: every line's stamp is looked at
constexpr std::uint64_t kYearSampleStep = 1 << 20;     // larger ones: one line in each of these
constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kDay = 86'400 * kSecond;

std::int64_t second_of(std::int64_t us) { return us / kSecond; }

}  // namespace

// One source, read block by block.
struct Sequencer::Cursor {
  Cursor(const std::string& name, std::size_t block_bytes) : blocks(name, block_bytes) {}

  std::uint32_t source = 0;
  const SourceState* before = nullptr;  // what it goes on from
  LineBlocks blocks;
  Bytes block;
  std::size_t at = 0;          // the next line's place in the block
  std::uint32_t left_out = 0;  // lines since the last run that were duplicates
  std::int64_t head_us = kNoTime;  // when the next line was written; the one before where it bears no stamp
  std::int64_t last_us = kNoTime;  // when the block's last line was written
  std::int64_t passed_us = kNoTime;  // when the latest line that was handed on was written
  LogLine head;
  StampClock clock;  // before the next line
  std::string line_before;  // what "last message repeated" repeats if it comes next

  std::string_view rest() const { return {block.data() + at, block.size() - at}; }

  bool next_block() {
    if (!blocks.next(block)) return false;
    at = 0;
    look();
    tail_.start(headers_.clock());
    last_us = std::max(head_us, tail_.read(last_line(rest())).time_us);
    return true;
  }

  // Of these lines, which are all that is left of it.
  void pass_block(std::string_view lines) {
    clock = tail_.clock();
    while (!lines.empty()) {
      const auto line = last_line(lines);
      if (!repeats_line_before(tail_.read(line))) {
        line_before = line;
        return;
      }
      lines = lines.substr(0, static_cast<std::size_t>(line.data() - lines.data()));
    }
  }

  // Of so many bytes, its newline included. False where the block has no further line.
  bool pass_line(std::size_t length) {
    clock = headers_.clock();
    if (!repeats_line_before(head)) line_before = head.raw;
    at += length;
    if (at == block.size()) return false;
    look();
    return true;
  }

 private:
  void look() {
    auto lines = rest();
    headers_.start(clock);
    head = headers_.read(take_line(lines));
    if (head.time_us != kNoTime) head_us = head.time_us;
  }

  // The last of these lines, without its newline.
  static std::string_view last_line(std::string_view lines) {
    if (lines.ends_with('\n')) lines.remove_suffix(1);
    return lines.substr(lines.rfind('\n') + 1);
  }

  HeaderReader headers_;  // of the next line
  HeaderReader tail_;     // of the block's last line
};

namespace {

// Lines of a plain file from which the turns of the year can be seen, in order: `storage` holds them.
std::vector<std::string_view> lines_for_year(const ByteSource& source, std::string& storage) {
  std::vector<std::string_view> lines;
  if (source.size() <= kReadWholeForYear) {
    storage.resize(source.size());
    storage.resize(source.read_at(0, storage));
    for (std::string_view rest = storage; !rest.empty();) lines.push_back(take_line(rest));
    return lines;
  }
  constexpr std::size_t kProbe = 8192;
  const auto probe = [&](std::uint64_t offset) {
    std::string text(kProbe, '\0');
    text.resize(source.read_at(offset, text));
    storage += '\n';  // a cut line at a probe's begin or end reads as no header
    storage += text;
    storage += '\n';
  };
  for (std::uint64_t offset = 0; offset + kProbe < source.size(); offset += kYearSampleStep) probe(offset);
  probe(source.size() - kProbe);
  for (std::string_view rest = storage; !rest.empty();) lines.push_back(take_line(rest));
  return lines;
}

StampClock first_clock(const ByteSource& source, int year) {
  if (year != 0) return StampClock(year);
  const auto modified = source.modified_us();
  std::string storage;
  std::vector<std::string_view> lines;
  if (source.seekable()) lines = lines_for_year(source, storage);
  return StampClock(year_of_first_stamp(lines, modified), modified + kDay);
}

}  // namespace

Sequencer::Sequencer(Options options, std::vector<std::string>& errors)
    : options_(std::move(options)), errors_(errors) {
  if (options_.before != nullptr) {
    go_on();
  } else {
    for (const auto& name : options_.inputs) open(name, nullptr);
  }
}

void Sequencer::open(const std::string& name, const SourceState* before) {
  try {
    auto cursor = std::make_unique<Cursor>(name, options_.block_bytes);
    if (before != nullptr) {
      cursor->blocks.go_on_from(before->file);
      cursor->before = before;
      cursor->clock = before->clock;
      cursor->clock.set_not_after(cursor->blocks.source().modified_us() + kDay);
      cursor->line_before = before->line_before;
      cursor->head_us = cursor->passed_us = before->passed_us;
    } else {
      cursor->clock = first_clock(cursor->blocks.source(), options_.year);
    }
    if (options_.before != nullptr) cursor->blocks.leave_unfinished_line();
    cursor->source = static_cast<std::uint32_t>(cursors_.size());
    if (cursor->next_block()) open_.push_back(cursor.get());
    cursors_.push_back(std::move(cursor));
  } catch (const InputError& error) {
    errors_.emplace_back(error.what());
  }
}

// Opens what has lines that no earlier run read.
void Sequencer::go_on() {
  deduplicator_ = options_.before->duplicates;
  std::vector<std::uint32_t> new_of_old(options_.before->sources.size(), UINT32_MAX);
  for (const auto& [name, mark, is_copy, finished] : options_.resumption->inputs) {
    if (finished) continue;
    const auto source = static_cast<std::uint32_t>(cursors_.size());
    open(name, mark ? &options_.before->sources[*mark] : nullptr);
    if (mark && !is_copy && cursors_.size() > source) new_of_old[*mark] = source;
  }
  for (std::size_t i = 0; i < new_of_old.size(); ++i) {
    if (new_of_old[i] == UINT32_MAX) passed_elsewhere_us_ = std::max(passed_elsewhere_us_, options_.before->sources[i].passed_us);
  }
  deduplicator_.renumber(new_of_old);
}

bool Sequencer::is_remembered(std::uint32_t source) const { return !cursors_[source]->blocks.mark().name.empty(); }

const SourceState* Sequencer::before(std::uint32_t source) const { return cursors_[source]->before; }

void Sequencer::remember(std::uint32_t source, SourceState& state) const {
  const Cursor& cursor = *cursors_[source];
  state.file = cursor.blocks.mark();
  state.lines = cursor.left_out;
  state.passed_us = cursor.passed_us;
  state.clock = cursor.clock;
  state.line_before = cursor.line_before;
}

// A block was handed on whole; the next run's lines may be the same as its last ones.
void Sequencer::remember_end(const Cursor& cursor, std::string_view lines) {
  constexpr std::size_t kMost = 1 << 18;
  if (cursor.passed_us == kNoTime) return;
  if (lines.size() > kMost) lines = lines.substr(lines.find('\n', lines.size() - kMost) + 1);
  HeaderReader headers;
  StampClock clock = cursor.clock;
  headers.start(clock);
  while (!lines.empty()) {
    const auto line = headers.read(take_line(lines).substr(0, kLongestLine));
    if (line.time_us >= cursor.passed_us - 20 * kSecond) deduplicator_.is_duplicate(line, cursor.source);
  }
}

Sequencer::~Sequencer() = default;

std::vector<std::string> Sequencer::names() const {
  std::vector<std::string> names;
  for (const auto& cursor : cursors_) names.push_back(cursor->blocks.source().name());
  return names;
}

std::uint64_t Sequencer::bytes(std::uint32_t source) const { return cursors_[source]->blocks.bytes(); }

ReadProgress Sequencer::progress() const {
  ReadProgress out;
  for (const auto& cursor : cursors_) {
    const auto& source = cursor->blocks.source();
    out.bytes += cursor->blocks.bytes();
    if (!source.regular()) continue;
    out.disk_bytes += source.disk_bytes();
    out.disk_size += source.size();
  }
  return out;
}

Sequencer::Cursor* Sequencer::earliest() {
  const auto first = std::min_element(open_.begin(), open_.end(),
                                      [](const Cursor* a, const Cursor* b) { return a->head_us < b->head_us; });
  return first == open_.end() ? nullptr : *first;
}

bool Sequencer::next(Batch& batch) {
  batch.clear();
  batch.sequence = sequence_++;
  while (Cursor* cursor = earliest()) {
    if (is_alone(*cursor)) {
      if (!batch.runs.empty()) return true;
      add_whole_block(batch, *cursor);
      return true;
    }
    add_line(batch, *cursor);
    if (batch.text.size() >= options_.block_bytes) return true;
  }
  return !batch.runs.empty() || batch.duplicate_lines > 0;
}

// Whether no other source has lines at the time of what is left of the block, neither to come nor handed on already.
// By whole seconds: of a line that two sources hold one may tell the second only.
bool Sequencer::is_alone(const Cursor& cursor) const {
  std::int64_t next_us = INT64_MAX, passed_us = passed_elsewhere_us_;
  for (const Cursor* other : open_) {
    if (other != &cursor) next_us = std::min(next_us, other->head_us);
  }
  for (const auto& other : cursors_) {
    if (other.get() != &cursor) passed_us = std::max(passed_us, other->passed_us);
  }
  return second_of(cursor.last_us) < second_of(next_us) &&
         (passed_us == kNoTime || second_of(cursor.head_us) > second_of(passed_us));
}

Run& Sequencer::add_run(Batch& batch, Cursor& cursor, std::size_t begin) {
  Run run;
  run.source = cursor.source;
  run.left_out_before = std::exchange(cursor.left_out, 0);
  run.begin = begin;
  run.end = batch.text.size();
  run.clock = cursor.clock;
  if (repeats_line_before(cursor.head)) run.line_before = cursor.line_before;
  return batch.runs.emplace_back(std::move(run));
}

void Sequencer::add_whole_block(Batch& batch, Cursor& cursor) {
  batch.text.swap(cursor.block);
  const Run& run = add_run(batch, cursor, cursor.at);
  cursor.passed_us = std::max(cursor.passed_us, cursor.last_us);
  cursor.pass_block(batch.lines_of(run));
  next_block(cursor);
  const bool ended = open_.empty() || std::find(open_.begin(), open_.end(), &cursor) == open_.end();
  if (options_.before != nullptr && ended) remember_end(cursor, batch.lines_of(run));
}

void Sequencer::add_line(Batch& batch, Cursor& cursor) {
  cursor.passed_us = std::max(cursor.passed_us, cursor.head_us);
  auto behind = cursor.rest();
  const auto before = behind.size();
  take_line(behind);
  const auto length = before - behind.size();
  if (deduplicator_.is_duplicate(cursor.head, cursor.source)) {
    ++batch.duplicate_lines;
    ++cursor.left_out;
  } else {
    const auto begin = batch.text.size();
    const auto* text = cursor.block.data() + cursor.at;
    batch.text.insert(batch.text.end(), text, text + length);
    if (batch.text.back() != '\n') batch.text.push_back('\n');
    const bool goes_on =
        !batch.runs.empty() && batch.runs.back().source == cursor.source && cursor.left_out == 0;
    (goes_on ? batch.runs.back() : add_run(batch, cursor, begin)).end = batch.text.size();
  }
  if (!cursor.pass_line(length)) next_block(cursor);
}

void Sequencer::next_block(Cursor& cursor) {
  try {
    if (cursor.next_block()) return;
  } catch (const InputError& error) {
    errors_.emplace_back(error.what());
  }
  std::erase(open_, &cursor);
}

}  // namespace mtalens
