// SPDX-License-Identifier: Apache-2.0
#include "trace/multipath_task.h"

namespace lw::trace {
namespace {

/// For each TTL the router that all flows met so far; nothing where they differ or met none.
std::vector<std::optional<IpAddress>> common_hops(const Multipath& search, std::uint8_t ttl_max) {
  std::vector<std::optional<IpAddress>> hops;
  for (int ttl = 1; ttl <= ttl_max; ++ttl) {
    const auto routers = search.routers_at(static_cast<std::uint8_t>(ttl));
    if (routers.empty()) break;
    hops.push_back(routers.size() == 1 ? std::optional(*routers.begin()) : std::nullopt);
  }
  return hops;
}

}  // namespace

void ask_for(const Multipath& search, const MultipathStep& step, Milliseconds patience,
             TraceTask& task) {
  task.config.first_ttl = step.first_ttl;
  task.config.ttl_max = step.ttl_max;
  task.config.probes_per_hop = step.probes_per_hop;
  task.config.flows = step.flows;
  task.config.retries = 0;
  task.config.budget_wait = patience;
  task.hints.clear();
  const auto hops = common_hops(search, step.ttl_max);
  for (const std::uint16_t flow : step.flows) task.hints.push_back({flow, hops});
}

}  // namespace lw::trace
