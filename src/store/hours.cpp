// SPDX-License-Identifier: Apache-2.0
#include "store/hours.h"

namespace lw::store {

namespace {

// `percent_*` are over the rounds with counted checks, `avg_*` over the averages (µs) of rounds
// with RTTs, `state_*` over all. Least values without a sample are the largest there are. By day
// and test: a chart of one test reads a granule a day, and a day's merges stay small. Partitions
// are those of `rounds`, so that both forget the same rounds.
constexpr std::string_view kHours = R"(CREATE TABLE IF NOT EXISTS h1
(
  t DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
  test_id UInt64 CODEC(ZSTD(1)),
  keep_days UInt16 CODEC(ZSTD(1)),
  reason_code UInt8 CODEC(ZSTD(1)),
  rounds SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  checks SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  failed SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  percent_count SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  percent_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  percent_min SimpleAggregateFunction(min, Float64) CODEC(ZSTD(1)),
  percent_max SimpleAggregateFunction(max, Float64) CODEC(ZSTD(1)),
  avg_count SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  avg_sum SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  avg_min SimpleAggregateFunction(min, UInt32) CODEC(T64, ZSTD(1)),
  avg_max SimpleAggregateFunction(max, UInt32) CODEC(T64, ZSTD(1)),
  state_sum SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  state_min SimpleAggregateFunction(min, UInt8) CODEC(ZSTD(1)),
  state_max SimpleAggregateFunction(max, UInt8) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY (keep_days, toYYYYMMDD(t))
ORDER BY (test_id, t, reason_code)
TTL t + toIntervalDay(keep_days)
SETTINGS index_granularity = 2048, ttl_only_drop_parts = 1,
  non_replicated_deduplication_window = 10000, old_parts_lifetime = 60)";

constexpr std::string_view kColumns = R"(SELECT
  toStartOfHour(s.ts) AS t,
  s.test_id AS test_id,
  s.keep_days AS keep_days,
  s.reason_code AS reason_code,
  count() AS rounds,
  sum(s.total) AS checks,
  sum(s.failed) AS failed,
  countIf(s.total > 0) AS percent_count,
  sumIf(100. * s.failed / s.total, s.total > 0) AS percent_sum,
  min(if(s.total > 0, 100. * s.failed / s.total, inf)) AS percent_min,
  max(if(s.total > 0, 100. * s.failed / s.total, 0.)) AS percent_max,
  countIf(bitTest(s.measured, 0)) AS avg_count,
  sumIf(toUInt64(s.rbase + s.davg), bitTest(s.measured, 0)) AS avg_sum,
  min(if(bitTest(s.measured, 0), toUInt32(s.rbase + s.davg), 4294967295)) AS avg_min,
  max(if(bitTest(s.measured, 0), toUInt32(s.rbase + s.davg), 0)) AS avg_max,
  sum(s.state) AS state_sum,
  min(s.state) AS state_min,
  max(s.state) AS state_max
FROM )";

}  // namespace

std::string hours_of(std::string_view table) {
  return std::string(kColumns) + std::string(table) +
         " AS s GROUP BY t, test_id, keep_days, reason_code";
}

std::vector<std::string> create_hours() {
  // Years of rounds in little memory: in the order of their key. Without deduplication: the same
  // rows may have been there before TRUNCATE.
  return {std::string(kHours), "DROP VIEW IF EXISTS hours_view", "TRUNCATE TABLE h1",
          "INSERT INTO h1 " + hours_of("rounds") +
              " SETTINGS optimize_aggregation_in_order = 1, insert_deduplicate = 0, "
              "max_partitions_per_insert_block = 0",
          // Of reconcile(): which hours are made anew.
          ("CREATE TABLE IF NOT EXISTS wrong_hours ENGINE = Memory AS SELECT t, test_id, keep_days "
           "FROM h1 LIMIT 0"),
          "CREATE MATERIALIZED VIEW IF NOT EXISTS hours_view TO h1 AS " + hours_of("arrivals")};
}

}  // namespace lw::store
