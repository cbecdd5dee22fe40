// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "topology/forwarding_loss.h"
#include "topology/path_state.h"

/// Forwarding loss of one path over its window: when it began, whether it is still there, and what
/// its hops have to say of it.
namespace lw::topology {

struct PathLoss {
  std::vector<LossyLink> links;    ///< worth naming
  std::vector<Share> per_hop;      ///< forwarding loss on the way to each hop
  std::vector<HopEvidence> whole;  ///< over the whole window
  /// The window speaks for loss that is not told yet from chance or from limits.
  bool is_suspected = false;
};

/// The share that `link` itself loses, with its bounds.
Share share_of(const LossyLink& link);

/// Judges the window up to `now`. A link that was named before (PathState::named) needs less
/// evidence to stay.
PathLoss judge_loss(const PathState& path, Timestamp now, const PathStatisticsConfig& config);

/// Notes what is named from now on.
void remember_named(PathState& path, const PathLoss& loss);

/// Notes which hops turn out to keep answers back, and forgets it after the memory's time.
void learn_limits(PathState& path, const PathLoss& loss, EpochSeconds now,
                  const PathStatisticsConfig& config);

}  // namespace lw::topology
