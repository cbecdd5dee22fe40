// SPDX-License-Identifier: Apache-2.0
#include "server/logs/listeners.h"

#include "server/plan.h"

namespace lw::server::logs {

void ListenerResults::add_agent(AgentId agent, const std::vector<ListeningPort>& ports) {
  for (const ListeningPort& port : ports) ports_[agent].insert_or_assign(port.port, port);
}

void ListenerResults::add_test(const Test& test) {
  const std::uint16_t wanted = listen_port_of(test);
  const auto agent = wanted == 0 ? ports_.end() : ports_.find(test.destination_agent);
  if (agent == ports_.end()) return;
  const auto port = agent->second.find(wanted);
  if (port == agent->second.end()) return;
  const Subject subject{test.connection_monitor, test.test_group, test.configuration->name,
                        test.destination};
  if (seen_.insert(subject).second) results_.push_back({test.id, port->second});
}

}  // namespace lw::server::logs
