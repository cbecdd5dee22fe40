// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/alert_rule.h"
#include "server/alerts/plan.h"
#include "store/metric_reader.h"

/// What a rule would have done: evaluations over the past, as the server would have made them.
/// Tests without data are no data here: which of them should have run then is not known. Pure.
namespace lw::server::alerts {

/// When the evaluations would have been, and what they ask of the store in one question: a step is
/// as long as the rule's frequency, and a window is some of them.
struct BackTest {
  Timestamp first_end{};        ///< of the first window
  std::size_t evaluations = 0;  ///< one each frequency from then on
  store::MetricQuestion question;
};
/// The evaluations within [from, to]. LimitExceeded says what to change if it is too much at once.
Result<BackTest> plan_back_test(const AlertRule& rule, const Plan& plan, Timestamp from,
                                Timestamp to);

/// An alert that would have fired.
struct BackTestAlert {
  std::size_t combination = 0;  ///< of the plan
  Timestamp fired{};
  std::optional<Timestamp> resolved;
  std::vector<double> values;  ///< each criterion's when it fired
};
struct BackTestResult {
  std::vector<BackTestAlert> alerts;  ///< the first first
  std::size_t with_data = 0;          ///< combinations that had any
};
/// `steps` answer the question.
BackTestResult back_test(const AlertRule& rule, const Plan& plan, const BackTest& test,
                         const std::vector<store::MetricStep>& steps);

/// The aggregate of the newest of a row of aggregates, at the same cost however many they are.
class SlidingAggregate {
 public:
  void push(const store::Aggregate& newest);
  /// Lets the oldest go; there must be one.
  void pop();
  [[nodiscard]] store::Aggregate total() const;

 private:
  std::vector<store::Aggregate> newer_;  ///< as they came
  store::Aggregate newer_total_;
  std::vector<store::Aggregate> older_;  ///< the oldest last: each with all behind it
};

}  // namespace lw::server::alerts
