// SPDX-License-Identifier: Apache-2.0
#include "server/fault_finder.h"

#include <gtest/gtest.h>

#include "base/test_times.h"

namespace lw::server {
namespace {

/// Four agents behind routers of their own, a shared middle, four destinations.
class FaultFinderTest : public testing::Test {
 protected:
  FaultFinderTest() {
    std::vector<lw::Test> tests;
    const auto configuration = std::make_shared<TestConfiguration>();
    for (std::uint64_t agent = 1; agent <= 4; ++agent) {
      for (std::uint64_t destination = 1; destination <= 4; ++destination) {
        lw::Test test;
        test.id = TestId{agent * 10 + destination};
        test.agent = AgentId{agent};
        test.configuration = configuration;
        tests.push_back(test);
      }
    }
    live_.replace_tests(tests, kNow);
    for (const lw::Test& test : tests) follow(test.id.value / 10, test.id.value % 10);
  }

  static IpAddress address(std::uint64_t a, std::uint64_t b) {
    return {.bytes = {10, 0, static_cast<std::uint8_t>(a), static_cast<std::uint8_t>(b)}};
  }
  void follow(std::uint64_t agent, std::uint64_t destination) {
    PathReport report;
    report.test = TestId{agent * 10 + destination};
    report.to = kNow;
    Path path{.is_reached = true};
    path.hops.push_back({.ttl = 1, .address = address(1, agent)});
    path.hops.push_back({.ttl = 2, .address = address(2, 1)});
    path.hops.push_back({.ttl = 3, .address = address(3, destination)});
    path.hops.push_back({.ttl = 4, .address = address(9, destination)});
    report.paths.push_back(path);
    paths_.on_report(report);
  }
  /// `rounds` rounds of every test; those to `destination` lose and last as told.
  void run(int rounds, std::uint64_t destination, int failed, Milliseconds added) {
    for (int i = 0; i < rounds; ++i) {
      for (const TestId id : live_.order()) {
        const bool is_hit = id.value % 10 == destination;
        RoundSummary summary;
        summary.total = 10;
        summary.failed = is_hit ? failed : 0;
        if (summary.failed < 10) {
          summary.rtt_avg = Milliseconds(20) + (is_hit ? added : Milliseconds(0)) +
                            Microseconds(static_cast<int>(i * 37 % 300));
        }
        finder_.on_round(id, summary);
        Round round;
        round.test = id;
        round.started = kNow;
        round.address = "10.0.9." + std::to_string(id.value % 10);
        live_.on_round(round, {}, kNow, kNow);
      }
    }
  }
  std::vector<topology::LocalisedFault> find() {
    return finder_.find(live_, paths_,
                        [](AgentId agent) { return "a" + std::to_string(agent.value); });
  }

  LiveState live_;
  LivePaths paths_;
  FaultFinder finder_;
};

TEST_F(FaultFinderTest, finds_nothing_while_all_is_well) {
  EXPECT_TRUE(find().empty());
  run(20, 0, 0, {});
  EXPECT_TRUE(find().empty());
}

TEST_F(FaultFinderTest, names_the_stretch_that_only_the_failing_tests_cross) {
  run(20, 0, 0, {});
  run(3, 2, 5, {});
  const auto faults = find();
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(faults[0].tests, (std::vector{TestId{12}, TestId{22}, TestId{32}, TestId{42}}));
  EXPECT_EQ(faults[0].crossing.failing, 4U);
  EXPECT_EQ(faults[0].crossing.healthy, 0U);
  EXPECT_NE(faults[0].text.find("10.0.3.2"), std::string::npos) << faults[0].text;
  // And it is over three good rounds later.
  run(3, 0, 0, {});
  EXPECT_TRUE(find().empty());
}

TEST_F(FaultFinderTest, names_what_became_slower) {
  run(30, 0, 0, {});
  run(3, 3, 0, Milliseconds(80));
  const auto faults = find();
  ASSERT_EQ(faults.size(), 1U);
  ASSERT_TRUE(faults[0].added.has_value());
  EXPECT_NEAR(static_cast<double>(faults[0].added->value.count()), 80'000, 5'000);
  EXPECT_EQ(faults[0].tests, (std::vector{TestId{13}, TestId{23}, TestId{33}, TestId{43}}));
}

TEST_F(FaultFinderTest, an_outage_does_not_become_the_usual) {
  run(30, 0, 0, {});
  run(200, 3, 0, Milliseconds(80));
  EXPECT_EQ(find().size(), 1U);
}

TEST_F(FaultFinderTest, tests_that_are_gone_are_forgotten) {
  run(20, 0, 0, {});
  run(3, 2, 5, {});
  finder_.keep_only([](TestId) { return false; });
  EXPECT_TRUE(find().empty());
}

}  // namespace
}  // namespace lw::server
