// SPDX-License-Identifier: Apache-2.0
#include "topology/path_statistics.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "topology/flow_state.h"
#include "topology/hop_report.h"
#include "topology/path_issues.h"
#include "topology/path_loss.h"
#include "topology/path_state.h"
#include "topology/share.h"

namespace lw::topology {
namespace {

/// More paths than flows are the work of route changes; the oldest go first.
constexpr std::size_t kPathsMax = 48;
/// A time that no sample of the window reached is far above its baseline beyond this as well.
constexpr int kFarAbovePercent = 25;
constexpr std::uint16_t kUsualPartsMin = 3;
/// On other paths a router must miss no more of what it is asked in the whole window, with 95 %
/// certainty: some 75 answers of 75.
constexpr double kAnswersMissedPercentMax = 5;

struct KeyedPath {
  std::uint32_t key = 0;
  PathState state;
};

std::string local_error_of(const Trace& trace) {
  std::string detail;
  for (const TraceProbe& probe : trace.probes) {
    if (probe.reply.answer == HopAnswer::NotAsked) continue;
    if (probe.reply.answer != HopAnswer::LocalError) return {};
    detail = probe.reply.detail.empty() ? "the reason is not known" : probe.reply.detail;
  }
  return detail;
}

}  // namespace

struct PathStatistics::Impl {
  explicit Impl(PathStatisticsConfig settings) : config(settings) {}

  PathStatisticsConfig config;
  std::vector<KeyedPath> paths;
  std::vector<FlowState> flows;
  AnswerLimits limits;
  /// Traces in each part of the window.
  std::array<std::uint16_t, HopWindow::kParts> traces{};
  std::uint32_t newest_part = 0;
  std::uint32_t next_key = 1;
  bool is_suspicious = false;
  Timestamp first{};
  TestId test{};
  TraceProtocol protocol = TraceProtocol::Icmp;
  IpAddress source{};
  IpAddress destination{};
  std::uint16_t port = 0;
  std::string local_error;  ///< of the last trace, if no probe of it left this host
  std::string problem;      ///< of the last trace, if it has no probes

