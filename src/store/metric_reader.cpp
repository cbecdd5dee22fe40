// SPDX-License-Identifier: Apache-2.0
#include "store/metric_reader.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "store/native.h"
#include "store/read_rows.h"

namespace lw::store {
namespace {

/// Each metric's value of a round `r`, null where it has none.
constexpr std::array<std::string_view, kMetricKinds> kValues{
    "if(r.total > 0, 100. * r.failed / r.total, NULL)",
    "if(bitTest(r.measured, 0), (r.rbase + r.davg) / 1000., NULL)",
    "toFloat64(r.state)",
};

/// Numbers as one literal of hexadecimal digits: a list of hundreds of thousands of literals would
/// cost the engine's parser a gigabyte.
template <class Number>
std::string array_of(const std::vector<Number>& numbers, std::string_view type) {
  std::string bytes;
  for (const Number number : numbers) native::put_number(bytes, number);
  return fmt::format("reinterpret(unhex('{}'), 'Array({})')", hex_of(bytes), type);
}

std::string array_of_tests(const MetricQuestion& question) {
  std::vector<std::uint64_t> ids;
  for (const auto& member : question.members) ids.push_back(member.test.value);
  return array_of(ids, "UInt64");
}

/// The number of a test's series.
std::string series_of(const MetricQuestion& question) {
  std::vector<std::uint32_t> series;
  for (const auto& member : question.members) series.push_back(member.series);
  const bool is_one =
      std::ranges::all_of(series, [&](std::uint32_t each) { return each == series.front(); });
  if (is_one) return fmt::format("toUInt32({})", series.front());
  return fmt::format("transform(r.test_id, {}, {}, toUInt32(0))", array_of_tests(question),
                     array_of(series, "UInt32"));
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
  sql += " FROM rounds AS r WHERE r.test_id IN (SELECT arrayJoin(" + array_of_tests(question) +
         ")) AND " + within("r.ts", question.from, question.to) +
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
  // The ids of the tests stand in the statement, 16 bytes each, once or twice.
  const NamedValues settings{{"max_query_size", "100000000"}};
  const auto read = [&](RowReader& row) { return read_step(row, question.by_reason); };
  return rows_of<MetricStep>(client, select(question), read, settings);
}

}  // namespace lw::store
