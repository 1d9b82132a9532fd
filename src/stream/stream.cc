#include "stream/stream.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include "stream/sequencer.h"

namespace mtalens {
namespace {

// What is known of each source once its lines up to here were handed on.
struct Progress {
  StampClock clock;
  std::uint64_t lines = 0;  // duplicates included
  bool begun = false;
};

class Reading {
 public:
  Reading(const ReadOptions& options, const Consume& consume, std::vector<std::string>& errors)
      : options_(options),
        knowledge_(options.knowledge ? *options.knowledge : Knowledge::builtin()),
        consume_(consume),
        sequencer_({options.inputs, options.year, options.block_bytes, options.state, options.resumption}, errors),
        names_(sequencer_.names()),
        quoted_(names_),
        progress_(names_.size()),
        mtas_(names_.size()),
        mender_(knowledge_, options.only, options.wanted) {
    if (options.state != nullptr) summary_ = options.state->input;
    summary_.sources.clear();
    hosts_.insert(summary_.hosts.begin(), summary_.hosts.end());
    for (std::uint32_t source = 0; source < names_.size(); ++source) go_on(source);
  }

  InputSummary run() {
    const unsigned jobs = options_.jobs ? options_.jobs : std::max(1u, std::thread::hardware_concurrency());
    for (unsigned i = 0; i < 2 * jobs + 1; ++i) free_.push_back(std::make_unique<Batch>());
    std::vector<std::thread> threads;
    for (unsigned i = 1; i < jobs; ++i) threads.emplace_back([this] { work(); });
    work();
    for (auto& thread : threads) thread.join();
    return finish();
  }

 private:
  void go_on(std::uint32_t source) {
    SourceSummary& summary = summary_.sources.emplace_back();
    if (options_.state != nullptr) {
      const SourceState* before = sequencer_.before(source);
      const bool is_taken = before != nullptr && std::find(numbers_.begin(), numbers_.end(), before->number) != numbers_.end();
      numbers_.push_back(before != nullptr && !is_taken ? before->number : options_.state->next_number++);
      if (sequencer_.is_remembered(source)) quoted_[source] = quoted_as(numbers_[source]);
    }
    if (const SourceState* before = sequencer_.before(source)) {
      summary = before->summary;
      progress_[source].lines = before->lines;
      progress_[source].clock = before->clock;
      mtas_[source] = mta_bits(knowledge_, summary.mta);
    }
    summary.name = names_[source];
  }

  using BatchPtr = std::unique_ptr<Batch>;

  void work() {
    BatchParser parser(knowledge_, options_.only, options_.wanted);
    while (BatchPtr batch = read()) {
      parser.parse(*batch);
      hand_on(std::move(batch));
    }
  }

  BatchPtr read() {
    std::unique_lock reading(reading_);
    if (at_end_) return nullptr;
    BatchPtr batch = take_free();
    if (options_.goes_on && !options_.goes_on(sequencer_.progress())) {
      summary_.interrupted = true;
    } else if (sequencer_.next(*batch)) {
      return batch;
    }
    at_end_ = true;
    give_back(std::move(batch));
    return nullptr;
  }

  BatchPtr take_free() {
    std::unique_lock lock(order_);
    freed_.wait(lock, [this] { return !free_.empty(); });
    BatchPtr batch = std::move(free_.back());
    free_.pop_back();
    return batch;
  }

  void give_back(BatchPtr batch) {
    {
      std::lock_guard lock(order_);
      free_.push_back(std::move(batch));
    }
    freed_.notify_one();
  }

  // Whoever brings the batch that is next also hands on those that were waiting for it.
  void hand_on(BatchPtr batch) {
    std::unique_lock lock(order_);
    const auto sequence = batch->sequence;
    waiting_.emplace(sequence, std::move(batch));
    if (handing_on_) return;
    handing_on_ = true;
    while (!waiting_.empty() && waiting_.begin()->first == next_) {
      BatchPtr ready = std::move(waiting_.begin()->second);
      waiting_.erase(waiting_.begin());
      lock.unlock();
      settle(*ready);
      count(*ready);
      consume_(*ready, quoted_);
      lock.lock();
      ++next_;
      free_.push_back(std::move(ready));
      freed_.notify_one();
    }
    handing_on_ = false;
  }

  // A batch was parsed with a guess of the year at its first line; now that all lines before it are known, a
  // wrong guess is mended by parsing once more. Also numbers the lines.
  void settle(Batch& batch) {
    bool wrong = false;
    for (auto& run : batch.runs) {
      Progress& progress = progress_[run.source];
      progress.lines += run.left_out_before;
      run.first_line = progress.lines + 1;
      progress.lines += run.lines;
      if (progress.begun && !progress.clock.agrees_with(run.clock)) {
        run.clock = progress.clock;
        wrong = true;
      }
      if (wrong) mender_.parse(batch);
      wrong = false;
      progress.begun = true;
      progress.clock = run.clock_after;
    }
  }

