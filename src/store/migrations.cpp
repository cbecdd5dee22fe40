// SPDX-License-Identifier: Apache-2.0
#include "store/migrations.h"

#include <array>

#include "store/hours.h"
#include "store/schema.h"

namespace lw::store {

namespace {

// Columns are described at encode_native (round_rows.h). Codecs, key and settings as measured:
// about 2 B per check, a snapshot of all tests in 30 ms. fsync: an acknowledged batch survives
// power loss. The deduplication window must cover all batches that may be sent again.
constexpr std::string_view kRounds = R"(CREATE TABLE IF NOT EXISTS rounds
(
  test_id UInt64 CODEC(ZSTD(1)),
  ts DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
  keep_days UInt16 CODEC(ZSTD(1)),
  agent_id UInt64 CODEC(ZSTD(1)),
  spool_id UInt64 CODEC(ZSTD(1)),
  sequence UInt64 CODEC(Delta(8), ZSTD(1)),
  total UInt8 CODEC(ZSTD(1)),
  failed UInt8 CODEC(ZSTD(1)),
  voided UInt8 CODEC(ZSTD(1)),
  state UInt8 CODEC(ZSTD(1)),
  reason_code UInt8 CODEC(ZSTD(1)),
  reason_observed Float64 CODEC(ZSTD(1)),
  reason_limit Float64 CODEC(ZSTD(1)),
  reason String CODEC(ZSTD(1)),
  address LowCardinality(String) CODEC(ZSTD(1)),
  stamp UInt8 CODEC(ZSTD(1)),
  outcomes Array(UInt8) CODEC(ZSTD(1)),
  unmeasured Array(UInt8) CODEC(ZSTD(1)),
  measured UInt8 CODEC(ZSTD(1)),
  rbase UInt32 CODEC(T64, ZSTD(1)),
  dmin UInt32 CODEC(T64, ZSTD(1)),
  davg UInt32 CODEC(T64, ZSTD(1)),
  dmax UInt32 CODEC(T64, ZSTD(1)),
  jitter UInt32 CODEC(T64, ZSTD(1)),
  drtt Array(UInt32) CODEC(T64, ZSTD(1)),
  offsets Array(UInt32) CODEC(Delta(4), ZSTD(1)),
  detail String CODEC(ZSTD(1)),
  http_mask UInt8 CODEC(ZSTD(1)),
  http_phases Array(UInt32) CODEC(T64, ZSTD(1)),
  http_status UInt16 CODEC(ZSTD(1)),
  has_tls UInt8 CODEC(ZSTD(1)),
  tls_subject String CODEC(ZSTD(1)),
  tls_issuer String CODEC(ZSTD(1)),
  tls_names Array(String) CODEC(ZSTD(1)),
  tls_not_before DateTime64(6, 'UTC') CODEC(ZSTD(1)),
  tls_not_after DateTime64(6, 'UTC') CODEC(ZSTD(1)),
  tls_version LowCardinality(String) CODEC(ZSTD(1)),
  tls_cipher LowCardinality(String) CODEC(ZSTD(1)),
  rtt Array(UInt32) ALIAS arrayMap(x -> toUInt32(x + rbase), drtt),
  rtt_min UInt32 ALIAS rbase + dmin,
  rtt_avg UInt32 ALIAS rbase + davg,
  rtt_max UInt32 ALIAS rbase + dmax
)
ENGINE = MergeTree
PARTITION BY (keep_days, toYYYYMMDD(ts))
ORDER BY (toStartOfHour(ts), test_id, ts)
TTL toDateTime(ts) + toIntervalDay(keep_days)
SETTINGS index_granularity = 2048, ttl_only_drop_parts = 1, merge_with_ttl_timeout = 3600,
  non_replicated_deduplication_window = 10000, old_parts_lifetime = 60,
  fsync_after_insert = 1, fsync_part_directory = 1)";

// One row per test and minute. `answered` counts the successful checks of rounds with RTTs: rsum
// divided by it is the average; rmin is 4294967295 while there were none.
constexpr std::string_view kMinutes = R"(CREATE TABLE IF NOT EXISTS m1
(
  t DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
  test_id UInt64 CODEC(ZSTD(1)),
  keep_days UInt16 CODEC(ZSTD(1)),
  rounds SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  checks SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  failed SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  voided SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  answered SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  worst SimpleAggregateFunction(max, UInt8) CODEC(ZSTD(1)),
  rmin SimpleAggregateFunction(min, UInt32) CODEC(T64, ZSTD(1)),
  rmax SimpleAggregateFunction(max, UInt32) CODEC(T64, ZSTD(1)),
  rsum SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  jsum SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  jrounds SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY (keep_days, toYYYYMMDD(t))
ORDER BY (toStartOfHour(t), test_id, t)
TTL t + toIntervalDay(keep_days)
SETTINGS index_granularity = 2048, ttl_only_drop_parts = 1,
  non_replicated_deduplication_window = 10000, old_parts_lifetime = 60)";

// What a test id means, and meant: a row for each time that something of it changed.
constexpr std::string_view kTests = R"(CREATE TABLE IF NOT EXISTS tests
(
  test_id UInt64,
  valid_from DateTime64(6, 'UTC'),
  connection_monitor String,
  test_group String,
  source String,
  destination String,
  configuration String,
  protocol LowCardinality(String),
  port UInt16,
  destination_address String,
  agent_id UInt64,
  frequency_s UInt32,
  disabled UInt8
)
ENGINE = ReplacingMergeTree
ORDER BY (test_id, valid_from))";

