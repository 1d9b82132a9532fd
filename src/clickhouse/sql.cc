#include "clickhouse/sql.h"

#include <fmt/format.h>

#include <iterator>

#include "clickhouse/columns.h"

namespace mtalens::clickhouse {
namespace {

constexpr std::string_view kDatabase = "CREATE DATABASE IF NOT EXISTS mtalens;\n";

constexpr std::string_view kEventsEnd = R"() ENGINE = MergeTree
PARTITION BY toYYYYMM(toDateTime(intDiv(time_us, 1000000), 'UTC'))
ORDER BY (party, kind, time_us);

)";

constexpr std::string_view kAggregates = R"(-- The uploads that count. Written by whoever uploads, once all rows of the upload are there:
--   INSERT INTO mtalens.commits (batch, upload, host, rank) SELECT 'mx1/42', UPLOAD, 'mx1',
--     bitShiftLeft(toUInt64(toUInt32(now())), 32) + 4294967295 - STARTED_IN_SECONDS
--   WHERE 'mx1/42' NOT IN (SELECT batch FROM mtalens.commits)
-- Of several uploads of a batch the one with the lowest rank counts.
CREATE TABLE IF NOT EXISTS mtalens.commits (
  batch String,
  upload UInt64,
  host String,
  rank UInt64,
  committed DateTime DEFAULT now()
) ENGINE = MergeTree
ORDER BY batch;

-- By hour: what each provider took and refused.
CREATE TABLE IF NOT EXISTS mtalens.hourly (
  upload UInt64,
  hour DateTime('UTC'),
  host String,
  party_kind String,
  party String,
  meaning String,
  sending_address String,
  messages UInt64,
  accepted UInt64,
  refusals UInt64,
  throttled UInt64,
  delivered UInt64,
  deferred UInt64,
  secondary_deferrals UInt64,
  bounced UInt64,
  expired UInt64,
  waiting Int64
) ENGINE = SummingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (party, party_kind, hour, host, meaning, sending_address, upload);

CREATE MATERIALIZED VIEW IF NOT EXISTS mtalens.events_to_hourly TO mtalens.hourly AS
SELECT upload, toStartOfHour(toDateTime(intDiv(time_us, 1000000), 'UTC')) AS hour, host, party_kind, party, meaning,
  sending_address, sum(messages) AS messages, sum(accepted) AS accepted, sum(refusals) AS refusals,
  sum(throttled) AS throttled, sumIf(times, outcome = 'delivered' AND local = 0 AND first = 1) AS delivered,
  sumIf(times, outcome = 'deferred' AND local = 0 AND first = 1) AS deferred,
  sumIf(times, outcome = 'deferred' AND local = 0 AND first = 1 AND secondary = 1) AS secondary_deferrals,
  sumIf(times, outcome = 'bounced' AND local = 0 AND first = 1) AS bounced, sum(expired) AS expired, sum(waiting) AS waiting
FROM mtalens.events WHERE party_kind != ''
GROUP BY upload, hour, host, party_kind, party, meaning, sending_address;

-- By hour: handshakes, and why they failed.
CREATE TABLE IF NOT EXISTS mtalens.tls_hourly (
  upload UInt64,
  hour DateTime('UTC'),
  host String,
  direction String,
  peer String,
  cause String,
  handshakes Int64,
  failed Int64
) ENGINE = SummingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (peer, direction, hour, host, cause, upload);

CREATE MATERIALIZED VIEW IF NOT EXISTS mtalens.events_to_tls_hourly TO mtalens.tls_hourly AS
SELECT upload, toStartOfHour(toDateTime(intDiv(time_us, 1000000), 'UTC')) AS hour, host, tls_direction AS direction,
  tls_peer AS peer, tls_cause AS cause, sum(handshakes) AS handshakes, sum(failed) AS failed
FROM mtalens.events WHERE tls_direction != ''
GROUP BY upload, hour, host, direction, peer, cause;

-- By day: who of ours sends there.
CREATE TABLE IF NOT EXISTS mtalens.origins_daily (
  upload UInt64,
  day Date,
  host String,
  party_kind String,
  party String,
  origin String,
  who String,
  messages UInt64
) ENGINE = SummingMergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (party, party_kind, day, host, origin, who, upload);

CREATE MATERIALIZED VIEW IF NOT EXISTS mtalens.events_to_origins_daily TO mtalens.origins_daily AS
SELECT upload, toDate(toDateTime(intDiv(time_us, 1000000), 'UTC')) AS day, host, party_kind, party, origin,
  origin_who AS who, sum(messages) AS messages
FROM mtalens.events WHERE origin != ''
GROUP BY upload, day, host, party_kind, party, origin, who;

-- Which domains a party serves, and when last: a host that no operator is known to run goes by the domain it serves.
CREATE TABLE IF NOT EXISTS mtalens.served (
  domain String,
  domain_has_operator UInt8,
  party_kind String,
  party String,
  party_domain String,
  last_us Int64
) ENGINE = ReplacingMergeTree(last_us)
ORDER BY (domain, party_kind, party);

CREATE MATERIALIZED VIEW IF NOT EXISTS mtalens.events_to_served TO mtalens.served AS
SELECT domain, domain_has_operator, party_kind, party, party_domain, max(time_us) AS last_us
FROM mtalens.events WHERE kind = 'attempt' AND first = 1 AND local = 0 AND party_kind != ''
GROUP BY domain, domain_has_operator, party_kind, party, party_domain;
)";

