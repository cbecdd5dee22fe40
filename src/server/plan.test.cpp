// SPDX-License-Identifier: Apache-2.0
#include "server/plan.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "wire/assignment.h"
#include "wire/convert.h"

namespace lw::server {
namespace {

Test make_test(std::uint64_t id, std::uint64_t agent) {
  Test test;
  test.id = TestId{id};
  test.connection_monitor = "m";
  test.destination = "d" + std::to_string(id);
  test.destination_address = "192.0.2.1";
  test.configuration = std::make_shared<TestConfiguration>();
  test.agent = AgentId{agent};
  return test;
}

/// The test with one thing of its configuration changed.
Test with(Test test, const std::function<void(TestConfiguration&)>& change) {
  auto changed = std::make_shared<TestConfiguration>(*test.configuration);
  change(*changed);
  test.configuration = std::move(changed);
  return test;
}

std::uint64_t assignment_version(const std::vector<lw::Test>& tests,
                                 const std::vector<std::uint16_t>& ports = {}) {
  wire::Fingerprinter fingerprinter;
  std::vector<std::uint64_t> fingerprints;
  for (const lw::Test& test : tests) fingerprints.push_back(fingerprinter.of(test));
  return wire::assignment_version(fingerprints, ports);
}

HttpConfiguration http_of(const std::string& path) {
  HttpConfiguration http;
  http.path = path;
  return http;
}

TEST(Plan, disabled_impossible_and_orphaned_tests_do_not_run) {
  lw::Test test = make_test(1, 7);
  EXPECT_TRUE(is_runnable(test));
  test.disabled = true;
  EXPECT_FALSE(is_runnable(test));
  test = make_test(1, 7);
  test.missing = "no address";
  EXPECT_FALSE(is_runnable(test));
  EXPECT_FALSE(is_runnable(make_test(1, 0)));
}

Agent labelled(std::uint64_t id, const std::string& role) {
  Agent agent;
  agent.id = AgentId{id};
  agent.name = "a" + std::to_string(id);
  agent.labels = {{"role", role}};
  agent.addresses = {"192.0.2." + std::to_string(id)};
  return agent;
}

/// Monitors whose `count` tests for each pair of agents with the role "mesh" go both ways.
std::vector<ConnectionMonitor> mesh(std::size_t count) {
  ConnectionMonitor monitor;
  monitor.name = "m";
  Endpoint all;
  all.name = "all";
  all.type = EndpointType::AgentGroup;
  all.labels = {{"role", "mesh"}};
  all.coverage = CoverageLevel::Full;
  monitor.endpoints = {all};
  TestGroup group;
  group.name = "g";
  group.sources = {"all"};
  group.destinations = {"all"};
  group.test_configurations.assign(count, "ping");
  monitor.test_groups = {group};
  return {monitor};
}

TEST(Plan, an_agent_that_makes_more_tests_than_a_server_runs_is_refused) {
  const auto monitors = mesh(60'000);
  const Agent first = labelled(1, "mesh");
  const Agent second = labelled(2, "mesh");
  EXPECT_TRUE(check_room_for(first, {}, monitors).has_value());
  const auto refused = check_room_for(second, {first}, monitors);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::LimitExceeded);
  EXPECT_NE(refused.error().message.find("agent `a2` there would be 240000 tests"),
            std::string::npos)
      << refused.error().message;
  EXPECT_TRUE(check_room_for(labelled(2, "other"), {first}, monitors).has_value());
}

TEST(Plan, an_agent_that_comes_back_as_it_was_has_room_even_above_the_limit) {
  const auto monitors = mesh(60'000);
  const std::vector<Agent> agents = {labelled(1, "mesh"), labelled(2, "mesh")};
  EXPECT_TRUE(check_room_for(agents[1], agents, monitors).has_value());
  EXPECT_FALSE(check_room_for(labelled(3, "mesh"), agents, monitors).has_value());
  // By what it says of itself now it may also come into a group.
  const std::vector<Agent> apart = {labelled(1, "mesh"), labelled(2, "other")};
  EXPECT_FALSE(check_room_for(labelled(2, "mesh"), apart, monitors).has_value());
}

TEST(Plan, equal_assignments_have_equal_versions_whoever_made_them) {
  const std::vector<lw::Test> tests = {make_test(1, 7), make_test(2, 7)};
  const std::vector<lw::Test> made_again = {make_test(1, 7), make_test(2, 7)};
  EXPECT_EQ(assignment_version(tests), assignment_version(made_again));
  // Agents keep it over updates of the server, so the number itself is part of the contract.
  EXPECT_NE(assignment_version(tests), 0U);
  EXPECT_NE(assignment_version({}), 0U) << "0 stands for no assignment at all";
}

TEST(Plan, anything_that_an_agent_must_know_changes_the_version) {
  const lw::Test test = make_test(1, 7);
  std::vector<std::vector<lw::Test>> variants = {{}, {test}, {test, make_test(2, 7)}};
  lw::Test moved = test;
  moved.destination_address = "192.0.2.2";
  variants.push_back({moved});
  variants.push_back({with(test, [](auto& c) { c.frequency = Seconds(61); })});
  variants.push_back({with(test, [](auto& c) { c.checks_per_round = 3; })});
  variants.push_back({with(test, [](auto& c) { c.check_timeout = Milliseconds(900); })});
  variants.push_back({with(test, [](auto& c) { c.preferred_ip_version = IpVersion::V6; })});
  variants.push_back({with(test, [](auto& c) { c.protocol = TcpConfiguration{.port = 443}; })});
  variants.push_back({with(test, [](auto& c) { c.protocol = TcpConfiguration{.port = 444}; })});
  variants.push_back({with(test, [](auto& c) { c.protocol = HttpConfiguration{}; })});
  variants.push_back({with(test, [](auto& c) { c.protocol = http_of("/a"); })});
  std::set<std::uint64_t> versions;
  for (const auto& variant : variants) versions.insert(assignment_version(variant));
  EXPECT_EQ(versions.size(), variants.size());
}

lw::Test listened(std::uint64_t id, std::uint64_t destination, std::uint16_t port) {
  lw::Test test = make_test(id, 7);
  test.destination_agent = AgentId{destination};
  return with(test, [port](auto& c) {
    c.protocol =
        TcpConfiguration{.port = port,
                         .disable_trace_route = false,
                         .destination_port_behavior = DestinationPortBehavior::ListenIfAvailable};
  });
}

TEST(Plan, the_agent_at_the_destination_listens_on_each_port_once) {
  Duties duties;
  for (const auto& test : {listened(1, 9, 8084), listened(2, 9, 443), listened(3, 9, 8084)}) {
    duties.add(test);
  }
  EXPECT_EQ(duties.ports_of(AgentId{9}), (std::vector<std::uint16_t>{443, 8084}));
  EXPECT_TRUE(duties.ports_of(AgentId{7}).empty()) << "the source connects";
}

TEST(Plan, nobody_listens_for_a_test_that_does_not_run_or_does_not_ask_for_it) {
  lw::Test disabled = listened(1, 9, 80);
  disabled.disabled = true;
  lw::Test without_source = listened(2, 9, 80);
  without_source.agent = AgentId{};
  const lw::Test not_asked =
      with(listened(3, 9, 80), [](auto& c) { c.protocol = TcpConfiguration{.port = 80}; });
  const lw::Test no_agent_there = listened(4, 0, 80);
  Duties duties;
  for (const auto& test : {disabled, without_source, not_asked, no_agent_there}) duties.add(test);
  EXPECT_TRUE(duties.ports_of(AgentId{9}).empty());
  EXPECT_TRUE(duties.ports_of(AgentId{}).empty());
}

TEST(Plan, duties_that_come_and_go_are_those_of_the_tests_that_are_left) {
  std::vector<lw::Test> tests;
  for (std::uint64_t id = 1; id <= 40; ++id) {
    tests.push_back(listened(id, 8 + id % 3, static_cast<std::uint16_t>(80 + id % 4)));
    tests.back().agent = AgentId{id % 5};
    tests.back().disabled = id % 7 == 0;
  }
  Duties duties;
  for (const lw::Test& test : tests) duties.add(test);
  EXPECT_EQ(duties.take_changed().size(), 7U) << "agents 1 to 4 run, 8 to 10 listen";
  while (!tests.empty()) {
    duties.remove(tests.back());
    tests.pop_back();
    Duties left;
    for (const lw::Test& test : tests) left.add(test);
    for (std::uint64_t agent = 0; agent <= 10; ++agent) {
      EXPECT_EQ(duties.tests_of(AgentId{agent}), left.tests_of(AgentId{agent}));
      EXPECT_EQ(duties.ports_of(AgentId{agent}), left.ports_of(AgentId{agent}));
    }
  }
  duties.take_changed();
  lw::Test one = listened(1, 9, 80);
  duties.add(one);
  EXPECT_EQ(duties.take_changed(), (std::unordered_set<AgentId>{AgentId{7}, AgentId{9}}));
  lw::Test second = listened(2, 9, 80);
  duties.add(second);
  EXPECT_EQ(duties.take_changed(), std::unordered_set<AgentId>{AgentId{7}}) << "the port is known";
  duties.remove(one);
  EXPECT_EQ(duties.take_changed(), std::unordered_set<AgentId>{AgentId{7}});
  EXPECT_EQ(duties.ports_of(AgentId{9}), std::vector<std::uint16_t>{80});
}

TEST(Plan, other_ports_to_listen_on_are_another_assignment) {
  const std::vector<lw::Test> tests = {make_test(1, 7)};
  std::set<std::uint64_t> versions = {assignment_version(tests), assignment_version(tests, {80}),
                                      assignment_version(tests, {81}),
                                      assignment_version(tests, {80, 81})};
  EXPECT_EQ(versions.size(), 4U);
  EXPECT_EQ(assignment_version(tests), assignment_version(tests, {}));
}

TEST(Plan, thresholds_are_the_servers_business_and_move_no_agent) {
  const lw::Test test = make_test(1, 7);
  const lw::Test stricter = with(test, [](auto& c) { c.threshold.checks_failed_percent = 5; });
  EXPECT_EQ(assignment_version({test}), assignment_version({stricter}));
}

}  // namespace
}  // namespace lw::server
