// SPDX-License-Identifier: Apache-2.0
#include "simulate/fleet.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "model/codec.h"
#include "simulate/simulate_fixture.h"

namespace lw::simulate {
namespace {

/// The monitors as a user's file: read back and checked by every rule.
std::vector<ConnectionMonitor> read_back(const std::vector<ConnectionMonitor>& monitors) {
  Value list = Value::array();
  for (const ConnectionMonitor& monitor : monitors) list.push(to_document(monitor));
  const MonitorsRead read =
      read_monitor_file(Value::object({{"connectionMonitors", std::move(list)}}), "made");
  for (const Diagnostic& fault : read.faults) ADD_FAILURE() << to_string(fault);
  return read.monitors;
}

TEST(SimulatedFleetPlan, MakesExactlyTheTestsAskedFor) {
  struct Case {
    std::size_t agents;
    std::size_t tests;
  };
  for (const auto& [agents, tests] : {Case{1, 1}, Case{1, 17}, Case{3, 10}, Case{20, 400},
                                      Case{20, 413}, Case{150, 3'000}, Case{1'000, 100'000}}) {
    const auto planned = plan(agents, tests);
    EXPECT_EQ(planned.size(), tests) << agents << " agents";
    std::map<std::size_t, std::size_t> of_agent;
    std::set<TestId> ids;
    for (const PlannedTest& some : planned) {
      EXPECT_EQ(some.test.missing, "");
      ++of_agent[some.agent];
      ids.insert(some.test.id);
    }
    EXPECT_EQ(ids.size(), tests);
    for (const auto& [agent, count] : of_agent) {
      EXPECT_GE(count, tests / agents);
      EXPECT_LE(count, tests / agents + 1) << "agent " << agent;
    }
  }
}

TEST(SimulatedFleetPlan, KeepsToTheRulesAndLimits) {
  const auto monitors =
      make_monitors({.agents = 1'000, .tests = 100'000, .frequency = Seconds(30)}).value();
  EXPECT_EQ(read_back(monitors), monitors);
  const auto too_many = make_monitors({.agents = 1, .tests = 20'000});
  ASSERT_FALSE(too_many.has_value());
  EXPECT_EQ(too_many.error().code, ErrorCode::InvalidInput);
}

TEST(SimulatedFleetPlan, AgentsHaveNamesAndAddressesOfTheirOwn) {
  const auto agents = make_agents(1'000);
  std::set<std::string> names, addresses;
  for (const Agent& agent : agents) {
    names.insert(agent.name);
    addresses.insert(agent.addresses.front());
  }
  EXPECT_EQ(names.size(), 1'000U);
  EXPECT_EQ(addresses.size(), 1'000U);
}

}  // namespace
}  // namespace lw::simulate
