// SPDX-License-Identifier: Apache-2.0
#include "notify/common_alert.h"

#include <fmt/core.h>

#include "base/text.h"
#include "model/metric_names.h"
#include "model/resource_id.h"

namespace lw::notify {
namespace {

constexpr std::size_t kTestsMax = 100;

/// With the seven digits of a second that Azure writes.
std::string azure_time(Timestamp time) {
  std::string text = to_iso8601(time);
  text.insert(text.size() - 1, "0");
  return text;
}

std::string duration_text(Seconds duration) {
  const std::int64_t minutes = duration.count() / 60;
  if (minutes % 1'440 == 0) return fmt::format("P{}D", minutes / 1'440);
  if (minutes % 60 == 0) return fmt::format("PT{}H", minutes / 60);
  return fmt::format("PT{}M", minutes);
}

Value map_value(const std::vector<std::pair<std::string, std::string>>& map) {
  Value value = Value::object();
  for (const auto& [key, text] : map) value.set(key, text);
  return value;
}

Value condition_value(const Alert& alert, const AlertCondition& condition) {
  Value dimensions = Value::array();
  for (const auto& [name, value] : alert.dimensions) {
    dimensions.push(Value::object({{"name", name}, {"value", value}}));
  }
  return Value::object({{"metricName", to_text(condition.metric)},
                        {"metricNamespace", kMetricNamespace},
                        {"operator", to_text(condition.comparison)},
                        // A text in Azure's messages.
                        {"threshold", fmt::format("{}", condition.threshold)},
                        {"timeAggregation", to_text(condition.aggregation)},
                        {"dimensions", std::move(dimensions)},
                        {"metricValue", condition.value}});
}

Value essentials(const Alert& alert, const AlertContext& context) {
  Value value =
      Value::object({{"alertId", azure_alert_id(context.subscription, alert.id)},
                     {"alertRule", insights_place_of(alert.rule).name},
                     {"alertRuleID", context.rule_id},
                     {"severity", fmt::format("Sev{}", alert.severity)},
                     {"signalType", "Metric"},
                     {"monitorCondition", alert.resolved ? "Resolved" : "Fired"},
                     {"monitoringService", "Platform"},
                     {"alertTargetIDs", Value(Value::Array{to_lower(context.monitor_id)})},
                     {"configurationItems", Value(Value::Array{place_of(alert.monitor).monitor})},
                     {"originAlertId", alert.id},
                     {"firedDateTime", azure_time(alert.fired)}});
  if (alert.resolved) value.set("resolvedDateTime", azure_time(*alert.resolved));
  value.set("description", context.description);
  if (!context.link.empty()) value.set("investigationLink", context.link);
  value.set("essentialsVersion", "1.0");
  value.set("alertContextVersion", "1.0");
  return value;
}

Value alert_context(const Alert& alert, const AlertContext& context) {
  Value conditions = Value::array();
  for (const AlertCondition& condition : alert.conditions) {
    conditions.push(condition_value(alert, condition));
  }
  const Timestamp end = alert.resolved.value_or(alert.fired);
  return Value::object(
      {{"properties", map_value(context.webhook_properties)},
       {"conditionType", context.is_of_many ? "MultipleResourceMultipleMetricCriteria"
                                            : "SingleResourceMultipleMetricCriteria"},
       {"condition", Value::object({{"windowSize", duration_text(alert.window)},
                                    {"allOf", std::move(conditions)},
                                    {"windowStartTime", to_iso8601(end - alert.window)},
                                    {"windowEndTime", to_iso8601(end)}})}});
}

Value own_part(const Alert& alert) {
  Value tests = Value::array();
  for (const TestId test : alert.tests) {
    if (tests.as_array().size() == kTestsMax) break;
    tests.push(to_string(test));
  }
  Value value = Value::object({{"sentence", alert.sentence},
                               {"connectionMonitor", alert.monitor},
                               {"testCount", std::uint64_t{alert.tests.size()}},
                               {"tests", std::move(tests)}});
  if (alert.resolved) value.set("resolvedBy", to_text(alert.ended_by));
  return value;
}

}  // namespace

std::string azure_alert_id(const std::string& subscription, const std::string& id) {
  return fmt::format("/subscriptions/{}/providers/Microsoft.AlertsManagement/alerts/{}",
                     subscription, id);
}

Value common_alert(const Alert& alert, const AlertContext& context) {
  return Value::object(
      {{"schemaId", "azureMonitorCommonAlertSchema"},
       {"data", Value::object({{"essentials", essentials(alert, context)},
                               {"alertContext", alert_context(alert, context)},
                               {"customProperties", map_value(context.custom_properties)},
                               {"linewatch", own_part(alert)}})}});
}

}  // namespace lw::notify