  void count(const Batch& batch) {
    summary_.duplicate_lines += batch.duplicate_lines;
    for (const auto& run : batch.runs) {
      summary_.lines += run.lines;
      summary_.mail_lines += run.mail_lines;
      summary_.unrecognized_lines += run.unrecognized_lines;
      summary_.unreadable_lines += run.unreadable_lines;
      summary_.cut_lines += run.cut_lines;
      summary_.lost_lines += run.lost_lines;
      if (run.from_us != kNoTime && (summary_.from_us == kNoTime || run.from_us < summary_.from_us))
        summary_.from_us = run.from_us;
      summary_.to_us = std::max(summary_.to_us, run.to_us);
      summary_.sources[run.source].lines += run.lines;
      mtas_[run.source] |= run.mtas;
      for (std::size_t i = 0; i < run.unrecognized.size() && summary_.unrecognized.size() < kUnrecognizedExamples; ++i) {
        summary_.unrecognized.push_back({quoted_[run.source], run.first_line + run.unrecognized_numbers[i],
                                         std::string(run.unrecognized[i].substr(0, 1000))});
      }
      for (const auto host : run.hosts) {
        if (hosts_.size() < kHosts) hosts_.emplace(host);
      }
    }
  }

  InputSummary finish() {
    for (std::size_t i = 0; i < names_.size(); ++i) {
      const auto bytes = sequencer_.bytes(static_cast<std::uint32_t>(i));
      summary_.sources[i].bytes += bytes;
      summary_.sources[i].mta = mta_names(knowledge_, mtas_[i]);
      summary_.bytes += bytes;
    }
    summary_.other_lines = summary_.lines - summary_.mail_lines;
    summary_.hosts.assign(hosts_.begin(), hosts_.end());
    if (options_.state != nullptr) remember(*options_.state);
    return std::move(summary_);
  }

  // This run's sources first, then what it found read to the end already, then those that were not there.
  void remember(StreamState& state) {
    std::vector<SourceState> now, older;
    std::vector<std::uint32_t> places(names_.size(), UINT32_MAX);
    for (std::uint32_t i = 0; i < names_.size(); ++i) {
      SourceState source;
      sequencer_.remember(i, source);
      if (!sequencer_.is_remembered(i)) continue;
      source.number = numbers_[i];
      source.lines += progress_[i].lines;
      if (progress_[i].begun) source.clock = progress_[i].clock;
      source.summary = summary_.sources[i];
      places[i] = static_cast<std::uint32_t>(now.size());
      now.push_back(std::move(source));
    }
    std::vector<bool> gone_on(state.sources.size());
    for (const auto& [name, mark, is_copy, finished] : options_.resumption->inputs) {
      if (!mark || is_copy) continue;
      gone_on[*mark] = finished || std::any_of(names_.begin(), names_.end(), [&asked = name](const auto& read) { return read == asked; });
      if (!finished) continue;
      now.push_back(state.sources[*mark]);
      now.back().file.name = now.back().summary.name = name;
      summary_.sources.push_back(now.back().summary);
    }
    for (std::size_t i = 0; i < state.sources.size(); ++i) {
      if (!gone_on[i] && state.sources[i].file.offset > 0) older.push_back(std::move(state.sources[i]));
    }
    state.recent = now.size();
    now.insert(now.end(), std::make_move_iterator(older.begin()), std::make_move_iterator(older.end()));
    if (now.size() > StreamState::kMostSources) now.resize(StreamState::kMostSources);
    state.sources = std::move(now);
    state.duplicates = sequencer_.duplicates();
    state.duplicates.renumber(places);
    state.input = summary_;
  }

  const ReadOptions& options_;
  const Knowledge& knowledge_;
  const Consume& consume_;

  std::mutex reading_;  // guards the sequencer
  Sequencer sequencer_;
  bool at_end_ = false;
  std::vector<std::string> names_;
  std::vector<std::string> quoted_;     // the names that lines are quoted under
  std::vector<std::uint64_t> numbers_;  // SourceState::number

  std::mutex order_;  // guards the batches not under way
  std::condition_variable freed_;
  std::vector<BatchPtr> free_;
  std::map<std::uint64_t, BatchPtr> waiting_;
  std::uint64_t next_ = 0;
  bool handing_on_ = false;

  // Only who hands on touches these.
  std::vector<Progress> progress_;
  std::vector<std::uint32_t> mtas_;
  std::set<std::string> hosts_;
  BatchParser mender_;
  InputSummary summary_;
};

}  // namespace

InputSummary read_logs(const ReadOptions& options, const Consume& consume, std::vector<std::string>& errors) {
  return Reading(options, consume, errors).run();
}

}  // namespace mtalens
