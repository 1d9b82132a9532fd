// Joined events as rows of the table of events, in ClickHouse's Native: a block tells its rows column by column, numbers as
// they stand in memory, texts with their length before them. Nothing is quoted, so that no text of a stranger can be
// mistaken for anything else; and the server takes it with half the work of any other format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "track/joined_event.h"

namespace mtalens::clickhouse {

inline constexpr std::size_t kLongestText = 2000;  // bytes of a text that are kept

class Rows {
 public:
  // `host`: of lines that name none.
  Rows(std::uint64_t upload, std::string host);

  void add(const JoinedEvent& joined);
  std::size_t size() const { return rows_; }
  // Appends them to `out` as one block, and begins the next.
  void take(std::string& out);

 private:
  std::uint64_t upload_;
  std::string host_;
  std::size_t rows_ = 0;
  std::vector<std::string> columns_;  // the bytes of each of event_columns()
};

}  // namespace mtalens::clickhouse
