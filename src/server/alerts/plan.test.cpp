// SPDX-License-Identifier: Apache-2.0
#include "server/alerts/plan.h"

#include <gtest/gtest.h>

#include "server/alerts/back_test.h"

namespace lw::server::alerts {
namespace {

using metrics::Dimension;
using metrics::Dimensions;

Dimensions dimensions(const std::string& source, const std::string& destination) {
  Dimensions values;
  values.at(static_cast<std::size_t>(Dimension::SourceName)) = source;
  values.at(static_cast<std::size_t>(Dimension::DestinationName)) = destination;
  return values;
}

AlertCriterion above_two(std::vector<AlertDimension> named = {}) {
  return {.name = "c",
          .metric = AlertMetric::TestResult,
          .aggregation = AlertAggregation::Maximum,
          .comparison = AlertOperator::GreaterThan,
          .threshold = 2,
          .dimensions = std::move(named)};
}

AlertRule rule_of(std::vector<AlertCriterion> criteria) {
  AlertRule rule;
  rule.criteria = std::move(criteria);
  return rule;
}

/// Two monitors; each with a and b towards x and y. Tests 1 to 4 and 5 to 8.
Plan plan_of(const AlertRule& rule, bool is_silent = false) {
  PlanMaker maker(rule);
  std::uint64_t test = 0;
  for (const char* const monitor : {"shop", "bank"}) {
    for (const char* const source : {"a", "b"}) {
      for (const char* const destination : {"x", "y"}) {
        maker.add(TestId{++test}, monitor, dimensions(source, destination), is_silent);
      }
    }
  }
  return maker.take();
}

/// "shop a=1,2 …": monitors, values, and tests of each combination.
std::string shown(const Plan& plan) {
  std::string text;
  for (const Combination& each : plan.combinations) {
    text += each.monitor;
    for (const auto& [name, value] : each.dimensions) text += " " + value;
    text += ":";
    for (const TestId test : each.tests) text += " " + std::to_string(test.value);
    text += "; ";
  }
  return text;
}

/// One step whose samples of each wanted metric are these.
store::MetricStep step(std::uint32_t series, double value, std::uint32_t index = 0,
                       std::uint64_t count = 1) {
  store::MetricStep made;
  made.series = series;
  made.index = index;
  for (store::Aggregate& metric : made.metrics) {
    metric = {count, value * static_cast<double>(count), value, value};
  }
  return made;
}

TEST(AlertPlan, MakesOneCombinationOfEachMonitorWithoutDimensions) {
  const Plan plan = plan_of(rule_of({above_two()}));
  EXPECT_EQ(shown(plan), "shop: 1 2 3 4; bank: 5 6 7 8; ");
  EXPECT_EQ(plan.question.members.size(), 8U);
  EXPECT_TRUE(plan.question.wanted.at(2));
  EXPECT_FALSE(plan.question.wanted.at(0));
}

TEST(AlertPlan, TellsValuesApartAndLetsInWhatIsWanted) {
  EXPECT_EQ(shown(plan_of(rule_of({above_two({{"SourceName", false, {}}})}))),
            "shop a: 1 2; shop b: 3 4; bank a: 5 6; bank b: 7 8; ");
  EXPECT_EQ(shown(plan_of(rule_of({above_two({{"DestinationName", false, {"X"}}})}))),
            "shop x: 1 3; bank x: 5 7; ");
  EXPECT_EQ(shown(plan_of(rule_of({above_two({{"DestinationName", true, {"x"}}})}))),
            "shop y: 2 4; bank y: 6 8; ");
  EXPECT_EQ(shown(plan_of(rule_of({above_two({{"DestinationName", false, {"z"}}})}))), "");
}

TEST(AlertPlan, KeysTellCombinationsApart) {
  const Plan plan = plan_of(rule_of({above_two({{"SourceName", false, {}}})}));
  for (std::size_t i = 1; i < plan.combinations.size(); ++i) {
    EXPECT_NE(plan.combinations[0].key(), plan.combinations[i].key());
  }
}

TEST(AlertPlan, AggregatesTheTestsOfACombination) {
  const AlertRule rule = rule_of({above_two(), above_two()});
  AlertRule both = rule;
  both.criteria[1].aggregation = AlertAggregation::Average;
  const Plan plan = plan_of(both);
  ASSERT_EQ(plan.series.size(), 2U);
  Samples samples = no_samples(both, plan);
  add_step(both, plan, step(0, 1, 0, 3), samples);
  add_step(both, plan, step(0, 3), samples);
  const Values values = values_of(both, plan, samples);
  EXPECT_EQ(values[0][0], 3);
  EXPECT_EQ(values[0][1], 1.5);
  EXPECT_EQ(values[1][0], std::nullopt);
}

TEST(AlertPlan, CountsForEachCriterionItsOwnTests) {
  // x is slow while y fails: of one combination, since the rule names DestinationName in both.
  AlertRule rule = rule_of({above_two({{"SourceName", false, {"a"}}}), above_two()});
  const Plan plan = plan_of(rule);
  // b has no test for the first criterion.
  EXPECT_EQ(shown(plan), "shop a: 1 2; bank a: 5 6; ");
  EXPECT_EQ(plan.question.members.size(), 4U);
  Samples samples = no_samples(rule, plan);
  for (const auto& member : plan.question.members) {
    if (member.test == TestId{1}) add_step(rule, plan, step(member.series, 3), samples);
  }
  const Values values = values_of(rule, plan, samples);
  EXPECT_EQ(values[0], (std::vector<std::optional<double>>{3, 3}));
}

TEST(AlertPlan, CountsSilenceWhereARuleIsAboutIt) {
  AlertCriterion indeterminate = above_two();
  indeterminate.aggregation = AlertAggregation::Minimum;
  indeterminate.comparison = AlertOperator::LessThan;
  indeterminate.threshold = 1;
  EXPECT_TRUE(asks_for_silence(indeterminate));
  EXPECT_FALSE(asks_for_silence(above_two()));
  AlertCriterion slow = indeterminate;
  slow.metric = AlertMetric::RoundTripTimeMs;
  EXPECT_FALSE(asks_for_silence(slow));

  const AlertRule rule = rule_of({indeterminate});
  const Plan silent = plan_of(rule, true);
  EXPECT_EQ(values_of(rule, silent, no_samples(rule, silent))[0][0], 0);
  const Plan heard = plan_of(rule, false);
  EXPECT_EQ(values_of(rule, heard, no_samples(rule, heard))[0][0], std::nullopt);
  // A test that failed before it fell silent does not get well by that.
  const AlertRule fails = rule_of({above_two()});
  const Plan other = plan_of(fails, true);
  EXPECT_EQ(values_of(fails, other, no_samples(fails, other))[0][0], std::nullopt);
}

// --- back-test --------------------------------------------------------------------------------

TEST(SlidingAggregate, IsThatOfTheNewest) {
  constexpr std::size_t kWidth = 4;
  SlidingAggregate window;
  std::vector<store::Aggregate> all;
  for (int i = 0; i < 50; ++i) {
    // Some steps have nothing.
    const double value = (i * 7) % 11;
    const store::Aggregate each =
        i % 5 == 3 ? store::Aggregate() : store::Aggregate{1, value, value, value};
    all.push_back(each);
    window.push(each);
    if (all.size() > kWidth) window.pop();
    store::Aggregate wanted;
    for (std::size_t k = all.size() - std::min(all.size(), kWidth); k < all.size(); ++k) {
      wanted.add(all[k]);
    }
    EXPECT_EQ(window.total().count, wanted.count) << i;
    EXPECT_EQ(window.total().sum, wanted.sum) << i;
    EXPECT_EQ(window.total().min, wanted.min) << i;
    EXPECT_EQ(window.total().max, wanted.max) << i;
  }
}

Timestamp minute(int number) {
  return Timestamp(std::chrono::sys_days{std::chrono::year{2026} / 3 / 1} +
                   std::chrono::minutes(number));
}

TEST(BackTest, FindsWhatWouldHaveFiredAndWhenItResolved) {
  const AlertRule rule = rule_of({above_two()});
  const Plan plan = plan_of(rule);
  const BackTest test = plan_back_test(rule, plan, minute(10), minute(60)).value();
  EXPECT_EQ(test.first_end, minute(10));
  EXPECT_EQ(test.evaluations, 51U);
  EXPECT_EQ(test.question.from, minute(5));
  EXPECT_EQ(test.question.to, minute(60));
  EXPECT_EQ(test.question.step, Seconds(60));
  // The first monitor fails in minute 20 only, the second always passes.
  std::vector<store::MetricStep> steps;
  for (std::uint32_t i = 0; i < 55; ++i) steps.push_back(step(0, i == 15 ? 3 : 1, i));
  for (std::uint32_t i = 0; i < 55; ++i) steps.push_back(step(1, 1, i));
  const BackTestResult result = back_test(rule, plan, test, steps);
  EXPECT_EQ(result.with_data, 2U);
  ASSERT_EQ(result.alerts.size(), 1U);
  EXPECT_EQ(result.alerts[0].combination, 0U);
  EXPECT_EQ(result.alerts[0].fired, minute(21));
  // The failure leaves the window of five minutes at 26; then three evaluations without it.
  EXPECT_EQ(result.alerts[0].resolved, minute(28));
  EXPECT_EQ(result.alerts[0].values, std::vector<double>{3});
}

TEST(BackTest, LeavesOpenWhatDoesNotEnd) {
  AlertRule rule = rule_of({above_two()});
  rule.auto_mitigate = false;
  const Plan plan = plan_of(rule);
  const BackTest test = plan_back_test(rule, plan, minute(10), minute(60)).value();
  const BackTestResult result = back_test(rule, plan, test, {step(0, 3, 15), step(0, 1, 40)});
  ASSERT_EQ(result.alerts.size(), 1U);
  EXPECT_EQ(result.alerts[0].resolved, std::nullopt);
}

TEST(BackTest, EvaluatesAtWholeMultiplesOnly) {
  AlertRule rule = rule_of({above_two()});
  rule.frequency = Seconds(15 * 60);
  rule.window = Seconds(3'600);
  const Plan plan = plan_of(rule);
  const BackTest test = plan_back_test(rule, plan, minute(7), minute(46) + Seconds(1)).value();
  EXPECT_EQ(test.first_end, minute(15));
  EXPECT_EQ(test.evaluations, 3U);
  EXPECT_EQ(plan_back_test(rule, plan, minute(1), minute(14)).value().evaluations, 0U);
}

TEST(BackTest, RefusesWhatIsTooMuchAtOnce) {
  const AlertRule rule = rule_of({above_two()});
  const Plan plan = plan_of(rule);
  const auto a_decade = plan_back_test(rule, plan, minute(0), minute(60 * 24 * 3'650));
  ASSERT_FALSE(a_decade.has_value());
  EXPECT_EQ(a_decade.error().code, ErrorCode::LimitExceeded);
  EXPECT_NE(a_decade.error().message.find("8 tests over"), std::string::npos);
  EXPECT_EQ(plan_back_test(rule, plan, minute(1), minute(1)).error().code, ErrorCode::InvalidInput);
}

}  // namespace
}  // namespace lw::server::alerts
