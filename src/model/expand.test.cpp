// SPDX-License-Identifier: Apache-2.0
// What the goldens of tests/golden/model cannot show: properties over many fleets.
#include "model/expand.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace lw {
namespace {

std::vector<Agent> fleet(int count) {
  std::vector<Agent> agents;
  for (int i = 1; i <= count; ++i) {
    Agent agent;
    agent.id = AgentId{static_cast<std::uint64_t>(i)};
    agent.name = "web" + std::to_string(i);
    agent.labels = {{"role", "web"}};
    agent.addresses = {"10.0.0." + std::to_string(i)};
    agents.push_back(agent);
  }
  return agents;
}

ConnectionMonitor mesh(CoverageLevel coverage) {
  ConnectionMonitor monitor;
  monitor.name = "cm";
  Endpoint endpoint;
  endpoint.name = "webs";
  endpoint.type = EndpointType::AgentGroup;
  endpoint.labels = {{"role", "web"}};
  endpoint.coverage = coverage;
  Endpoint target;
  target.name = "target";
  target.address = "192.0.2.1";
  monitor.endpoints = {endpoint, target};
  monitor.test_configurations.emplace_back().name = "ping";
  TestGroup group;
  group.name = "g";
  group.sources = {"webs"};
  group.destinations = {"target"};
  group.test_configurations = {"ping"};
  monitor.test_groups = {group};
  return monitor;
}

std::set<std::string> sources_of(const std::vector<lw::Test>& tests) {
  std::set<std::string> sources;
  for (const lw::Test& test : tests) sources.insert(test.source);
  return sources;
}

TEST(Coverage, SelectsItsShareAndNeverNobody) {
  EXPECT_EQ(expand(mesh(CoverageLevel::Low), fleet(40)).size(), 4U);
  EXPECT_EQ(expand(mesh(CoverageLevel::BelowAverage), fleet(40)).size(), 10U);
  EXPECT_EQ(expand(mesh(CoverageLevel::Default), fleet(40)).size(), 20U);
  EXPECT_EQ(expand(mesh(CoverageLevel::AboveAverage), fleet(40)).size(), 30U);
  EXPECT_EQ(expand(mesh(CoverageLevel::Full), fleet(40)).size(), 40U);
  EXPECT_EQ(expand(mesh(CoverageLevel::Low), fleet(1)).size(), 1U);
}

TEST(Coverage, MovesAtMostOneMemberWhenAnAgentJoins) {
  for (int count = 1; count < 60; ++count) {
    const auto before = sources_of(expand(mesh(CoverageLevel::Average), fleet(count)));
    const auto after = sources_of(expand(mesh(CoverageLevel::Average), fleet(count + 1)));
    std::vector<std::string> gone;
    std::ranges::set_difference(before, after, std::back_inserter(gone));
    EXPECT_LE(gone.size(), 1U) << count;
  }
}

TEST(Expansion, DoesNotDependOnTheOrderOfAgents) {
  std::vector<Agent> agents = fleet(9);
  const auto forward = expand(mesh(CoverageLevel::Average), agents);
  std::ranges::reverse(agents);
  const auto backward = expand(mesh(CoverageLevel::Average), agents);
  ASSERT_EQ(forward.size(), backward.size());
  for (std::size_t i = 0; i < forward.size(); ++i) EXPECT_EQ(forward[i].id, backward[i].id);
}

TEST(Expansion, TestsEveryPairOfAMeshButNoAgentAgainstItself) {
  ConnectionMonitor monitor = mesh(CoverageLevel::Full);
  monitor.test_groups[0].destinations = {"webs"};
  const auto tests = expand(monitor, fleet(5));
  EXPECT_EQ(tests.size(), 20U);
  for (const lw::Test& test : tests) EXPECT_NE(test.source, test.destination);
}

TEST(Expansion, GivesEachTestItsOwnIdAndSharesTheConfiguration) {
  ConnectionMonitor monitor = mesh(CoverageLevel::Full);
  monitor.test_groups[0].destinations = {"webs", "target"};
  const auto tests = expand(monitor, fleet(12));
  std::set<TestId> ids;
  for (const lw::Test& test : tests) ids.insert(test.id);
  EXPECT_EQ(ids.size(), tests.size());
  EXPECT_EQ(tests.front().configuration, tests.back().configuration);
}

TEST(Expansion, PassesOverNamesThatAreNotDefined) {
  ConnectionMonitor monitor = mesh(CoverageLevel::Full);
  monitor.test_groups[0].sources = {"gone", "webs"};
  monitor.test_groups[0].destinations = {"target", "gone"};
  monitor.test_groups[0].test_configurations = {"gone", "ping"};
  EXPECT_EQ(expand(monitor, fleet(3)).size(), 3U);
}

TEST(Expansion, GivesNoAgentToATestThatCannotRun) {
  const auto tests = expand(mesh(CoverageLevel::Full), {});
  ASSERT_EQ(tests.size(), 1U);
  EXPECT_EQ(tests[0].agent, AgentId{});
  EXPECT_EQ(tests[0].source, "webs");
  EXPECT_EQ(tests[0].missing, "no agent with the labels role=web has joined");
}

TEST(MissingMembers, SaysOnceWhyAnEndpointThatIsUsedStandsForNobody) {
  ConnectionMonitor monitor;
  const auto add = [&](const std::string& name, EndpointType type, const std::string& address) {
    Endpoint endpoint;
    endpoint.name = name;
    endpoint.type = type;
    endpoint.address = address;
    monitor.endpoints.push_back(endpoint);
  };
  add("here", EndpointType::Agent, "web1");
  add("there", EndpointType::Agent, "web2");
  add("out", EndpointType::ExternalAddress, "192.0.2.7");
  add("unused", EndpointType::Agent, "web9");
  TestGroup group;
  group.sources = {"here"};
  group.destinations = {"there", "out"};
  monitor.test_groups = {group, group};
  EXPECT_EQ(missing_members(monitor, {}),
            (std::vector<std::string>{
                "no agent named `web1` has joined",
                "the address of endpoint `there` is not known: no agent named `web2` has joined"}));
  Agent web1;
  web1.id = AgentId{1};
  web1.name = "web1";
  EXPECT_EQ(missing_members(monitor, {web1}).size(), 1U);
}

TEST(TestCountBound, IsWhatExpandingMakes) {
  for (const CoverageLevel coverage : {CoverageLevel::Low, CoverageLevel::Full}) {
    for (const int count : {0, 1, 40}) {
      ConnectionMonitor monitor = mesh(coverage);
      monitor.test_configurations.emplace_back().name = "web";
      monitor.test_groups[0].test_configurations = {"ping", "web"};
      monitor.test_groups.push_back(monitor.test_groups[0]);
      EXPECT_EQ(test_count_bound(monitor, fleet(count)), expand(monitor, fleet(count)).size())
          << count;
    }
  }
}

TEST(TestCountBound, OfAMeshCountsEachAgentAgainstItselfToo) {
  ConnectionMonitor monitor = mesh(CoverageLevel::Full);
  monitor.test_groups[0].destinations = {"webs"};
  EXPECT_EQ(test_count_bound(monitor, fleet(5)), 25U);
}

TEST(TestCountBound, PassesOverNamesThatAreNotDefined) {
  ConnectionMonitor monitor = mesh(CoverageLevel::Full);
  monitor.test_groups[0].sources = {"gone", "webs"};
  monitor.test_groups[0].destinations = {"gone"};
  EXPECT_EQ(test_count_bound(monitor, fleet(3)), 0U);
}

TEST(Expand, ATestKnowsTheAgentAtItsDestination) {
  ConnectionMonitor monitor = mesh(CoverageLevel::Full);
  monitor.test_groups[0].destinations = {"webs", "target"};
  for (const lw::Test& test : expand(monitor, fleet(2))) {
    if (test.destination == "target") {
      EXPECT_EQ(test.destination_agent, AgentId{});
    } else {
      EXPECT_EQ("10.0.0." + std::to_string(test.destination_agent.value), test.destination_address);
      EXPECT_NE(test.destination_agent, test.agent);
    }
  }
}

}  // namespace
}  // namespace lw
