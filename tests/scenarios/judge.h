// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "scenarios/scenario.h"
#include "scenarios/virtual_agent.h"

namespace lw::scenarios {

/// What is other than it must be, in words. Empty if all is right. Expected issues that are missing
/// are not among it.
std::vector<std::string> judge(const Scenario& scenario, const Observation& observation);
/// Expected issues that were not found in time.
std::vector<std::string> missing_issues(const Scenario& scenario, const Observation& observation);
/// Every link that was found must be one of the network; paths and balancing must be as expected.
std::vector<std::string> judge(const Scenario& scenario, const Discovery& discovery);
std::vector<std::string> judge(const Scenario& scenario, const trace::PathMtuResult& result);

/// A report by node names, for people who look for what went wrong.
std::string describe(const Scenario& scenario, const PathReport& report);

}  // namespace lw::scenarios
