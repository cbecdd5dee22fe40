// SPDX-License-Identifier: Apache-2.0
// Transitions of alerts, in virtual time. A story is a line of words, one for each evaluation:
// `.` no data, `-` clear, `!` breach; what follows from it stands behind: `F` it fires, `R` it
// resolves.
#include "evaluate/alerts.h"

#include <gtest/gtest.h>

#include "evaluate/alert_sentences.h"

namespace lw {
namespace {

/// What really follows from the findings of a story.
std::string told(const std::string& story, bool auto_mitigate = true,
                 AlertTrack track = AlertTrack()) {
  std::string result;
  for (const char c : story) {
    if (c == 'F' || c == 'R') continue;
    result += c;
    const AlertFinding finding = c == '!'   ? AlertFinding::Breach
                                 : c == '-' ? AlertFinding::Clear
                                            : AlertFinding::NoData;
    switch (track.evaluate(finding, auto_mitigate)) {
      case AlertTrack::Change::None:
        break;
      case AlertTrack::Change::Fires:
        result += 'F';
        break;
      case AlertTrack::Change::Resolves:
        result += 'R';
        break;
    }
  }
  return result;
}

void expect_story(const std::string& story, bool auto_mitigate = true,
                  const AlertTrack& track = AlertTrack()) {
  EXPECT_EQ(told(story, auto_mitigate, track), story);
}

TEST(AlertTrack, FiresOnceAndResolvesAfterThreeClearEvaluations) {
  expect_story("---!F!!!---R---");
  expect_story("!F---R!F---R");
}

TEST(AlertTrack, StartsTheRowAnewWhenABreachComesBetween) { expect_story("!F--!--!---R"); }

TEST(AlertTrack, TakesSilenceForNothing) {
  expect_story("!F.....");
  expect_story("!F-.-..-R");
  expect_story("...!F");
}

TEST(AlertTrack, StaysFiringWithoutAutoMitigate) { expect_story("!F------", false); }

TEST(AlertTrack, GoesOnWhereItFiredBefore) { expect_story("!!---R", true, AlertTrack::firing()); }

AlertRule rule_of(std::vector<AlertCriterion> criteria) {
  AlertRule rule;
  rule.criteria = std::move(criteria);
  return rule;
}

AlertFinding find(const AlertRule& rule, const std::vector<std::optional<double>>& values) {
  return find_breach(rule, values);
}

TEST(AlertFinding, ComparesAsTheOperatorSays) {
  const auto holds = [](AlertOperator comparison, double value) {
    AlertCriterion criterion;
    criterion.comparison = comparison;
    criterion.threshold = 2;
    return breaches(criterion, value);
  };
  EXPECT_TRUE(holds(AlertOperator::Equals, 2));
  EXPECT_FALSE(holds(AlertOperator::Equals, 2.5));
  EXPECT_FALSE(holds(AlertOperator::GreaterThan, 2));
  EXPECT_TRUE(holds(AlertOperator::GreaterThan, 2.01));
  EXPECT_TRUE(holds(AlertOperator::GreaterThanOrEqual, 2));
  EXPECT_FALSE(holds(AlertOperator::GreaterThanOrEqual, 1.99));
  EXPECT_FALSE(holds(AlertOperator::LessThan, 2));
  EXPECT_TRUE(holds(AlertOperator::LessThan, 1.99));
  EXPECT_TRUE(holds(AlertOperator::LessThanOrEqual, 2));
  EXPECT_FALSE(holds(AlertOperator::LessThanOrEqual, 2.01));
}

TEST(AlertFinding, WantsAllConditionsAtOnce) {
  const AlertRule rule = rule_of({{.threshold = 2}, {.threshold = 500}});
  EXPECT_EQ(find(rule, {3, 600}), AlertFinding::Breach);
  EXPECT_EQ(find(rule, {3, 400}), AlertFinding::Clear);
  EXPECT_EQ(find(rule, {3, std::nullopt}), AlertFinding::NoData);
  EXPECT_EQ(find(rule, {1, std::nullopt}), AlertFinding::Clear);
  EXPECT_EQ(find(rule, {std::nullopt, std::nullopt}), AlertFinding::NoData);
}

Timestamp at(int hour, int minute, int second = 0) {
  return Timestamp(std::chrono::sys_days{std::chrono::year{2026} / 3 / 1} +
                   std::chrono::hours(hour) + std::chrono::minutes(minute) + Seconds(second));
}
constexpr Seconds kMinute{60};

TEST(DueEvaluations, AreAtWholeMultiplesAndLate) {
  EXPECT_EQ(due_evaluations(kMinute, at(10, 0), at(10, 1, 14)), std::vector<Timestamp>{});
  EXPECT_EQ(due_evaluations(kMinute, at(10, 0), at(10, 1, 15)), std::vector{at(10, 1)});
  EXPECT_EQ(due_evaluations(15 * kMinute, at(10, 0), at(10, 29, 59)), std::vector{at(10, 15)});
}

TEST(DueEvaluations, BeginWithTheNewestOfANewRule) {
  EXPECT_EQ(due_evaluations(5 * kMinute, std::nullopt, at(10, 7)), std::vector{at(10, 5)});
}

TEST(DueEvaluations, MakeUpForFiveMissedOnes) {
  EXPECT_EQ(due_evaluations(kMinute, at(10, 0), at(10, 3, 20)),
            (std::vector{at(10, 1), at(10, 2), at(10, 3)}));
  const auto after_an_hour = due_evaluations(kMinute, at(9, 0), at(10, 0, 30));
  ASSERT_EQ(after_an_hour.size(), 5U);
  EXPECT_EQ(after_an_hour.front(), at(9, 56));
  EXPECT_EQ(after_an_hour.back(), at(10, 0));
}

TEST(DueEvaluations, GoOnWhenTheClockWasSetBack) {
  EXPECT_EQ(due_evaluations(kMinute, at(12, 0), at(10, 0, 20)), std::vector{at(10, 0)});
  EXPECT_EQ(due_evaluations(kMinute, at(10, 0), at(10, 0, 3)), std::vector<Timestamp>{})
      << "by some seconds";
}

TEST(AlertSentences, SayWhatIsLookedFor) {
  AlertRule rule =
      rule_of({{.name = "c",
                .metric = AlertMetric::TestResult,
                .aggregation = AlertAggregation::Maximum,
                .comparison = AlertOperator::GreaterThan,
                .threshold = 2,
                .dimensions = {{"SourceName", false, {}}, {"DestinationName", true, {"old"}}}}});
  EXPECT_EQ(sentence_of(rule),
            "Maximum of TestResult over 5 minutes above 2 (DestinationName not old), for each "
            "SourceName and DestinationName, looked at each minute.");
  const std::vector<double> values{3};
  const std::vector<AlertDimensionValue> dimensions{{"SourceName", "web1"}};
  EXPECT_EQ(alert_sentence(rule, values, "shop", dimensions),
            "TestResult was 3 (Fail), its maximum over 5 minutes, above 2: shop, SourceName web1.");
}

TEST(AlertSentences, JoinConditions) {
  const AlertRule rule = rule_of({{.metric = AlertMetric::ChecksFailedPercent, .threshold = 50},
                                  {.metric = AlertMetric::RoundTripTimeMs,
                                   .comparison = AlertOperator::LessThanOrEqual,
                                   .threshold = 0.5}});
  EXPECT_EQ(
      sentence_of(rule),
      "Average of ChecksFailedPercent over 5 minutes above 50 % and Average of RoundTripTimeMs "
      "over 5 minutes at or below 0.5 ms, looked at each minute.");
}

}  // namespace
}  // namespace lw
