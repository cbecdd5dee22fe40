// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "model/agent.h"
#include "model/connection_monitor.h"
#include "model/test.h"

namespace lw {

/// The tests of a valid monitor for the fleet as it is: per group each source × destination ×
/// configuration, in that order (seed, "Create a connection monitor"), compound endpoints replaced
/// by the members that their coverage level selects. A pair that cannot run stays as one test that
/// says why in `missing` and has no agent, so nothing that the user asked for is left out in
/// silence; an agent of a group is not tested against itself, though. Names that a group uses and
/// the monitor does not define, which only one kept from a less strict release can hold, are passed
/// over. Pure: the same for any order of `agents`.
std::vector<Test> expand(const ConnectionMonitor& monitor, const std::vector<Agent>& agents);

/// Why endpoints that its groups use stand for no machine yet, as sentences, each once: "no agent
/// named `web1` has joined". Pure.
std::vector<std::string> missing_members(const ConnectionMonitor& monitor,
                                         const std::vector<Agent>& agents);

/// How many tests the monitor makes at most, without making them: as expand() counts, but with the
/// pairs of an agent and itself. Cheap where expand() would be too much.
std::size_t test_count_bound(const ConnectionMonitor& monitor, const std::vector<Agent>& agents);

}  // namespace lw
