// SPDX-License-Identifier: Apache-2.0
#include "server/metrics/answer.h"

#include <gtest/gtest.h>

#include "model/state.h"

namespace lw::server::metrics {
namespace {

constexpr std::string_view kSpan = "2026-01-01T00:00:00Z/2026-01-01T00:03:00Z";

Query parsed_query(std::map<std::string, std::string, std::less<>> parameters) {
  parameters.try_emplace("timespan", kSpan);
  return read_query(
             [&](std::string_view name) {
               const auto found = parameters.find(name);
               return found == parameters.end() ? std::string() : found->second;
             },
             MonitorForm::MultiEndpoint, {})
      .value();
}

Candidate candidate(std::uint64_t id, std::string group, std::string destination) {
  Candidate made{TestId{id}, {}};
  made.dimensions.at(static_cast<std::size_t>(Dimension::TestGroupName)) = std::move(group);
  made.dimensions.at(static_cast<std::size_t>(Dimension::DestinationName)) = std::move(destination);
  return made;
}

const std::vector<Candidate> kCandidates{candidate(1, "web", "a"), candidate(2, "web", "b"),
                                         candidate(3, "db", "a")};

store::MetricStep step(std::uint32_t series, std::uint32_t index, store::Aggregate failed,
                       std::optional<std::uint8_t> reason = std::nullopt) {
  return {.series = series, .reason = reason, .index = index, .metrics = {failed, {}, failed}};
}

const Value& series_of(const Value& list, std::size_t metric = 0) {
  return *list.as_array().at(metric).find("timeseries");
}

TEST(MetricPlan, CountsEveryTestInOneSeriesWithoutAFilter) {
  const Plan plan = plan_query(parsed_query({}), kCandidates);
  EXPECT_EQ(plan.question.members.size(), 3U);
  EXPECT_EQ(plan.series.size(), 1U);
}

TEST(MetricPlan, SplitsBySomeAndSelectsByOthers) {
  const Plan plan =
      plan_query(parsed_query({{"$filter", "DestinationName eq '*' and TestGroupName eq 'WEB'"}}),
                 kCandidates);
  ASSERT_EQ(plan.question.members.size(), 2U);
  EXPECT_EQ(plan.question.members[1].test, TestId{2});
  EXPECT_EQ(plan.series, (std::vector<std::vector<std::string>>{{"a", "web"}, {"b", "web"}}));
}

TEST(MetricAnswer, LeavesGapsWhereNothingWasMeasured) {
  const Query asked = parsed_query({{"aggregation", "average,total,count"}});
  const Plan plan = plan_query(asked, kCandidates);
  const Value list = metric_list(asked, plan, {step(0, 1, {4, 100, 0, 50})}, "/id");
  EXPECT_EQ(to_json(series_of(list)),
            R"([{"metadatavalues":[],"data":[{"timeStamp":"2026-01-01T00:00:00Z"},)"
            R"({"timeStamp":"2026-01-01T00:01:00Z","average":25.0,"total":100.0,"count":4.0},)"
            R"({"timeStamp":"2026-01-01T00:02:00Z"}]}])");
  EXPECT_EQ(list.as_array().front().text("id"),
            "/id/providers/Microsoft.Insights/metrics/ChecksFailedPercent");
}

TEST(MetricAnswer, HasAnEmptySeriesWithoutAFilterAndNoneWithOne) {
  const Query asked = parsed_query({{"interval", "FULL"}});
  EXPECT_EQ(series_of(metric_list(asked, plan_query(asked, {}), {}, "/id")).as_array().size(), 1U);
  const Query split = parsed_query({{"$filter", "SourceName eq '*'"}});
  EXPECT_TRUE(series_of(metric_list(split, plan_query(split, {}), {}, "/id")).as_array().empty());
}

TEST(MetricAnswer, OrdersByTheWholeSpanAndCuts) {
  const Query asked = parsed_query(
      {{"$filter", "DestinationName eq '*'"}, {"orderby", "maximum desc"}, {"top", "1"}});
  const Plan plan = plan_query(asked, kCandidates);
  // `a` is higher at first, `b` at its highest.
  const Value list = metric_list(
      asked, plan, {step(0, 0, {1, 5, 5, 5}), step(1, 0, {1, 1, 1, 1}), step(1, 2, {1, 9, 9, 9})},
      "/id");
  ASSERT_EQ(series_of(list).as_array().size(), 1U);
  EXPECT_EQ(
      series_of(list).as_array().front().find("metadatavalues")->as_array().front().text("value"),
      "b");
}

TEST(MetricAnswer, TellsRoundsApartByTheirCriterion) {
  const Query asked = parsed_query({{"metricnames", "TestResult"},
                                    {"interval", "FULL"},
                                    {"$filter", "TestResultCriterion eq 'AllChecksFailed'"},
                                    {"aggregation", "maximum"}});
  const Plan plan = plan_query(asked, kCandidates);
  EXPECT_TRUE(plan.question.by_reason);
  EXPECT_EQ(plan.question.members.size(), 3U) << "which rounds fit is known afterwards";
  const auto reason = static_cast<std::uint8_t>(ReasonCode::AllChecksFailed);
  const Value list = metric_list(
      asked, plan, {step(0, 0, {5, 5, 1, 1}, 0), step(0, 0, {2, 6, 3, 3}, reason)}, "/id");
  EXPECT_EQ(to_json(series_of(list)),
            R"([{"metadatavalues":[{"name":{"value":"testresultcriterion",)"
            R"("localizedValue":"testresultcriterion"},"value":"AllChecksFailed"}],)"
            R"("data":[{"timeStamp":"2026-01-01T00:00:00Z","maximum":3.0}]}])");
}

TEST(MetricAnswer, OfMetadataHasNoPoints) {
  const Query asked =
      parsed_query({{"resultType", "Metadata"}, {"$filter", "DestinationName eq '*'"}});
  const Plan plan = plan_query(asked, kCandidates);
  const Value list = metric_list(asked, plan, {step(0, 0, {1, 1, 1, 1})}, "/id");
  ASSERT_EQ(series_of(list).as_array().size(), 1U);
  EXPECT_EQ(series_of(list).as_array().front().find("data"), nullptr);
}

}  // namespace
}  // namespace lw::server::metrics
