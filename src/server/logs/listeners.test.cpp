// SPDX-License-Identifier: Apache-2.0
#include "server/logs/listeners.h"

#include <gtest/gtest.h>

namespace lw::server::logs {
namespace {

constexpr AgentId kSource{1}, kDestination{2};

Test test_to(const std::string& destination, std::uint64_t id, DestinationPortBehavior behavior) {
  TestConfiguration configuration;
  configuration.name = "tcp";
  configuration.protocol = TcpConfiguration{
      .port = 8'000, .disable_trace_route = false, .destination_port_behavior = behavior};
  Test test;
  test.id = TestId{id};
  test.connection_monitor = "m";
  test.test_group = "g";
  test.agent = kSource;
  test.destination = destination;
  test.destination_agent = kDestination;
  test.configuration = std::make_shared<const TestConfiguration>(std::move(configuration));
  return test;
}

TEST(ListenerResults, tell_of_each_destination_once) {
  ListenerResults listeners;
  listeners.add_agent(kDestination, {{.port = 8'000, .outcome = ListeningOutcome::InUse}});
  listeners.add_test(test_to("b", 1, DestinationPortBehavior::ListenIfAvailable));
  listeners.add_test(test_to("b", 2, DestinationPortBehavior::ListenIfAvailable));
  listeners.add_test(test_to("c", 3, DestinationPortBehavior::ListenIfAvailable));
  listeners.add_test(test_to("d", 4, DestinationPortBehavior::None));
  ASSERT_EQ(listeners.results().size(), 2U);
  EXPECT_EQ(listeners.results()[0].test, TestId{1});
  EXPECT_EQ(listeners.results()[1].test, TestId{3});
  EXPECT_EQ(listeners.results()[0].port.outcome, ListeningOutcome::InUse);
}

TEST(ListenerResults, say_nothing_of_what_no_agent_has_told) {
  ListenerResults listeners;
  EXPECT_FALSE(listeners.is_anybody_listening());
  listeners.add_agent(kSource, {{.port = 8'000}});
  listeners.add_agent(kDestination, {{.port = 9'000}});
  EXPECT_TRUE(listeners.is_anybody_listening());
  listeners.add_test(test_to("b", 1, DestinationPortBehavior::ListenIfAvailable));
  EXPECT_TRUE(listeners.results().empty());
}

}  // namespace
}  // namespace lw::server::logs
