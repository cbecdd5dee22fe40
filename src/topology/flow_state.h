// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "topology/path_state.h"

namespace lw::topology {

/// What is remembered of one flow from trace to trace: which path it takes, whether it changes
/// paths as only a per-packet balancer makes it do, and whether it ends where it went on before.
struct FlowState {
  std::uint16_t flow = 0;
  std::uint32_t path_key = 0;  ///< key of the path that it took last
  EpochSeconds last_seen = 0;
  float changes = 0;  ///< of path, of late; fades with each trace without one
  EpochSeconds last_reached = 0;
  /// Since the way ends early: where, for how many traces, and how unlikely it is by chance.
  std::uint8_t end_ttl = 0;
  std::uint16_t end_traces = 0;
  float end_evidence = 0;
  /// While it has never reached the destination: since when that was tried, and how often.
  EpochSeconds tried_since = 0;
  std::uint16_t tries = 0;

  /// Notes a trace and whether it took another path than the one before. `is_mixed`: it met two
  /// routers at one TTL.
  void note_path(bool is_other, bool is_mixed);
  /// Whether the changes are those of a balancer that looks at no flow.
  [[nodiscard]] bool is_per_packet() const { return changes >= 3; }
  /// Notes how far the trace came on `path`; `unexplained` is what PathState::count() returned.
  void note_end(const ObservedWay& way, const PathState& path,
                std::span<const TraceProbe* const> unexplained, EpochSeconds now, Seconds memory);
  /// Whether nothing behind end_ttl answers any more though it did.
  [[nodiscard]] bool is_broken() const;
  /// Whether the way has ended behind end_ttl for as long as it is known, which is no chance.
  [[nodiscard]] bool has_never_reached() const;
  /// Probability (0–1) that this is no chance.
  [[nodiscard]] double break_confidence() const;

 private:
  void note_try(const ObservedWay& way, EpochSeconds now);
};

}  // namespace lw::topology
