// mtalens trace: one message's whole life, line by line, across its bounces, forwards and filters.
//
// Two passes: the first learns which queue ids belong together and which of them the question is about, the
// second prints their lines.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "cli/anonymity.h"
#include "cli/commands.h"
#include "cli/known.h"
#include "cli/output.h"
#include "cli/reading.h"
#include "input/spool.h"
#include "report/events.h"
#include "report/safe_text.h"

namespace mtalens {
namespace {

// The ids that name each other, and those the question is about.
class Family {
 public:
  explicit Family(std::string what) : what_(std::move(what)) {
    if (what_.size() > 2 && what_.front() == '<' && what_.back() == '>') what_ = what_.substr(1, what_.size() - 2);
  }

  void learn(const Event& event) {
    if (event.queue_id.empty()) return;
    if (!event.other_queue_id.empty() && event.relation != Relation::none) {
      link(key(event, event.queue_id), key(event, event.other_queue_id));
    }
    // One message-id on several queue ids: a filter, a forward, another host. Bounces have ids of their own.
    if (!event.message_id.empty()) {
      const auto [first, fresh] = by_message_id_.try_emplace(std::string(event.message_id), key(event, event.queue_id));
      if (!fresh) link(first->second, key(event, event.queue_id));
    }
    if (matches(event)) wanted_.insert(key(event, event.queue_id));
  }

  void close() {
    std::vector<std::string> open(wanted_.begin(), wanted_.end());
    while (!open.empty()) {
      const auto at = links_.find(open.back());
      open.pop_back();
      if (at == links_.end()) continue;
      for (const auto& next : at->second) {
        if (wanted_.insert(next).second) open.push_back(next);
      }
    }
  }

  bool holds(const Event& event) const {
    return !event.queue_id.empty() && wanted_.contains(key(event, event.queue_id));
  }
  std::size_t size() const { return wanted_.size(); }

 private:
  bool matches(const Event& event) const {
    return event.queue_id == what_ || event.recipient == what_ || event.original_recipient == what_ ||
           event.sender == what_ || event.message_id == what_;
  }
  static std::string key(const Event& event, std::string_view id) {
    std::string out(event.host);
    out += '\0';
    out += id;
    return out;
  }
  void link(const std::string& a, const std::string& b) {
    if (a == b) return;
    links_[a].push_back(b);
    links_[b].push_back(a);
  }

  std::string what_;
  std::set<std::string> wanted_;
  std::unordered_map<std::string, std::vector<std::string>> links_;
  std::unordered_map<std::string, std::string> by_message_id_;
};

}  // namespace

int run_trace(const Options& given) {
  Options options = given;
  std::string kept;  // the name of what was kept of standard input
  Spool spool;  // standard input can be read only once
  try {
    if (options.files.empty()) options.files = {"-"};
    for (auto& file : options.files) {
      if (file == "-") file = kept = spool.keep_standard_input();
    }
  } catch (const InputError& error) {
    fmt::print(stderr, "mtalens: {}\n", safe_text(error.what()));
    return 2;
  }
  Family family(as_named(options, options.what));
  const auto first = read_inputs(options, kAllKinds, [&](const Batch& batch, const std::vector<std::string>&) {
    for (const auto& event : batch.events) family.learn(event);
  });
  family.close();
  Output output(options.output);
  if (family.size() == 0) {
    if (!options.quiet) fmt::print(stderr, "mtalens: trace: no message with '{}' in this log\n", safe_text(options.what));
    return first.complete ? 0 : 2;
  }
  std::string text;
  const void* last = nullptr;  // a line with several recipients has several events
  read_inputs(options, kAllKinds, [&](const Batch& batch, const std::vector<std::string>& names) {
    text.clear();
    for (const auto& run : batch.runs) {
      for (auto i = run.events_begin; i < run.events_end; ++i) {
        const Event& event = batch.events[i];
        if (!family.holds(event) || !is_asked_for(event, options)) continue;
        if (options.format == "json") {
          append_event(text, event, names[run.source], run.first_line + event.line_number, known(options).knowledge);
          continue;
        }
        if (event.line.data() == last) continue;
        last = event.line.data();
        text += fmt::format("{}:{}: {}\n", safe_text(names[run.source] == kept ? "standard input" : names[run.source]), run.first_line + event.line_number, safe_text(event.line));
      }
    }
    output.write(text);
  });
  output.done();
  return first.complete ? 0 : 2;
}

}  // namespace mtalens
