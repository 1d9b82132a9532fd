// The table of events in ClickHouse: its columns, told once. The rows (rows.cc), the schema (sql.cc) and its
// documentation are made of this list.
#pragma once

#include <string_view>
#include <vector>

namespace mtalens::clickhouse {

struct Column {
  std::string_view name;
  std::string_view type;
  std::string_view means;
};

// In the order in which a row bears them.
const std::vector<Column>& event_columns();

}  // namespace mtalens::clickhouse
