// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "agent/path_schedule.h"
#include "agent/path_target.h"
#include "scenarios/scenario.h"
#include "scenarios/virtual_tracer.h"
#include "trace/multipath.h"
#include "trace/path_mtu.h"

namespace lw::scenarios {

/// One report, and when it was made, counted from the start.
struct Observed {
  Microseconds at{0};
  PathReport report;
};

/// What one run of a scenario came to.
struct Observation {
  std::vector<Observed> reports;  ///< one after each trace
  VirtualTracer::Counters counters;
};

/// The agent's path monitor (agent/path_monitor.h) without threads, sockets and clocks: its
/// schedule and its judgement, the trace engine and its packets, in front of a simulated network.
Observation watch(const Scenario& scenario, bool is_v6, TraceProtocol protocol);

/// What multipath discovery finds out.
struct Discovery {
  std::vector<trace::MultipathPath> paths;
  std::vector<trace::MultipathLink> links;
  std::vector<std::uint8_t> per_packet_ttls;
  bool is_exhausted = false;
  VirtualTracer::Counters counters;
};
Discovery discover(const Scenario& scenario, bool is_v6, TraceProtocol protocol);

/// Looks for the path's MTU, after a usual trace that tells how far the destination is.
trace::PathMtuResult measure_mtu(const Scenario& scenario, bool is_v6, TraceProtocol protocol);

}  // namespace lw::scenarios
