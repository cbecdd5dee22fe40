// SPDX-License-Identifier: Apache-2.0
#include "server/api/alert_shapes.h"

#include <algorithm>

#include "evaluate/alert_sentences.h"
#include "model/resource_id.h"
#include "server/api/shapes.h"

namespace lw::server::api {
namespace {

constexpr std::size_t kTestsMax = 1'000;

Value condition_list(const Alert& alert) {
  Value list = Value::array();
  for (const AlertCondition& condition : alert.conditions) {
    list.push(Value::object({{"metric", to_text(condition.metric)},
                             {"aggregation", to_text(condition.aggregation)},
                             {"operator", to_text(condition.comparison)},
                             {"threshold", condition.threshold},
                             {"firedValue", condition.fired_value},
                             {"value", condition.value}}));
  }
  return list;
}

Value test_list(const Alert& alert) {
  Value list = Value::array();
  for (const TestId test : alert.tests) {
    if (list.as_array().size() == kTestsMax) break;
    list.push(to_string(test));
  }
  return list;
}

/// The tests that the rule was last judged by.
std::uint64_t tests_of(const alerts::Rule& rule) {
  if (!rule.plan) return 0;
  std::uint64_t tests = 0;
  for (const alerts::Combination& each : rule.plan->combinations) tests += each.tests.size();
  return tests;
}

}  // namespace

Value dimension_list(std::span<const std::pair<std::string, std::string>> dimensions) {
  Value list = Value::array();
  for (const auto& [name, value] : dimensions) {
    list.push(Value::object({{"name", name}, {"value", value}}));
  }
  return list;
}

Value text_list(std::span<const std::string> texts) {
  Value list = Value::array();
  for (const std::string& text : texts) list.push(text);
  return list;
}

Value alert_value(const Alert& alert, const std::string& subscription, std::uint64_t test_count) {
  const AlertCondition first =
      alert.conditions.empty() ? AlertCondition() : alert.conditions.front();
  return Value::object(
      {{"id", alert.id},
       {"rule", Value::object({{"name", alert.rule},
                               {"id", insights_id(subscription, "metricAlerts", alert.rule)}})},
       {"severity", alert.severity},
       {"state", alert.resolved ? "Resolved" : "Fired"},
       {"fired", to_iso8601(alert.fired)},
       {"resolved", time_value(alert.resolved)},
       {"resolvedBy", alert.resolved ? Value(to_text(alert.ended_by)) : Value()},
       {"dimensions", dimension_list(alert.dimensions)},
       {"monitors", Value(Value::Array{alert.monitor})},
       {"tests", test_list(alert)},
       {"testCount", test_count},
       {"metric", to_text(first.metric)},
       {"aggregation", to_text(first.aggregation)},
       {"operator", to_text(first.comparison)},
       {"threshold", first.threshold},
       {"value", first.value},
       {"firedValue", first.fired_value},
       {"windowSec", std::int64_t{alert.window.count()}},
       {"sentence", alert.sentence},
       {"conditions", condition_list(alert)}});
}

std::vector<std::string> monitors_in(const Control& control, const AlertRule& rule,
                                     const TokenScope& scope) {
  std::vector<std::string> names;
  for (const ConnectionMonitor& monitor : control.models()) {
    const bool has_metric = rule.criteria.empty() || monitor.form == rule.form();
    if (has_metric && scope.covers_monitor(monitor.name)) names.push_back(monitor.name);
  }
  return names;
}

Value rule_value(const Control& control, const alerts::Alerts& alerts, const alerts::Rule& rule) {
  return Value::object({{"name", rule.key()},
                        {"id", insights_id(control.subscription_id(), "metricAlerts", rule.key())},
                        {"etag", rule.stored.etag},
                        {"severity", rule.model.severity},
                        {"enabled", rule.model.is_enabled},
                        {"sentence", sentence_of(rule.model)},
                        {"monitors", text_list(monitors_in(control, rule.model, rule.scope))},
                        {"testCount", tests_of(rule)},
                        {"lastEvaluated", time_value(rule.evaluated)},
                        {"problem", rule.problem},
                        {"firing", std::uint64_t{rule.firing.size()}},
                        {"notServed", text_list(alerts.not_served(rule.model))},
                        {"created", to_iso8601(rule.stored.created)},
                        {"updated", to_iso8601(rule.stored.updated)},
                        {"document", rule.stored.document}});
}

}  // namespace lw::server::api
