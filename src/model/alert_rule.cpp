// SPDX-License-Identifier: Apache-2.0
#include "model/alert_rule.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <span>

#include "base/text.h"
#include "model/metric_names.h"
#include "model/object_reader.h"

namespace lw {
namespace {

// In the order of the enums.
constexpr std::array<std::string_view, 5> kMetricNames{"ChecksFailedPercent", "RoundTripTimeMs",
                                                       "TestResult", "ProbesFailedPercent",
                                                       "AverageRoundtripMs"};
constexpr std::array<std::string_view, 5> kAggregationNames{"Average", "Minimum", "Maximum",
                                                            "Total", "Count"};
constexpr std::array<std::string_view, 5> kOperatorNames{
    "Equals", "GreaterThan", "GreaterThanOrEqual", "LessThan", "LessThanOrEqual"};

struct NamedLength {
  std::string_view name;
  std::int64_t minutes;
};
constexpr std::array<NamedLength, 5> kFrequencies{
    {{"PT1M", 1}, {"PT5M", 5}, {"PT15M", 15}, {"PT30M", 30}, {"PT1H", 60}}};
constexpr std::array<NamedLength, 9> kWindows{{{"PT1M", 1},
                                               {"PT5M", 5},
                                               {"PT15M", 15},
                                               {"PT30M", 30},
                                               {"PT1H", 60},
                                               {"PT6H", 360},
                                               {"PT12H", 720},
                                               {"P1D", 1'440},
                                               {"PT24H", 1'440}}};

constexpr std::size_t kDimensionsMax = 10;
constexpr std::size_t kDimensionValuesMax = 1'000;
constexpr std::size_t kActionsMax = 5;

template <class Enum>
std::optional<Enum> parse_named(std::span<const std::string_view> names, std::string_view text) {
  const auto found = std::ranges::find(names, text);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

std::vector<std::string> strings_of(std::span<const std::string_view> names) {
  return {names.begin(), names.end()};
}

Seconds read_length(ObjectReader& reader, const char* key, std::span<const NamedLength> lengths,
                    Seconds otherwise) {
  std::vector<std::string> names;
  for (const NamedLength& length : lengths) names.emplace_back(length.name);
  if (reader.required_text(key, "known are: " + join(names, ", ")).empty()) return otherwise;
  const auto chosen = reader.choice(key, names);
  return chosen ? Seconds(lengths[*chosen].minutes * 60) : otherwise;
}

std::optional<std::size_t> required_choice(ObjectReader& reader, const char* key,
                                           std::span<const std::string_view> known) {
  const std::vector<std::string> names = strings_of(known);
  if (reader.required_text(key, "known are: " + join(names, ", ")).empty()) return std::nullopt;
  return reader.choice(key, names);
}

void check_count(ObjectReader& reader, const char* key, std::size_t count, std::size_t most) {
  if (count > most) {
    reader.fault(key, fmt::format("there are {}; at most {} are allowed", count, most));
  }
}

AlertDimension read_dimension(const Place& place, Diagnostics& faults) {
  ObjectReader reader(place, faults);
  AlertDimension dimension;
  const std::string name = reader.required_text("name", "name a dimension, like DestinationName");
  if (equals_ignoring_case(name, kMetricDimensionNames.back())) {
    reader.fault("name",
                 "TestResultCriterion tells rounds apart and not tests, so alerts cannot be told "
                 "apart by it; leave it out");
  } else if (!name.empty()) {
    const auto tests = std::span(kMetricDimensionNames).first(kMetricDimensionNames.size() - 1);
    const auto chosen = reader.choice("name", strings_of(tests));
    if (chosen) dimension.name = tests[*chosen];
  }
  static constexpr std::array<std::string_view, 2> kOperators{"Include", "Exclude"};
  dimension.is_excluding = required_choice(reader, "operator", kOperators).value_or(0) == 1;
  dimension.values = reader.texts("values");
  if (dimension.values.empty() && reader.is_object()) {
    reader.fault("values", "`values` is missing; list values, or \"*\" for each");
  }
  check_count(reader, "values", dimension.values.size(), kDimensionValuesMax);
  const bool has_all = std::ranges::find(dimension.values, "*") != dimension.values.end();
  if (has_all && dimension.is_excluding) {
    reader.fault("values", "to exclude \"*\" leaves nothing; name the values to exclude");
  }
  if (has_all) dimension.values.clear();
  reader.finish();
  return dimension;
}

void read_alert_threshold(ObjectReader& reader, AlertCriterion& criterion) {
  if (!reader.is_object()) return;
  if (!reader.has("threshold")) {
    reader.ignore("threshold");
    return reader.fault("threshold", "`threshold` is missing; give a number");
  }
  criterion.threshold = reader.number("threshold", std::numeric_limits<double>::lowest())
                            .value_or(criterion.threshold);
}

void read_criterion_type(ObjectReader& reader) {
  const std::string type = reader.text("criterionType");
  if (type.empty() || equals_ignoring_case(type, "StaticThresholdCriterion")) return;
  reader.fault("criterionType",
               equals_ignoring_case(type, "DynamicThresholdCriterion")
                   ? "linewatch has no dynamic thresholds; use StaticThresholdCriterion with "
                     "`threshold`"
                   : "use StaticThresholdCriterion");
}

void read_namespace(ObjectReader& reader) {
  const std::string name = reader.text("metricNamespace");
  if (name.empty() || equals_ignoring_case(name, kMetricNamespace)) return;
  reader.fault("metricNamespace", fmt::format("there are metrics of {} only", kMetricNamespace));
}

AlertCriterion read_criterion(const Place& place, Diagnostics& faults) {
  ObjectReader reader(place, faults);
  AlertCriterion criterion;
  read_criterion_type(reader);
  read_namespace(reader);
  criterion.name = reader.required_text("name", "name the condition");
  if (const auto chosen = required_choice(reader, "metricName", kMetricNames)) {
    criterion.metric = static_cast<AlertMetric>(*chosen);
  }
  if (const auto chosen = required_choice(reader, "timeAggregation", kAggregationNames)) {
    criterion.aggregation = static_cast<AlertAggregation>(*chosen);
  }
  if (const auto chosen = required_choice(reader, "operator", kOperatorNames)) {
    criterion.comparison = static_cast<AlertOperator>(*chosen);
  }
  read_alert_threshold(reader, criterion);
  const std::vector<Place> dimensions = reader.list("dimensions");
  check_count(reader, "dimensions", dimensions.size(), kDimensionsMax);
  for (const Place& item : dimensions) {
    criterion.dimensions.push_back(read_dimension(item, faults));
    const std::string& name = criterion.dimensions.back().name;
    if (!name.empty() &&
        std::ranges::count(criterion.dimensions, name, &AlertDimension::name) > 1) {
      faults.add(item.value->location(), item.path + ".name",
                 fmt::format("{} stands here twice; put all values into one", name));
    }
  }
  reader.ignore("skipMetricValidation");
  reader.finish();
  return criterion;
}

/// What stands where Azure's kinds of criteria differ.
bool check_kind(ObjectReader& reader) {
  constexpr std::string_view kPrefix = "Microsoft.Azure.Monitor.";
  const char* const key = "odata.type";
  const std::string type = reader.required_text(
      key, "write Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria");
  if (type.empty()) return false;
  for (const char* const known :
       {"SingleResourceMultipleMetricCriteria", "MultipleResourceMultipleMetricCriteria"}) {
    if (equals_ignoring_case(type, std::string(kPrefix) + known)) return true;
  }
  reader.fault(key, fmt::format("linewatch has no rules of the kind `{}`; use "
                                "{}SingleResourceMultipleMetricCriteria",
                                printable(type, 100), kPrefix));
  return false;
}

void read_criteria(ObjectReader& properties, AlertRule& rule, Diagnostics& faults) {
  if (!properties.is_object()) return;
  const auto place = properties.object("criteria");
  if (!place) {
    if (!properties.has("criteria")) {
      properties.fault("criteria", "`criteria` is missing; give `odata.type` and `allOf`");
    }
    return;
  }
  ObjectReader reader(*place, faults);
  if (!check_kind(reader)) return;
  const std::vector<Place> items = reader.list("allOf");
  check_count(reader, "allOf", items.size(), kAlertCriteriaMax);
  for (const Place& item : items) rule.criteria.push_back(read_criterion(item, faults));
  if (items.empty()) reader.fault("allOf", "there is no condition; give at least one");
  for (const AlertCriterion& criterion : rule.criteria) {
    if (form_of(criterion.metric) == rule.form()) continue;
    reader.fault("allOf",
                 fmt::format("{} is of classic monitors and {} is not; no monitor has both",
                             to_text(criterion.metric), to_text(rule.criteria.front().metric)));
    break;
  }
  reader.finish();
}

void read_actions(ObjectReader& properties, AlertRule& rule, Diagnostics& faults) {
  const std::vector<Place> items = properties.list("actions");
  check_count(properties, "actions", items.size(), kActionsMax);
  for (const Place& item : items) {
    ObjectReader reader(item, faults);
    rule.actions.push_back({reader.required_text("actionGroupId", "give an action group's id"),
                            reader.text_map("webHookProperties")});
    reader.finish();
  }
}

void read_scopes(ObjectReader& properties, AlertRule& rule) {
  rule.scopes = properties.texts("scopes");
  check_count(properties, "scopes", rule.scopes.size(), kAlertScopesMax);
  if (!rule.scopes.empty() || !properties.is_object()) return;
  properties.fault("scopes",
                   "the rule has no scope; list ids of connection monitors, of a resource "
                   "group or of the subscription");
}

void read_severity(ObjectReader& properties, AlertRule& rule) {
  if (!properties.is_object()) return;
  if (!properties.has("severity")) {
    properties.ignore("severity");
    return properties.fault("severity", "`severity` is missing; 0 is critical, 4 is verbose");
  }
  rule.severity = static_cast<int>(
      properties.integer("severity", 0, kAlertSeverities - 1).value_or(rule.severity));
}

void read_enabled(ObjectReader& properties, AlertRule& rule) {
  if (!properties.is_object()) return;
  if (!properties.has("enabled")) {
    properties.ignore("enabled");
    return properties.fault("enabled", "`enabled` is missing; say true or false");
  }
  rule.is_enabled = properties.flag("enabled").value_or(true);
}

}  // namespace

std::string_view to_text(AlertMetric metric) {
  return kMetricNames.at(static_cast<std::size_t>(metric));
}

MonitorForm form_of(AlertMetric metric) {
  const bool is_classic =
      metric == AlertMetric::ProbesFailedPercent || metric == AlertMetric::AverageRoundtripMs;
  return is_classic ? MonitorForm::SingleSourceDestination : MonitorForm::MultiEndpoint;
}

std::string_view to_text(AlertAggregation aggregation) {
  return kAggregationNames.at(static_cast<std::size_t>(aggregation));
}

std::string_view to_text(AlertOperator comparison) {
  return kOperatorNames.at(static_cast<std::size_t>(comparison));
}

std::optional<AlertMetric> parse_alert_metric(std::string_view text) {
  return parse_named<AlertMetric>(kMetricNames, text);
}

std::optional<AlertAggregation> parse_alert_aggregation(std::string_view text) {
  return parse_named<AlertAggregation>(kAggregationNames, text);
}

std::optional<AlertOperator> parse_alert_operator(std::string_view text) {
  return parse_named<AlertOperator>(kOperatorNames, text);
}

std::vector<std::string> dimensions_of(const AlertRule& rule) {
  std::vector<std::string> names;
  for (const AlertCriterion& criterion : rule.criteria) {
    for (const AlertDimension& dimension : criterion.dimensions) {
      if (std::ranges::find(names, dimension.name) == names.end()) names.push_back(dimension.name);
    }
  }
  return names;
}

AlertRuleRead read_alert_rule(const Value& properties, const std::string& path) {
  Diagnostics faults("");
  AlertRuleRead read;
  AlertRule& rule = read.rule;
  ObjectReader reader({&properties, path}, faults);
  rule.description = reader.text("description");
  read_severity(reader, rule);
  read_enabled(reader, rule);
  read_scopes(reader, rule);
  rule.frequency = read_length(reader, "evaluationFrequency", kFrequencies, rule.frequency);
  rule.window = read_length(reader, "windowSize", kWindows, rule.window);
  if (rule.window < rule.frequency) {
    reader.fault("windowSize",
                 "the window is shorter than evaluationFrequency, so that rounds between windows "
                 "would be looked at by nobody; make it as long at least");
  }
  rule.auto_mitigate = reader.flag("autoMitigate").value_or(true);
  read_criteria(reader, rule, faults);
  read_actions(reader, rule, faults);
  rule.custom_properties = reader.text_map("customProperties");
  // What Azure tells, or what tools send along; nothing hangs on it.
  for (const char* const key :
       {"targetResourceType", "targetResourceRegion", "lastUpdatedTime", "isMigrated"}) {
    reader.ignore(key);
  }
  reader.finish();
  read.faults = faults.take();
  return read;
}

}  // namespace lw
