// SPDX-License-Identifier: Apache-2.0
#include "store/alert_changes.h"

#include <fmt/core.h>

#include "base/document.h"
#include "store/read_rows.h"

namespace lw::store {
namespace {

template <class Items, class Take>
Value list_of(const Items& items, const Take& take) {
  Value list = Value::array();
  for (const auto& item : items) list.push(Value(take(item)));
  return list;
}

void set_conditions(Value& row, const std::vector<AlertCondition>& conditions) {
  using Condition = const AlertCondition&;
  row.set("metrics", list_of(conditions, [](Condition each) { return to_text(each.metric); }));
  row.set("aggregations",
          list_of(conditions, [](Condition each) { return to_text(each.aggregation); }));
  row.set("operators",
          list_of(conditions, [](Condition each) { return to_text(each.comparison); }));
  row.set("thresholds", list_of(conditions, [](Condition each) { return each.threshold; }));
  row.set("fired_values", list_of(conditions, [](Condition each) { return each.fired_value; }));
  row.set("last_values", list_of(conditions, [](Condition each) { return each.value; }));
}

Value row_of(const Alert& alert, std::uint16_t keep_days) {
  // ClickHouse's JSON formats read 64-bit numbers as text.
  const auto number = [](TestId test) { return std::to_string(test.value); };
  Value row;
  row.set("ts", to_iso8601(alert.resolved.value_or(alert.fired)));
  row.set("keep_days", std::int64_t{keep_days});
  row.set("alert_id", alert.id);
  row.set("test_id", alert.tests.empty() ? std::string("0") : number(alert.tests.front()));
  row.set("monitor", alert.monitor);
  row.set("rule", alert.rule);
  row.set("severity", std::int64_t{alert.severity});
  row.set("is_firing", alert.resolved ? 0 : 1);
  row.set("fired", to_iso8601(alert.fired));
  row.set("ended_by", alert.resolved ? to_text(alert.ended_by) : std::string_view());
  row.set("tests", list_of(alert.tests, number));
  row.set("dimension_names",
          list_of(alert.dimensions, [](const auto& each) { return each.first; }));
  row.set("dimension_values",
          list_of(alert.dimensions, [](const auto& each) { return each.second; }));
  row.set("window_s", std::int64_t{alert.window.count()});
  set_conditions(row, alert.conditions);
  row.set("sentence", alert.sentence);
  return row;
}

/// The newest row of each alert.
constexpr std::string_view kNewest =
    "(SELECT * FROM alert_changes ORDER BY ts DESC LIMIT 1 BY alert_id)";

/// Of columns written by different releases, those that are all there.
std::vector<AlertCondition> conditions_of(RowReader& row) {
  const auto metrics = row.texts(), aggregations = row.texts(), operators = row.texts();
  const auto thresholds = row.array<double>(), fired = row.array<double>(),
             last = row.array<double>();
  std::vector<AlertCondition> conditions;
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    if (i >= aggregations.size() || i >= operators.size() || i >= thresholds.size() ||
        i >= fired.size() || i >= last.size()) {
      break;
    }
    const auto metric = parse_alert_metric(metrics[i]);
    const auto aggregation = parse_alert_aggregation(aggregations[i]);
    const auto comparison = parse_alert_operator(operators[i]);
    if (!metric || !aggregation || !comparison) break;
    conditions.push_back({*metric, *aggregation, *comparison, thresholds[i], fired[i], last[i]});
  }
  return conditions;
}

PastAlert read_past_alert(RowReader& row) {
  PastAlert past;
  Alert& alert = past.alert;
  const Timestamp changed = from_unix_us(row.number<std::int64_t>());
  alert.id = row.text();
  alert.monitor = row.text();
  alert.rule = row.text();
  alert.severity = row.number<std::uint8_t>();
  if (row.number<std::uint8_t>() == 0) alert.resolved = changed;
  alert.fired = from_unix_us(row.number<std::int64_t>());
  alert.ended_by = parse_alert_end(row.text()).value_or(AlertEnd::NoBreach);
  for (const std::uint64_t test : row.array<std::uint64_t>()) alert.tests.push_back(TestId{test});
  past.test_count = row.number<std::uint64_t>();
  const auto names = row.texts(), values = row.texts();
  for (std::size_t i = 0; i < std::min(names.size(), values.size()); ++i) {
    alert.dimensions.emplace_back(names[i], values[i]);
  }
  alert.window = Seconds(row.number<std::uint32_t>());
  alert.conditions = conditions_of(row);
  alert.sentence = row.text();
  return past;
}

}  // namespace

Result<void> record_alert_changes(Client& client, std::span<const Alert> alerts,
                                  std::uint16_t keep_days) {
  std::string lines;
  for (const Alert& alert : alerts) lines += to_json(row_of(alert, keep_days)) + "\n";
  if (lines.empty()) return {};
  // The times end in "Z".
  return client.insert(
      "INSERT INTO alert_changes SETTINGS date_time_input_format = 'best_effort' FORMAT "
      "JSONEachRow",
      std::move(lines));
}

Result<std::vector<PastAlert>> alerts_between(Client& client, Timestamp from, Timestamp to,
                                              std::size_t most) {
  const std::string sql = fmt::format(
      "SELECT toUnixTimestamp64Micro(ts), alert_id, toString(monitor), toString(rule), severity, "
      "is_firing, toUnixTimestamp64Micro(fired), toString(ended_by), arraySlice(tests, 1, {}), "
      "length(tests), dimension_names, dimension_values, window_s, metrics, aggregations, "
      "operators, thresholds, fired_values, last_values, sentence FROM {} WHERE fired < {} AND "
      "(is_firing = 1 OR ts >= {}) ORDER BY fired DESC, alert_id LIMIT {}",
      kPastTestsMax, kNewest, micro(to), micro(from), most);
  return rows_of<PastAlert>(client, sql, read_past_alert);
}

Result<std::vector<AlertAt>> alerts_at(Client& client, Timestamp at) {
  const std::string sql = fmt::format(
      "SELECT severity, tests FROM {0} WHERE fired <= {1} AND (is_firing = 1 OR ts > {1})", kNewest,
      micro(at));
  return rows_of<AlertAt>(client, sql, [](RowReader& row) {
    AlertAt alert;
    alert.severity = row.number<std::uint8_t>();
    for (const std::uint64_t test : row.array<std::uint64_t>()) alert.tests.push_back(TestId{test});
    return alert;
  });
}

}  // namespace lw::store
