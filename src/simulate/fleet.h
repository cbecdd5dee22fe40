// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "base/result.h"
#include "model/agent.h"
#include "model/connection_monitor.h"

namespace lw::simulate {

struct FleetWish {
  std::size_t agents = 20;
  std::size_t tests = 400;
  Seconds frequency{60};
};

/// What simulated agents say of themselves: named `sim-SITE-NNN`, labelled with site and role.
std::vector<Agent> make_agents(std::size_t count);

/// Monitors that make exactly so many tests with these agents: networks (ICMP), databases (TCP),
/// web services (HTTPS) and partners, each site checking each of their destinations. InvalidInput
/// if that takes more monitors than there may be.
Result<std::vector<ConnectionMonitor>> make_monitors(const FleetWish& wish);

}  // namespace lw::simulate
