// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <unordered_map>
#include <unordered_set>
#include <utility>
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

/// LimitExceeded if `changed` beside so many tests of the other monitors would make more tests than
/// a server runs (limits::kTestsPerServer). A few lines of a file can stand for billions of tests,
/// so they are counted before they are made. Pure.
Result<void> check_test_count(std::size_t others, const std::vector<ConnectionMonitor>& changed,
                              const std::vector<Agent>& agents);

/// Whether an agent has to run it: its group is enabled and nothing is missing.
bool is_runnable(const Test& test);

/// The port that the test's destination is to listen on, if an agent is there and the test runs
/// (`destinationPortBehavior: ListenIfAvailable`); else 0.
std::uint16_t listen_port_of(const Test& test);

/// What agents have to do for the tests that there are: run some, and listen on the TCP ports that
/// are the destination of a test that runs with `destinationPortBehavior: ListenIfAvailable`.
class Duties {
 public:
  void add(const Test& test);
  /// `test` as it was added.
  void remove(const Test& test);
  /// In no order. Good until the next change.
  [[nodiscard]] const std::unordered_set<TestId>& tests_of(AgentId agent) const;
  /// Sorted, each once; empty for most agents.
  [[nodiscard]] std::vector<std::uint16_t> ports_of(AgentId agent) const;
  /// The agents whose duties came or went since the last call, maybe to be as they were.
  std::unordered_set<AgentId> take_changed() { return std::exchange(changed_, {}); }

 private:
  std::unordered_map<AgentId, std::unordered_set<TestId>> tests_;
  /// How many tests want each port.
  std::unordered_map<AgentId, std::map<std::uint16_t, std::size_t>> ports_;
  std::unordered_set<AgentId> changed_;
};

}  // namespace lw::server