constexpr std::string_view kStateChanges = R"(CREATE TABLE IF NOT EXISTS state_changes
(
  test_id UInt64,
  ts DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
  keep_days UInt16,
  from_state UInt8,
  to_state UInt8,
  reason_code UInt8,
  reason_observed Float64,
  reason_limit Float64,
  reason String CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY (keep_days, toYYYYMM(ts))
ORDER BY (test_id, ts)
TTL toDateTime(ts) + toIntervalDay(keep_days)
SETTINGS ttl_only_drop_parts = 1)";

// Rounds come in through a table that keeps nothing and two views, so that what one of `rounds` and
// `m1` lacks after a crash can be put there alone (reconcile.h). The columns are those without
// ALIAS; types alone matter here.
constexpr std::string_view kArrivals = R"(CREATE TABLE IF NOT EXISTS arrivals
(
  test_id UInt64, ts DateTime64(6, 'UTC'), keep_days UInt16,
  agent_id UInt64, spool_id UInt64, sequence UInt64,
  total UInt8, failed UInt8, voided UInt8,
  state UInt8, reason_code UInt8, reason_observed Float64, reason_limit Float64, reason String,
  address LowCardinality(String), stamp UInt8,
  outcomes Array(UInt8), unmeasured Array(UInt8), measured UInt8,
  rbase UInt32, dmin UInt32, davg UInt32, dmax UInt32, jitter UInt32,
  drtt Array(UInt32), offsets Array(UInt32), detail String,
  http_mask UInt8, http_phases Array(UInt32), http_status UInt16,
  has_tls UInt8, tls_subject String, tls_issuer String, tls_names Array(String),
  tls_not_before DateTime64(6, 'UTC'), tls_not_after DateTime64(6, 'UTC'),
  tls_version LowCardinality(String), tls_cipher LowCardinality(String)
)
ENGINE = Null)";

// What a round knows besides its checks. Most rounds have none of it: a default costs next to
// nothing. An upgrade may replay a batch of the version before, whose Native block lacks these
// columns; the store fills in the defaults, which mean "none".
constexpr std::array<std::array<std::string_view, 3>, 16> kMoreOfRounds = {{
    {"name_flags", "UInt8", "ZSTD(1)"},
    {"name_outcome", "UInt8", "ZSTD(1)"},
    {"name_took", "UInt32", "T64, ZSTD(1)"},
    {"name_ttl", "UInt32", "T64, ZSTD(1)"},
    {"name_server", "LowCardinality(String)", "ZSTD(1)"},
    {"name_addresses", "Array(LowCardinality(String))", "ZSTD(1)"},
    {"name_detail", "String", "ZSTD(1)"},
    {"confirmation_made", "UInt8", "ZSTD(1)"},
    {"confirmation_failed", "UInt8", "ZSTD(1)"},
    {"http_version", "LowCardinality(String)", "ZSTD(1)"},
    {"http_redirects", "UInt8", "ZSTD(1)"},
    {"http_url", "String", "ZSTD(1)"},
    {"http_body_bytes", "UInt64", "T64, ZSTD(1)"},
    {"tls_key", "LowCardinality(String)", "ZSTD(1)"},
    {"tls_chain", "Array(LowCardinality(String))", "ZSTD(1)"},
    {"tls_verified", "UInt8", "ZSTD(1)"},
}};

