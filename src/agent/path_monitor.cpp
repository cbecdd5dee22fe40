// SPDX-License-Identifier: Apache-2.0
#include "agent/path_monitor.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "agent/path_neighbours.h"
#include "agent/path_target.h"
#include "agent/round_signs.h"
#include "base/guarded.h"
#include "base/log.h"
#include "base/text.h"
#include "base/thread.h"
#include "io/loop.h"
#include "trace/path_mtu_run.h"

namespace lw::agent {
namespace {

/// A target whose answers take long may have the traces of so many seconds out at once.
constexpr int kRunningMax = 8;

/// Reports are held back so long that the names of routers seen for the first time are in them.
constexpr Seconds kNamesPatience{1};

/// Searches for MTUs that run at once; others wait for a later trace.
constexpr int kMtuRunsMax = 20;

}  // namespace

class PathMonitor::Impl {
 public:
  Impl(const PathMonitorConfig& config, const Clock& clock,
       std::function<void(PathReport&&)> on_report)
      : config_(config),
        clock_(clock),
        on_report_(std::move(on_report)),
        schedule_(config.schedule) {
    if (!config_.is_enabled) return;
    if (const auto wrong = names_.problem()) log::warning("paths", wrong->message);
    auto tracer = trace::Tracer::create(loop_, clock, config.tracer);
    if (tracer) {
      tracer_ = std::move(*tracer);
      say(tracer_->limitation());
    } else {
      say(tracer.error().message);
    }
  }
  ~Impl() { stop(); }

  void start() {
    if (tracer_) thread_ = Thread("paths", [this] { loop_.run(); });
  }
  void stop() {
    loop_.stop();
    thread_.join();
  }
  void assign(const std::vector<Test>& tests);
  void observe(const Round& round);
  void request(TestId test, bool with_mtu) {
    if (tracer_) loop_.post([this, test, with_mtu] { trace_for(test, with_mtu); });
  }
  [[nodiscard]] std::string problem() const {
    return problem_.with([](const std::string& text) { return text; });
  }

 private:
  struct Followed {
    TraceKind kind;
    std::optional<std::uint64_t> target;  ///< while its address is not known, none
  };
  struct Target {
    PathTarget path;
    int running = 0;
    std::unique_ptr<trace::PathMtuRun> mtu = {};
  };
  /// What the threads of the probes know of a test.
  struct Observed {
    std::optional<IpAddress> address;  ///< the last that the loop was told of
    RoundSigns signs;
  };
  using Kinds = std::unordered_map<TestId, TraceKind>;
  using Configurations = std::unordered_map<TestId, std::shared_ptr<const TestConfiguration>>;
  using Addresses = std::unordered_map<TestId, IpAddress>;

  void adopt(Kinds kinds, const Addresses& literal);
  void set_address(TestId test, const IpAddress& address);
  void leave_target(TestId test, Followed& followed);
  void heed(TestId test, const RoundSigns::Found& found, Timestamp round_started);
  void trace_for(TestId test, bool with_mtu);
  void run_due();
  void arm();
  void start_trace(std::uint64_t id, TraceTrigger trigger);
  [[nodiscard]] trace::Way supposed_way_of(const PathTarget& path) const;
  void take(std::uint64_t id, const Trace& trace, bool is_search);
  void start_mtu_if_due(std::uint64_t id, Target& target);
  void take_mtu(std::uint64_t id, const PathMtuResult& result);
  void hand_out(PathReport&& report);
  void hand_out_due();
  void say(const std::string& problem) {
    problem_.with([&](std::string& text) { text = problem; });
  }

  const PathMonitorConfig config_;
  const Clock& clock_;
  const std::function<void(PathReport&&)> on_report_;
  Guarded<std::string> problem_;
  /// The tests that are followed.
  Guarded<std::unordered_map<TestId, Observed>> observed_;

