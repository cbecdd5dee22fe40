// SPDX-License-Identifier: Apache-2.0
#include "trace/path_mtu_run.h"

#include <algorithm>
#include <utility>

#include "io/interface_mtu.h"
#include "io/route_source.h"

namespace lw::trace {
namespace {

/// Further than any destination is.
constexpr std::uint8_t kFarEnough = 64;
constexpr std::uint32_t kBytesUsual = 1'500;
constexpr std::uint32_t kBytesMax = 65'535;
/// A router answers once a second, and has been asked a moment ago if it said "too big".
constexpr Milliseconds kRouterRest{1'000};
/// Hops are asked in their turn; see hop_budget.h.
constexpr Milliseconds kPatience{15'000};
/// A hop that others keep asking all the time is passed over in the end.
constexpr int kSparedMax = 4;
/// A large packet takes longer than a small one, by little.
constexpr Milliseconds kTimeoutMin{300};

/// What came of the probe. A trace asks once more after "unreachable", and what arrived counts
/// more.
HopReply best_reply(const Trace& trace) {
  HopReply best;
  for (const TraceProbe& probe : trace.probes) {
    if (probe.reply.answer == HopAnswer::Destination) return probe.reply;
    if (best.answer == HopAnswer::Silent) best = probe.reply;
  }
  return best;
}

}  // namespace

PathMtuRun::PathMtuRun(io::Loop& loop, const Clock& clock, Tracer& tracer, PathMtuTask task,
                       std::function<void(PathMtuResult)> done)
    : loop_(loop), clock_(clock), tracer_(tracer), task_(std::move(task)), done_(std::move(done)) {
  begin(TraceProtocol::Icmp);
}

void PathMtuRun::begin(TraceProtocol protocol) {
  protocol_ = protocol;
  timeout_ = task_.base.config.timeout;
  PathMtuConfig config{.is_v6 = task_.base.destination.is_v6, .bytes_max = largest()};
  if (task_.is_reached) config.destination_ttl = static_cast<std::uint8_t>(task_.hops.size());
  search_.emplace(config);
  step();
}

/// What the interface takes that packets leave by.
std::uint32_t PathMtuRun::largest() const {
  const auto source = task_.base.source ? Result<IpAddress>(*task_.base.source)
                                        : io::route_source(task_.base.destination);
  const auto mtu = source ? io::interface_mtu(*source) : std::nullopt;
  return std::min(mtu.value_or(kBytesUsual), kBytesMax);
}

void PathMtuRun::step() {
  const auto probe = search_->next();
  if (!probe) return end();
  tracer_.start(task_for(*probe), [this, alive = std::weak_ptr(life_)](const Trace& trace) {
    if (!alive.expired()) take(trace);
  });
}

TraceTask PathMtuRun::task_for(const PathMtuProbe& probe) const {
  TraceTask task = task_.base;
  task.config.protocol = protocol_;
  if (protocol_ == TraceProtocol::Icmp) task.port = 0;
  if (task.config.flows.size() > 1) task.config.flows.resize(1);
  task.config.probes_per_hop = 1;
  task.config.retries = 0;
  task.config.timeout = timeout_;
  task.config.budget_wait = kPatience;
  task.config.first_ttl = task.config.ttl_max = probe.ttl.value_or(kFarEnough);
  task.packet_bytes = static_cast<int>(probe.bytes);
  task.hints.clear();
  if (probe.ttl && !task_.hops.empty() && !task.config.flows.empty()) {
    task.hints.push_back({task.config.flows.front(), task_.hops});
  }
  return task;
}

void PathMtuRun::take(const Trace& trace) {
  const HopReply reply = best_reply(trace);
  // It was never sent: that says nothing of its size.
  if (reply.answer == HopAnswer::NotAsked && ++spared_ <= kSparedMax) return step();
  spared_ = 0;
  const auto asked = search_->next();
  search_->add(reply);
  if (asked && !asked->ttl && reply.answer == HopAnswer::Destination && reply.rtt) {
    const auto rtt = std::chrono::ceil<Milliseconds>(*reply.rtt);
    timeout_ = std::clamp(4 * rtt, std::min(kTimeoutMin, task_.base.config.timeout),
                          task_.base.config.timeout);
  }
  if (reply.answer != HopAnswer::Unreachable) return step();
  timer_ = loop_.after(kRouterRest, [this] { step(); });
}

void PathMtuRun::end() {
  PathMtuResult result = search_->result();
  // Without privileges, the kernel makes the SYNs, and not of the size that is wanted.
  const bool may_fill_syns = tracer_.limitation().empty();
  if (result.verdict == PathMtuVerdict::NoAnswer && protocol_ == TraceProtocol::Icmp &&
      task_.base.config.protocol == TraceProtocol::Tcp && may_fill_syns) {
    return begin(TraceProtocol::Tcp);
  }
  result.at = clock_.wall_now();
  result.protocol = protocol_;
  const auto done = done_;
  done(std::move(result));
}

}  // namespace lw::trace
