// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/connection_monitor.h"
#include "model/metric_names.h"
#include "server/metrics/filter.h"
#include "store/metric_reader.h"

/// What a request for metrics asks, in Azure's language (Metrics REST API, 2018-01-01 to
/// 2024-02-01). Pure.
namespace lw::server::metrics {

/// A metric as Azure publishes it.
struct Metric {
  std::string_view name;
  std::string_view display_name;
  std::string_view description;
  std::string_view unit;
  store::MetricKind kind;
  bool has_criterion = false;  ///< can be split by TestResultCriterion
};
/// Those of a monitor of that form.
const std::vector<Metric>& metrics_of(MonitorForm form);

enum class Aggregation { Average, Minimum, Maximum, Total, Count };
/// "average": the key of a data point.
std::string_view to_text(Aggregation aggregation);
double value_of(const store::Aggregate& aggregate, Aggregation aggregation);

/// A length of time in ISO 8601 without years and months: "PT5M", "P1DT12H". Positive.
std::optional<Seconds> parse_duration(std::string_view text);
/// "PT1M", "PT1H", "P1D" of a whole number of minutes.
std::string to_duration(Seconds duration);

struct Query {
  std::vector<const Metric*> metrics;
  Timestamp from{}, to{};
  std::optional<Seconds> step;  ///< nothing: FULL, the whole span is one step
  std::vector<Aggregation> aggregations;
  Filter filter;
  std::size_t top = 10;  ///< series at most, where there is a filter
  struct Order {
    Aggregation by;
    bool is_descending = false;
  };
  std::optional<Order> order;
  bool is_metadata_only = false;

  [[nodiscard]] std::size_t steps() const;
  [[nodiscard]] Seconds step_length() const;
};

/// A request's parameters by name, empty if missing: the two interfaces name them differently.
using Parameter = std::function<std::string(std::string_view name)>;

/// Reads `timespan` or `starttime` and `endtime`, `interval`, `metricnames`, `aggregation`,
/// `$filter` or `filter`, `top`, `orderby`, `resultType`, `AutoAdjustTimegrain`,
/// `metricnamespace`. What is not given is Azure's default: the last hour, PT1M, the metrics' own
/// aggregation.
Result<Query> read_query(const Parameter& parameter, MonitorForm form, Timestamp now);

inline constexpr std::string_view kNamespace = kMetricNamespace;
/// The lengths of steps that can be asked for.
const std::vector<Seconds>& grains();

}  // namespace lw::server::metrics
