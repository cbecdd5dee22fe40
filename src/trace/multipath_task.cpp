// SPDX-License-Identifier: Apache-2.0
#include "trace/multipath_task.h"

#include <algorithm>

namespace lw::trace {
namespace {

/// For each TTL the router that all flows met so far; where they met none, that of `way`; nothing
/// where they differ.
Way common_hops(const Multipath& search, const Way& way) {
  Way hops(std::max<std::size_t>(search.depth(), way.size()));
  for (std::size_t i = 0; i < hops.size(); ++i) {
    const auto routers = search.routers_at(static_cast<std::uint8_t>(i + 1));
    if (routers.size() == 1) hops[i] = *routers.begin();
    if (routers.empty() && i < way.size()) hops[i] = way[i];
  }
  return hops;
}

/// Whom that flow itself met.
Way hops_of(const Multipath& search, std::uint16_t flow) {
  Way hops;
  for (int i = 1; i <= search.depth(); ++i) {
    const auto ttl = static_cast<std::uint8_t>(i);
    const auto met = search.met_by(flow, ttl);
    if (!met) continue;
    hops.resize(ttl, TraceHint::kNotKnown);
    hops.back() = *met;
  }
  return hops;
}

}  // namespace

void ask_for(const Multipath& search, const MultipathStep& step, Milliseconds patience,
             const Way& way, TraceTask& task) {
  task.config.first_ttl = step.first_ttl;
  task.config.ttl_max = step.ttl_max;
  task.config.probes_per_hop = step.probes_per_hop;
  task.config.flows = step.flows;
  task.config.retries = 0;
  task.config.budget_wait = patience;
  task.hints.clear();
  const Way common = common_hops(search, way);
  for (const std::uint16_t flow : step.flows) {
    task.hints.push_back({flow, hops_of(search, flow), common});
  }
}

}  // namespace lw::trace
