// SPDX-License-Identifier: Apache-2.0
// What tests of this module share.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "model/expand.h"
#include "simulate/fleet.h"
#include "simulate/landscape.h"
#include "simulate/rounds.h"
#include "simulate/weather.h"

namespace lw::simulate {

/// Noon of a Thursday.
inline const Timestamp kStory = parse_iso8601("2026-01-01T12:00:00Z").value();
inline constexpr std::size_t kAgents = 20;

inline Test make_test(const std::string& destination, ProtocolConfiguration protocol = {},
                      std::uint64_t id = 7) {
  TestConfiguration configuration;
  configuration.name = "c";
  configuration.protocol = std::move(protocol);
  Test test;
  test.id = TestId{id};
  test.destination_address = destination;
  test.configuration = std::make_shared<const TestConfiguration>(std::move(configuration));
  return test;
}

/// A destination of ours with that temper.
inline std::size_t destination_with(Temper temper, const Weather& weather) {
  std::size_t index = 0;
  while (weather.temper_of(place_of(destination_address(index))) != temper) ++index;
  return index;
}

inline std::size_t failed_of(const Round& round) {
  return static_cast<std::size_t>(std::ranges::count_if(
      round.checks, [](const Check& check) { return check.outcome != CheckOutcome::Success; }));
}

/// All tests of these agents, as the server would make them, each with its agent's number.
struct PlannedTest {
  std::size_t agent = 0;
  Test test;
};
inline std::vector<PlannedTest> plan(std::size_t agents, std::size_t tests) {
  std::vector<Agent> fleet = make_agents(agents);
  for (std::size_t i = 0; i < fleet.size(); ++i) fleet[i].id = AgentId{i + 1};
  const auto monitors = make_monitors({.agents = agents, .tests = tests}).value();
  std::vector<PlannedTest> planned;
  for (const ConnectionMonitor& monitor : monitors) {
    for (Test& test : expand(monitor, fleet)) {
      planned.push_back({test.agent.value - 1, std::move(test)});
    }
  }
  return planned;
}

}  // namespace lw::simulate
