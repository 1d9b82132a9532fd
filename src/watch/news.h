// What changed between two looks at a log: a finding begins, gets worse, ends.
//
// A finding of a report tells of all that was read. Here it stands only while its cause goes on: a provider's refusals
// have ended where the last lies an hour back and nothing waits for it, or a day back in any case; failing handshakes
// where an hour has passed and one succeeded since, or three days in any case. What is only to be known, and no warning,
// is no news, but for a cure. Times are the log's.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "mtalens/analysis.h"
#include "mtalens/finding.h"

namespace mtalens {

struct News {
  enum class Kind : std::uint8_t { stands, begins, worse, ends };  // stands: when the watch began
  Kind kind = Kind::begins;
  std::int64_t at_us = kNoTime;  // of the latest line
  Finding finding;               // as it was last
};

class Newsroom {
 public:
  // All that is to be told since the last call. The first one tells what stands.
  std::vector<News> look(const Analysis& analysis, const std::vector<Finding>& findings);

 private:
  struct Known {
    Finding finding;
    bool stands = false;
    std::int64_t missing_us = kNoTime;  // since when it is not found any more
    Severity told_severity = Severity::info;
    std::uint64_t told_waiting = 0;
  };

  void look_at(const Finding& finding, const Analysis& analysis, std::vector<News>& news);

  void look_for(Known& known, const Analysis& analysis, std::vector<News>& news);

  std::map<std::string, Known> known_;  // by id and subject
  bool first_look_ = true;
};

std::string_view news_word(News::Kind kind);  // "begins"
// The finding on one line, as in the JSON report, with `news` and `at`.
std::string json_news(const News& news);
// "18 Dec 23:57  begins  WARNING   Yahoo takes 4 messages a day from you", safe for a terminal.
std::string news_line(const News& news);

}  // namespace mtalens
