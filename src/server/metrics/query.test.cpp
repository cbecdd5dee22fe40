// SPDX-License-Identifier: Apache-2.0
#include "server/metrics/query.h"

#include <gtest/gtest.h>

#include <map>

namespace lw::server::metrics {
namespace {

const Timestamp kNow = *parse_iso8601("2026-11-22T10:30:45Z");

Result<Query> query(std::map<std::string, std::string, std::less<>> parameters,
                    MonitorForm form = MonitorForm::MultiEndpoint) {
  return read_query(
      [&](std::string_view name) {
        const auto found = parameters.find(name);
        return found == parameters.end() ? std::string() : found->second;
      },
      form, kNow);
}

std::string fault(const Result<Query>& result) {
  return result ? "no fault" : result.error().message;
}

TEST(MetricQuery, HasAzuresDefaults) {
  const Query read = query({}).value();
  ASSERT_EQ(read.metrics.size(), 1U);
  EXPECT_EQ(read.metrics.front()->name, "ChecksFailedPercent");
  EXPECT_EQ(read.step, Seconds(60));
  EXPECT_EQ(read.aggregations, std::vector{Aggregation::Average});
  EXPECT_EQ(read.top, 10U);
  EXPECT_EQ(read.steps(), 61U) << "from the whole minute before the hour";
}

TEST(MetricQuery, ReadsAllFormsOfTimespans) {
  const auto span = [](const std::string& text) {
    const auto read = query({{"timespan", text}});
    if (!read) return fault(read);
    return to_iso8601(read->from) + " " + to_iso8601(read->to);
  };
  EXPECT_EQ(span("2026-01-01T00:00:00Z/2026-01-01T01:00:00Z"),
            "2026-01-01T00:00:00.000000Z 2026-01-01T01:00:00.000000Z");
  EXPECT_EQ(span("2026-01-01T00:00:30.123Z/PT1H"),
            "2026-01-01T00:00:00.000000Z 2026-01-01T01:00:30.123000Z");
  EXPECT_EQ(span("P1DT1H/2026-01-02T01:00:00Z"),
            "2026-01-01T00:00:00.000000Z 2026-01-02T01:00:00.000000Z");
  EXPECT_EQ(span("PT30M"), "2026-11-22T10:00:00.000000Z 2026-11-22T10:30:45.000000Z");
  EXPECT_EQ(span("2026-01-01/2026-01-02"),
            "2026-01-01T00:00:00.000000Z 2026-01-02T00:00:00.000000Z");
  EXPECT_EQ(span("2026-01-01T00:00:00+00:00/2026-01-01T00:05:00 00:00"),
            "2026-01-01T00:00:00.000000Z 2026-01-01T00:05:00.000000Z");
  for (const char* const bad : {"yesterday", "/", "PT0S", "PT", "P1M/P1M", "2026-01-02/2026-01-01",
                                "2026-13-01/2026-13-02", "P99999999999D"}) {
    EXPECT_FALSE(query({{"timespan", bad}})) << bad;
  }
}

TEST(MetricQuery, BeginsLongStepsOfLongSpansWithAWholeHour) {
  const auto start = [](const std::string& span, const std::string& step) {
    return to_iso8601(query({{"timespan", span}, {"interval", step}})->from);
  };
  EXPECT_EQ(start("PT48H", "PT1H"), "2026-11-20T10:30:00.000000Z");
  EXPECT_EQ(start("PT49H", "PT1H"), "2026-11-20T09:00:00.000000Z");
  EXPECT_EQ(start("P30D", "P1D"), "2026-10-23T10:00:00.000000Z");
  EXPECT_EQ(start("P30D", "PT30M"), "2026-10-23T10:30:00.000000Z");
  EXPECT_EQ(start("P30D", "FULL"), "2026-10-23T10:30:00.000000Z");
}

TEST(MetricQuery, TakesTheBatchInterfacesNames) {
  const Query read = query({{"starttime", "2026-01-01T00:00:00Z"},
                            {"endtime", "2026-01-01T00:10:00Z"},
                            {"interval", "PT5M"},
                            {"filter", "SourceName eq 'a'"}})
                         .value();
  EXPECT_EQ(read.steps(), 2U);
  EXPECT_EQ(read.filter.conditions.size(), 1U);
}

TEST(MetricQuery, KnowsItsGrainsAndAdjustsWhenTold) {
  EXPECT_NE(fault(query({{"interval", "PT7M"}})).find("PT1M, PT5M"), std::string::npos);
  EXPECT_EQ(query({{"interval", "PT7M"}, {"AutoAdjustTimegrain", "true"}})->step, Seconds(900));
  EXPECT_EQ(query({{"interval", "PT24H"}})->step, Seconds(86'400));
  const Query full = query({{"interval", "full"}}).value();
  EXPECT_EQ(full.step, std::nullopt);
  EXPECT_EQ(full.steps(), 1U);
}

TEST(MetricQuery, RefusesMorePointsThanAnybodyReads) {
  EXPECT_NE(fault(query({{"timespan", "P60D"}, {"interval", "PT1M"}})).find("longer interval"),
            std::string::npos);
  EXPECT_TRUE(query({{"timespan", "P30D"}, {"interval", "PT1M"}}).has_value());
}

TEST(MetricQuery, NamesTheMetricsThatTheFormHas) {
  EXPECT_NE(fault(query({{"metricnames", "ProbesFailedPercent"}}))
                .find("Valid metrics: ChecksFailedPercent,RoundTripTimeMs,TestResult"),
            std::string::npos);
  EXPECT_EQ(query({{"metricnames", "averageroundtripms,ProbesFailedPercent"}},
                  MonitorForm::SingleSourceDestination)
                ->metrics.size(),
            2U);
}

TEST(MetricQuery, GivesTheCriterionToTheResultOnly) {
  EXPECT_TRUE(query({{"metricnames", "TestResult"}, {"$filter", "TestResultCriterion eq '*'"}}));
  EXPECT_FALSE(query(
      {{"metricnames", "TestResult,RoundTripTimeMs"}, {"$filter", "TestResultCriterion eq '*'"}}));
}

std::string filter_text(std::string_view text) {
  const auto filter = parse_filter(text);
  if (!filter) return filter.error().message;
  std::string all;
  for (const auto& condition : filter->conditions) {
    all += std::string(to_text(condition.dimension)) + "=";
    for (const std::string& value : condition.values) all += value + "|";
    all += ";";
  }
  return all;
}

TEST(MetricFilter, JoinsValuesOfOneDimension) {
  EXPECT_EQ(filter_text("SourceName eq 'a1' and DestinationName eq 'b1' or DestinationName eq 'b2' "
                        "and Protocol eq '*'"),
            "SourceName=a1|;DestinationName=b1|b2|;Protocol=;");
  EXPECT_EQ(filter_text("(sourcename EQ 'it''s') AND (Protocol eq 'TCP' OR Protocol eq 'ICMP')"),
            "SourceName=it's|;Protocol=TCP|ICMP|;");
  EXPECT_EQ(filter_text("SourceName eq '*' or SourceName eq 'a'"), "SourceName=;");
  EXPECT_EQ(filter_text("  "), "");
}

TEST(MetricFilter, SaysWhatIsWrong) {
  EXPECT_NE(filter_text("Colour eq 'red'").find("no dimension 'Colour'"), std::string::npos);
  EXPECT_NE(filter_text("SourceName eq 'a' or Protocol eq 'TCP'").find("one dimension only"),
            std::string::npos);
  for (const char* const bad :
       {"SourceName", "SourceName eq", "SourceName eq a", "SourceName ne 'a'", "SourceName eq 'a",
        "SourceName eq 'a' Protocol eq 'b'", "(SourceName eq 'a'", "SourceName eq 'a')", "and",
        "or", "SourceName eq 'a' and", "'a' eq 'b'", "((((", "or SourceName eq 'a'"}) {
    EXPECT_FALSE(parse_filter(bad)) << bad;
  }
}

TEST(MetricDuration, IsReadAndWritten) {
  EXPECT_EQ(parse_duration("PT1M"), Seconds(60));
  EXPECT_EQ(parse_duration("P1DT2H3M4S"), Seconds(93'784));
  EXPECT_EQ(parse_duration("P1W"), Seconds(604'800));
  for (const char* const bad : {"", "P", "PT", "T1M", "P1M", "PT1D", "P-1D", "PT1.5H", "1H"}) {
    EXPECT_FALSE(parse_duration(bad)) << bad;
  }
  EXPECT_EQ(to_duration(Seconds(60)), "PT1M");
  EXPECT_EQ(to_duration(Seconds(3'600)), "PT1H");
  EXPECT_EQ(to_duration(Seconds(86'400)), "P1D");
}

}  // namespace
}  // namespace lw::server::metrics
