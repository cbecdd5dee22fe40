// SPDX-License-Identifier: Apache-2.0
#include "agent/probe_loops.h"

#include <gtest/gtest.h>

#include <map>

#include "base/channel.h"
#include "base/test_times.h"

namespace lw::agent {
namespace {

std::vector<lw::Test> make_tests(int count) {
  auto configuration = std::make_shared<TestConfiguration>();
  configuration->frequency = Seconds(1);
  configuration->checks_per_round = 1;
  configuration->check_timeout = Milliseconds(500);
  std::vector<lw::Test> tests(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < tests.size(); ++i) {
    tests[i].id = TestId{i + 1};
    tests[i].destination_address = "127.0.1." + std::to_string(i + 1);
    tests[i].configuration = configuration;
  }
  return tests;
}

TEST(ProbeLoops, every_test_runs_on_one_of_them) {
  Channel<Round> rounds(10'000, WhenFull::Refuse);
  ProbeLoops loops(3, {}, kClock, [&](Round&& round) { rounds.push(std::move(round)); });
  loops.start();
  loops.assign(make_tests(40));
  std::map<std::uint64_t, int> seen;
  const Instant give_up = kClock.now() + Seconds(20);
  while (seen.size() < 40 && kClock.now() < give_up) {
    if (const auto round = rounds.pop_for(Seconds(1))) {
      ++seen[round->test.value];
      EXPECT_EQ(round->checks.at(0).outcome, CheckOutcome::Success) << round->detail;
    }
  }
  loops.assign({});
  loops.stop();
  EXPECT_EQ(seen.size(), 40U);
  // Twice as many loops would show as twice as many rounds of some test.
  for (const auto& [test, count] : seen) EXPECT_LE(count, 3) << test;
  EXPECT_EQ(loops.report().problem, "");
}

TEST(ProbeLoops, small_hosts_get_one_and_large_ones_no_more_than_four) {
  EXPECT_EQ(default_probe_loops(1), 1U);
  EXPECT_EQ(default_probe_loops(2), 1U);
  EXPECT_EQ(default_probe_loops(4), 3U);
  EXPECT_EQ(default_probe_loops(64), 4U);
}

}  // namespace
}  // namespace lw::agent