std::string add_more_to(std::string_view table, bool keeps_rows) {
  std::string sql = "ALTER TABLE " + std::string(table);
  for (const auto& [name, type, codec] : kMoreOfRounds) {
    sql += sql.ends_with(table) ? " " : ", ";
    sql += "ADD COLUMN IF NOT EXISTS " + std::string(name) + " " + std::string(type);
    if (keeps_rows) sql += " CODEC(" + std::string(codec) + ")";
  }
  return sql;
}

// One number for hours on end, as a rule, and none above it: next to nothing.
std::string add_reply_ttl_to(std::string_view table, bool keeps_rows) {
  const std::string codec = keeps_rows ? " CODEC(ZSTD(1))" : "";
  return "ALTER TABLE " + std::string(table) + " ADD COLUMN IF NOT EXISTS reply_ttl UInt8" + codec +
         ", ADD COLUMN IF NOT EXISTS reply_ttl_spread UInt8" + codec;
}

// One row per path of a path report (model/path.h), columns described at encode_paths
// (path_rows.h). A report that comes again makes the same rows, which replace the first ones.
constexpr std::string_view kPaths = R"(CREATE TABLE IF NOT EXISTS paths
(
  test_id UInt64 CODEC(ZSTD(1)),
  ts DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
  path_index UInt8 CODEC(ZSTD(1)),
  agent_id UInt64 CODEC(ZSTD(1)),
  spool_id UInt64 CODEC(ZSTD(1)),
  sequence UInt64 CODEC(Delta(8), ZSTD(1)),
  keep_days UInt16 CODEC(ZSTD(1)),
  from_ts DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
  cause UInt8 CODEC(ZSTD(1)),
  protocol UInt8 CODEC(ZSTD(1)),
  source LowCardinality(String) CODEC(ZSTD(1)),
  destination LowCardinality(String) CODEC(ZSTD(1)),
  port UInt16 CODEC(ZSTD(1)),
  traces UInt32 CODEC(T64, ZSTD(1)),
  path_id UInt64 CODEC(ZSTD(1)),
  flows Array(UInt16) CODEC(ZSTD(1)),
  reached UInt8 CODEC(ZSTD(1)),
  path_mtu UInt32 CODEC(T64, ZSTD(1)),
  hop_ttl Array(UInt8) CODEC(ZSTD(1)),
  hop_address Array(LowCardinality(String)) CODEC(ZSTD(1)),
  hop_name Array(LowCardinality(String)) CODEC(ZSTD(1)),
  hop_sent Array(UInt32) CODEC(T64, ZSTD(1)),
  hop_answered Array(UInt32) CODEC(T64, ZSTD(1)),
  hop_rtt_low Array(UInt32) CODEC(T64, ZSTD(1)),
  hop_rtt_median Array(UInt32) CODEC(T64, ZSTD(1)),
  hop_rtt_max Array(UInt32) CODEC(T64, ZSTD(1)),
  hop_added Array(UInt32) CODEC(T64, ZSTD(1)),
  hop_loss Array(Float32) CODEC(ZSTD(1)),
  hop_loss_low Array(Float32) CODEC(ZSTD(1)),
  hop_loss_high Array(Float32) CODEC(ZSTD(1)),
  hop_labels Array(UInt32) CODEC(T64, ZSTD(1)),
  issue_kinds Array(LowCardinality(String)) CODEC(ZSTD(1)),
  issue_texts Array(String) CODEC(ZSTD(1)),
  changes Array(String) CODEC(ZSTD(1)),
  report String CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree
PARTITION BY (keep_days, toYYYYMMDD(ts))
ORDER BY (toStartOfHour(ts), test_id, ts, path_index, agent_id, spool_id, sequence)
TTL toDateTime(ts) + toIntervalDay(keep_days)
SETTINGS index_granularity = 1024, ttl_only_drop_parts = 1, merge_with_ttl_timeout = 3600,
  old_parts_lifetime = 60, fsync_after_insert = 1, fsync_part_directory = 1)";