// Of each table what is committed, under `committed_NAME`. Which domains a host serves is true whoever told it.
constexpr std::string_view kCommitted = R"(DROP TABLE IF EXISTS mtalens.committed;
CREATE VIEW mtalens.committed AS SELECT argMin(upload, rank) AS upload FROM mtalens.commits GROUP BY batch;

)";
constexpr std::string_view kCounted[] = {"events", "hourly", "tls_hourly", "origins_daily"};

constexpr std::string_view kViews = R"(
-- The provider behind each party that does not go by its own name.
DROP TABLE IF EXISTS mtalens.host_names;
CREATE VIEW mtalens.host_names AS
SELECT party, multiIf(domains = 1 AND operated = 0 AND domain_served != '', domain_served,
                      operated = 1, party, of_domain) AS provider
FROM (
  SELECT party, uniqUpTo(2)(domain) AS domains, any(domain) AS domain_served, max(domain_has_operator) AS operated,
    any(party_domain) AS of_domain
  FROM mtalens.all_served WHERE party_kind = 'host' GROUP BY party
);

DROP TABLE IF EXISTS mtalens.domain_names;
CREATE VIEW mtalens.domain_names AS
SELECT party, if(provider != '', provider, last_party) AS provider
FROM (
  SELECT domain AS party, argMax(party, last_us) AS last_party
  FROM mtalens.all_served WHERE party_kind != 'domain' AND domain_has_operator = 0 GROUP BY domain
) ANY LEFT JOIN (SELECT party AS last_party, provider FROM mtalens.host_names) USING (last_party);

DROP TABLE IF EXISTS mtalens.names;
CREATE VIEW mtalens.names AS
SELECT 'host' AS party_kind, party, provider FROM mtalens.host_names
UNION ALL
SELECT 'domain' AS party_kind, party, provider FROM mtalens.domain_names;

-- What each provider did, by hour and sending host.
DROP TABLE IF EXISTS mtalens.providers_by_hour;
CREATE VIEW mtalens.providers_by_hour AS
SELECT hour, multiIf(provider != '', provider, party = '', 'this host', party) AS provider, host, meaning, sending_address,
  messages, accepted, refusals, throttled, delivered, deferred, secondary_deferrals, bounced, expired, waiting
FROM (
  SELECT hour, party_kind, party, host,
    meaning, sending_address, sum(messages) AS messages,
    sum(accepted) AS accepted, sum(refusals) AS refusals, sum(throttled) AS throttled, sum(delivered) AS delivered,
    sum(deferred) AS deferred, sum(secondary_deferrals) AS secondary_deferrals, sum(bounced) AS bounced,
    sum(expired) AS expired, sum(waiting) AS waiting
  FROM mtalens.all_hourly GROUP BY hour, party_kind, party, host, meaning, sending_address
) ANY LEFT JOIN mtalens.names USING (party_kind, party);