  PathState* find(std::uint32_t key);
  FlowState& flow_of(std::uint16_t flow);
  void note_trace(const Trace& trace, Timestamp now);
  PathState* choose(const ObservedWay& way, const FlowState& flow);
  PathState& path_for(const ObservedWay& way, FlowState& flow, Timestamp now);
  void merge_paths_of(FlowState& flow, Timestamp now);
  void add_way(const ObservedWay& way, const Trace& trace, Timestamp now);
  [[nodiscard]] bool is_far_above(const ObservedWay& way, const PathState& path) const;
  [[nodiscard]] bool answers_others(const PathState& path, const IpAddress& router) const;
  void judge(PathState& path, Timestamp now);
  void forget(Timestamp now);
  [[nodiscard]] std::vector<FlowState> flows_on(std::uint32_t key) const;
  [[nodiscard]] bool is_met_midway(const KeyedPath& path) const;
  [[nodiscard]] bool is_recent(EpochSeconds seen, Timestamp now) const;
  void report_path(const KeyedPath& path, Timestamp now, PathReport& report) const;
};

PathState* PathStatistics::Impl::find(std::uint32_t key) {
  const auto found = std::ranges::find(paths, key, &KeyedPath::key);
  return found == paths.end() ? nullptr : &found->state;
}

FlowState& PathStatistics::Impl::flow_of(std::uint16_t flow) {
  const auto found = std::ranges::find(flows, flow, &FlowState::flow);
  if (found != flows.end()) return *found;
  FlowState& state = flows.emplace_back();
  state.flow = flow;
  return state;
}

void PathStatistics::Impl::note_trace(const Trace& trace, Timestamp now) {
  if (first == Timestamp{}) first = now;
  test = trace.test;
  protocol = trace.protocol;
  source = trace.source;
  destination = trace.destination;
  port = trace.port;
  local_error = local_error_of(trace);
  problem = trace.probes.empty() ? trace.problem : std::string();
  const std::uint32_t part = HopWindow::part_of(now, config.window);
  const std::uint32_t passed = std::min<std::uint32_t>(part - std::min(part, newest_part),
                                                       static_cast<std::uint32_t>(traces.size()));
  for (std::uint32_t i = 0; i < passed; ++i) traces[(part - i) % traces.size()] = 0;
  newest_part = std::max(newest_part, part);
  if (!trace.probes.empty()) ++traces[newest_part % traces.size()];
}

/// The flow's own path if it may be that; else the one that is most like it, and of equals the one
/// seen last.
PathState* PathStatistics::Impl::choose(const ObservedWay& way, const FlowState& flow) {
  PathState* last = find(flow.path_key);
  if (last != nullptr && last->accepts(way)) return last;
  KeyedPath* best = nullptr;
  const auto rank = [&](const KeyedPath& path) {
    return std::pair(path.state.likeness(way), path.state.last_seen);
  };
  for (KeyedPath& path : paths) {
    if (!path.state.accepts(way)) continue;
    if (best == nullptr || rank(path) > rank(*best)) best = &path;
  }
  return best == nullptr ? nullptr : &best->state;
}

PathState& PathStatistics::Impl::path_for(const ObservedWay& way, FlowState& flow, Timestamp now) {
  PathState* former = find(flow.path_key);
  const bool had_path = former != nullptr;
  PathState* chosen = choose(way, flow);
  const bool is_other = chosen != former;
  if (chosen == nullptr) {
    paths.push_back({next_key++, PathState(to_seconds(now))});
    chosen = &paths.back().state;
    former = find(flow.path_key);  // The vector may have moved.
    chosen->learn(way, to_seconds(now));
    if (former != nullptr) chosen->inherit(*former);
  } else {
    chosen->learn(way, to_seconds(now));
  }
  flow.note_path(had_path && is_other, way.has_two_routers_at_one_ttl());
  is_suspicious = is_suspicious || (had_path && is_other && !chosen->is_balanced());
  const auto keyed =
      std::ranges::find_if(paths, [&](const KeyedPath& path) { return &path.state == chosen; });
  flow.path_key = keyed->key;
  if (!flow.is_per_packet() || (!is_other && !way.has_two_routers_at_one_ttl())) return *chosen;
  merge_paths_of(flow, now);
  return *find(flow.path_key);
}

/// The paths that this flow took in the window become one with several routers at some TTLs.
void PathStatistics::Impl::merge_paths_of(FlowState& flow, Timestamp now) {
  const std::uint32_t into = flow.path_key;
  for (std::size_t i = 0; i < paths.size();) {
    const KeyedPath& other = paths[i];
    const bool is_its = std::ranges::any_of(other.state.flows, [&](const auto& seen) {
      return seen.flow == flow.flow &&
             seen.seen + static_cast<EpochSeconds>(config.window.count()) >= to_seconds(now);
    });
    if (other.key == into || !is_its || other.state.loop_ttl != 0) {
      ++i;
      continue;
    }
    find(into)->merge(other.state);
    for (FlowState& each : flows) {
      if (each.path_key == other.key) each.path_key = into;
    }
    paths.erase(paths.begin() + static_cast<std::ptrdiff_t>(i));
  }
  PathState& merged = *find(into);
  for (HopState& hop : merged.hops) {
    hop.is_balanced = hop.is_balanced || (hop.extras && !hop.extras->others.empty());
  }
}

/// Whether the destination took longer than anything that the window has seen, and much longer than
/// usual.
bool PathStatistics::Impl::is_far_above(const ObservedWay& way, const PathState& path) const {
  if (way.reached_ttl == 0 || way.reached_ttl != path.reached_ttl) return false;
  if (path.base_total_parts < kUsualPartsMin) return false;
  const std::size_t index = path.reached_ttl - 1U;
  const Microseconds usual(static_cast<std::int64_t>(path.base_total_us));
  const Microseconds far = usual + std::max(config.added_min, usual * kFarAbovePercent / 100);
  const HopBucket seen = path.window.sum(index, 0, path.window.newest());
  const Microseconds limit = std::max(far, seen.highest == 0 ? far : from_code(seen.highest));
  return std::ranges::any_of(way.probes, [&](const TraceProbe* probe) {
    return probe->ttl == way.reached_ttl && probe->reply.rtt && *probe->reply.rtt > limit;
  });
}

/// A router that limits its answers does so for all flows. One that answers those on other paths
/// keeps nothing back, whatever it misses of this one.
bool PathStatistics::Impl::answers_others(const PathState& path, const IpAddress& router) const {
  double asked = 0;
  double missed = 0;
  for (const KeyedPath& other : paths) {
    if (&other.state == &path || other.state.window.is_clear()) continue;
    for (std::size_t i = 0; i < other.state.hops.size(); ++i) {
      if (other.state.hops[i].address != router || other.state.hops[i].is_balanced) continue;
      const HopBucket all = other.state.window.sum(i, 0, other.state.window.newest());
      asked += all.sent;
      missed += all.sent - std::min(all.sent, all.answered);
    }
  }
  return asked > 0 && share_of(missed, asked).high < kAnswersMissedPercentMax;
}

void PathStatistics::Impl::judge(PathState& path, Timestamp now) {
  for (std::size_t i = 0; paths.size() > 1 && i < path.hops.size(); ++i) {
    HopState& hop = path.hops[i];
    const bool has_lost = path.window.sum(i, 0, path.window.newest()).missed > 0;
    hop.answers_others = has_lost && hop.address && answers_others(path, *hop.address);
  }
  const PathLoss loss = judge_loss(path, now, config);
  remember_named(path, loss);
  learn_limits(path, loss, to_seconds(now), config);
  is_suspicious = is_suspicious || !loss.links.empty() || loss.is_suspected;
}

void PathStatistics::Impl::add_way(const ObservedWay& way, const Trace& trace, Timestamp now) {
  if (!way.left_host) return;
  FlowState& flow = flow_of(way.flow);
  flow.last_seen = to_seconds(now);
  if (way.hops.empty() && paths.empty()) return;
  PathState& path = path_for(way, flow, now);
  path.begin_part(now, config);
  path.window.resize(path.hops.size());
  is_suspicious = is_suspicious || is_far_above(way, path);
  const auto unexplained = path.count(way, trace, limits);
  flow.note_end(way, path, unexplained, to_seconds(now), config.memory);
  is_suspicious = is_suspicious || flow.end_traces > 0 || way.loop_ttl != 0;
}

/// Samples of ways that nobody takes any more go with the window, their addresses with the memory.
void PathStatistics::Impl::forget(Timestamp now) {
  const EpochSeconds now_s = to_seconds(now);
  const auto window = static_cast<EpochSeconds>(config.window.count());
  const auto memory = static_cast<EpochSeconds>(config.memory.count());
  for (KeyedPath& path : paths) {
    if (!is_recent(path.state.last_seen, now)) path.state.window.clear();
    path.state.forget_others(now_s - std::min(now_s, 2 * window));
  }
  std::erase_if(paths, [&](const KeyedPath& path) {
    return path.state.last_seen + std::max(memory, window) < now_s;
  });
  while (paths.size() > kPathsMax) {
    paths.erase(std::ranges::min_element(
        paths, {}, [](const KeyedPath& path) { return path.state.last_seen; }));
  }
  limits.forget(to_unix_us(now), config.memory);
}

bool PathStatistics::Impl::is_recent(EpochSeconds seen, Timestamp now) const {
  return seen + static_cast<EpochSeconds>(config.window.count()) >= to_seconds(now);
}

std::vector<FlowState> PathStatistics::Impl::flows_on(std::uint32_t key) const {
  std::vector<FlowState> found;
  for (const FlowState& flow : flows) {
    if (flow.path_key == key) found.push_back(flow);
  }
  return found;
}

/// A trace that runs while the route changes meets hops of both ways: a path that is none. Such a
/// one was seen once, nobody takes it now, and each of its hops belongs to another path.
bool PathStatistics::Impl::is_met_midway(const KeyedPath& path) const {
  if (path.state.traces > 1 || !flows_on(path.key).empty()) return false;
  for (std::size_t i = 0; i < path.state.hops.size(); ++i) {
    const auto& address = path.state.hops[i].address;
    if (!address) continue;
    const bool is_elsewhere = std::ranges::any_of(paths, [&](const KeyedPath& other) {
      return other.key != path.key && i < other.state.hops.size() &&
             other.state.hops[i].is_known_as(*address);
    });
    if (!is_elsewhere) return false;
  }
  return true;
}

void PathStatistics::Impl::report_path(const KeyedPath& path, Timestamp now,
                                       PathReport& report) const {
  const PathLoss loss = judge_loss(path.state, now, config);
  Path shown;
  shown.id = path.state.id();
  const std::vector<FlowState> taking = flows_on(path.key);
  for (const FlowState& flow : taking) {
    if (is_recent(flow.last_seen, now)) shown.flows.push_back(flow.flow);
  }
  std::ranges::sort(shown.flows);
  shown.is_reached = path.state.is_reached();
  shown.hops = report_hops(path.state, loss, now, config);
  // What nobody takes any more may have been lossy; it is no issue now.
  if (!taking.empty()) {
    auto issues = find_issues(path.state, shown, loss, taking, now, config);
    std::ranges::move(issues, std::back_inserter(report.issues));
  }
  report.paths.push_back(std::move(shown));
}

PathStatistics::PathStatistics(PathStatisticsConfig config)
    : impl_(std::make_unique<Impl>(config)) {}
PathStatistics::~PathStatistics() = default;
PathStatistics::PathStatistics(PathStatistics&&) noexcept = default;
PathStatistics& PathStatistics::operator=(PathStatistics&&) noexcept = default;

void PathStatistics::add(const Trace& trace, Timestamp now) {
  impl_->note_trace(trace, now);
  impl_->is_suspicious = false;
  for (const ObservedWay& way : ways_in(trace)) impl_->add_way(way, trace, now);
  impl_->forget(now);
  for (KeyedPath& path : impl_->paths) {
    if (!impl_->flows_on(path.key).empty() && !path.state.window.is_clear()) {
      impl_->judge(path.state, now);
    }
  }
  impl_->is_suspicious = impl_->is_suspicious || !impl_->local_error.empty();
}

PathReport PathStatistics::report(Timestamp now) const {
  PathReport report;
  report.test = impl_->test;
  report.from = std::max(impl_->first, now - Microseconds(impl_->config.window));
  report.to = now;
  report.protocol = impl_->protocol;
  report.source = impl_->source;
  report.destination = impl_->destination;
  report.port = impl_->port;
  report.problem = impl_->problem;
  const std::uint32_t part = HopWindow::part_of(now, impl_->config.window);
  for (std::uint32_t i = 0; i < HopWindow::kParts && i <= impl_->newest_part; ++i) {
    const std::uint32_t each = impl_->newest_part - i;
    if (each + HopWindow::kParts > part) report.traces += impl_->traces[each % HopWindow::kParts];
  }
  for (const KeyedPath& path : impl_->paths) {
    if (!impl_->is_recent(path.state.last_seen, now) || impl_->is_met_midway(path)) continue;
    impl_->report_path(path, now, report);
  }
  std::ranges::stable_sort(report.paths, std::greater{},
                           [](const Path& path) { return path.flows.size(); });
  if (!impl_->local_error.empty()) {
    PathIssue issue;
    issue.kind = PathIssueKind::LocalError;
    issue.confidence = 1;
    issue.text = "probes do not leave this host: " + impl_->local_error;
    report.issues.push_back(std::move(issue));
  }
  sort_by_gravity(report.issues);
  return report;
}

bool PathStatistics::is_suspicious() const { return impl_->is_suspicious; }

std::size_t PathStatistics::bytes() const {
  std::size_t sum = sizeof(PathStatistics) + sizeof(Impl) + impl_->limits.bytes() +
                    impl_->flows.capacity() * sizeof(FlowState);
  sum += (impl_->paths.capacity() - impl_->paths.size()) * sizeof(KeyedPath);
  for (const KeyedPath& path : impl_->paths) {
    sum += path.state.bytes() + sizeof(KeyedPath) - sizeof(PathState);
  }
  return sum;
}

}  // namespace lw::topology
