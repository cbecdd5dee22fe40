// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "base/time.h"
#include "model/path.h"
#include "model/trace.h"

namespace lw::topology {

struct PathStatisticsConfig {
  /// How far back samples count for the report.
  Seconds window{180};
  /// How long what was found of the way itself (addresses, baselines) is kept for comparison.
  Seconds memory{3'600};
  /// Loss below this share is never blamed, in percent.
  double loss_percent_min = 1.0;
  /// Time below this is never blamed.
  Microseconds added_min{5'000};
  /// The round-trip time that the operator does not want to be exceeded. Beyond it the link that
  /// makes up half of it is an issue though it always did. Without it only changes are: a link
  /// across an ocean adds what it adds, which `PathHop::added` tells anybody who asks.
  std::optional<Microseconds> total_max;
};

/// What the traces of one test, put together, say: paths, forwarding loss, added latency, labels
/// and issues (reference: Sherwood et al., Guo and Heidemann "Detecting ICMP rate limiting", PAM
/// 2018, and docs/paths.md for the rules). Pure: `now` never goes back.
class PathStatistics {
 public:
  explicit PathStatistics(PathStatisticsConfig config = {});
  ~PathStatistics();
  PathStatistics(PathStatistics&&) noexcept;
  PathStatistics& operator=(PathStatistics&&) noexcept;

  void add(const Trace& trace, Timestamp now);
  /// The window's paths and issues. `cause`, `changes` and `mtu` are the caller's.
  [[nodiscard]] PathReport report(Timestamp now) const;
  /// Whether the last trace met what earlier ones did not (a hop that used to answer was silent, an
  /// address is new, a time far above its baseline): reason to trace more often for a while.
  [[nodiscard]] bool is_suspicious() const;
  [[nodiscard]] std::size_t bytes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lw::topology