DROP TABLE IF EXISTS mtalens.providers_by_day;
CREATE VIEW mtalens.providers_by_day AS
SELECT toDate(hour) AS day, provider, sum(messages) AS messages, sum(accepted) AS accepted, sum(refusals) AS refusals,
  sum(throttled) AS throttled, sum(delivered) AS delivered, sum(deferred) AS deferred, sum(bounced) AS bounced,
  sum(expired) AS expired, sum(waiting) AS waiting
FROM mtalens.providers_by_hour GROUP BY day, provider;

-- The recipients that wait after a deferral, when each hour ended.
DROP TABLE IF EXISTS mtalens.queue_by_hour;
CREATE VIEW mtalens.queue_by_hour AS
SELECT provider, hour, queued
FROM (
  SELECT provider, groupArray(hour) AS hours, arrayCumSum(groupArray(waiting)) AS queue
  FROM (
    SELECT provider, hour, sum(waiting) AS waiting FROM mtalens.providers_by_hour GROUP BY provider, hour ORDER BY provider, hour
  ) GROUP BY provider
) ARRAY JOIN hours AS hour, queue AS queued;

-- What was taken before each wall: acceptance that turns into "you send too much" and does not come back within an hour.
-- By the address that the replies name, over all hosts behind it; by the sending host where they name none. A limit shows
-- as the same number again and again. Before the first wall the count began at any time: stretch 0.
DROP TABLE IF EXISTS mtalens.walls;
CREATE VIEW mtalens.walls AS
SELECT party AS provider, sent_from, by_address, stretch, min(accepted_us) AS from_us, max(accepted_us) AS to_us, sum(takes) AS taken
FROM (
  SELECT party, sent_from, by_address, refused_at_all, accepted_us, takes, refused_before, stretch
  FROM (
    SELECT party, sent_from, by_address, refused_at_all, at, takings, refused,
      arrayCumSum(arrayMap((t, r, i) -> if(i > 1 AND t - arrayElement(at, i - 1) >= 3600000000
        AND r > arrayElement(refused, i - 1), 1, 0), at, refused, arrayEnumerate(at))) AS stretches
    FROM (
      SELECT party, sent_from, by_address, arrayFilter((t, a) -> a > 0, times_us, takes) AS at,
        arrayFilter(a -> a > 0, takes) AS takings, arraySum(throttles) AS refused_at_all,
        arrayFilter((c, a) -> a > 0, arrayCumSum(throttles), takes) AS refused
      FROM (
        SELECT party, sent_from, by_address, groupArray(time_us) AS times_us, groupArray(takes) AS takes,
          groupArray(throttles) AS throttles
        FROM (
          SELECT party, if(address != '', address, host) AS sent_from, address != '' AS by_address, time_us, takes, throttles
          FROM (
            SELECT party, host, time_us, toInt64(accepted) AS takes, toInt64(throttled) AS throttles
            FROM mtalens.all_events
            WHERE (accepted > 0 OR throttled > 0) AND party IN (SELECT party FROM mtalens.hourly WHERE throttled > 0)
          ) ANY LEFT JOIN (
            SELECT party, host, max(sending_address) AS address FROM mtalens.all_hourly
            WHERE throttled > 0 GROUP BY party, host
          ) USING (party, host)
          ORDER BY time_us, throttles
        ) GROUP BY party, sent_from, by_address
      )
    )
  ) ARRAY JOIN at AS accepted_us, takings AS takes, refused AS refused_before, stretches AS stretch
) GROUP BY party, sent_from, by_address, stretch HAVING max(refused_at_all) > max(refused_before);

DROP TABLE IF EXISTS mtalens.limits;
CREATE VIEW mtalens.limits AS
SELECT provider, sent_from, max(by_address) AS by_address, max(middle) AS messages, count() AS walls,
  countIf(taken = middle) AS agreeing
FROM mtalens.walls ANY LEFT JOIN (
  SELECT provider, sent_from, quantileExact(0.5)(taken) AS middle FROM mtalens.walls WHERE stretch > 0 GROUP BY provider, sent_from
) USING (provider, sent_from)
WHERE stretch > 0 GROUP BY provider, sent_from;

-- Handshakes that failed, by day, peer and cause.
DROP TABLE IF EXISTS mtalens.handshakes_by_day;
CREATE VIEW mtalens.handshakes_by_day AS
SELECT toDate(hour) AS day, direction, peer, cause, sum(handshakes) AS told, sum(failed) AS failures
FROM mtalens.all_tls_hourly GROUP BY day, direction, peer, cause;

