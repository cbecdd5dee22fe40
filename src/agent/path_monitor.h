// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/path_schedule.h"
#include "base/time.h"
#include "model/path.h"
#include "model/round.h"
#include "model/test.h"
#include "trace/hop_names.h"
#include "trace/tracer.h"

namespace lw::agent {

struct PathMonitorConfig {
  bool is_enabled = true;
  PathScheduleConfig schedule;
  trace::TracerConfig tracer;
  trace::HopNamesConfig names;
  /// Tests whose ways are followed; more are not, which problem() says. Each takes some 21 kB
  /// (measured with 10,000 ways of ten hops, docs/paths.md).
  std::size_t tests_max = 20'000;
};

/// Follows the ways of an agent's tests: traces them all the time at a low rate, often while
/// something seems wrong, at once on request and when a test's state changes, and reports what it
/// finds when that is new, and at least hourly. Looks for a path's MTU on request and when large
/// packets seem to get lost. Tests with the same destination and settings share their traces. Has
/// one thread of its own. Sockets are opened at construction.
class PathMonitor {
 public:
  /// `on_report` is called on the monitor's thread.
  PathMonitor(const PathMonitorConfig& config, const Clock& clock,
              std::function<void(PathReport&&)> on_report);
  ~PathMonitor();

  void start();
  /// Ends the thread; no report is handed out any more.
  void stop();

  // Any thread.
  /// Replaces the set of tests. What is known of the ways of those that stay is kept.
  void assign(const std::vector<Test>& tests);
  /// Looks at a finished round for the address that was checked and for signs of trouble. Cheap.
  void observe(const Round& round);
  /// Traces the test's way now and reports, with the cause Request, whatever comes of it; with the
  /// path's MTU, if that is wanted, as soon as it is found.
  void request(TestId test, bool with_mtu = false);
  /// Why there are no traces, or fewer kinds; empty when all is well.
  [[nodiscard]] std::string problem() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lw::agent
