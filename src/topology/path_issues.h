// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "topology/flow_state.h"
#include "topology/path_loss.h"
#include "topology/path_state.h"

/// What is wrong on a path, in words.
namespace lw::topology {

/// `flows`: those whose last way was this path. `report` is what is reported of it.
std::vector<PathIssue> find_issues(const PathState& path, const Path& report, const PathLoss& loss,
                                   std::span<const FlowState> flows, Timestamp now,
                                   const PathStatisticsConfig& config);

/// The gravest first: what stops everything, what loses, what delays, what is good to know.
void sort_by_gravity(std::vector<PathIssue>& issues);

/// "5.2 % (3.1–8.4 %)"
std::string to_text(const Share& share);

}  // namespace lw::topology