// What the logs say of a test beside its rounds: a row for each time that something of it changed.
// The first row of a test is from 1970, since nothing else was ever true of it as far as we know.
constexpr std::string_view kTestFacts = R"(CREATE TABLE IF NOT EXISTS test_facts
(
  test_id UInt64,
  valid_from DateTime64(6, 'UTC'),
  monitor String,
  monitor_id String,
  test_group String,
  configuration String,
  source String,
  source_type LowCardinality(String),
  source_resource_id String,
  source_address String,
  source_subnet String,
  source_ip String,
  destination String,
  destination_type LowCardinality(String),
  destination_resource_id String,
  destination_address String,
  destination_subnet String,
  destination_agent_id UInt64,
  agent String,
  protocol LowCardinality(String),
  port UInt16,
  frequency_s UInt32,
  failed_threshold Nullable(Int32),
  rtt_threshold Nullable(Float64),
  disabled UInt8,
  workspaces Array(LowCardinality(String)),
  hash UInt64
)
ENGINE = ReplacingMergeTree
ORDER BY (test_id, valid_from))";

// Tests of before: their names are known, and what they were tested with is not.
constexpr std::string_view kFactsOfOldTests = R"(INSERT INTO test_facts
  (test_id, valid_from, monitor, test_group, configuration, source, destination,
   destination_address, protocol, port, frequency_s, disabled)
SELECT test_id, fromUnixTimestamp64Micro(0, 'UTC'), argMax(connection_monitor, valid_from),
  argMax(test_group, valid_from), argMax(configuration, valid_from), argMax(source, valid_from),
  argMax(destination, valid_from), argMax(destination_address, valid_from),
  argMax(protocol, valid_from), argMax(port, valid_from), argMax(frequency_s, valid_from),
  argMax(disabled, valid_from)
FROM tests WHERE test_id NOT IN (SELECT test_id FROM test_facts) GROUP BY test_id)";

// One row per connected agent and minute: what it last said of itself.
constexpr std::string_view kAgentBeats = R"(CREATE TABLE IF NOT EXISTS agent_beats
(
  ts DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
  keep_days UInt16 CODEC(ZSTD(1)),
  agent_id UInt64 CODEC(ZSTD(1)),
  name LowCardinality(String) CODEC(ZSTD(1)),
  version LowCardinality(String) CODEC(ZSTD(1)),
  resource_id LowCardinality(String) CODEC(ZSTD(1)),
  addresses Array(LowCardinality(String)) CODEC(ZSTD(1)),
  connected_since DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
  rounds_waiting UInt64 CODEC(T64, ZSTD(1)),
  rounds_dropped UInt64 CODEC(T64, ZSTD(1)),
  intervals_missed UInt64 CODEC(T64, ZSTD(1)),
  clock_offset_us Nullable(Int64) CODEC(ZSTD(1)),
  problem String CODEC(ZSTD(1)),
  path_problem String CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY (keep_days, toYYYYMM(ts))
ORDER BY (toStartOfHour(ts), agent_id, ts)
TTL toDateTime(ts) + toIntervalDay(keep_days)
SETTINGS ttl_only_drop_parts = 1)";

// One row per minute, connection monitor, test group, configuration and destination whose agent is
// to listen: what became of that. `test_id`: one of these tests.
constexpr std::string_view kListenerResults = R"(CREATE TABLE IF NOT EXISTS listener_results
(
  ts DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
  keep_days UInt16 CODEC(ZSTD(1)),
  test_id UInt64 CODEC(ZSTD(1)),
  port UInt16 CODEC(ZSTD(1)),
  outcome UInt8 CODEC(ZSTD(1)),
  problem LowCardinality(String) CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY (keep_days, toYYYYMM(ts))
ORDER BY (toStartOfHour(ts), test_id, ts)
TTL toDateTime(ts) + toIntervalDay(keep_days)
SETTINGS ttl_only_drop_parts = 1)";

// What happened to agents. Two events of one kind in one microsecond are one.
constexpr std::string_view kAgentEvents = R"(CREATE TABLE IF NOT EXISTS agent_events
(
  ts DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
  keep_days UInt16 CODEC(ZSTD(1)),
  agent_id UInt64 CODEC(ZSTD(1)),
  name LowCardinality(String) CODEC(ZSTD(1)),
  kind UInt8 CODEC(ZSTD(1)),
  detail String CODEC(ZSTD(1)),
  count Nullable(Int64) CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY (keep_days, toYYYYMM(ts))
ORDER BY (toStartOfHour(ts), agent_id, ts, kind)
TTL toDateTime(ts) + toIntervalDay(keep_days)
SETTINGS ttl_only_drop_parts = 1)";

