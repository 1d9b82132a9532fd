// mtalens watch: follows logs, and says what changes.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <set>

#include "cli/commands.h"
#include "cli/known.h"
#include "cli/least_privilege.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/reading.h"
#include "input/named_files.h"
#include "mtalens/rule.h"
#include "report/report.h"
#include "report/safe_text.h"
#include "state/state.h"
#include "watch/followed.h"
#include "watch/hook.h"
#include "watch/news.h"
#include "watch/screen.h"

namespace mtalens {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kBetweenLooks{300};
constexpr int kShareOfTime = 10;  // a look that takes long is not taken again before ten times as long
constexpr std::int64_t kHour = 3'600'000'000;
constexpr std::size_t kMostLines = 200;  // of news, kept for the end

bool is_pipe(const Options& options) {
  return options.files.empty() || (options.files.size() == 1 && options.files.front() == "-");
}

bool is_journal(const Options& options) { return options.files == std::vector<std::string>{std::string(kSystemJournal)}; }

class Watch {
 public:
  Watch(const Options& options, Hook& hook)
      : options_(options), knowledge_(known(options).knowledge), hook_(hook), output_(""), state_(knowledge_, options.our_domains) {
    if (is_pipe(options)) {
      followed_ = std::make_unique<FollowedPipe>();
    } else if (is_journal(options)) {
      followed_ = std::make_unique<FollowedJournal>();
    } else {
      std::vector<std::string> errors;
      followed_ = std::make_unique<FollowedFiles>(named_files(options.files, errors));
      for (const auto& error : errors) say(error);
    }
    if (isatty(STDOUT_FILENO) && !options.plain && options.format == "text") screen_ = std::make_unique<Screen>();
  }

  int run() {
    bool more = true;
    if (!is_pipe(options_)) look();
    while (more && !interrupted() && !nothing_to_follow_) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(next_look_ - Clock::now());
      more = followed_->wait(std::clamp(left, std::chrono::milliseconds(1), std::chrono::milliseconds(1000)));
      grew_ = followed_->grew() || grew_;
      if (grew_ && (Clock::now() >= next_look_ || !more)) look();
    }
    close_screen();
    return complete_ ? 0 : 2;
  }

 private:
  // Reads what came, and tells what is new of it.
  void look() {
    const auto begin = Clock::now();
    grew_ = false;
    read();
    if (interrupted()) return;
    followed_->was_read();
    auto analysis = state_.analysis_so_far();
    name_pipe(analysis.input);
    auto findings = judge(analysis, knowledge_);
    for (auto& finding : findings) name_pipe(finding.evidence);
    for (const auto& news : newsroom_.look(analysis, findings)) tell(news);
    if (screen_) screen_->draw(text_report(analysis, findings, {options_.color, page_width(), false, locale_is_utf8()}), lines_);
    fold(analysis.input.to_us);
    next_look_ = Clock::now() + std::max<Clock::duration>(kBetweenLooks, kShareOfTime * (Clock::now() - begin));
  }

  void read() {
    auto reading = read_options_of(options_, Tracker::wanted());
    std::vector<FileMark> marks;
    for (const auto& source : state_.stream().sources) marks.push_back(source.file);
    const auto resumption = resume(followed_->files(), marks, state_.stream().recent);
    for (const auto& note : resumption.notes) {
      if (!options_.quiet && !is_pipe(options_)) say(note);
    }
    reading.inputs = followed_->files();
    reading.state = &state_.stream();
    reading.resumption = &resumption;
    reading.goes_on = [](const ReadProgress&) { return !interrupted(); };
    std::vector<std::string> errors;
    read_logs(reading, [&](const Batch& batch, const std::vector<std::string>& names) { state_.add(batch, names); }, errors);
    const bool none_there = !is_journal(options_) && std::all_of(reading.inputs.begin(), reading.inputs.end(), [](const auto& file) { return faccessat(AT_FDCWD, file.c_str(), R_OK, AT_EACCESS) != 0; });
    if (first_) nothing_to_follow_ = none_there;
    // A file may be gone for a moment while it is rotated.
    if (first_ || !none_there) {
      for (const auto& error : errors) say(error);
      complete_ = complete_ && errors.empty();
    }
    first_ = false;
  }

  void tell(const News& news) {
    hook_.run(news);
    if (!screen_) return output_.write(options_.format == "json" ? json_news(news) : news_line(news) + "\n");
    if (lines_.size() == kMostLines) lines_.erase(lines_.begin());
    lines_.push_back(news_line(news));
  }

  // Once each; while the screen is taken, afterwards.
  void say(const std::string& text) {
    if (!said_.insert(text).second) return;
    if (screen_) {
      for_later_.push_back(text);
    } else {
      fmt::print(stderr, "mtalens: {}\n", safe_text(text));
    }
  }

  void close_screen() {
    if (!screen_) return;
    screen_.reset();
    for (const auto& line : lines_) output_.write(line + "\n");
    for (const auto& text : for_later_) fmt::print(stderr, "mtalens: {}\n", safe_text(text));
  }

  void fold(std::int64_t now_us) {
    if (now_us == kNoTime || (folded_us_ != kNoTime && now_us - folded_us_ < kHour)) return;
    folded_us_ = now_us;
    state_.fold(options_.keep_us);
  }

  void name_pipe(std::vector<Evidence>& evidence) const {
    if (!is_pipe(options_)) return;
    for (auto& each : evidence) each.source = "-";
  }
  void name_pipe(InputSummary& input) const {
    if (!is_pipe(options_)) return;
    for (auto& source : input.sources) source.name = "-";
    name_pipe(input.unrecognized);
  }

  const Options& options_;
  const Knowledge& knowledge_;
  Hook& hook_;
  Output output_;
  State state_;
  Newsroom newsroom_;
  std::unique_ptr<Followed> followed_;
  std::unique_ptr<Screen> screen_;
  std::vector<std::string> lines_, for_later_;
  std::set<std::string> said_;
  Clock::time_point next_look_ = Clock::now() + kBetweenLooks;
  std::int64_t folded_us_ = kNoTime;
  bool grew_ = false, first_ = true, nothing_to_follow_ = false, complete_ = true;
};

}  // namespace

int run_watch(const Options& options) {
  Hook hook(options.on_finding);
  give_up_privileges(options);
  return Watch(options, hook).run();
}

}  // namespace mtalens
