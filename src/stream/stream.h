// Reads all sources, on all cores, and hands their events on in order.
//
// One thread at a time reads, any number parse, one at a time hands on: whoever comes to it. Since the batches
// are handed on strictly in the order of the lines, what is made of them does not depend on the number of
// threads or the size of a batch.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "knowledge/knowledge.h"
#include "mtalens/analysis.h"
#include "mtalens/parser.h"
#include "stream/batch.h"
#include "stream/batch_parser.h"
#include "stream/read_progress.h"
#include "stream/stream_state.h"

namespace mtalens {

struct ReadOptions {
  std::vector<std::string> inputs;  // file names; "-" is standard input
  const Parser* only = nullptr;     // the one parser to use; null: each line is recognized by itself
  int year = 0;                     // of each source's first stamp that bears none; 0: found out
  unsigned jobs = 0;                // threads; 0: one for each core
  std::size_t block_bytes = 256 * 1024;
  KindSet wanted = kAllKinds;       // other kinds are parsed and counted, but not handed on
  const Knowledge* knowledge = nullptr;
  StreamState* state = nullptr;            // what earlier runs read; brought up to date by this one
  const Resumption* resumption = nullptr;  // with `state`: what of it goes on, instead of `inputs`
  std::function<bool(const ReadProgress&)> goes_on;  // asked after each batch that was read; false: stop here
};

// `consume` is called for one batch at a time, in order; the batch's views are valid only meanwhile, and
// `names` gives each Run::source its name. What cannot be read goes to `errors` as "NAME: why".
using Consume = std::function<void(const Batch& batch, const std::vector<std::string>& names)>;
InputSummary read_logs(const ReadOptions& options, const Consume& consume, std::vector<std::string>& errors);

}  // namespace mtalens
