// SPDX-License-Identifier: Apache-2.0
#include "registry/alert_document.h"

#include "base/document.h"
#include "base/ids.h"

namespace lw::registry {
namespace {

constexpr std::size_t kHexDigits = 16;

/// 16 digits each, one behind the other: a hundred thousand stay small and quick to read.
std::string digits_of_tests(const std::vector<TestId>& tests) {
  std::string digits;
  digits.reserve(tests.size() * kHexDigits);
  for (const TestId test : tests) digits += to_string(test);
  return digits;
}

std::vector<TestId> tests_of_digits(std::string_view digits) {
  std::vector<TestId> tests;
  for (std::size_t at = 0; at + kHexDigits <= digits.size(); at += kHexDigits) {
    if (const auto id = parse_hex(digits.substr(at, kHexDigits))) tests.push_back(TestId{*id});
  }
  return tests;
}

std::int64_t integer_of(const Value& value, std::string_view key) {
  const Value* const member = value.find(key);
  return member != nullptr && member->is_int() ? member->as_int() : 0;
}

Value condition_value(const AlertCondition& condition) {
  return Value::object({{"metric", to_text(condition.metric)},
                        {"aggregation", to_text(condition.aggregation)},
                        {"operator", to_text(condition.comparison)},
                        {"threshold", condition.threshold},
                        {"firedValue", condition.fired_value},
                        {"value", condition.value}});
}

std::optional<AlertCondition> condition_of(const Value& value) {
  const auto metric = parse_alert_metric(value.text("metric"));
  const auto aggregation = parse_alert_aggregation(value.text("aggregation"));
  const auto comparison = parse_alert_operator(value.text("operator"));
  if (!metric || !aggregation || !comparison) return std::nullopt;
  return AlertCondition{.metric = *metric,
                        .aggregation = *aggregation,
                        .comparison = *comparison,
                        .threshold = value.number("threshold"),
                        .fired_value = value.number("firedValue"),
                        .value = value.number("value")};
}

}  // namespace

std::string alert_to_text(const Alert& alert) {
  Value dimensions = Value::array();
  for (const auto& [name, value] : alert.dimensions) {
    dimensions.push(Value::object({{"name", name}, {"value", value}}));
  }
  Value conditions = Value::array();
  for (const AlertCondition& condition : alert.conditions) {
    conditions.push(condition_value(condition));
  }
  Value value = Value::object({{"id", alert.id},
                               {"rule", alert.rule},
                               {"severity", alert.severity},
                               {"firedUs", to_unix_us(alert.fired)},
                               {"monitor", alert.monitor},
                               {"dimensions", std::move(dimensions)},
                               {"tests", digits_of_tests(alert.tests)},
                               {"windowSec", std::int64_t{alert.window.count()}},
                               {"conditions", std::move(conditions)},
                               {"sentence", alert.sentence}});
  if (alert.resolved) {
    value.set("resolvedUs", to_unix_us(*alert.resolved));
    value.set("endedBy", to_text(alert.ended_by));
  }
  return to_json(value);
}

Result<Alert> alert_of_text(const std::string& text) {
  const Value value = TRY(parse_json(text));
  Alert alert;
  alert.id = value.text("id");
  if (alert.id.empty()) return fail(ErrorCode::Internal, "the registry holds an alert without id");
  alert.rule = value.text("rule");
  alert.severity = static_cast<int>(integer_of(value, "severity"));
  alert.fired = from_unix_us(integer_of(value, "firedUs"));
  alert.monitor = value.text("monitor");
  for (const Value& item : value.list("dimensions")) {
    alert.dimensions.emplace_back(item.text("name"), item.text("value"));
  }
  alert.tests = tests_of_digits(value.text("tests"));
  alert.window = Seconds(integer_of(value, "windowSec"));
  for (const Value& item : value.list("conditions")) {
    if (const auto condition = condition_of(item)) alert.conditions.push_back(*condition);
  }
  alert.sentence = value.text("sentence");
  if (value.find("resolvedUs") != nullptr) {
    alert.resolved = from_unix_us(integer_of(value, "resolvedUs"));
    alert.ended_by = parse_alert_end(value.text("endedBy")).value_or(AlertEnd::NoBreach);
  }
  return alert;
}

}  // namespace lw::registry
