// SPDX-License-Identifier: Apache-2.0
#include "store/reader.h"

#include <algorithm>
#include <string>

#include "store/read_rows.h"
#include "store/reason_text.h"
#include "store/round_rows_decode.h"

namespace lw::store {

namespace {

RollupPoint read_rollup(RowReader& row) {
  RollupPoint point;
  point.t = Timestamp(Seconds(row.number<std::uint32_t>()));
  point.rounds = row.number<std::uint64_t>();
  point.checks = row.number<std::uint64_t>();
  point.failed = row.number<std::uint64_t>();
  point.voided = row.number<std::uint64_t>();
  point.worst = static_cast<TestState>(row.number<std::uint8_t>());
  const auto answered = row.number<std::uint64_t>();
  const Microseconds least(row.number<std::uint32_t>()), most(row.number<std::uint32_t>());
  const auto sum = row.number<std::uint64_t>();
  const auto jitter_sum = row.number<std::uint64_t>();
  const auto jitter_rounds = row.number<std::uint64_t>();
  if (answered > 0) {
    point.rtt_min = least;
    point.rtt_max = most;
    point.rtt_avg = Microseconds(sum / answered);
  }
  if (jitter_rounds > 0) point.jitter = Microseconds(jitter_sum / jitter_rounds);
  return point;
}

StateChange read_change(RowReader& row) {
  StateChange change;
  change.test.value = row.number<std::uint64_t>();
  change.ts = from_unix_us(row.number<std::int64_t>());
  change.from = static_cast<TestState>(row.number<std::uint8_t>());
  change.to = static_cast<TestState>(row.number<std::uint8_t>());
  change.reason = read_reason(row);
  return change;
}

LatestRound read_latest(RowReader& row) {
  LatestRound latest;
  latest.test.value = row.number<std::uint64_t>();
  latest.ts = from_unix_us(row.number<std::int64_t>());
  latest.origin = read_origin(row);
  latest.verdict.state = static_cast<TestState>(row.number<std::uint8_t>());
  latest.verdict.reason = read_reason(row);
  std::string& text = latest.verdict.reason.text;
  const auto average = row.number<std::int64_t>();
  text = unpack_reason(std::move(text),
                       average < 0 ? std::nullopt : std::optional(Microseconds(average)));
  return latest;
}

}  // namespace

Result<std::vector<RoundPoint>> test_history(Client& client, TestId test, Timestamp from,
                                             Timestamp to, std::size_t limit) {
  const std::string sql = "SELECT " + readable_round_columns() +
                          " FROM rounds WHERE test_id = " + std::to_string(test.value) + " AND " +
                          within("ts", from, to) + " ORDER BY ts DESC, sequence DESC LIMIT " +
                          std::to_string(limit);
  auto points = TRY(rows_of<RoundPoint>(client, sql, read_round));
  std::ranges::reverse(points);
  return points;
}

Result<std::vector<RollupPoint>> test_rollup(Client& client, TestId test, Timestamp from,
                                             Timestamp to, Seconds step) {
  const auto minutes = std::max<std::int64_t>(1, step.count() / 60);
  const std::string sql =
      "SELECT toDateTime(toStartOfInterval(m.t, INTERVAL " + std::to_string(minutes) +
      " MINUTE), 'UTC') AS step, sum(m.rounds), sum(m.checks), sum(m.failed), sum(m.voided), "
      "max(m.worst), sum(m.answered), min(m.rmin), max(m.rmax), sum(m.rsum), sum(m.jsum), "
      "sum(m.jrounds) FROM m1 AS m WHERE m.test_id = " +
      std::to_string(test.value) + " AND " + within("m.t", from, to) +
      " GROUP BY step ORDER BY step";
  return rows_of<RollupPoint>(client, sql, read_rollup);
}

Result<std::vector<LatestRound>> latest_rounds(Client& client, Timestamp since) {
  const std::string sql =
      "SELECT r.test_id, max(r.ts), argMax(r.agent_id, r.ts), argMax(r.spool_id, r.ts), "
      "argMax(r.sequence, r.ts), argMax(r.state, r.ts), argMax(r.reason_code, r.ts), "
      "argMax(r.reason_observed, r.ts), argMax(r.reason_limit, r.ts), argMax(CAST(r.reason AS "
      "String), r.ts), "
      "argMax(if(bitTest(r.measured, 0), toInt64(r.rbase + r.davg), -1), r.ts) "
      "FROM rounds AS r WHERE r.ts >= " +
      micro(since) + " AND toStartOfHour(r.ts) >= toStartOfHour(" + micro(since) +
      ") GROUP BY r.test_id ORDER BY r.test_id";
  return rows_of<LatestRound>(client, sql, read_latest);
}

Result<std::vector<StateChange>> state_changes(Client& client, std::optional<TestId> test,
                                               Timestamp from, Timestamp to, std::size_t limit) {
  const std::string one = test ? "test_id = " + std::to_string(test->value) + " AND " : "";
  const std::string sql =
      "SELECT test_id, ts, from_state, to_state, reason_code, reason_observed, reason_limit, "
      "reason FROM state_changes FINAL WHERE " +
      one + "ts >= " + micro(from) + " AND ts < " + micro(to) +
      " ORDER BY ts DESC, test_id DESC LIMIT " + std::to_string(limit);
  auto changes = TRY(rows_of<StateChange>(client, sql, read_change));
  std::ranges::reverse(changes);
  return changes;
}

}  // namespace lw::store
