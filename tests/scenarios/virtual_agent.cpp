// SPDX-License-Identifier: Apache-2.0
#include "scenarios/virtual_agent.h"

#include <algorithm>
#include <set>
#include <utility>

#include "model/limits.h"
#include "model/test_configuration.h"

namespace lw::scenarios {
namespace {

constexpr std::uint64_t kTarget = 1;
constexpr TestId kTest{7};
// As in agent/path_monitor.cpp.
constexpr std::size_t kRunningMax = 8;
// As model/limits.h and model/test_configuration.h have it for a network test.
constexpr int kChecksPerRound = limits::kChecksPerRoundDefaultNetwork;
constexpr Milliseconds kRound{60'000};

std::uint16_t port_of(const TraceSettings& trace, TraceProtocol protocol) {
  if (protocol == TraceProtocol::Icmp) return 0;
  return protocol == TraceProtocol::Tcp ? trace.tcp_port : trace.udp_port;
}

packet::TraceFlow way_of(const Scenario& scenario, bool is_v6, TraceProtocol protocol) {
  packet::TraceFlow way = way_to(scenario.network, scenario.trace.to, is_v6, protocol,
                                 port_of(scenario.trace, protocol));
  way.traffic_class = static_cast<std::uint8_t>(scenario.trace.dscp << 2);
  return way;
}

std::vector<std::uint16_t> first_flows(int count) {
  std::vector<std::uint16_t> flows;
  for (int i = 0; i < count; ++i) flows.push_back(static_cast<std::uint16_t>(i));
  return flows;
}

/// Judges as the agent does, or, where the scenario says how many flows are traced, as a command
/// does that follows them all in each trace.
class Follower {
 public:
  Follower(const TraceSettings& settings, const packet::TraceFlow& way, TraceProtocol protocol)
      : flows_(settings.flows),
        protocol_(protocol),
        target_({way.destination, {protocol, way.destination_port, {}, {}}}, wall_at(kStart)) {
    target_.add(kTest);
  }

  agent::PathTarget::Order next_order(Instant now) {
    if (flows_ == 1) return target_.next_order(TraceTrigger::Schedule, wall_at(now));
    agent::PathTarget::Order order;
    order.task.config.protocol = protocol_;
    order.task.config.flows = first_flows(flows_);
    return order;
  }

  agent::PathTarget::Finding take(const Trace& trace, bool is_search, Instant now) {
    if (flows_ == 1) {
      target_.report_to(kTest);
      return target_.take(trace, is_search, wall_at(now));
    }
    statistics_.add(trace, wall_at(now));
    PathReport report = statistics_.report(wall_at(now));
    const auto kept = history_.consider(report);
    return {{kept.value_or(report)}, statistics_.is_suspicious()};
  }

 private:
  int flows_;
  TraceProtocol protocol_;
  agent::PathTarget target_;
  topology::PathStatistics statistics_;
  topology::PathHistory history_;
};

}  // namespace

namespace {

/// One run of the agent's path monitor.
class Watch {
 public:
  Watch(const Scenario& scenario, const packet::TraceFlow& way, TraceProtocol protocol)
      : settings_(scenario.trace),
        network_(scenario.network, kStart),
        tracer_(network_, way),
        follower_(scenario.trace, way, protocol) {
    if (!settings_.checks) next_check_ = Instant::max();
    schedule_.add(kTarget, 0, kStart);
    schedule_.trace_now(kTarget, kStart);
  }

  Observation run() {
    const Instant end = kStart + settings_.duration;
    for (Instant now = kStart; now <= end; now = std::max(now, next_event())) {
      start_due(now);
      for (VirtualTracer::Finished& finished : tracer_.step(now)) take(finished, now);
    }
    seen_.counters = tracer_.counters();
    return std::move(seen_);
  }

 private:
  [[nodiscard]] Instant next_event() const {
    return std::min({tracer_.next_event(), schedule_.next().value_or(Instant::max()), next_check_});
  }

