// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "model/agent.h"
#include "model/connection_monitor.h"
#include "model/test.h"

namespace lw::server {

/// All tests of all monitors, expanded over the agents. Pure.
std::vector<Test> plan_tests(const std::vector<ConnectionMonitor>& monitors,
                             const std::vector<Agent>& agents);

/// Whether an agent has to run it: its group is enabled and nothing is missing.
bool is_runnable(const Test& test);

/// A hash of everything that an assignment says, so that equal assignments have equal versions over
/// restarts of the server. Never 0.
std::uint64_t assignment_version(const std::vector<Test>& tests);

}  // namespace lw::server
