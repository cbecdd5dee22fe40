// SPDX-License-Identifier: Apache-2.0
#include "model/alert_rule.h"

#include <gtest/gtest.h>

#include "base/document.h"

namespace lw {
namespace {

/// Microsoft's baseline rule, as its client sends it.
Value baseline() {
  return parse_json(R"({
    "severity": 3, "enabled": true, "scopes": ["/subscriptions/s/resourceGroups/g"],
    "evaluationFrequency": "PT1M", "windowSize": "PT5M",
    "criteria": {
      "odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
      "allOf": [{
        "criterionType": "StaticThresholdCriterion", "name": "c1", "metricName": "TestResult",
        "metricNamespace": "Microsoft.Network/networkWatchers/connectionMonitors",
        "timeAggregation": "Maximum",
        "dimensions": [
          {"name": "sourcename", "operator": "Include", "values": ["*"]},
          {"name": "DestinationName", "operator": "Exclude", "values": ["old", "older"]}],
        "operator": "GreaterThan", "threshold": 2}]},
    "autoMitigate": false,
    "actions": [{"actionGroupId": "/a", "webHookProperties": {"k": "v"}}]})")
      .value();
}

/// The document with one of its members replaced, named by a path of keys; `0` is the first item.
Value with(Value document, const std::vector<std::string>& path, Value value) {
  if (path.empty()) return value;
  const std::vector<std::string> rest(path.begin() + 1, path.end());
  if (document.is_array()) {
    Value::Array items = document.as_array();
    items.at(static_cast<std::size_t>(std::stoi(path.front()))) =
        with(items.at(static_cast<std::size_t>(std::stoi(path.front()))), rest, std::move(value));
    return items;
  }
  const Value* const inner = document.find(path.front());
  Value changed = with(inner != nullptr ? *inner : Value(), rest, std::move(value));
  document.set(path.front(), std::move(changed));
  return document;
}

/// "path: message" of each fault.
std::vector<std::string> faults_of(const Value& properties) {
  std::vector<std::string> texts;
  for (const Diagnostic& fault : read_alert_rule(properties, "properties").faults) {
    texts.push_back(fault.path + ": " + fault.message);
  }
  return texts;
}

void expect_fault(const Value& properties, const std::string& path, const std::string& words) {
  const auto faults = faults_of(properties);
  ASSERT_EQ(faults.size(), 1U) << (faults.empty() ? "no fault, expected " + words : faults[1]);
  EXPECT_TRUE(faults[0].starts_with(path + ": ")) << faults[0];
  EXPECT_NE(faults[0].find(words), std::string::npos) << faults[0];
}

TEST(AlertRule, IsReadAsClientsSendIt) {
  const AlertRuleRead read = read_alert_rule(baseline(), "properties");
  EXPECT_EQ(faults_of(baseline()), std::vector<std::string>{});
  EXPECT_EQ(read.rule.severity, 3);
  EXPECT_EQ(read.rule.frequency, Seconds(60));
  EXPECT_EQ(read.rule.window, Seconds(300));
  EXPECT_FALSE(read.rule.auto_mitigate);
  EXPECT_EQ(read.rule.scopes, std::vector<std::string>{"/subscriptions/s/resourceGroups/g"});
  ASSERT_EQ(read.rule.criteria.size(), 1U);
  const AlertCriterion wanted{
      .name = "c1",
      .metric = AlertMetric::TestResult,
      .aggregation = AlertAggregation::Maximum,
      .comparison = AlertOperator::GreaterThan,
      .threshold = 2,
      .dimensions = {{"SourceName", false, {}}, {"DestinationName", true, {"old", "older"}}}};
  EXPECT_EQ(read.rule.criteria[0], wanted);
  EXPECT_EQ(dimensions_of(read.rule), (std::vector<std::string>{"SourceName", "DestinationName"}));
  ASSERT_EQ(read.rule.actions.size(), 1U);
  EXPECT_EQ(read.rule.actions[0].properties.front(), std::pair(std::string("k"), std::string("v")));
}

TEST(AlertRule, ResolvesByItselfUnlessItSaysOtherwise) {
  Value document = baseline();
  document.erase("autoMitigate");
  EXPECT_TRUE(read_alert_rule(document, "properties").rule.auto_mitigate);
}

TEST(AlertRule, RefusesByNameWhatIsNotDone) {
  const std::vector<std::string> criterion{"criteria", "allOf", "0"};
  const auto in_criterion = [&](const std::string& key, Value value) {
    std::vector<std::string> path = criterion;
    path.push_back(key);
    return with(baseline(), path, std::move(value));
  };
  expect_fault(in_criterion("criterionType", "DynamicThresholdCriterion"),
               "properties.criteria.allOf[0].criterionType", "no dynamic thresholds");
  expect_fault(
      with(baseline(), {"criteria", "odata.type"}, "Microsoft.Azure.Monitor.PromQLCriteria"),
      "properties.criteria.odata.type", "PromQLCriteria");
  expect_fault(with(baseline(), {"criteria", "odata.type"},
                    "Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria"),
               "properties.criteria.odata.type", "WebtestLocationAvailabilityCriteria");
  expect_fault(in_criterion("metricName", "TestResults"), "properties.criteria.allOf[0].metricName",
               "did you mean `TestResult`");
  expect_fault(in_criterion("metricNamespace", "Microsoft.Compute/virtualMachines"),
               "properties.criteria.allOf[0].metricNamespace", "connectionMonitors");
  expect_fault(with(baseline(), {"criteria", "allOf", "0", "dimensions", "0", "name"},
                    "TestResultCriterion"),
               "properties.criteria.allOf[0].dimensions[0].name", "tells rounds apart");
  expect_fault(with(baseline(), {"criteria", "allOf", "0", "dimensions", "1", "values"},
                    Value(Value::Array{"*"})),
               "properties.criteria.allOf[0].dimensions[1].values", "leaves nothing");
}

TEST(AlertRule, RefusesAWindowThatLeavesRoundsOut) {
  expect_fault(with(baseline(), {"evaluationFrequency"}, "PT15M"), "properties.windowSize",
               "shorter than evaluationFrequency");
}

TEST(AlertRule, RefusesConditionsThatNoMonitorHasBothOf) {
  Value criteria = *baseline().find("criteria");
  Value second = criteria.find("allOf")->as_array().front();
  second.set("metricName", "AverageRoundtripMs");
  Value both(Value::Array{criteria.find("allOf")->as_array().front(), second});
  expect_fault(with(baseline(), {"criteria", "allOf"}, both), "properties.criteria.allOf",
               "classic monitors");
}

TEST(AlertRule, SaysAllThatIsMissing) {
  const auto faults = faults_of(Value::object());
  std::string all;
  for (const std::string& fault : faults) all += fault + "\n";
  for (const char* const key :
       {"severity", "enabled", "scopes", "evaluationFrequency", "windowSize", "criteria"}) {
    EXPECT_NE(all.find("properties." + std::string(key) + ": "), std::string::npos) << all;
  }
  EXPECT_EQ(faults.size(), 6U) << all;
  EXPECT_EQ(faults_of(Value("text")).size(), 1U);
}

TEST(AlertRule, RefusesUnknownMembersAndWrongNumbers) {
  Value document = baseline();
  document.set("severty", 3);
  expect_fault(document, "properties.severty", "did you mean `severity`");
  expect_fault(with(baseline(), {"severity"}, 5), "properties.severity", "from 0 to 4");
  expect_fault(with(baseline(), {"criteria", "allOf", "0", "threshold"}, "2"),
               "properties.criteria.allOf[0].threshold", "expected a number");
}

}  // namespace
}  // namespace lw
