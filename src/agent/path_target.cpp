// SPDX-License-Identifier: Apache-2.0
#include "agent/path_target.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/hash.h"
#include "trace/multipath_task.h"

namespace lw::agent {
namespace {

/// Balancers change with the network's plan, not by the minute.
constexpr Seconds kSearchEvery{3'600};
/// Beyond this many flows a search costs routers more than its result is worth.
constexpr std::uint16_t kSearchFlowsMax = 96;
/// Paths that are followed; of more, which is rare, some.
constexpr std::size_t kFlowsMax = 16;
/// A search asks a router again and again, each time a second later.
constexpr Milliseconds kSearchPatience{15'000};

}  // namespace

std::optional<TraceKind> trace_kind_of(const TestConfiguration& configuration) {
  TraceKind kind{.dscp = configuration.packets.dscp,
                 .source_address = configuration.packets.source_address};
  if (const auto* const icmp = std::get_if<IcmpConfiguration>(&configuration.protocol)) {
    if (icmp->disable_trace_route) return std::nullopt;
    kind.protocol = TraceProtocol::Icmp;
  } else if (const auto* const tcp = std::get_if<TcpConfiguration>(&configuration.protocol)) {
    if (tcp->disable_trace_route) return std::nullopt;
    kind.protocol = TraceProtocol::Tcp;
    kind.port = tcp->port;
  } else {
    kind.protocol = TraceProtocol::Tcp;
    kind.port = std::get<HttpConfiguration>(configuration.protocol).effective_port();
  }
  return kind;
}

PathTarget::PathTarget(TargetKey key, Timestamp now)
    : key_(std::move(key)),
      asker_(stable_hash({to_string(key_.address), to_string(key_.kind.protocol),
                          std::to_string(key_.kind.port)})),
      search_due_(now) {}

void PathTarget::add(TestId test) {
  if (tests_.insert(test).second) fresh_.insert(test);
}

void PathTarget::remove(TestId test) {
  tests_.erase(test);
  fresh_.erase(test);
  wanted_by_.erase(test);
}

PathTarget::Order PathTarget::next_order(TraceTrigger trigger, Timestamp now) {
  trace::TraceTask task;
  task.destination = key_.address;
  task.port = key_.kind.port;
  task.trigger = trigger;
  task.dscp = key_.kind.dscp;
  task.source = parse_ip_address(key_.kind.source_address);
  task.config.protocol = key_.kind.protocol;
  task.config.asker = asker_;
  if (!search_ && now >= search_due_) {
    search_.emplace(trace::MultipathConfig{.flows_max = kSearchFlowsMax, .is_lite = true});
    search_due_ = now + kSearchEvery;
  }
  if (search_ && !is_search_running_) {
    trace::ask_for(*search_, *search_->next(), kSearchPatience, task);
    is_search_running_ = true;
    return {std::move(task), true};
  }
  const std::uint16_t flow = flows_[next_flow_++ % flows_.size()];
  task.config.flows = {flow};
  const auto hint = std::ranges::find(hints_, flow, &trace::TraceHint::flow);
  task.hints = {hint != hints_.end() ? *hint : trace::TraceHint{flow, common_hops()}};
  // While nothing is known, a lost answer must not look like a silent router.
  task.config.retries = hint != hints_.end() ? 0 : 1;
  return {std::move(task), false};
}

/// The hops at the beginning that all known ways share: those of a flow that is new, most likely.
std::vector<std::optional<IpAddress>> PathTarget::common_hops() const {
  if (hints_.empty()) return {};
  auto common = hints_.front().hops;
  for (const trace::TraceHint& hint : hints_) {
    std::size_t same = 0;
    while (same < common.size() && same < hint.hops.size() && common[same] == hint.hops[same]) {
      ++same;
    }
    common.resize(same);
  }
  return common;
}

void PathTarget::take_search(const Trace& trace) {
  is_search_running_ = false;
  if (!search_) return;
  search_->add(trace);
  if (!search_->is_complete()) return;
  std::vector<std::uint16_t> kept;
  for (const trace::MultipathPath& path : search_->paths()) {
    if (kept.size() < kFlowsMax) kept.push_back(path.flow);
  }
  if (!kept.empty()) flows_ = std::move(kept);
  search_.reset();
}

void PathTarget::remember_hints(const PathReport& report) {
  hints_.clear();
  for (const Path& path : report.paths) {
    for (const std::uint16_t flow : path.flows) {
      trace::TraceHint hint{.flow = flow, .hops = {}};
      for (const PathHop& hop : path.hops) hint.hops.push_back(hop.address);
      hints_.push_back(std::move(hint));
    }
  }
}

PathTarget::Finding PathTarget::take(const Trace& trace, bool is_search, Timestamp now) {
  if (is_search) take_search(trace);
  statistics_.add(trace, now);
  Finding finding;
  finding.is_suspicious = statistics_.is_suspicious();
  PathReport report = statistics_.report(now);
  report.problem = trace.problem;
  remember_hints(report);
  const std::optional<PathReport> kept = history_.consider(report);
  for (const TestId test : tests_) {
    PathReport own = kept.value_or(report);
    own.test = test;
    if (fresh_.contains(test)) own.cause = PathReportCause::First;
    if (wanted_by_.contains(test)) own.cause = PathReportCause::Request;
    if (kept || fresh_.contains(test) || wanted_by_.contains(test)) {
      finding.reports.push_back(std::move(own));
    }
  }
  fresh_.clear();
  wanted_by_.clear();
  return finding;
}

}  // namespace lw::agent
