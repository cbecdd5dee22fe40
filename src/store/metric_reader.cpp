// SPDX-License-Identifier: Apache-2.0
#include "store/metric_reader.h"

#include <fmt/core.h>

#include <algorithm>
#include <tuple>

#include "base/text.h"
#include "store/native.h"
#include "store/read_rows.h"

namespace lw::store {
namespace {

using std::chrono::hours;

/// How a table gives count, sum, least and most of each metric's samples. RTTs are summed as whole
/// microseconds, so that every table gives the same.
struct Source {
  std::string_view table;
  std::array<std::string_view, kMetricKinds> aggregates;
};

constexpr Source kOfRounds{
    "rounds",
    {"countIf(r.total > 0), sumIf(100. * r.failed / r.total, r.total > 0), "
     "minIf(100. * r.failed / r.total, r.total > 0), "
     "maxIf(100. * r.failed / r.total, r.total > 0)",
     "countIf(bitTest(r.measured, 0)), "
     "sumIf(toUInt64(r.rbase + r.davg), bitTest(r.measured, 0)) / 1000., "
     "minIf(r.rbase + r.davg, bitTest(r.measured, 0)) / 1000., "
     "maxIf(r.rbase + r.davg, bitTest(r.measured, 0)) / 1000.",
     "count(), toFloat64(sum(r.state)), toFloat64(min(r.state)), toFloat64(max(r.state))"}};

constexpr Source kOfHours{
    "h1",
    {"sum(r.percent_count), sum(r.percent_sum), min(r.percent_min), max(r.percent_max)",
     "sum(r.avg_count), sum(r.avg_sum) / 1000., min(r.avg_min) / 1000., max(r.avg_max) / 1000.",
     "sum(r.rounds), toFloat64(sum(r.state_sum)), toFloat64(min(r.state_min)), "
     "toFloat64(max(r.state_max))"}};

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
  ids.reserve(question.members.size());
  for (const auto& member : question.members) ids.push_back(member.test.value);
  return array_of(ids, "UInt64");
}

/// The number of a test's series.
std::string series_of(const MetricQuestion& question) {
  std::vector<std::uint32_t> series;
  series.reserve(question.members.size());
  for (const auto& member : question.members) series.push_back(member.series);
  const bool is_one =
      std::ranges::all_of(series, [&](std::uint32_t each) { return each == series.front(); });
  if (is_one) return fmt::format("toUInt32({})", series.front());
  return fmt::format("transform(r.test_id, {}, {}, toUInt32(0))", array_of_tests(question),
                     array_of(series, "UInt32"));
}

std::string array_of_hours(const std::vector<Timestamp>& starts) {
  std::vector<std::uint32_t> seconds;
  seconds.reserve(starts.size());
  for (const Timestamp start : starts) {
    seconds.push_back(static_cast<std::uint32_t>(to_unix_us(start) / 1'000'000));
  }
  return "arrayMap(x -> toDateTime(x, 'UTC'), " + array_of(seconds, "UInt32") + ")";
}

/// SELECT over one of the tables; `us` is a row's time in microseconds, `condition` which rows.
std::string select(const MetricQuestion& question, const Source& source, std::string_view us,
                   const std::string& condition) {
  std::string sql = "SELECT " + series_of(question) + " AS series, ";
  sql += question.by_reason ? "r.reason_code" : "toUInt8(0)";
  sql += fmt::format(" AS reason, toUInt32(intDiv({} - {}, {})) AS step", us,
                     to_unix_us(question.from), Microseconds(question.step).count());
  for (std::size_t i = 0; i < kMetricKinds; ++i) {
    sql += ", ";
    sql += question.wanted.at(i) ? source.aggregates.at(i) : "toUInt64(0), 0., 0., 0.";
  }
  sql += fmt::format(" FROM {} AS r WHERE r.test_id IN (SELECT arrayJoin({})) AND {}", source.table,
                     array_of_tests(question), condition);
  return sql + " GROUP BY series, reason, step ORDER BY series, reason, step";
}

std::string select_rounds(const MetricQuestion& question, const HourSplit& split) {
  std::string condition = within("r.ts", question.from, question.to);
  if (!split.is_whole_empty()) {
    condition +=
        " AND toStartOfHour(r.ts) IN (SELECT arrayJoin(" + array_of_hours(split.cut) + "))";
  }
  return select(question, kOfRounds, "toUnixTimestamp64Micro(r.ts)", condition);
}

std::string select_hours(const MetricQuestion& question, const HourSplit& split) {
  std::string condition =
      fmt::format("r.t >= toDateTime({}, 'UTC') AND r.t < toDateTime({}, 'UTC')",
                  to_unix_us(split.from) / 1'000'000, to_unix_us(split.to) / 1'000'000);
  if (!split.cut.empty()) {
    condition += " AND r.t NOT IN (SELECT arrayJoin(" + array_of_hours(split.cut) + "))";
  }
  return select(question, kOfHours, "toInt64(toUnixTimestamp(r.t)) * 1000000", condition);
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

auto key_of(const MetricStep& step) { return std::tuple(step.series, step.reason, step.index); }

void add(MetricStep& to, const MetricStep& more) {
  for (std::size_t i = 0; i < kMetricKinds; ++i) to.metrics.at(i).add(more.metrics.at(i));
}

/// Two answers in order made one: a step can have hours of both.
std::vector<MetricStep> joined(const std::vector<MetricStep>& a, const std::vector<MetricStep>& b) {
  std::vector<MetricStep> all;
  all.reserve(a.size() + b.size());
  std::ranges::merge(a, b, std::back_inserter(all), {}, key_of, key_of);
  std::size_t kept = 0;
  for (std::size_t i = 1; i < all.size(); ++i) {
    if (key_of(all[i]) == key_of(all[kept])) {
      add(all[kept], all[i]);
    } else {
      all[++kept] = all[i];
    }
  }
  if (!all.empty()) all.resize(kept + 1);
  return all;
}

}  // namespace

void Aggregate::add(const Aggregate& more) {
  if (more.count == 0) return;
  min = count == 0 ? more.min : std::min(min, more.min);
  max = count == 0 ? more.max : std::max(max, more.max);
  sum = count == 0 ? more.sum : sum + more.sum;
  count += more.count;
}

HourSplit split_hours(Timestamp from, Timestamp to, Seconds step) {
  HourSplit split;
  split.from = std::chrono::floor<hours>(from);
  split.to = std::chrono::ceil<hours>(to);
  for (Timestamp hour = split.from; hour < split.to; hour += hours(1)) {
    const Timestamp end = hour + hours(1);
    const bool is_inside = from <= hour && end <= to;
    const auto last = end - Microseconds(1);
    if (!is_inside || (hour - from) / step != (last - from) / step) split.cut.push_back(hour);
  }
  return split;
}

bool HourSplit::is_whole_empty() const {
  return static_cast<std::int64_t>(cut.size()) * Microseconds(hours(1)).count() >=
         (to - from).count();
}

Result<std::vector<MetricStep>> metric_steps(Client& client, const MetricQuestion& question) {
  if (question.members.empty() || question.from >= question.to) return {};
  // The ids of the tests stand in the statement, 16 bytes each, once or twice.
  const NamedValues settings{{"max_query_size", "100000000"}};
  const auto read = [&](RowReader& row) { return read_step(row, question.by_reason); };
  const HourSplit split = split_hours(question.from, question.to, question.step);
  std::vector<MetricStep> of_rounds, of_hours;
  if (!split.cut.empty()) {
    of_rounds = TRY(rows_of<MetricStep>(client, select_rounds(question, split), read, settings));
  }
  if (!split.is_whole_empty()) {
    of_hours = TRY(rows_of<MetricStep>(client, select_hours(question, split), read, settings));
  }
  if (of_rounds.empty()) return of_hours;
  if (of_hours.empty()) return of_rounds;
  return joined(of_hours, of_rounds);
}

}  // namespace lw::store