// Who changed what: copies of the registry's entries, which keeps the newest only. `number`:
// theirs.
constexpr std::string_view kAuditLog = R"(CREATE TABLE IF NOT EXISTS audit_log
(
  ts DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
  keep_days UInt16 CODEC(ZSTD(1)),
  number Int64 CODEC(Delta(8), ZSTD(1)),
  caller LowCardinality(String) CODEC(ZSTD(1)),
  address LowCardinality(String) CODEC(ZSTD(1)),
  method LowCardinality(String) CODEC(ZSTD(1)),
  target String CODEC(ZSTD(1)),
  status UInt16 CODEC(ZSTD(1)),
  detail String CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY (keep_days, toYYYYMM(ts))
ORDER BY (toStartOfHour(ts), ts, number)
TTL toDateTime(ts) + toIntervalDay(keep_days)
SETTINGS ttl_only_drop_parts = 1)";

// One row when an alert fires, and one when it is resolved. `test_id`: one of its tests.
constexpr std::string_view kAlertChanges = R"(CREATE TABLE IF NOT EXISTS alert_changes
(
  ts DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
  keep_days UInt16 CODEC(ZSTD(1)),
  alert_id String CODEC(ZSTD(1)),
  test_id UInt64 CODEC(ZSTD(1)),
  monitor LowCardinality(String) CODEC(ZSTD(1)),
  rule LowCardinality(String) CODEC(ZSTD(1)),
  severity UInt8 CODEC(ZSTD(1)),
  is_firing UInt8 CODEC(ZSTD(1)),
  fired DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
  ended_by LowCardinality(String) CODEC(ZSTD(1)),
  tests Array(UInt64) CODEC(ZSTD(1)),
  dimension_names Array(String) CODEC(ZSTD(1)),
  dimension_values Array(String) CODEC(ZSTD(1)),
  window_s UInt32 CODEC(ZSTD(1)),
  metrics Array(String) CODEC(ZSTD(1)),
  aggregations Array(String) CODEC(ZSTD(1)),
  operators Array(String) CODEC(ZSTD(1)),
  thresholds Array(Float64) CODEC(ZSTD(1)),
  fired_values Array(Float64) CODEC(ZSTD(1)),
  last_values Array(Float64) CODEC(ZSTD(1)),
  sentence String CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY (keep_days, toYYYYMM(ts))
ORDER BY (alert_id, ts)
TTL toDateTime(ts) + toIntervalDay(keep_days)
SETTINGS ttl_only_drop_parts = 1)";

// Measured for 100 million checks: decision 0020. A round's jitter follows from its RTTs and need
// not be kept; what is read of it is of the successful checks in order, as summarize() has it.
constexpr std::string_view kLeanerRounds = R"(ALTER TABLE rounds
  MODIFY COLUMN reason LowCardinality(String) CODEC(ZSTD(1)),
  MODIFY COLUMN outcomes Array(UInt8) CODEC(ZSTD(3)),
  MODIFY COLUMN rbase UInt32 CODEC(T64('bit'), ZSTD(1)),
  MODIFY COLUMN davg UInt32 CODEC(T64('bit'), ZSTD(1)),
  MODIFY COLUMN dmax UInt32 CODEC(T64('bit'), ZSTD(1)),
  MODIFY COLUMN drtt Array(UInt32) CODEC(T64('bit'), ZSTD(1)),
  MODIFY COLUMN offsets Array(UInt32) CODEC(Delta(4), ZSTD(3)))";

constexpr std::string_view kDerivedJitter = R"(ALTER TABLE rounds
  ADD COLUMN IF NOT EXISTS good_rtts Array(UInt32) ALIAS arrayFilter((d, o) -> o = 0, drtt,
    arrayFilter((o, i) -> NOT has(unmeasured, i - 1), outcomes, arrayEnumerate(outcomes))),
  ADD COLUMN IF NOT EXISTS jitter UInt32 ALIAS if(length(good_rtts) < 2, 0,
    toUInt32(intDiv(arraySum(arrayMap((a, b) -> if(a > b, a - b, b - a),
      arrayPopBack(good_rtts), arrayPopFront(good_rtts))), length(good_rtts) - 1))))";

