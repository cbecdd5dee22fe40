// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "model/path.h"
#include "simulate/rounds.h"
#include "topology/path_history.h"

namespace lw::simulate {

/// Follows the path of one simulated test as an agent would: traces are made up where something may
/// have changed, and judged by the code that judges real ones (topology/path_statistics.h). Pure;
/// times do not go back.
class PathFollower {
 public:
  /// Called at each round: the report to send, if it is time for one. The first comes at once, then
  /// one an hour, and one when the links of the way do something else than before.
  std::optional<PathReport> look(const SimulatedTest& test, const Weather& weather, Timestamp at);
  /// A report now, whatever has changed.
  static PathReport report_now(const SimulatedTest& test, const Weather& weather, Timestamp at);

 private:
  topology::PathHistory history_;
  std::optional<Timestamp> looked_;
  std::uint64_t conditions_ = 0;
};

/// One trace of the test's way at that time.
Trace simulate_trace(const SimulatedTest& test, const Weather& weather, Timestamp at);

/// Whether agents trace for this test at all.
bool is_traced(const TestConfiguration& configuration);

}  // namespace lw::simulate
