// SPDX-License-Identifier: Apache-2.0
#include "server/metrics/answer.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "model/state.h"

namespace lw::server::metrics {
namespace {

bool is_wanted(const Filter::Condition& condition, std::string_view value) {
  return condition.values.empty() ||
         std::ranges::any_of(condition.values, [value](const std::string& wanted) {
           return equals_ignoring_case(wanted, value);
         });
}

bool is_of_round(const Filter::Condition& condition) {
  return condition.dimension == Dimension::TestResultCriterion;
}

Value localized(std::string_view value) {
  return Value::object({{"value", value}, {"localizedValue", value}});
}

/// One line of a chart: which steps of it have samples, and all of them together.
struct Series {
  std::vector<std::string> values;
  std::map<std::uint32_t, store::Aggregate> steps;
  store::Aggregate whole;
};

/// The lines of one metric. What the filter says of criteria is applied here, since only rounds
/// have them.
std::vector<Series> series_of(const Query& query, const Plan& plan,
                              const std::vector<store::MetricStep>& steps, const Metric& metric) {
  std::map<std::vector<std::string>, Series> by_values;
  for (const store::MetricStep& step : steps) {
    const store::Aggregate& sample = step.metrics.at(static_cast<std::size_t>(metric.kind));
    if (sample.count == 0 || step.series >= plan.series.size()) continue;
    std::vector<std::string> values = plan.series[step.series];
    bool is_counted = true;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const Filter::Condition& condition = query.filter.conditions[i];
      if (!is_of_round(condition)) continue;
      values[i] = to_string(static_cast<ReasonCode>(step.reason.value_or(0)));
      is_counted = is_counted && is_wanted(condition, values[i]);
    }
    if (!is_counted) continue;
    Series& series = by_values[values];
    series.values = values;
    series.steps[step.index].add(sample);
    series.whole.add(sample);
  }
  std::vector<Series> all;
  all.reserve(by_values.size());
  for (auto& [values, series] : by_values) all.push_back(std::move(series));
  return all;
}

/// The first `top` in the wanted order.
void cut(std::vector<Series>& series, const Query& query) {
  if (query.order) {
    const auto key = [&](const Series& each) { return value_of(each.whole, query.order->by); };
    std::ranges::stable_sort(series, [&](const Series& a, const Series& b) {
      return query.order->is_descending ? key(a) > key(b) : key(a) < key(b);
    });
  }
  if (series.size() > query.top) series.resize(query.top);
}

/// Whole seconds, as Azure writes them here.
std::string time_text(Timestamp time) {
  constexpr std::size_t kToSeconds = std::string_view("2026-01-31T00:00:00").size();
  return to_iso8601(time).substr(0, kToSeconds) + "Z";
}

Value points(const Query& query, const Series& series) {
  Value list = Value::array();
  const std::size_t count = query.steps();
  for (std::size_t i = 0; i < count; ++i) {
    Value point;
    point.set("timeStamp",
              time_text(query.from + static_cast<std::int64_t>(i) * query.step_length()));
    const auto step = series.steps.find(static_cast<std::uint32_t>(i));
    if (step != series.steps.end()) {
      for (const Aggregation aggregation : query.aggregations) {
        point.set(std::string(to_text(aggregation)), value_of(step->second, aggregation));
      }
    }
    list.push(std::move(point));
  }
  return list;
}

Value series_value(const Query& query, const Series& series) {
  Value metadata = Value::array();
  for (std::size_t i = 0; i < series.values.size(); ++i) {
    // Azure writes these names in lower case.
    const std::string name = to_lower(to_text(query.filter.conditions[i].dimension));
    metadata.push(Value::object({{"name", localized(name)}, {"value", series.values[i]}}));
  }
  Value value;
  value.set("metadatavalues", std::move(metadata));
  if (!query.is_metadata_only) value.set("data", points(query, series));
  return value;
}

Value metric_value(const Query& query, const Plan& plan,
                   const std::vector<store::MetricStep>& steps, const Metric& metric,
                   const std::string& resource_id) {
  std::vector<Series> series = series_of(query, plan, steps, metric);
  if (query.filter.conditions.empty()) {
    // Without a filter there is one series, if only of gaps.
    series.resize(1);
  } else {
    cut(series, query);
  }
  Value list = Value::array();
  for (const Series& each : series) list.push(series_value(query, each));
  return Value::object(
      {{"id", fmt::format("{}/providers/Microsoft.Insights/metrics/{}", resource_id, metric.name)},
       {"type", "Microsoft.Insights/metrics"},
       // Clients take the name from localizedValue first, and look metrics up by it.
       {"name", localized(metric.name)},
       {"displayDescription", metric.description},
       {"unit", metric.unit},
       {"timeseries", std::move(list)},
       {"errorCode", "Success"}});
}

Value dimension_list(const Metric& metric) {
  Value list = Value::array();
  for (std::size_t i = 0; i <= kTestDimensions; ++i) {
    const auto dimension = static_cast<Dimension>(i);
    if (dimension == Dimension::TestResultCriterion && !metric.has_criterion) continue;
    list.push(localized(to_text(dimension)));
  }
  return list;
}

}  // namespace