  // All below belongs to the loop's thread.
  io::Loop loop_;
  PathSchedule schedule_;
  std::unordered_map<TestId, Followed> tests_;
  std::map<TargetKey, std::uint64_t> ids_;
  std::uint64_t next_id_ = 1;
  int mtu_runs_ = 0;
  io::Loop::Timer timer_;
  std::optional<Instant> armed_for_;
  trace::HopNames names_{loop_, clock_, config_.names};
  std::deque<std::pair<Instant, PathReport>> held_back_;  ///< each until then, in order
  io::Loop::Timer names_timer_;
  std::unique_ptr<trace::Tracer> tracer_;
  std::unordered_map<std::uint64_t, Target> targets_;  ///< Their searches use the tracer.
  Thread thread_;
};

void PathMonitor::Impl::assign(const std::vector<Test>& tests) {
  if (!tracer_) return;
  Kinds kinds;
  Configurations configurations;
  Addresses literal;
  std::size_t left_out = 0;
  for (const Test& test : tests) {
    const auto kind = trace_kind_of(*test.configuration);
    if (!kind) continue;
    if (kinds.size() >= config_.tests_max) {
      ++left_out;
      continue;
    }
    kinds[test.id] = *kind;
    configurations[test.id] = test.configuration;
    if (const auto address = parse_ip_address(test.destination_address)) {
      literal[test.id] = *address;
    }
  }
  std::string text = tracer_->limitation();
  if (left_out > 0) {
    if (!text.empty()) text += "; ";
    text += "the ways of " + counted(left_out, "test") + " are not followed: more than " +
            std::to_string(config_.tests_max) + " tests with traces on one agent";
  }
  say(text);
  observed_.with([&](auto& observed) {
    std::erase_if(observed, [&](const auto& entry) { return !kinds.contains(entry.first); });
    for (auto& [test, configuration] : configurations) {
      observed[test].signs.set_configuration(std::move(configuration));
    }
  });
  loop_.post([this, kinds = std::move(kinds), literal = std::move(literal)]() mutable {
    adopt(std::move(kinds), literal);
  });
}

void PathMonitor::Impl::observe(const Round& round) {
  const auto address = parse_ip_address(round.address);
  RoundSigns::Found signs;
  const bool is_new = observed_.with([&](auto& observed) {
    const auto found = observed.find(round.test);
    if (found == observed.end()) return false;
    signs = found->second.signs.look_at(round);
    const bool differs = address && found->second.address != *address;
    if (differs) found->second.address = *address;
    return differs;
  });
  if (!is_new && signs == RoundSigns::Found{}) return;
  loop_.post([this, test = round.test, address, is_new, signs, started = round.started] {
    if (is_new) set_address(test, *address);
    heed(test, signs, started);
  });
}

void PathMonitor::Impl::adopt(Kinds kinds, const Addresses& literal) {
  for (auto entry = tests_.begin(); entry != tests_.end();) {
    const auto kind = kinds.find(entry->first);
    const bool stays = kind != kinds.end() && kind->second == entry->second.kind;
    if (!stays) leave_target(entry->first, entry->second);
    entry = stays ? std::next(entry) : tests_.erase(entry);
  }
  for (auto& [test, kind] : kinds) tests_.try_emplace(test, Followed{std::move(kind), {}});
  for (const auto& [test, address] : literal) set_address(test, address);
  // Names: those whose kind changed are told their address again by their next round.
  observed_.with([&](auto& observed) {
    for (auto& [test, known] : observed) {
      const auto followed = tests_.find(test);
      if (followed != tests_.end() && !followed->second.target) known.address.reset();
    }
  });
}

void PathMonitor::Impl::set_address(TestId test, const IpAddress& address) {
  const auto found = tests_.find(test);
  if (found == tests_.end()) return;
  Followed& followed = found->second;
  const TargetKey key{address, followed.kind};
  if (followed.target && targets_.at(*followed.target).path.key() == key) return;
  leave_target(test, followed);
  const auto [entry, is_new] = ids_.try_emplace(key, next_id_);
  if (is_new) {
    targets_.emplace(next_id_, Target{PathTarget(key, clock_.wall_now())});
    schedule_.add(next_id_, test.value, clock_.now(), key.kind.interval);
    // A first look at once: nobody should wait an interval for the way of a new test.
    if (targets_.size() <= config_.schedule.suspicious_max) {
      schedule_.trace_now(next_id_, clock_.now(), TraceTrigger::Schedule);
    }
    ++next_id_;
  }
  followed.target = entry->second;
  targets_.at(entry->second).path.add(test);
  arm();
}

void PathMonitor::Impl::leave_target(TestId test, Followed& followed) {
  if (!followed.target) return;
  Target& target = targets_.at(*followed.target);
  target.path.remove(test);
  if (target.path.is_unused()) {
    schedule_.remove(*followed.target);
    ids_.erase(target.path.key());
    if (target.mtu) --mtu_runs_;
    targets_.erase(*followed.target);
  }
  followed.target.reset();
}

/// What a round of the test's checks means for its traces.
void PathMonitor::Impl::heed(TestId test, const RoundSigns::Found& found, Timestamp round_started) {
  const auto followed = tests_.find(test);
  if (followed == tests_.end() || !followed->second.target) return;
  const std::uint64_t id = *followed->second.target;
  PathTarget& path = targets_.at(id).path;
  if (found.failed) {
    path.note_trouble(round_started);
    schedule_.suspect(id, clock_.now());
  }
  // The way there may have changed with the way back: look now, and often for a while.
  if (found.way_changed) schedule_.suspect(id, clock_.now());
  if (found.large_lost) path.suspect_size(clock_.wall_now());
  if (found.state_changed) {
    path.note_state_change(test, clock_.wall_now());
    schedule_.trace_now(id, clock_.now(), TraceTrigger::StateChange);
  }
  arm();
}

void PathMonitor::Impl::trace_for(TestId test, bool with_mtu) {
  const auto found = tests_.find(test);
  if (found == tests_.end() || !found->second.target) {
    PathReport report;
    report.test = test;
    report.from = report.to = clock_.wall_now();
    report.cause = PathReportCause::Request;
    report.problem = found == tests_.end()
                         ? "traces are switched off for this test, or this agent has too many"
                         : "the destination's address is not known yet";
    hand_out(std::move(report));
    return;
  }
  PathTarget& path = targets_.at(*found->second.target).path;
  with_mtu ? path.report_mtu_to(test) : path.report_to(test);
  schedule_.trace_now(*found->second.target, clock_.now());
  arm();
}

void PathMonitor::Impl::arm() {
  const auto next = schedule_.next();
  if (!next) {
    timer_.cancel();
    armed_for_.reset();
    return;
  }
  if (armed_for_ == next) return;
  armed_for_ = next;
  timer_ = loop_.at(*next, [this] { run_due(); });
}

void PathMonitor::Impl::run_due() {
  armed_for_.reset();
  for (const auto& due : schedule_.take_due(clock_.now())) start_trace(due.target, due.trigger);
  arm();
}

void PathMonitor::Impl::start_trace(std::uint64_t id, TraceTrigger trigger) {
  Target& target = targets_.at(id);
  if (target.running >= kRunningMax) return;
  ++target.running;
  PathTarget::Order order =
      target.path.next_order(trigger, clock_.wall_now(), supposed_way_of(target.path));
  tracer_->start(std::move(order.task), [this, id, is_search = order.is_search](
                                            const Trace& trace) { take(id, trace, is_search); });
}

trace::Way PathMonitor::Impl::supposed_way_of(const PathTarget& path) const {
  if (path.is_way_known()) return {};
  return supposed_way(ids_, path.key(), [this](std::uint64_t id) -> const PathTarget& {
    return targets_.at(id).path;
  });
}

void PathMonitor::Impl::take(std::uint64_t id, const Trace& trace, bool is_search) {
  const auto found = targets_.find(id);
  if (found == targets_.end()) return;
  --found->second.running;
  names_.look_up(trace);
  PathTarget::Finding finding = found->second.path.take(trace, is_search, clock_.wall_now());
  for (PathReport& report : finding.reports) hand_out(std::move(report));
  schedule_.set_refused(id, is_refused_on_the_way(trace));
  if (finding.is_suspicious) {
    schedule_.suspect(id, clock_.now());
    arm();
  }
  if (finding.missing_trace_in) {
    schedule_.trace_now(id, clock_.now() + *finding.missing_trace_in, TraceTrigger::Schedule);
    arm();
  }
  start_mtu_if_due(id, found->second);
}

void PathMonitor::Impl::start_mtu_if_due(std::uint64_t id, Target& target) {
  const Timestamp now = clock_.wall_now();
  if (mtu_runs_ >= kMtuRunsMax || !target.path.is_mtu_due(now)) return;
  ++mtu_runs_;
  target.mtu = std::make_unique<trace::PathMtuRun>(
      loop_, clock_, *tracer_, target.path.next_mtu(now),
      [this, id](const PathMtuResult& result) { take_mtu(id, result); });
}

/// Called by the search of a target that is there: with the target goes its search.
void PathMonitor::Impl::take_mtu(std::uint64_t id, const PathMtuResult& result) {
  Target& target = targets_.at(id);
  --mtu_runs_;
  PathTarget::Finding finding = target.path.take_mtu(result, clock_.wall_now());
  target.mtu.reset();
  for (PathReport& report : finding.reports) hand_out(std::move(report));
}

void PathMonitor::Impl::hand_out(PathReport&& report) {
  held_back_.emplace_back(clock_.now() + kNamesPatience, std::move(report));
  if (held_back_.size() == 1) {
    names_timer_ = loop_.at(held_back_.front().first, [this] { hand_out_due(); });
  }
}

void PathMonitor::Impl::hand_out_due() {
  const Instant now = clock_.now();
  while (!held_back_.empty() && held_back_.front().first <= now) {
    PathReport report = std::move(held_back_.front().second);
    held_back_.pop_front();
    names_.fill(report);
    on_report_(std::move(report));
  }
  if (held_back_.empty()) return;
  names_timer_ = loop_.at(held_back_.front().first, [this] { hand_out_due(); });
}

PathMonitor::PathMonitor(const PathMonitorConfig& config, const Clock& clock,
                         std::function<void(PathReport&&)> on_report)
    : impl_(std::make_unique<Impl>(config, clock, std::move(on_report))) {}
PathMonitor::~PathMonitor() = default;

void PathMonitor::start() { impl_->start(); }
void PathMonitor::stop() { impl_->stop(); }
void PathMonitor::assign(const std::vector<Test>& tests) { impl_->assign(tests); }
void PathMonitor::observe(const Round& round) { impl_->observe(round); }
void PathMonitor::request(TestId test, bool with_mtu) { impl_->request(test, with_mtu); }
std::string PathMonitor::problem() const { return impl_->problem(); }

}  // namespace lw::agent
