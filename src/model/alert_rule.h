// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "model/connection_monitor.h"
#include "model/diagnostic.h"

namespace lw {

/// What a condition of an alert rule looks at. The last two are of classic monitors.
enum class AlertMetric {
  ChecksFailedPercent,
  RoundTripTimeMs,
  TestResult,
  ProbesFailedPercent,
  AverageRoundtripMs
};
std::string_view to_text(AlertMetric metric);
/// The monitors that have it.
MonitorForm form_of(AlertMetric metric);

enum class AlertAggregation { Average, Minimum, Maximum, Total, Count };
std::string_view to_text(AlertAggregation aggregation);

enum class AlertOperator { Equals, GreaterThan, GreaterThanOrEqual, LessThan, LessThanOrEqual };
std::string_view to_text(AlertOperator comparison);

/// What to_text writes.
std::optional<AlertMetric> parse_alert_metric(std::string_view text);
std::optional<AlertAggregation> parse_alert_aggregation(std::string_view text);
std::optional<AlertOperator> parse_alert_operator(std::string_view text);

/// Which values of a dimension count. The combinations of the values of all dimensions that a
/// rule's conditions name are told apart.
struct AlertDimension {
  std::string name = {};                 ///< one of kMetricDimensionNames
  bool is_excluding = false;             ///< all values but these
  std::vector<std::string> values = {};  ///< compared without case; none: all
  bool operator==(const AlertDimension&) const = default;
};

/// One condition: an aggregate of the window's samples against a threshold.
struct AlertCriterion {
  std::string name = {};
  AlertMetric metric = AlertMetric::TestResult;
  AlertAggregation aggregation = AlertAggregation::Average;
  AlertOperator comparison = AlertOperator::GreaterThan;
  double threshold = 0;
  std::vector<AlertDimension> dimensions = {};
  bool operator==(const AlertCriterion&) const = default;
};

/// An action group that is told, by its resource id, and what is to be sent along.
struct AlertAction {
  std::string action_group;
  std::vector<std::pair<std::string, std::string>> properties;
  bool operator==(const AlertAction&) const = default;
};

/// A metric alert rule, as it was read of Azure's resource. All criteria must hold at once.
struct AlertRule {
  std::string description;
  int severity = 3;  ///< 0 (critical) to 4
  bool is_enabled = true;
  std::vector<std::string> scopes;  ///< as sent
  Seconds frequency{60};            ///< it is looked at so often
  Seconds window{300};              ///< over so much time; not shorter than the frequency
  bool auto_mitigate = true;        ///< resolves by itself
  std::vector<AlertCriterion> criteria;
  std::vector<AlertAction> actions;
  std::vector<std::pair<std::string, std::string>> custom_properties;
  bool operator==(const AlertRule&) const = default;

  [[nodiscard]] MonitorForm form() const { return form_of(criteria.front().metric); }
};
inline constexpr int kAlertSeverities = 5;
inline constexpr std::size_t kAlertCriteriaMax = 5;
inline constexpr std::size_t kAlertScopesMax = 100;

/// The names of all dimensions that the rule's criteria name, each once, in their order.
std::vector<std::string> dimensions_of(const AlertRule& rule);

struct AlertRuleRead {
  AlertRule rule;
  std::vector<Diagnostic> faults;  ///< the rule may be used if there are none
};
/// Reads `properties` of a Microsoft.Insights/metricAlerts resource, strictly. What Azure accepts
/// and linewatch does not do is refused by name. Whether its scopes are there is not asked. `path`
/// stands before the paths of faults. Pure.
AlertRuleRead read_alert_rule(const Value& properties, const std::string& path);

}  // namespace lw