Plan plan_query(const Query& query, const std::vector<Candidate>& candidates) {
  Plan plan;
  plan.question.from = query.from;
  plan.question.to = query.to;
  plan.question.step = query.step_length();
  plan.question.wanted.fill(false);
  for (const Metric* const metric : query.metrics) {
    plan.question.wanted.at(static_cast<std::size_t>(metric->kind)) = true;
  }
  const auto& conditions = query.filter.conditions;
  plan.question.by_reason = std::ranges::any_of(conditions, is_of_round);
  std::map<std::vector<std::string>, std::uint32_t> numbers;
  for (const Candidate& candidate : candidates) {
    std::vector<std::string> values;
    const bool passes = std::ranges::all_of(conditions, [&](const Filter::Condition& condition) {
      const bool has_value = !is_of_round(condition);
      values.push_back(has_value
                           ? candidate.dimensions.at(static_cast<std::size_t>(condition.dimension))
                           : std::string());
      return !has_value || is_wanted(condition, values.back());
    });
    if (!passes) continue;
    const auto [number, is_new] =
        numbers.emplace(values, static_cast<std::uint32_t>(plan.series.size()));
    if (is_new) plan.series.push_back(values);
    plan.question.members.push_back({candidate.test, number->second});
  }
  return plan;
}

Value metric_list(const Query& query, const Plan& plan, const std::vector<store::MetricStep>& steps,
                  const std::string& resource_id) {
  Value list = Value::array();
  for (const Metric* const metric : query.metrics) {
    list.push(metric_value(query, plan, steps, *metric, resource_id));
  }
  return list;
}

std::string timespan_text(const Query& query) {
  return time_text(query.from) + "/" + time_text(query.to);
}

std::string interval_text(const Query& query) {
  return query.step ? to_duration(*query.step) : std::string("FULL");
}

Value definition_list(MonitorForm form, const std::string& resource_id, int keep_days) {
  Value list = Value::array();
  for (const Metric& metric : metrics_of(form)) {
    Value aggregations = Value::array();
    for (const char* const name : {"None", "Average", "Minimum", "Maximum", "Total", "Count"}) {
      aggregations.push(name);
    }
    Value availabilities = Value::array();
    for (const Seconds grain : grains()) {
      availabilities.push(Value::object(
          {{"timeGrain", to_duration(grain)}, {"retention", fmt::format("P{}D", keep_days)}}));
    }
    list.push(
        Value::object({{"id", fmt::format("{}/providers/Microsoft.Insights/metricdefinitions/{}",
                                          resource_id, metric.name)},
                       {"resourceId", resource_id},
                       {"namespace", kNamespace},
                       {"category", "Availability"},
                       {"name", localized(metric.name)},
                       {"displayDescription", metric.description},
                       {"isDimensionRequired", false},
                       {"unit", metric.unit},
                       {"primaryAggregationType", "Average"},
                       {"supportedAggregationTypes", std::move(aggregations)},
                       {"metricAvailabilities", std::move(availabilities)},
                       {"dimensions", form == MonitorForm::MultiEndpoint ? dimension_list(metric)
                                                                         : Value::array()}}));
  }
  return list;
}

}  // namespace lw::server::metrics
