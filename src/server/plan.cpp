// SPDX-License-Identifier: Apache-2.0
#include "server/plan.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <variant>

#include "base/hash.h"
#include "base/text.h"
#include "model/expand.h"
#include "model/limits.h"
#include "wire/convert.h"
#include "wire/fleet.pb.h"

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
  const std::size_t before = count_tests_bound(monitors, agents);
  const auto place = std::ranges::find(agents, agent.id, &Agent::id);
  if (place != agents.end()) {
    *place = agent;
  } else {
    agents.push_back(agent);
  }
  const std::size_t after = count_tests_bound(monitors, agents);
  if (after <= limits::kTestsPerServer || after <= before) return {};
  return fail(ErrorCode::LimitExceeded,
              fmt::format("with agent `{}` there would be {} tests; one server runs {} at most. "
                          "Narrow the endpoints that it falls into (AgentGroup labels, scopes) or "
                          "lower their coverage level",
                          agent.name, after, limits::kTestsPerServer));
}

Result<void> check_test_count(const std::vector<ConnectionMonitor>& present,
                              const std::vector<ConnectionMonitor>& changed,
                              const std::vector<Agent>& agents) {
  const std::size_t submitted = count_tests_bound(changed, agents);
  std::size_t others = 0;
  for (const ConnectionMonitor& model : present) {
    const bool is_replaced = std::ranges::any_of(changed, [&](const ConnectionMonitor& other) {
      return equals_ignoring_case(other.name, model.name);
    });
    if (!is_replaced) others += test_count_bound(model, agents);
  }
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

void ListenPorts::add(const Test& test) {
  if (test.destination_agent == AgentId{} || !is_runnable(test)) return;
  const auto* const tcp = std::get_if<TcpConfiguration>(&test.configuration->protocol);
  if (tcp == nullptr || tcp->port == 0) return;
  if (tcp->destination_port_behavior != DestinationPortBehavior::ListenIfAvailable) return;
  std::vector<std::uint16_t>& ports = ports_[test.destination_agent];
  const auto place = std::ranges::lower_bound(ports, tcp->port);
  if (place == ports.end() || *place != tcp->port) ports.insert(place, tcp->port);
}

std::vector<std::uint16_t> ListenPorts::of(AgentId agent) const {
  const auto found = ports_.find(agent);
  return found == ports_.end() ? std::vector<std::uint16_t>{} : found->second;
}

std::uint64_t assignment_version(const std::vector<Test>& tests,
                                 const std::vector<std::uint16_t>& listen_ports) {
  std::string all;
  for (const auto& part : wire::encode_assignment(0, tests, listen_ports)) {
    all += part.SerializeAsString();
  }
  return std::max<std::uint64_t>(1, stable_hash({all}));
}

}  // namespace lw::server
