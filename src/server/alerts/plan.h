// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/alert_rule.h"
#include "model/ids.h"
#include "server/metrics/dimensions.h"
#include "store/metric_reader.h"

/// What an alert rule asks of the store, and what the answer says of each combination: the values
/// that the metrics interface gives for the same question. Pure.
namespace lw::server::alerts {

/// One alert of a rule, if it fires: of one connection monitor, and the values of the dimensions
/// that the rule names.
struct Combination {
  std::string monitor;  ///< its key
  std::vector<std::pair<std::string, std::string>> dimensions;
  std::vector<TestId> tests;
  /// For each criterion, how many of its tests are silent and count as Indeterminate.
  std::vector<std::uint32_t> silent;

  /// The same for the same monitor and values.
  [[nodiscard]] std::string key() const;
};

struct Plan {
  std::vector<Combination> combinations;
  /// Each series is of one combination, and of those of its tests that count for the same criteria.
  struct Series {
    std::uint32_t combination = 0;
    std::uint32_t criteria = 0;  ///< a bit for each
  };
  std::vector<Series> series;
  store::MetricQuestion question;  ///< without its span
};

/// Whether a test without rounds counts for the criterion: its result is Indeterminate then, which
/// is 0, and the criterion is about that.
bool asks_for_silence(const AlertCriterion& criterion);
bool asks_for_silence(const AlertRule& rule);
/// Whether the rule tells tests apart by what may change while the set of tests stays.
bool has_passing_dimensions(const AlertRule& rule);

/// Puts tests into combinations, one after the other.
class PlanMaker {
 public:
  explicit PlanMaker(const AlertRule& rule);
  PlanMaker(const PlanMaker&) = delete;  // its filters point into its rule
  PlanMaker& operator=(const PlanMaker&) = delete;
  /// `is_silent`: it should run, and no round of it came for as long as the window.
  void add(TestId test, const std::string& monitor, const metrics::Dimensions& dimensions,
           bool is_silent);
  /// Without combinations of which some criterion has no test.
  Plan take();

 private:
  /// A criterion's dimension, found.
  struct Filter {
    metrics::Dimension dimension;
    const AlertDimension* condition;
  };
  [[nodiscard]] std::uint32_t criteria_of(const metrics::Dimensions& dimensions) const;
  std::uint32_t combination_of(const std::string& monitor, const metrics::Dimensions& dimensions);

  AlertRule rule_;
  std::vector<std::vector<Filter>> filters_;  ///< of each criterion
  std::vector<metrics::Dimension> named_;     ///< by the rule
  std::vector<std::uint32_t> all_criteria_;   ///< of each combination
  std::map<std::vector<std::string>, std::uint32_t> numbers_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> series_numbers_;
  Plan plan_;
};

/// For each combination each criterion's value.
using Values = std::vector<std::vector<std::optional<double>>>;
/// For each combination each criterion's samples.
using Samples = std::vector<std::vector<store::Aggregate>>;

Samples no_samples(const AlertRule& rule, const Plan& plan);
void add_step(const AlertRule& rule, const Plan& plan, const store::MetricStep& step,
              Samples& samples);
/// The step's samples of one criterion; none if the step's tests do not count for it.
store::Aggregate samples_in(const AlertRule& rule, const Plan& plan, const store::MetricStep& step,
                            std::size_t criterion);
/// The silent tests' part included.
Values values_of(const AlertRule& rule, const Plan& plan, const Samples& samples);

}  // namespace lw::server::alerts
