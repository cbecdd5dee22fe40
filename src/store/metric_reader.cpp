// SPDX-License-Identifier: Apache-2.0
#include "store/metric_reader.h"

#include <fmt/core.h>

#include <algorithm>

#include "store/read_rows.h"

namespace lw::store {
namespace {

/// Each metric's value of a round `r`, null where it has none.
constexpr std::array<std::string_view, kMetricKinds> kValues{
    "if(r.total > 0, 100. * r.failed / r.total, NULL)",
    "if(bitTest(r.measured, 0), (r.rbase + r.davg) / 1000., NULL)",
    "toFloat64(r.state)",
};

std::string list_of_tests(const MetricQuestion& question) {
  std::string list;
  for (const auto& member : question.members) {
    list += fmt::format("{}{}", list.empty() ? "" : ",", member.test.value);
  }
  return list;
}

/// The number of a test's series.
std::string series_of(const MetricQuestion& question) {
  const bool is_one = std::ranges::all_of(question.members, [&](const auto& member) {
    return member.series == question.members.front().series;
  });
  if (is_one) return fmt::format("toUInt32({})", question.members.front().series);
  std::string series;
  for (const auto& member : question.members) {
    series += fmt::format("{}{}", series.empty() ? "" : ",", member.series);
  }
  // Typed, since a list of small numbers would be one of UInt8.
  return fmt::format(
      "transform(r.test_id, CAST([{}], 'Array(UInt64)'), CAST([{}], 'Array(UInt32)'), "
      "toUInt32(0))",
      list_of_tests(question), series);
}

std::string select(const MetricQuestion& question) {
  std::string sql = "SELECT " + series_of(question) + " AS series, ";
  sql += question.by_reason ? "r.reason_code" : "toUInt8(0)";
  sql += fmt::format(" AS reason, toUInt32(intDiv(toUnixTimestamp64Micro(r.ts) - {}, {})) AS step",
                     to_unix_us(question.from), Microseconds(question.step).count());
  for (const std::string_view value : kValues) {
    // The aggregates of no value at all are 0; the count says so.
    sql += fmt::format(
        ", toUInt64(count({0})), ifNull(sum({0}), 0.), ifNull(min({0}), 0.), "
        "ifNull(max({0}), 0.)",
        value);
  }
  sql += " FROM rounds AS r WHERE r.test_id IN (" + list_of_tests(question) + ") AND " +
         within("r.ts", question.from, question.to) +
         " GROUP BY series, reason, step ORDER BY series, reason, step";
  return sql;
}

MetricStep read_step(RowReader& row, bool by_reason) {
  MetricStep step;
  step.series = row.number<std::uint32_t>();
  const auto reason = row.number<std::uint8_t>();
  if (by_reason) step.reason = reason;
  step.index = row.number<std::uint32_t>();
  for (Aggregate& metric : step.metrics) {
    metric.count = row.number<std::uint64_t>();
    metric.sum = row.number<double>();
    metric.min = row.number<double>();
    metric.max = row.number<double>();
  }
  return step;
}

}  // namespace

Result<std::vector<MetricStep>> metric_steps(Client& client, const MetricQuestion& question) {
  if (question.members.empty() || question.from >= question.to) return {};
  return rows_of<MetricStep>(client, select(question),
                             [&](RowReader& row) { return read_step(row, question.by_reason); });
}

}  // namespace lw::store
