// SPDX-License-Identifier: Apache-2.0
#include "agent/one_off.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "agent/path_target.h"
#include "base/thread.h"
#include "io/loop.h"
#include "topology/path_statistics.h"
#include "trace/tracer.h"

namespace lw::agent {
namespace {

constexpr std::size_t kRunsMax = 4;
/// Somebody waits for it: not spread over an interval.
constexpr Milliseconds kSpacing{100};
/// Enough to tell a silent hop from a lost answer.
constexpr int kTraces = 4;

}  // namespace

class OneOffRuns::Run {
 public:
  Run(OneOffOrder order, const ProberConfig& config, const Clock& clock,
      const std::function<void(OneOffAnswer)>& done)
      : order_(std::move(order)), clock_(clock), thread_("one-off", [this, config, done] {
          OneOffAnswer answer = make(config);
          if (!is_cancelled_.is_raised()) done(std::move(answer));
          is_over_.raise();
        }) {}
  ~Run() {
    is_cancelled_.raise();
    loop_.post([this] { loop_.stop(); });
    thread_.join();
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  [[nodiscard]] bool is_over() const { return is_over_.is_raised(); }

 private:
  OneOffAnswer make(const ProberConfig& config) {
    answer_.number = order_.number;
    std::optional<IpAddress> destination = parse_ip_address(order_.test.destination_address);
    if (!order_.next_hop_only) {
      // Prober and tracer go with their work: each cancels what it has on the loop.
      check(config);
      if (answer_.round) destination = parse_ip_address(answer_.round->address);
      if (destination && !is_cancelled_.is_raised()) trace(*destination);
    }
    if (destination) answer_.route = io::find_route(*destination);
    return std::move(answer_);
  }

  void check(const ProberConfig& config) {
    Prober prober(loop_, clock_, config, [](Round&&) {});
    loop_.post([&] {
      prober.check(
          order_.test, {},
          [&](Round&& round) {
            answer_.round = std::move(round);
            loop_.stop();
          },
          Microseconds(kSpacing));
    });
    loop_.run();
  }

  void trace(const IpAddress& destination) {
    const auto kind = trace_kind_of(*order_.test.configuration);
    auto tracer = trace::Tracer::create(loop_, clock_, {});
    if (!kind || !tracer) return;
    topology::PathStatistics statistics;
    int left = kTraces;
    std::function<void()> next = [&] {
      trace::TraceTask task;
      task.destination = destination;
      task.port = kind->port;
      task.trigger = TraceTrigger::Request;
      task.config.protocol = kind->protocol;
      task.config.is_urgent = true;
      (*tracer)->start(std::move(task), [&](const Trace& trace) {
        statistics.add(trace, clock_.wall_now());
        answer_.path = statistics.report(clock_.wall_now());
        answer_.path->cause = PathReportCause::Request;
        answer_.path->problem = trace.problem;
        if (--left == 0 || !trace.problem.empty()) return loop_.stop();
        loop_.post(next);
      });
    };
    loop_.post(next);
    loop_.run();
  }

  const OneOffOrder order_;
  const Clock& clock_;
  io::Loop loop_;
  Flag is_cancelled_;
  Flag is_over_;
  OneOffAnswer answer_;  // of the thread
  Thread thread_;
};

OneOffRuns::OneOffRuns(ProberConfig config, const Clock& clock,
                       std::function<void(OneOffAnswer)> done)
    : config_(std::move(config)), clock_(clock), done_(std::move(done)) {}

OneOffRuns::~OneOffRuns() { stop(); }

void OneOffRuns::stop() {
  // Joined outside the lock.
  const auto runs = state_.with([](State& state) {
    state.is_stopped = true;
    return std::move(state.runs);
  });
}

void OneOffRuns::start(OneOffOrder order) {
  const std::uint64_t number = order.number;
  const bool has_room = state_.with([&](State& state) {
    std::erase_if(state.runs, [](const auto& run) { return run->is_over(); });
    if (state.is_stopped || state.runs.size() >= kRunsMax) return state.is_stopped;
    state.runs.push_back(std::make_unique<Run>(std::move(order), config_, clock_, done_));
    return true;
  });
  if (has_room) return;
  done_({.number = number,
         .problem = fmt::format("{} checks on request run already; try again soon", kRunsMax)});
}

}  // namespace lw::agent
