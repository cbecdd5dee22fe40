// SPDX-License-Identifier: Apache-2.0
#include "server/plan.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <variant>

#include "model/expand.h"
#include "model/limits.h"

namespace lw::server {

std::vector<Test> plan_tests(const std::vector<ConnectionMonitor>& monitors,
                             const std::vector<Agent>& agents) {
  std::vector<Test> tests;
  for (const ConnectionMonitor& monitor : monitors) {
    std::ranges::move(expand(monitor, agents), std::back_inserter(tests));
  }
  return tests;
}

std::size_t count_tests_bound(const std::vector<ConnectionMonitor>& monitors,
                              const std::vector<Agent>& agents) {
  std::size_t bound = 0;
  for (const ConnectionMonitor& monitor : monitors) bound += test_count_bound(monitor, agents);
  return bound;
}

Result<void> check_room_for(const Agent& agent, std::vector<Agent> agents,
                            const std::vector<ConnectionMonitor>& monitors) {
  const std::vector<Agent> before = agents;
  const auto place = std::ranges::find(agents, agent.id, &Agent::id);
  if (place != agents.end()) {
    *place = agent;
  } else {
    agents.push_back(agent);
  }
  const std::size_t after = count_tests_bound(monitors, agents);
  if (after <= limits::kTestsPerServer || after <= count_tests_bound(monitors, before)) return {};
  return fail(ErrorCode::LimitExceeded,
              fmt::format("with agent `{}` there would be {} tests; one server runs {} at most. "
                          "Narrow the endpoints that it falls into (AgentGroup labels, scopes) or "
                          "lower their coverage level",
                          agent.name, after, limits::kTestsPerServer));
}

Result<void> check_test_count(std::size_t others, const std::vector<ConnectionMonitor>& changed,
                              const std::vector<Agent>& agents) {
  const std::size_t submitted = count_tests_bound(changed, agents);
  if (submitted + others <= limits::kTestsPerServer) return {};
  return fail(
      ErrorCode::LimitExceeded,
      fmt::format("this would make {} tests, with the {} of the other connection monitors {}; one "
                  "server runs {} at most. Use fewer sources, destinations or test configurations "
                  "in a test group, or a lower coverage level",
                  submitted, others, submitted + others, limits::kTestsPerServer));
}

bool is_runnable(const Test& test) {
  return test.agent != AgentId{} && !test.disabled && test.missing.empty();
}

std::uint16_t listen_port_of(const Test& test) {
  if (test.destination_agent == AgentId{} || !is_runnable(test)) return 0;
  const auto* const tcp = std::get_if<TcpConfiguration>(&test.configuration->protocol);
  if (tcp == nullptr) return 0;
  const bool wants = tcp->destination_port_behavior == DestinationPortBehavior::ListenIfAvailable;
  return wants ? tcp->port : std::uint16_t{0};
}

void Duties::add(const Test& test) {
  if (is_runnable(test) && tests_[test.agent].insert(test.id).second) changed_.insert(test.agent);
  const std::uint16_t port = listen_port_of(test);
  if (port == 0) return;
  if (++ports_[test.destination_agent][port] == 1) changed_.insert(test.destination_agent);
}

void Duties::remove(const Test& test) {
  if (is_runnable(test) && tests_[test.agent].erase(test.id) > 0) changed_.insert(test.agent);
  const std::uint16_t port = listen_port_of(test);
  if (port == 0) return;
  std::map<std::uint16_t, std::size_t>& ports = ports_[test.destination_agent];
  if (--ports[port] > 0) return;
  ports.erase(port);
  changed_.insert(test.destination_agent);
}

const std::unordered_set<TestId>& Duties::tests_of(AgentId agent) const {
  static const std::unordered_set<TestId> kNone;
  const auto found = tests_.find(agent);
  return found == tests_.end() ? kNone : found->second;
}

std::vector<std::uint16_t> Duties::ports_of(AgentId agent) const {
  std::vector<std::uint16_t> ports;
  const auto found = ports_.find(agent);
  if (found == ports_.end()) return ports;
  for (const auto& [port, count] : found->second) ports.push_back(port);
  return ports;
}

}  // namespace lw::server
