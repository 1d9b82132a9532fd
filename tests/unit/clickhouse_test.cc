// Events for ClickHouse: what is summed over the rows is what the report says, and a row bears any bytes.
#include <catch2/catch.hpp>
#include <cstring>
#include <map>
#include <string>

#include "clickhouse/columns.h"
#include "clickhouse/rows.h"
#include "clickhouse/sql.h"
#include "log_files.h"

using namespace mtalens;
using namespace mtalens::test;

namespace {

// A block as the server reads it: each column's name, type and values, numbers as text.
struct Block {
  std::size_t rows = 0;
  std::map<std::string, std::vector<std::string>> columns;
};

class BlockReader {
 public:
  explicit BlockReader(std::string_view bytes) : left_(bytes) {}

  bool at_end() const { return left_.empty(); }
  Block block() {
    Block out;
    const auto columns = length();
    out.rows = length();
    for (std::size_t i = 0; i < columns; ++i) {
      const auto name = text(), type = text();
      auto& values = out.columns[name];
      for (std::size_t row = 0; row < out.rows; ++row) values.push_back(value(type));
    }
    return out;
  }

 private:
  std::string_view bytes(std::size_t size) {
    REQUIRE(left_.size() >= size);
    const auto out = left_.substr(0, size);
    left_.remove_prefix(size);
    return out;
  }
  std::size_t length() {
    std::size_t out = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes(1)[0]);
      out |= static_cast<std::size_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return out;
    }
  }
  std::string text() { return std::string(bytes(length())); }
  template <typename Number>
  std::string number() {
    Number out;
    std::memcpy(&out, bytes(sizeof out).data(), sizeof out);
    return std::to_string(out);
  }
  std::string value(const std::string& type) {
    if (type == "String") return text();
    if (type == "UInt8") return number<std::uint8_t>();
    if (type == "UInt16") return number<std::uint16_t>();
    if (type == "UInt32") return number<std::uint32_t>();
    if (type == "Int32") return number<std::int32_t>();
    if (type == "UInt64") return number<std::uint64_t>();
    REQUIRE(type == "Int64");
    return number<std::int64_t>();
  }

  std::string_view left_;
};

struct Sums {
  std::int64_t accepted = 0, refusals = 0, throttled = 0, expired = 0, waiting = 0, messages = 0;
  bool operator==(const Sums&) const = default;
};

struct Told {
  Analysis analysis;
  std::map<std::string, Sums> by_operator;
  std::map<std::pair<std::string, TlsCause>, std::int64_t> failed;  // of peers
  std::map<std::uint64_t, int> first_rows_of_transaction;          // accepted messages
};

Told told_of(const std::string& log) {
  Told out;
  auto tracker = Tracker(Knowledge::builtin(), {});
  tracker.tell_to([&](const JoinedEvent& row) {
    if (row.party_kind == JoinedEvent::Party::operated) {
      Sums& sums = out.by_operator[std::string(row.party)];
      sums.accepted += row.accepted;
      sums.refusals += row.refusals;
      sums.throttled += row.throttled;
      sums.expired += row.expired;
      sums.waiting += row.waiting;
      sums.messages += row.messages;
    }
    if (row.accepted > 0) out.first_rows_of_transaction[row.transaction] += 1;
    if (row.failed != 0) out.failed[{std::string(row.tls_peer), row.tls_cause}] += row.failed;
  });
  std::vector<std::string> errors;
  auto options = reading({std::string(MTALENS_SOURCE_DIR) + "/samples/" + log});
  options.wanted = Tracker::wanted();
  auto input = read_logs(options, [&](const Batch& batch, const std::vector<std::string>& names) { tracker.add(batch, names); }, errors);
  REQUIRE(errors.empty());
  out.analysis = tracker.analysis(std::move(input));
  return out;
}

}  // namespace

TEST_CASE("clickhouse: sums over the rows are the report's numbers") {
  const auto* const log = GENERATE("week/postfix/maillog.xz", "week/sendmail/maillog.xz", "week/exim/mainlog.xz",
                                   "a/postfix/maillog", "a/sendmail/maillog", "a/exim/mainlog");
  CAPTURE(log);
  const auto told = told_of(log);
  for (const std::string name : {"BT Internet", "Yahoo"}) {
    CAPTURE(name);
    const Provider& p = provider_named(told.analysis, name);
    const Sums& sums = told.by_operator.at(name);
    CHECK(p.throttled > 0);
    CHECK(sums.accepted == static_cast<std::int64_t>(p.accepted));
    CHECK(sums.refusals == static_cast<std::int64_t>(p.refusals));
    CHECK(sums.throttled == static_cast<std::int64_t>(p.throttled));
    CHECK(sums.expired == static_cast<std::int64_t>(p.expired));
    CHECK(sums.waiting == static_cast<std::int64_t>(p.queue.queued));
    CHECK(sums.messages == static_cast<std::int64_t>(p.messages));
  }
  std::map<std::pair<std::string, TlsCause>, std::int64_t> failed;
  for (const auto& peer : told.analysis.tls) {
    for (std::size_t cause = 0; cause < peer.causes.size(); ++cause) {
      if (peer.causes[cause] > 0) failed[{peer.peer, static_cast<TlsCause>(cause)}] += static_cast<std::int64_t>(peer.causes[cause]);
    }
  }
  auto by_rows = told.failed;
  std::erase_if(by_rows, [](const auto& entry) { return entry.second == 0; });
  CHECK(!failed.empty());
  CHECK(by_rows == failed);
  // Each transaction is accepted once.
  CHECK(std::all_of(told.first_rows_of_transaction.begin(), told.first_rows_of_transaction.end(),
                    [](const auto& entry) { return entry.second == 1; }));
}

TEST_CASE("clickhouse: a row bears any bytes, and texts no longer than 2,000") {
  Event event;
  event.kind = EventKind::attempt;
  event.mta = "postfix";
  event.time_us = at(2026, 12, 9, 17, 42);
  event.outcome = Outcome::deferred;
  const std::string reply = std::string("421 '\"\\\t\n\0); DROP TABLE x;\x1b[31m\xff", 32) + std::string(3000, 'x');
  event.reply = reply;
  event.delay_us = -1;
  JoinedEvent joined;
  joined.event = &event;
  joined.message = UINT64_MAX;
  joined.waiting = -1;
  clickhouse::Rows rows(42, "mx1");
  rows.add(joined);
  rows.add(joined);
  std::string bytes;
  rows.take(bytes);
  rows.take(bytes);  // nothing more
  BlockReader reader(bytes);
  const auto block = reader.block();
  CHECK(reader.at_end());
  CHECK(block.rows == 2);
  CHECK(block.columns.size() == clickhouse::event_columns().size());
  CHECK(block.columns.at("reply")[1] == reply.substr(0, 2000));
  CHECK(block.columns.at("upload")[1] == "42");
  CHECK(block.columns.at("host")[1] == "mx1");
  CHECK(block.columns.at("message")[0] == "18446744073709551615");
  CHECK(block.columns.at("waiting")[0] == "-1");
  CHECK(block.columns.at("time_us")[0] == std::to_string(event.time_us));
}

TEST_CASE("clickhouse: the schema documents every column, and the views know their cluster") {
  const auto schema = clickhouse::schema();
  for (const auto& column : clickhouse::event_columns()) {
    CHECK(schema.find("  " + std::string(column.name) + " " + std::string(column.type)) != std::string::npos);
  }
  CHECK(clickhouse::views("mail").find("Distributed(mail, mtalens, committed_events)") != std::string::npos);
  CHECK(clickhouse::views("").find("Distributed") == std::string::npos);
}