-- Who of ours sends there: forwards, lists, logins, accounts.
DROP TABLE IF EXISTS mtalens.senders_by_day;
CREATE VIEW mtalens.senders_by_day AS
SELECT day, if(provider != '', provider, party) AS provider, origin, who, messages
FROM (
  SELECT day, party_kind, party, origin, who, sum(messages) AS messages FROM mtalens.all_origins_daily
  GROUP BY day, party_kind, party, origin, who
) ANY LEFT JOIN mtalens.names USING (party_kind, party);
)";

constexpr std::string_view kFindings = R"(-- Who refuses our mail, what waits for them and what went back, most refusals first.
SELECT provider, sum(throttled) AS throttled_refusals, sum(refusals) AS all_refusals, sum(accepted) AS messages_accepted,
  sum(waiting) AS recipients_waiting, sum(expired) AS recipients_expired
FROM mtalens.providers_by_day GROUP BY provider HAVING all_refusals > 0 ORDER BY throttled_refusals DESC, all_refusals DESC;

-- The limits they seem to keep: how many messages before each wall, and how many of the walls agree.
SELECT provider, sent_from, by_address, messages AS limit_of_messages, walls, agreeing
FROM mtalens.limits WHERE walls > 1 ORDER BY walls DESC, provider, sent_from;

-- The queues, now and at their longest.
SELECT provider, argMax(queued, hour) AS queued_now, max(queued) AS queued_at_most, argMax(hour, queued) AS at
FROM mtalens.queue_by_hour GROUP BY provider HAVING queued_at_most > 0 ORDER BY queued_now DESC, provider;

-- The handshakes that fail.
SELECT direction, peer, cause, sum(failures) AS failed, min(day) AS first_day, max(day) AS last_day
FROM mtalens.handshakes_by_day WHERE cause != '' GROUP BY direction, peer, cause HAVING failed > 0
ORDER BY failed DESC, peer, cause LIMIT 100;

-- Whose forwards go to those who throttle.
SELECT provider, who, sum(messages) AS forwarded, min(day) AS first_day, max(day) AS last_day
FROM mtalens.senders_by_day
WHERE origin = 'forward' AND provider IN (SELECT provider FROM mtalens.providers_by_day WHERE throttled > 0)
GROUP BY provider, who ORDER BY forwarded DESC LIMIT 100;
)";

}  // namespace

std::string schema() {
  std::string out(kDatabase);
  out += "CREATE TABLE IF NOT EXISTS mtalens.events (\n";
  const auto& columns = event_columns();
  for (const auto& column : columns) {
    const bool last = &column == &columns.back();
    fmt::format_to(std::back_inserter(out), "  {} {}{}  -- {}\n", column.name, column.type, last ? "" : ",", column.means);
  }
  out += kEventsEnd;
  out += kAggregates;
  return out;
}

std::string views(std::string_view cluster) {
  std::string out(kCommitted);
  for (const auto table : kCounted) {
    fmt::format_to(std::back_inserter(out),
                   "DROP TABLE IF EXISTS mtalens.committed_{0};\n"
                   "CREATE VIEW mtalens.committed_{0} AS SELECT * FROM mtalens.{0} WHERE upload IN (SELECT upload FROM mtalens.committed);\n",
                   table);
  }
  for (const auto table : {"committed_events", "committed_hourly", "committed_tls_hourly", "committed_origins_daily", "served"}) {
    const auto name = std::string_view(table).substr(std::string_view(table).starts_with("committed_") ? 10 : 0);
    fmt::format_to(std::back_inserter(out), "DROP TABLE IF EXISTS mtalens.all_{};\n", name);
    if (cluster.empty()) {
      fmt::format_to(std::back_inserter(out), "CREATE VIEW mtalens.all_{} AS SELECT * FROM mtalens.{};\n", name, table);
    } else {
      fmt::format_to(std::back_inserter(out), "CREATE TABLE mtalens.all_{} AS mtalens.{} ENGINE = Distributed({}, mtalens, {});\n", name, table, cluster, table);
    }
  }
  out += kViews;
  return out;
}

std::string_view findings() { return kFindings; }

}  // namespace mtalens::clickhouse
