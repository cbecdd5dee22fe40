// SPDX-License-Identifier: Apache-2.0
#include "server/metrics/test_metrics.h"

#include <gtest/gtest.h>

namespace lw::server::metrics {
namespace {

LiveTest live_test(TestState state) {
  LiveTest live;
  live.test.connection_monitor = "web \"eu\"";
  live.test.test_group = "g";
  live.test.source = "here";
  live.test.destination = "there";
  live.test.destination_address = "192.0.2.7";
  auto configuration = std::make_shared<TestConfiguration>();
  configuration->name = "port";
  configuration->protocol = TcpConfiguration{.port = 443};
  live.test.configuration = std::move(configuration);
  live.address = "192.0.2.7";
  live.verdict.state = state;
  live.last_round = from_unix_us(1'795'000'000'250'000);
  live.summary.total = 10;
  live.summary.failed = 1;
  live.summary.rtt_avg = Microseconds(12'500);
  return live;
}

std::string page_of(const std::vector<LiveTest>& tests) {
  TestMetrics page;
  for (const LiveTest& live : tests) page.add(live, {}, nullptr);
  return page.text();
}

TEST(TestMetrics, SaysWhatWasMeasuredWhen) {
  const std::string labels =
      R"({connection_monitor="web \"eu\"",source_name="here",protocol="TCP",)"
      R"(destination_address="192.0.2.7",destination_name="there",destination_port="443",)"
      R"(test_group_name="g",test_configuration_name="port",destination_ip="192.0.2.7"})";
  const std::string page = page_of({live_test(TestState::Warning)});
  for (const std::string& line :
       {"\nlinewatch_checks_failed_percent" + labels + " 10 1795000000.250\n",
        "\nlinewatch_round_trip_time_ms" + labels + " 12.5 1795000000.250\n",
        "\nlinewatch_test_result" + labels + " 2\n",
        std::string("\nlinewatch_tests_left_out 0\n")}) {
    EXPECT_NE(page.find(line), std::string::npos) << line << " is not in\n" << page;
  }
  EXPECT_TRUE(page.ends_with("# EOF\n"));
}

TEST(TestMetrics, LeavesGapsWhereNothingIsKnown) {
  const std::string page = page_of({live_test(TestState::Indeterminate)});
  EXPECT_EQ(page.find("linewatch_checks_failed_percent{"), std::string::npos);
  EXPECT_EQ(page.find("linewatch_round_trip_time_ms{"), std::string::npos);
  EXPECT_NE(page.find("} 0\n"), std::string::npos);
}

TEST(TestMetrics, SaysHowManyItLeavesOut) {
  TestMetrics page(5);
  const LiveTest live = live_test(TestState::Pass);
  for (std::size_t i = 0; i < 8; ++i) page.add(live, {}, nullptr);
  EXPECT_NE(page.text().find("\nlinewatch_tests_left_out 3\n"), std::string::npos);
}

}  // namespace
}  // namespace lw::server::metrics
