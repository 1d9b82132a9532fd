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
        sequencer_({options.inputs, options.year, options.block_bytes}, errors),
        names_(sequencer_.names()),
        progress_(names_.size()),
        mtas_(names_.size()),
        mender_(knowledge_, options.only, options.wanted) {
    for (const auto& name : names_) summary_.sources.push_back({name, {}, 0, 0});
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
    if (sequencer_.next(*batch)) return batch;
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
      consume_(*ready, names_);
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
        summary_.unrecognized.push_back({names_[run.source], run.first_line + run.unrecognized_numbers[i],
                                         std::string(run.unrecognized[i].substr(0, 1000))});
      }
      for (const auto host : run.hosts) {
        if (hosts_.size() < kHosts) hosts_.emplace(host);
      }
    }
  }

  InputSummary finish() {
    for (std::size_t i = 0; i < names_.size(); ++i) {
      summary_.sources[i].bytes = sequencer_.bytes(static_cast<std::uint32_t>(i));
      summary_.sources[i].mta = mta_names(knowledge_, mtas_[i]);
      summary_.bytes += summary_.sources[i].bytes;
    }
    summary_.other_lines = summary_.lines - summary_.mail_lines;
    summary_.hosts.assign(hosts_.begin(), hosts_.end());
    return std::move(summary_);
  }

  const ReadOptions& options_;
  const Knowledge& knowledge_;
  const Consume& consume_;

  std::mutex reading_;  // guards the sequencer
  Sequencer sequencer_;
  bool at_end_ = false;
  std::vector<std::string> names_;

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
