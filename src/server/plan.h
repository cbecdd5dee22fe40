// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "model/agent.h"
#include "model/connection_monitor.h"
#include "model/test.h"

namespace lw::server {

/// All tests of all monitors, expanded over the agents. Pure.
std::vector<Test> plan_tests(const std::vector<ConnectionMonitor>& monitors,
                             const std::vector<Agent>& agents);

/// At least as many as plan_tests() gives, counted without making them. Pure.
std::size_t count_tests_bound(const std::vector<ConnectionMonitor>& monitors,
                              const std::vector<Agent>& agents);

/// LimitExceeded if taking the agent in, in place of the one of its id if there is one, would make
/// more tests than before and more than a server runs (limits::kTestsPerServer). Pure.
Result<void> check_room_for(const Agent& agent, std::vector<Agent> agents,
                            const std::vector<ConnectionMonitor>& monitors);

/// LimitExceeded if putting `changed` beside, or in place of, the monitors of `present` would make
/// more tests than a server runs (limits::kTestsPerServer). A few lines of a file can stand for
/// billions of tests, so they are counted before they are made. Pure.
Result<void> check_test_count(const std::vector<ConnectionMonitor>& present,
                              const std::vector<ConnectionMonitor>& changed,
                              const std::vector<Agent>& agents);

/// Whether an agent has to run it: its group is enabled and nothing is missing.
bool is_runnable(const Test& test);

/// Takes in which TCP ports agents have to listen on: those that are the destination of a test that
/// runs with `destinationPortBehavior: ListenIfAvailable`.
class ListenPorts {
 public:
  void add(const Test& test);
  /// Sorted, each once; empty for most agents.
  [[nodiscard]] std::vector<std::uint16_t> of(AgentId agent) const;

 private:
  std::unordered_map<AgentId, std::vector<std::uint16_t>> ports_;
};

/// A hash of everything that an assignment says, so that equal assignments have equal versions over
/// restarts of the server. Never 0.
std::uint64_t assignment_version(const std::vector<Test>& tests,
                                 const std::vector<std::uint16_t>& listen_ports = {});

}  // namespace lw::server