  void start_due(Instant now) {
    for (std::size_t due = schedule_.take_due(now).size(); due > 0; --due) {
      if (tracer_.running() - checks_.size() >= kRunningMax) continue;
      const auto [task, is_search] = follower_.next_order(now);
      const auto number =
          tracer_.start(task.config, task.hints, settings_.spare_routers ? &budget_ : nullptr, now);
      if (is_search) searches_.insert(number);
    }
    if (now < next_check_) return;
    // The test itself: what the traces stand beside. A round is looked at when it is complete.
    if (made_ % kChecksPerRound == 0 && std::exchange(failed_, 0) > 0) {
      schedule_.suspect(kTarget, now);
    }
    ++made_;
    next_check_ = now + kRound / kChecksPerRound;
    trace::TraceConfig check{.retries = 0};
    check.first_ttl = check.ttl_max = 64;
    checks_.insert(tracer_.start(check, {}, nullptr, now));
  }

  void take(VirtualTracer::Finished& finished, Instant now) {
    finished.trace.test = kTest;
    if (checks_.erase(finished.number) > 0) {
      const auto& probes = finished.trace.probes;
      const bool is_answered = !probes.empty() && probes.front().reply.rtt.has_value();
      failed_ += is_answered ? 0 : 1;
      return;
    }
    const bool is_search = searches_.erase(finished.number) > 0;
    auto finding = follower_.take(finished.trace, is_search, now);
    for (PathReport& report : finding.reports) {
      seen_.reports.push_back(
          {std::chrono::duration_cast<Microseconds>(now - kStart), std::move(report)});
    }
    if (finding.is_suspicious) schedule_.suspect(kTarget, now);
    if (finding.missing_trace_in) {
      schedule_.trace_now(kTarget, now + *finding.missing_trace_in, TraceTrigger::Schedule);
    }
  }

  const TraceSettings& settings_;
  lab::SimulatedNetwork network_;
  VirtualTracer tracer_;
  trace::HopBudget budget_;
  agent::PathSchedule schedule_{agent::PathScheduleConfig{}};
  Follower follower_;
  std::set<VirtualTracer::TraceNumber> searches_;
  std::set<VirtualTracer::TraceNumber> checks_;
  Instant next_check_ = kStart;
  int made_ = 0;
  int failed_ = 0;
  Observation seen_;
};

}  // namespace

Observation watch(const Scenario& scenario, bool is_v6, TraceProtocol protocol) {
  return Watch(scenario, way_of(scenario, is_v6, protocol), protocol).run();
}

namespace {

/// One trace by itself. `now` is its end afterwards.
Trace run_one(VirtualTracer& tracer, const trace::TraceConfig& config, Instant& now) {
  tracer.start(config, {}, nullptr, now);
  while (true) {
    std::vector<VirtualTracer::Finished> traces = tracer.step(now);
    if (!traces.empty()) return std::move(traces.front().trace);
    now = std::max(now, tracer.next_event());
  }
}

}  // namespace

Discovery discover(const Scenario& scenario, bool is_v6, TraceProtocol protocol) {
  lab::SimulatedNetwork network(scenario.network, kStart);
  VirtualTracer tracer(network, way_of(scenario, is_v6, protocol));
  trace::Multipath multipath;
  Instant now = kStart;
  while (const auto step = multipath.next()) {
    trace::TraceConfig config;
    config.protocol = protocol;
    config.first_ttl = step->first_ttl;
    config.ttl_max = step->ttl_max;
    config.probes_per_hop = step->probes_per_hop;
    config.flows = step->flows;
    multipath.add(run_one(tracer, config, now));
  }
  const auto links = multipath.links();
  return {multipath.paths(),
          {links.begin(), links.end()},
          multipath.per_packet_ttls(),
          multipath.is_exhausted(),
          tracer.counters()};
}

trace::PathMtuResult measure_mtu(const Scenario& scenario, bool is_v6, TraceProtocol protocol) {
  lab::SimulatedNetwork network(scenario.network, kStart);
  VirtualTracer tracer(network, way_of(scenario, is_v6, protocol));
  Instant now = kStart;
  trace::PathMtuConfig wanted{.is_v6 = is_v6};
  for (const TraceProbe& probe : run_one(tracer, {.protocol = protocol}, now).probes) {
    if (probe.reply.answer == HopAnswer::Destination) wanted.destination_ttl = probe.ttl;
  }
  trace::PathMtu search(wanted);
  while (const auto probe = search.next()) {
    trace::TraceConfig config{.protocol = protocol, .retries = 0};
    config.first_ttl = config.ttl_max = probe->ttl.value_or(64);
    tracer.set_packet_bytes(probe->bytes);
    const Trace trace = run_one(tracer, config, now);
    search.add(trace.probes.empty() ? HopReply{} : trace.probes.front().reply);
  }
  return search.result();
}

}  // namespace lw::scenarios
