// A stretch of events with their names exchanged: what the analysis is then made of, and what `events` prints.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "anonymize/pseudonyms.h"
#include "mtalens/analysis.h"
#include "stream/batch.h"

namespace mtalens {

class Anonymizer {
 public:
  Anonymizer(const Knowledge& knowledge, std::string_view secret) : pseudonyms_(knowledge, secret) {}

  // The same runs and events; what they view lasts until the next call.
  const Batch& of(const Batch& batch);
  // The summary's own texts.
  void anonymize(InputSummary& input) const;
  const Pseudonyms& pseudonyms() const { return pseudonyms_; }

 private:
  Event of(const Event& event);
  std::string_view keep(const std::string& text);
  std::string line_of(const Event* begin, const Event* end) const;
  std::string without_event(std::string_view line, const std::vector<std::string>& hosts) const;

  Pseudonyms pseudonyms_;
  Batch out_;
};

}  // namespace mtalens
