// SPDX-License-Identifier: Apache-2.0
#include "agent/path_target.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/hash.h"
#include "topology/path_issues.h"
#include "trace/multipath_task.h"
#include "trace/path_mtu_report.h"

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
/// While something seems wrong, a search goes on at every so manieth trace only.
constexpr int kTracesPerSearchStep = 5;
/// So many traces are made before the first search, if not all of the way is known before that.
constexpr int kFirstTracesMax = 3;
/// A trace that somebody waits for waits for its routers' next turn.
constexpr Milliseconds kTurnPatience{1'500};
/// Traces from before a change that are reported with it.
constexpr std::size_t kTracesBefore = 2;
/// Trouble is over so long after its last sign.
constexpr Seconds kTroubleEnds{120};
/// A test that goes up and down is not reported each time.
constexpr Seconds kStateChangesApart{60};
/// What a search for the MTU found is told of for so long.
constexpr Seconds kMtuToldFor{3'600};
/// Large packets that seem to get lost start a search at most so often …
constexpr Seconds kMtuPauseMin{60};
/// … and so often, if all searches find that they do not.
constexpr Seconds kMtuPauseMax{600};
/// Where they did get lost, it is made again so often, to see when that is over.
constexpr Seconds kMtuLostEvery{300};

/// Nobody knows who stands there, since nobody was asked.
bool was_not_asked(const PathHop& hop) { return !hop.address && hop.sent == 0; }

/// A trace of which the routers' turns left nothing is made up for, if the one before is older than
/// this. Where traces are frequent the next one is soon; more of them would only ask routers more
/// often.
constexpr Seconds kTraceMissed{20};
constexpr Seconds kNextTurns{1};

bool was_spared(const TraceProbe& probe) { return probe.reply.answer == HopAnswer::NotAsked; }

/// A hop that was not asked may be known from others' ways. So it is supposed, and no more: what is
/// concluded from it would be concluded from itself.
void add_missing(trace::Way& way, const trace::Way& others) {
  if (way.size() < others.size()) way.resize(others.size());
  for (std::size_t i = 0; i < others.size(); ++i) {
    if (!way[i]) way[i] = others[i];
  }
}

trace::TraceHint hint_of(std::uint16_t flow, const Path& path) {
  trace::TraceHint hint{.flow = flow, .hops = {}};
  for (std::size_t i = 0; i < path.hops.size(); ++i) {
    const PathHop& hop = path.hops[i];
    hint.hops.push_back(hop.sent == 0 ? trace::TraceHint::kNotKnown : hop.address);
    if (hop.sent > 0 || !hop.address) continue;
    hint.supposed.resize(i + 1);
    hint.supposed[i] = hop.address;
  }
  return hint;
}

}  // namespace

std::optional<TraceKind> trace_kind_of(const TestConfiguration& configuration) {
  const TraceOptions& wanted = configuration.trace;
  TraceKind kind{.dscp = configuration.packets.dscp,
                 .source_address = configuration.packets.source_address,
                 .interval = wanted.interval,
                 .hops_max = wanted.hops_max,
                 .all_paths = wanted.all_paths};
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
  // Another protocol has nothing to do with the test's port.
  if (wanted.protocol && *wanted.protocol != kind.protocol) {
    kind.protocol = *wanted.protocol;
    kind.port = 0;
  }
  if (wanted.port) kind.port = *wanted.port;
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
  mtu_wanted_by_.erase(test);
  state_changes_.erase(test);
}

trace::TraceTask PathTarget::base_task(TraceTrigger trigger) const {
  trace::TraceTask task;
  task.destination = key_.address;
  task.port = key_.kind.port;
  task.trigger = trigger;
  task.dscp = key_.kind.dscp;
  task.source = parse_ip_address(key_.kind.source_address);
  task.config.protocol = key_.kind.protocol;
  task.config.asker = asker_;
  if (key_.kind.hops_max) task.config.ttl_max = static_cast<std::uint8_t>(*key_.kind.hops_max);
  if (trigger == TraceTrigger::Request || trigger == TraceTrigger::StateChange) {
    task.config.budget_wait = kTurnPatience;
    task.config.is_urgent = true;
  }
  return task;
}

/// What a search would ask is the same many times over: better first to know whom it would ask. By
/// UDP the destination limits its answers too, and has most of them left before the first trace: so
/// one that no other target shares its way with is searched for at once.
bool PathTarget::may_search(const trace::Way& supposed) const {
  const bool is_first_of_its_way = key_.kind.protocol == TraceProtocol::Udp && supposed.empty();
  return is_way_known_ || first_traces_ >= kFirstTracesMax || is_first_of_its_way;
}

PathTarget::Order PathTarget::next_order(TraceTrigger trigger, Timestamp now,
                                         const trace::Way& supposed) {
  trace::TraceTask task = base_task(trigger);
  if (key_.kind.all_paths && !search_ && now >= search_due_ && may_search(supposed)) {
    trace::MultipathConfig config{.flows_max = kSearchFlowsMax, .is_lite = true};
    if (key_.kind.hops_max) config.ttl_max = task.config.ttl_max;
    search_.emplace(config);
    search_due_ = now + kSearchEvery;
  }
  // Each step takes the place of a trace, and what may be lost now is told by traces.
  const bool is_search_held_back = is_suspicious_ && ++traces_since_search_ < kTracesPerSearchStep;
  const bool is_awaited = trigger == TraceTrigger::Request || trigger == TraceTrigger::StateChange;
  const bool is_trace_missing = std::exchange(is_trace_missing_, false);
  const bool may_step = !is_search_held_back && !is_awaited && !is_trace_missing;
  if (search_ && !is_search_running_ && may_step) {
    traces_since_search_ = 0;
    trace::ask_for(*search_, *search_->next(), kSearchPatience, way_, task);
    is_search_running_ = true;
    return {std::move(task), true};
  }
  if (first_traces_ < kFirstTracesMax) ++first_traces_;
  const std::uint16_t flow = flows_[next_flow_++ % flows_.size()];
  task.config.flows = {flow};
  const auto hint = std::ranges::find(hints_, flow, &trace::TraceHint::flow);
  task.hints = {hint != hints_.end() ? *hint : trace::TraceHint{flow, {}}};
  if (hint == hints_.end()) task.hints[0].supposed = common_hops();
  if (!is_way_known_) {
    add_missing(task.hints[0].supposed, supposed);
    task.config.budget_wait = std::max(task.config.budget_wait, kTurnPatience);
  }
  // While nothing is known, a lost answer must not look like a silent router.
  task.config.retries = hint != hints_.end() ? 0 : 1;
  return {std::move(task), false};
}

/// The hops at the beginning that all known ways share: those of a flow that is new, most likely.
trace::Way PathTarget::common_hops() const {
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
  way_.clear();
  is_way_known_ = false;
  is_way_whole_ = !report.paths.empty() && report.paths.front().is_reached;
  if (!report.paths.empty()) {
    const Path& first = report.paths.front();
    for (const PathHop& hop : first.hops) way_.push_back(hop.address);
    way_flow_ = first.flows.empty() ? 0 : first.flows.front();
    is_way_known_ = is_way_whole_ && std::ranges::none_of(first.hops, was_not_asked);
  }
  for (const Path& path : report.paths) {
    for (const std::uint16_t flow : path.flows) {
      hints_.push_back(hint_of(flow, path));
    }
  }
}

PathTarget::Finding PathTarget::take(const Trace& trace, bool is_search, Timestamp now) {
  if (is_search) take_search(trace);
  statistics_.add(trace, now);
  problem_ = trace.problem;
  is_reached_ = lw::is_reached(trace);
  if (is_reached_) is_refused_ = lw::is_refused(trace);
  Finding finding;
  finding.is_suspicious = is_suspicious_ = statistics_.is_suspicious();
  if (finding.is_suspicious) note_trouble(trace.started);
  if (trouble_ && now - *trouble_ > kTroubleEnds) {
    trouble_.reset();
    ring_.release();
  }
  const bool was_all_spared =
      trace.problem.empty() && std::ranges::all_of(trace.probes, was_spared);
  const bool is_overdue =
      now - std::exchange(traced_, is_search || was_all_spared ? traced_ : now) > kTraceMissed;
  is_trace_missing_ = was_all_spared && is_overdue;
  // A search has waited long enough; after a trace, the routers' next turns are a second away.
  if (is_trace_missing_) finding.missing_trace_in = is_search ? Seconds(0) : kNextTurns;
  ring_.add(trace);
  PathReport report = make_report(now);
  remember_hints(report);
  finding.reports =
      reports_for_tests(std::move(report), std::exchange(wanted_by_, {}), &trace, now);
  return finding;
}

PathReport PathTarget::make_report(Timestamp now) const {
  PathReport report = statistics_.report(now);
  report.problem = problem_;
  report.is_refused = is_refused_;
  if (!mtu_ || now - mtu_->at > kMtuToldFor) return report;
  trace::add_path_mtu(report, *mtu_);
  topology::sort_by_gravity(report.issues);
  return report;
}

/// What is new goes to all tests, with the traces around it. The rest to those who want it.
std::vector<PathReport> PathTarget::reports_for_tests(const PathReport& report,
                                                      const std::set<TestId>& wanted,
                                                      const Trace* trace, Timestamp now) {
  const std::optional<PathReport> kept = history_.consider(report);
  std::vector<PathReport> reports;
  for (const TestId test : tests_) {
    PathReport own = kept.value_or(report);
    own.test = test;
    const bool is_first = fresh_.contains(test);
    const bool has_changed = trace != nullptr && take_state_change(test, *trace, now);
    if (has_changed) own.cause = PathReportCause::StateChange;
    if (is_first) own.cause = PathReportCause::First;
    if (wanted.contains(test)) own.cause = PathReportCause::Request;
    if (!kept && !is_first && !has_changed && !wanted.contains(test)) continue;
    const bool is_news = own.cause == PathReportCause::Change ||
                         own.cause == PathReportCause::StateChange ||
                         own.cause == PathReportCause::Request;
    if (is_news) add_traces(own);
    reports.push_back(std::move(own));
  }
  fresh_.clear();
  return reports;
}

void PathTarget::add_traces(PathReport& report) const {
  report.traces_before = ring_.is_holding() ? ring_.held() : ring_.before_newest(kTracesBefore);
  report.traces_after = ring_.newest(1);
  for (auto* const traces : {&report.traces_before, &report.traces_after}) {
    for (Trace& trace : *traces) trace.test = report.test;
  }
}

void PathTarget::note_trouble(Timestamp at) {
  if (!trouble_) ring_.hold(at, kTracesBefore);
  trouble_ = std::max(trouble_.value_or(at), at);
}

void PathTarget::note_state_change(TestId test, Timestamp at) {
  if (tests_.contains(test)) state_changes_[test].at = at;
}

/// Whether the trace is the first since the test's state has changed, and may be reported.
bool PathTarget::take_state_change(TestId test, const Trace& trace, Timestamp now) {
  const auto found = state_changes_.find(test);
  if (found == state_changes_.end() || !found->second.at || trace.started < *found->second.at) {
    return false;
  }
  StateChange& change = found->second;
  change.at.reset();
  if (now - change.reported < kStateChangesApart) return false;
  change.reported = now;
  return true;
}

void PathTarget::suspect_size(Timestamp now) {
  const bool is_new = !size_suspected_at_ || now - *size_suspected_at_ > kMtuPauseMax;
  if (is_new) mtu_pause_ = kMtuPauseMin;
  size_suspected_at_ = now;
  is_size_suspected_ = true;
}

bool PathTarget::is_mtu_due(Timestamp now) const {
  if (is_mtu_running_) return false;
  if (!mtu_wanted_by_.empty()) return true;
  if (!is_reached_) return false;
  const auto is_old = [&](Seconds age) { return !mtu_begun_ || now - *mtu_begun_ >= age; };
  if (is_size_suspected_) return is_old(mtu_pause_);
  return mtu_ && mtu_->verdict == PathMtuVerdict::BlackHole && is_old(kMtuLostEvery);
}

trace::PathMtuTask PathTarget::next_mtu(Timestamp now) {
  is_mtu_running_ = true;
  mtu_begun_ = now;
  if (std::exchange(is_size_suspected_, false)) {
    mtu_pause_ = std::min(2 * mtu_pause_, kMtuPauseMax);
  }
  const auto trigger = mtu_wanted_by_.empty() ? TraceTrigger::Suspicion : TraceTrigger::Request;
  trace::PathMtuTask task{.base = base_task(trigger), .hops = way_, .is_reached = is_way_whole_};
  task.base.config.flows = {way_flow_};
  return task;
}

PathTarget::Finding PathTarget::take_mtu(const PathMtuResult& result, Timestamp now) {
  is_mtu_running_ = false;
  const bool says_nothing =
      result.verdict == PathMtuVerdict::NoAnswer || result.verdict == PathMtuVerdict::Unclear;
  const std::optional<PathMtuResult> known = mtu_;
  mtu_ = result;
  if (result.verdict == PathMtuVerdict::BlackHole) mtu_pause_ = kMtuPauseMin;
  // Who asked is told of this very search; for others, what was found before still stands.
  PathReport report = make_report(now);
  const std::set<TestId> wanted = std::exchange(mtu_wanted_by_, {});
  if (!says_nothing || !known) {
    return {.reports = reports_for_tests(std::move(report), wanted, nullptr, now)};
  }
  mtu_ = known;
  Finding finding;
  for (const TestId test : wanted) {
    PathReport own = report;
    own.test = test;
    own.cause = PathReportCause::Request;
    finding.reports.push_back(std::move(own));
  }
  return finding;
}

}  // namespace lw::agent
