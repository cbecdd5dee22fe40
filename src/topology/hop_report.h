// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "topology/latency_envelope.h"
#include "topology/path_loss.h"
#include "topology/path_state.h"

namespace lw::topology {

/// The hops of a path as they are reported, with their labels, over the window up to `now`.
std::vector<PathHop> report_hops(const PathState& path, const PathLoss& loss, Timestamp now,
                                 const PathStatisticsConfig& config);

/// How many hops an answer came along, by the usual first values of a TTL (32, 64, 128, 255); the
/// answer of a hop n steps away that came back the same way gives n.
int hops_back(std::uint8_t reply_ttl);

/// Whether the answers of the hops from TTL `from` to `to` came back as many steps as they are
/// away; false as well if that is not known.
bool returns_alike(const std::vector<PathHop>& hops, std::uint8_t from, std::uint8_t to);

/// The low round-trip times of the last minute, hop by hop, and what is usual.
std::vector<std::optional<Microseconds>> recent_lows(const PathState& path, Timestamp now,
                                                     const PathStatisticsConfig& config);
std::vector<std::optional<Microseconds>> usual_lows(const PathState& path);

}  // namespace lw::topology
