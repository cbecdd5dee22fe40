// SPDX-License-Identifier: Apache-2.0
#include "evaluate/service_verdict.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <tuple>
#include <vector>

namespace lw {
namespace {

using Series = std::vector<double>;

/// A hundred steps, usual for 85 of them and then so; with some unrest.
Series series(double usual, double now) {
  Series values;
  for (int i = 0; i < 100; ++i) values.push_back((i < 85 ? usual : now) + i % 3);
  return values;
}

const Series kMissing(100, std::nan(""));

TEST(ServiceVerdict, a_response_time_that_rises_alone_is_the_applications) {
  const ServiceVerdict verdict = judge_service(series(100, 340), series(30, 31), 12);
  EXPECT_EQ(verdict.issue, ServiceIssue::Application);
  EXPECT_EQ(verdict.text,
            "The response time went up from 100 ms to 341 ms, while the network latency stayed at "
            "32 ms (usually 30 ms).");
  EXPECT_EQ(verdict.response.usual_ms, 100);
  EXPECT_EQ(verdict.response.now_ms, 341);
}

TEST(ServiceVerdict, both_that_rise_together_are_the_networks) {
  const ServiceVerdict verdict = judge_service(series(100, 230), series(20, 70), 12);
  EXPECT_EQ(verdict.issue, ServiceIssue::Network);
  EXPECT_GT(verdict.correlation.value_or(0), 0.95);
}

TEST(ServiceVerdict, a_network_that_explains_too_little_shares_the_blame) {
  const ServiceVerdict verdict = judge_service(series(100, 900), series(20, 60), 12);
  EXPECT_EQ(verdict.issue, ServiceIssue::Both);
  EXPECT_TRUE(verdict.text.ends_with("That explains a part only.")) << verdict.text;
}

TEST(ServiceVerdict, small_rises_of_short_or_long_times_are_none) {
  EXPECT_EQ(judge_service(series(100, 104), series(20, 21), 12).issue, ServiceIssue::None);
  EXPECT_EQ(judge_service(series(4, 12), series(1, 1), 12).issue, ServiceIssue::None)
      << "three times as much, and less than 10 ms";
  EXPECT_EQ(judge_service(series(1000, 1200), series(20, 20), 12).issue, ServiceIssue::None)
      << "200 ms, and less than 30 percent";
}

TEST(ServiceVerdict, latency_that_rises_alone_is_told_of) {
  const ServiceVerdict verdict = judge_service(series(100, 100), series(20, 70), 12);
  EXPECT_EQ(verdict.issue, ServiceIssue::Network);
  EXPECT_NE(verdict.text.find("does not show it"), std::string::npos) << verdict.text;
}

TEST(ServiceVerdict, without_one_of_them_nothing_can_be_told) {
  for (const auto& [response, latency, words] :
       {std::tuple{series(100, 300), kMissing, "There is no network latency"},
        {kMissing, series(20, 20), "There is no response time"},
        {kMissing, kMissing, "Nothing was measured lately."},
        {Series{}, Series{}, "Nothing was measured lately."}}) {
    const ServiceVerdict verdict = judge_service(response, latency, 12);
    EXPECT_EQ(verdict.issue, ServiceIssue::Unknown);
    EXPECT_TRUE(verdict.text.starts_with(words)) << verdict.text;
    EXPECT_FALSE(verdict.correlation.has_value());
  }
  // What was measured once and is not now is as good as not measured.
  Series old = series(100, 300);
  std::fill(old.end() - 12, old.end(), std::nan(""));
  EXPECT_EQ(judge_service(old, series(20, 20), 12).issue, ServiceIssue::Unknown);
}

TEST(ServiceVerdict, correlation_is_that_of_the_definition_and_leaves_gaps_out) {
  const Series a = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7};
  Series opposite;
  for (const double value : a) opposite.push_back(20 - 2 * value);
  Series with_gap = a, other = a;
  with_gap.push_back(std::nan(""));
  other.push_back(1000);
  EXPECT_NEAR(judge_service(a, opposite, 3).correlation.value_or(0), -1, 1e-12);
  EXPECT_NEAR(judge_service(with_gap, other, 3).correlation.value_or(0), 1, 1e-12);
  EXPECT_FALSE(judge_service(a, Series(a.size(), 7), 3).correlation.has_value()) << "never moves";
  EXPECT_FALSE(judge_service(Series{1, 2}, Series{1, 2}, 1).correlation.has_value()) << "too few";
}

}  // namespace
}  // namespace lw
