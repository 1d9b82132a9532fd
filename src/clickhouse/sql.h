// The SQL for ClickHouse 18.16, which Debian ships, and newer: no window functions, no TTL, no ON CLUSTER needed.
//
// Rows go into `events` under the number of their upload, and with them into the aggregates by hour. They count once the
// upload is committed: one row in `commits`, which is written whole or not at all. Of several uploads of the same batch
// (a client that was killed and tried again) the first to be committed counts, whatever else arrives. So nothing is lost
// or doubled without ZooKeeper. The views read committed uploads only, on one server or over all shards.
#pragma once

#include <string>
#include <string_view>

namespace mtalens::clickhouse {

// The tables: on each server.
std::string schema();
// What counts over them: on each server, too. Over the shards of that cluster; empty: this server alone.
std::string views(std::string_view cluster);
// Questions an admin asks, as statements over the views.
std::string_view findings();

}  // namespace mtalens::clickhouse
