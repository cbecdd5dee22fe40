// SPDX-License-Identifier: Apache-2.0
#include "store/view_reader.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "model/path_document.h"
#include "store/read_rows.h"
#include "store/round_rows_decode.h"

namespace lw::store {
namespace {

/// " AND test_id IN (…)": one literal of hexadecimal digits costs the engine's parser least.
std::string among(const std::vector<TestId>& tests) {
  if (tests.empty()) return "";
  std::string bytes;
  for (const TestId test : tests) native::put_number(bytes, test.value);
  return fmt::format(
      " AND test_id IN (SELECT arrayJoin(reinterpret(unhex('{}'), 'Array(UInt64)')))",
      hex_of(bytes));
}

/// Both ends included.
std::string until(std::string_view column, Timestamp from, Timestamp at) {
  return within(std::string(column), from, at + Microseconds(1));
}

std::optional<Microseconds> if_measured(bool is_measured, std::uint32_t us) {
  return is_measured ? std::optional(Microseconds(us)) : std::nullopt;
}

RoundAt read_round_at(RowReader& row) {
  RoundAt round;
  round.test.value = row.number<std::uint64_t>();
  round.ts = from_unix_us(row.number<std::int64_t>());
  round.verdict.state = static_cast<TestState>(row.number<std::uint8_t>());
  round.verdict.reason = read_reason(row);
  round.summary.total = row.number<std::uint8_t>();
  round.summary.failed = row.number<std::uint8_t>();
  const auto measured = row.number<std::uint8_t>();
  round.summary.rtt_min = if_measured((measured & 1U) != 0, row.number<std::uint32_t>());
  round.summary.rtt_avg = if_measured((measured & 1U) != 0, row.number<std::uint32_t>());
  round.summary.rtt_max = if_measured((measured & 1U) != 0, row.number<std::uint32_t>());
  round.summary.jitter = if_measured((measured & 2U) != 0, row.number<std::uint32_t>());
  const int status = row.number<std::uint16_t>();
  if (status != 0) round.http_status = status;
  const bool has_tls = row.number<std::uint8_t>() != 0;
  const Timestamp expires = from_unix_us(row.number<std::int64_t>());
  if (has_tls) round.certificate_expires = expires;
  round.address = row.text();
  return round;
}

StateAt read_state_at(RowReader& row) {
  StateAt state;
  state.test.value = row.number<std::uint64_t>();
  state.since = from_unix_us(row.number<std::int64_t>());
  state.verdict.state = static_cast<TestState>(row.number<std::uint8_t>());
  state.verdict.reason = read_reason(row);
  return state;
}

TestName read_test_name(RowReader& row) {
  TestName name;
  name.test.value = row.number<std::uint64_t>();
  name.first_known = from_unix_us(row.number<std::int64_t>());
  for (std::string* text : {&name.monitor, &name.group, &name.source, &name.destination,
                            &name.configuration, &name.protocol, &name.address}) {
    *text = row.text();
  }
  name.port = row.number<std::uint16_t>();
  name.frequency_s = row.number<std::uint32_t>();
  return name;
}

QuantilePoint read_quantiles(RowReader& row) {
  QuantilePoint point;
  point.index = row.number<std::uint32_t>();
  point.total = row.number<std::uint64_t>();
  point.failed = row.number<std::uint64_t>();
  const auto answered = row.number<std::uint64_t>();
  point.quantiles = row.array<double>();
  if (answered == 0) point.quantiles.clear();
  return point;
}

}  // namespace

Result<std::vector<RoundAt>> rounds_at(Client& client, Timestamp from, Timestamp at,
                                       const std::vector<TestId>& tests, bool has_texts) {
  const std::string sql = fmt::format(
      "SELECT test_id, max(ts), argMax((state, reason_code, reason_observed, reason_limit, {}, "
      "total, failed, measured, rtt_min, rtt_avg, rtt_max, jitter, http_status, has_tls, "
      "tls_not_after, toString(address)), ts) FROM rounds WHERE {}{} GROUP BY test_id",
      has_texts ? "reason_text" : "''", until("ts", from, at), among(tests));
  return rows_of<RoundAt>(client, sql, read_round_at);
}

Result<std::vector<StateAt>> states_at(Client& client, Timestamp from, Timestamp at,
                                       const std::vector<TestId>& tests) {
  const std::string sql = fmt::format(
      "SELECT test_id, max(ts), argMax((to_state, reason_code, reason_observed, reason_limit, "
      "reason), ts) FROM state_changes WHERE ts >= {} AND ts <= {}{} GROUP BY test_id",
      micro(from), micro(at), among(tests));
  return rows_of<StateAt>(client, sql, read_state_at);
}

Result<std::vector<PathIssueAt>> path_issues_at(Client& client, Timestamp from, Timestamp at,
                                                const std::vector<TestId>& tests) {
  const std::string sql = fmt::format(
      "SELECT * FROM (SELECT test_id, toString(argMax(issue_kinds[1], ts)) AS kind, "
      "argMax(issue_texts[1], ts) FROM paths WHERE path_index = 0 AND {}{} GROUP BY test_id) "
      "WHERE kind != ''",
      until("ts", from, at), among(tests));
  return rows_of<PathIssueAt>(client, sql, [](RowReader& row) {
    PathIssueAt issue;
    issue.test.value = row.number<std::uint64_t>();
    issue.kind = row.text();
    issue.text = row.text();
    return issue;
  });
}

Result<std::vector<PathReport>> path_reports_at(Client& client, Timestamp from, Timestamp at,
                                                const std::vector<TestId>& tests) {
  if (tests.empty()) return std::vector<PathReport>();
  const std::string sql = fmt::format(
      "SELECT argMax(report, (ts, sequence)) FROM paths WHERE path_index = 0 AND {}{} GROUP BY "
      "test_id ORDER BY test_id",
      until("ts", from, at), among(tests));
  const auto texts =
      TRY(rows_of<std::string>(client, sql, [](RowReader& row) { return row.text(); }));
  std::vector<PathReport> reports;
  for (const std::string& text : texts) {
    if (auto report = decode_path_report(text)) reports.push_back(std::move(*report));
  }
  return reports;
}

Result<std::vector<StateStep>> state_steps(Client& client, Timestamp from, Timestamp to) {
  const std::string sql = fmt::format(
      "SELECT ts, test_id, from_state, to_state FROM state_changes FINAL WHERE ts >= {} AND ts < "
      "{} ORDER BY ts, test_id",
      micro(from), micro(to));
  return rows_of<StateStep>(client, sql, [](RowReader& row) {
    StateStep step;
    step.ts = from_unix_us(row.number<std::int64_t>());
    step.test.value = row.number<std::uint64_t>();
    step.from = static_cast<TestState>(row.number<std::uint8_t>());
    step.to = static_cast<TestState>(row.number<std::uint8_t>());
    return step;
  });
}

Result<std::vector<StateChange>> state_changes_of(Client& client, Timestamp from, Timestamp to,
                                                  const std::vector<TestId>& tests,
                                                  std::size_t limit) {
  const std::string sql = fmt::format(
      "SELECT test_id, ts, from_state, to_state, reason_code, reason_observed, reason_limit, "
      "reason FROM state_changes FINAL WHERE ts >= {} AND ts < {}{} ORDER BY ts DESC, test_id DESC "
      "LIMIT {}",
      micro(from), micro(to), among(tests), limit);
  auto changes = TRY(rows_of<StateChange>(client, sql, [](RowReader& row) {
    StateChange change;
    change.test.value = row.number<std::uint64_t>();
    change.ts = from_unix_us(row.number<std::int64_t>());
    change.from = static_cast<TestState>(row.number<std::uint8_t>());
    change.to = static_cast<TestState>(row.number<std::uint8_t>());
    change.reason = read_reason(row);
    return change;
  }));
  std::ranges::reverse(changes);
  return changes;
}

Result<std::vector<TestName>> test_names_at(Client& client, Timestamp at) {
  // What was valid already weighs by its time; of what came later, the first counts.
  const std::string weight = fmt::format(
      "if(t.valid_from <= {0}, toUnixTimestamp64Micro(t.valid_from), "
      "-toUnixTimestamp64Micro(t.valid_from))",
      micro(at));
  const std::string sql = fmt::format(
      "SELECT t.test_id, min(t.valid_from), argMax((t.connection_monitor, t.test_group, t.source, "
      "t.destination, t.configuration, toString(t.protocol), t.destination_address, t.port, "
      "t.frequency_s), {}) FROM tests AS t GROUP BY t.test_id",
      weight);
  return rows_of<TestName>(client, sql, read_test_name);
}

Result<std::vector<QuantilePoint>> test_quantiles(Client& client, TestId test, Timestamp from,
                                                  Timestamp to, Microseconds step) {
  const std::string sql = fmt::format(
      "SELECT toUInt32(intDiv(toUnixTimestamp64Micro(r.ts) - {}, {})) AS step, "
      "sum(toUInt64(r.total)), sum(toUInt64(r.failed)), sum(toUInt64(length(r.good_rtts))), "
      "quantilesExactInclusiveArray(0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1, 0.95)("
      "arrayMap(d -> (toFloat64(d) + r.rbase) / 1000, r.good_rtts)) "
      "FROM rounds AS r WHERE r.test_id = {} AND {} GROUP BY step ORDER BY step",
      to_unix_us(from), step.count(), test.value, within("r.ts", from, to));
  return rows_of<QuantilePoint>(client, sql, read_quantiles);
}

}  // namespace lw::store
