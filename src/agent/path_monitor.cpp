// SPDX-License-Identifier: Apache-2.0
#include "agent/path_monitor.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "agent/path_target.h"
#include "base/guarded.h"
#include "base/log.h"
#include "base/text.h"
#include "base/thread.h"
#include "io/loop.h"

namespace lw::agent {
namespace {

/// A target whose answers take long may have the traces of so many seconds out at once.
constexpr int kRunningMax = 4;

/// Reports are held back so long that the names of routers seen for the first time are in them.
constexpr Seconds kNamesPatience{1};

bool has_failed(const Round& round) {
  return std::ranges::any_of(round.checks, [](const Check& check) {
    return kind_of(check.outcome) == OutcomeKind::Failed;
  });
}

}  // namespace

class PathMonitor::Impl {
 public:
  Impl(PathMonitorConfig config, const Clock& clock, std::function<void(PathReport&&)> on_report)
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
  void request(TestId test) {
    if (tracer_) loop_.post([this, test] { trace_for(test); });
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
  };
  using Kinds = std::unordered_map<TestId, TraceKind>;
  using Addresses = std::unordered_map<TestId, IpAddress>;

  void adopt(Kinds kinds, const Addresses& literal);
  void set_address(TestId test, const IpAddress& address);
  void leave_target(TestId test, Followed& followed);
  void suspect(TestId test);
  void trace_for(TestId test);
  void run_due();
  void arm();
  void start_trace(std::uint64_t id);
  void take(std::uint64_t id, const Trace& trace, bool is_search);
  void hand_out(PathReport&& report);
  void hand_out_due();
  void say(const std::string& problem) {
    problem_.with([&](std::string& text) { text = problem; });
  }

  const PathMonitorConfig config_;
  const Clock& clock_;
  const std::function<void(PathReport&&)> on_report_;
  Guarded<std::string> problem_;
  /// The tests that are followed, with the last address that the loop was told of.
  Guarded<std::unordered_map<TestId, std::optional<IpAddress>>> addresses_;

  // All below belongs to the loop's thread.
  io::Loop loop_;
  PathSchedule schedule_;
  std::unordered_map<TestId, Followed> tests_;
  std::map<TargetKey, std::uint64_t> ids_;
  std::unordered_map<std::uint64_t, Target> targets_;
  std::uint64_t next_id_ = 1;
  io::Loop::Timer timer_;
  std::optional<Instant> armed_for_;
  trace::HopNames names_{loop_, clock_, config_.names};
  std::deque<std::pair<Instant, PathReport>> held_back_;  ///< each until then, in order
  io::Loop::Timer names_timer_;
  std::unique_ptr<trace::Tracer> tracer_;
  Thread thread_;
};

void PathMonitor::Impl::assign(const std::vector<Test>& tests) {
  if (!tracer_) return;
  Kinds kinds;
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
  addresses_.with([&](auto& addresses) {
    std::erase_if(addresses, [&](const auto& entry) { return !kinds.contains(entry.first); });
    for (const auto& [test, kind] : kinds) addresses.try_emplace(test);
  });
  loop_.post([this, kinds = std::move(kinds), literal = std::move(literal)]() mutable {
    adopt(std::move(kinds), literal);
  });
}

void PathMonitor::Impl::observe(const Round& round) {
  const auto address = parse_ip_address(round.address);
  const bool failed = has_failed(round);
  const auto [is_followed, is_new] = addresses_.with([&](auto& addresses) {
    const auto found = addresses.find(round.test);
    if (found == addresses.end()) return std::pair(false, false);
    const bool differs = address && found->second != *address;
    if (differs) found->second = *address;
    return std::pair(true, differs);
  });
  if (!is_followed || (!is_new && !failed)) return;
  loop_.post([this, test = round.test, address, is_new, failed] {
    if (is_new) set_address(test, *address);
    if (failed) suspect(test);
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
  addresses_.with([&](auto& addresses) {
    for (auto& [test, address] : addresses) {
      const auto followed = tests_.find(test);
      if (followed != tests_.end() && !followed->second.target) address.reset();
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
    schedule_.add(next_id_, test.value, clock_.now());
    // A first look at once: nobody should wait an interval for the way of a new test.
    if (targets_.size() <= config_.schedule.suspicious_max) {
      schedule_.trace_now(next_id_, clock_.now());
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
    targets_.erase(*followed.target);
  }
  followed.target.reset();
}

void PathMonitor::Impl::suspect(TestId test) {
  const auto found = tests_.find(test);
  if (found == tests_.end() || !found->second.target) return;
  schedule_.suspect(*found->second.target, clock_.now());
  arm();
}

void PathMonitor::Impl::trace_for(TestId test) {
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
  targets_.at(*found->second.target).path.report_to(test);
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
  for (const std::uint64_t id : schedule_.take_due(clock_.now())) start_trace(id);
  arm();
}

void PathMonitor::Impl::start_trace(std::uint64_t id) {
  Target& target = targets_.at(id);
  if (target.running >= kRunningMax) return;
  ++target.running;
  PathTarget::Order order = target.path.next_order(TraceTrigger::Schedule, clock_.wall_now());
  tracer_->start(std::move(order.task), [this, id, is_search = order.is_search](
                                            const Trace& trace) { take(id, trace, is_search); });
}

void PathMonitor::Impl::take(std::uint64_t id, const Trace& trace, bool is_search) {
  const auto found = targets_.find(id);
  if (found == targets_.end()) return;
  --found->second.running;
  names_.look_up(trace);
  PathTarget::Finding finding = found->second.path.take(trace, is_search, clock_.wall_now());
  for (PathReport& report : finding.reports) hand_out(std::move(report));
  if (finding.is_suspicious) {
    schedule_.suspect(id, clock_.now());
    arm();
  }
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

PathMonitor::PathMonitor(PathMonitorConfig config, const Clock& clock,
                         std::function<void(PathReport&&)> on_report)
    : impl_(std::make_unique<Impl>(config, clock, std::move(on_report))) {}
PathMonitor::~PathMonitor() = default;

void PathMonitor::start() { impl_->start(); }
void PathMonitor::stop() { impl_->stop(); }
void PathMonitor::assign(const std::vector<Test>& tests) { impl_->assign(tests); }
void PathMonitor::observe(const Round& round) { impl_->observe(round); }
void PathMonitor::request(TestId test) { impl_->request(test); }
std::string PathMonitor::problem() const { return impl_->problem(); }

}  // namespace lw::agent
