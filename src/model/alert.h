// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "model/alert_rule.h"
#include "model/ids.h"

namespace lw {

/// What ended an alert. Stored by name.
enum class AlertEnd {
  NoBreach,      ///< evaluations in a row without breach
  RuleChanged,   ///< its rule has no such combination any more
  RuleDisabled,  ///< …
  RuleGone,
  TestsGone,  ///< all of its tests are gone or stopped
  Hand,       ///< somebody resolved it
};
std::string_view to_text(AlertEnd end);
std::optional<AlertEnd> parse_alert_end(std::string_view text);

/// A condition of the rule when the alert fired.
struct AlertCondition {
  AlertMetric metric = AlertMetric::TestResult;
  AlertAggregation aggregation = AlertAggregation::Average;
  AlertOperator comparison = AlertOperator::GreaterThan;
  double threshold = 0;
  double fired_value = 0;
  double value = 0;  ///< at the last evaluation that had data
  bool operator==(const AlertCondition&) const = default;
};

/// One combination of a rule that fires, or fired: of one connection monitor, and of the values of
/// the dimensions that the rule names.
struct Alert {
  std::string id;     ///< a UUID
  std::string rule;   ///< its key (model/resource_id.h, insights_key)
  int severity = 3;   ///< when it fired
  Timestamp fired{};  ///< end of the window that was judged
  std::optional<Timestamp> resolved;
  AlertEnd ended_by = AlertEnd::NoBreach;                       ///< if it is resolved
  std::string monitor;                                          ///< its key
  std::vector<std::pair<std::string, std::string>> dimensions;  ///< name and value
  std::vector<TestId> tests;                                    ///< of the combination, now
  Seconds window{0};
  std::vector<AlertCondition> conditions;
  std::string sentence;  ///< for people, of when it fired
  bool operator==(const Alert&) const = default;
};

/// For each test the worst that fires: 0 nothing, otherwise 1 + severity.
using AlertCode = std::uint8_t;
inline AlertCode alert_code(int severity) { return static_cast<AlertCode>(1 + severity); }
/// The worse of two: a lower severity number is graver.
inline AlertCode worse(AlertCode a, AlertCode b) {
  if (a == 0 || b == 0) return static_cast<AlertCode>(a + b);
  return a < b ? a : b;
}

}  // namespace lw