// As unpack_reason has it (reason_text.h) and to_human writes times.
constexpr std::string_view kReasonText = R"(ALTER TABLE rounds
  ADD COLUMN IF NOT EXISTS reason_text String ALIAS multiIf(
    startsWith(reason, '\x02'), substring(reason, 2),
    position(reason, '\x01') = 0, toString(reason),
    replaceOne(toString(reason), '\x01', multiIf(
      rtt_avg < 1000, concat(toString(rtt_avg), ' µs'),
      rtt_avg < 999500, printf('%.3g ms', rtt_avg / 1e3),
      rtt_avg < 120000000, printf('%.3g s', rtt_avg / 1e6),
      concat(toString(intDiv(rtt_avg, 60000000)), ' min')))))";

constexpr std::string_view kMinutesColumns = R"(SELECT
  toStartOfMinute(toDateTime(s.ts, 'UTC')) AS t,
  s.test_id AS test_id,
  s.keep_days AS keep_days,
  count() AS rounds,
  sum(s.total) AS checks,
  sum(s.failed) AS failed,
  sum(s.voided) AS voided,
  sum(if(bitTest(s.measured, 0), s.total - s.failed, 0)) AS answered,
  max(s.state) AS worst,
  min(if(bitTest(s.measured, 0), toUInt32(s.rbase + s.dmin), 4294967295)) AS rmin,
  max(if(bitTest(s.measured, 0), toUInt32(s.rbase + s.dmax), 0)) AS rmax,
  sum(if(bitTest(s.measured, 0), toUInt64(s.rbase + s.davg) * (s.total - s.failed), 0)) AS rsum,
  sum(if(bitTest(s.measured, 1), s.jitter, 0)) AS jsum,
  sum(if(bitTest(s.measured, 1), 1, 0)) AS jrounds
FROM )";

std::string minutes_view(std::string_view name, std::string_view from) {
  return "CREATE MATERIALIZED VIEW IF NOT EXISTS " + std::string(name) + " TO m1 AS " +
         minutes_of(from);
}

}  // namespace

std::string minutes_of(std::string_view table) {
  return std::string(kMinutesColumns) + std::string(table) + " AS s GROUP BY t, test_id, keep_days";
}

std::span<const Migration> migrations() {
  const auto text = [](std::string_view statement) { return std::string(statement); };
  static const std::vector<Migration> kMigrations = {
      {1,
       "rounds, minutes, tests, state changes",
       {text(kRounds), text(kMinutes), minutes_view("m1_view", "rounds"), text(kTests),
        text(kStateChanges)}},
      {2,
       "one entrance for rounds and minutes",
       {text(kArrivals), "CREATE TABLE IF NOT EXISTS doubtful AS arrivals ENGINE = Memory",
        "CREATE MATERIALIZED VIEW IF NOT EXISTS rounds_view TO rounds AS SELECT * FROM arrivals",
        "DROP VIEW IF EXISTS m1_view", minutes_view("minutes_view", "arrivals")}},
      {3,
       "names, confirmations, more of HTTP and TLS",
       // `rounds_view` stays as it is: its `SELECT *` is read anew with each insert. A new view, or
       // one with another query, would not know the tokens of batches that went through it before,
       // and a batch that is replayed after the upgrade would be stored twice.
       {add_more_to("rounds", true), add_more_to("arrivals", false),
        "DROP TABLE IF EXISTS doubtful",
        "CREATE TABLE IF NOT EXISTS doubtful AS arrivals ENGINE = Memory"}},
      {4, "paths", {text(kPaths)}},
      {5,
       "what logs say of tests and agents",
       {text(kTestFacts), text(kFactsOfOldTests), text(kAgentBeats)}},
      {6, "hours for metrics over long spans", create_hours()},
      {7,
       "rounds in less room",
       {text(kLeanerRounds), "ALTER TABLE rounds DROP COLUMN IF EXISTS jitter",
        text(kDerivedJitter), text(kReasonText)}},
      // As in 3: the view's `SELECT *` takes the new columns along.
      {8,
       "the TTL of replies",
       {add_reply_ttl_to("rounds", true), add_reply_ttl_to("arrivals", false),
        "DROP TABLE IF EXISTS doubtful",
        "CREATE TABLE IF NOT EXISTS doubtful AS arrivals ENGINE = Memory"}},
      {9, "what became of ports that agents listen on", {text(kListenerResults)}},
      {10, "what happened to agents, and who changed what", {text(kAgentEvents), text(kAuditLog)}},
      {11, "alerts that fired and were resolved", {text(kAlertChanges)}},
  };
  return kMigrations;
}

}  // namespace lw::store
