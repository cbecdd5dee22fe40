// SPDX-License-Identifier: Apache-2.0
#include "agent/probe_loops.h"

#include <algorithm>
#include <utility>

#include "base/guarded.h"
#include "base/hash.h"
#include "base/thread.h"
#include "io/loop.h"

namespace lw::agent {

/// What the other threads ask of it goes through posted work and a guarded copy of the report.
class ProbeLoops::OneLoop {
 public:
  OneLoop(const ProberConfig& config, const Clock& clock, std::function<void(Round&&)> on_round)
      : prober_(loop_, clock, config, std::move(on_round)) {}

  void trust(const std::string& ca_pem) { prober_.trust(ca_pem); }
  void start() {
    refresh_report();
    thread_ = Thread("probe", [this] { loop_.run(); });
  }
  void stop() {
    loop_.stop();
    thread_.join();
  }
  void assign(std::vector<Test> tests) {
    auto shared = std::make_shared<std::vector<Test>>(std::move(tests));
    loop_.post([this, shared] { prober_.assign(std::move(*shared)); });
  }
  [[nodiscard]] ProbeReport report() const {
    return report_.with([](const ProbeReport& report) { return report; });
  }

 private:
  void refresh_report() {
    const ProberStats stats = prober_.stats();
    report_.with([&](ProbeReport& report) {
      report.intervals_missed = stats.missed_intervals;
      report.problem = prober_.problem();
    });
    refresh_ = loop_.after(Seconds(1), [this] { refresh_report(); });
  }

  io::Loop loop_;
  Prober prober_;
  Guarded<ProbeReport> report_;
  io::Loop::Timer refresh_;
  Thread thread_;
};

std::size_t default_probe_loops(std::size_t cores) {
  constexpr std::size_t kMost = 4;
  return std::clamp<std::size_t>(cores, 2, kMost + 1) - 1;
}

ProbeLoops::ProbeLoops(std::size_t count, const ProberConfig& config, const Clock& clock,
                       const std::function<void(Round&&)>& on_round) {
  ProberConfig share = config;
  share.limits.checks_per_second /= static_cast<double>(count);
  share.limits.confirmations_per_second /= static_cast<double>(count);
  for (std::size_t i = 0; i < count; ++i) {
    loops_.push_back(std::make_unique<OneLoop>(share, clock, on_round));
  }
}

ProbeLoops::~ProbeLoops() = default;

void ProbeLoops::trust(const std::string& ca_pem) {
  for (const auto& loop : loops_) loop->trust(ca_pem);
}

void ProbeLoops::start() {
  for (const auto& loop : loops_) loop->start();
}

void ProbeLoops::stop() {
  for (const auto& loop : loops_) loop->stop();
}

void ProbeLoops::assign(std::vector<Test> tests) {
  std::vector<std::vector<Test>> shares(loops_.size());
  for (Test& test : tests) {
    const std::size_t of = stable_hash({test.destination_address}) % loops_.size();
    shares[of].push_back(std::move(test));
  }
  for (std::size_t i = 0; i < loops_.size(); ++i) loops_[i]->assign(std::move(shares[i]));
}

ProbeReport ProbeLoops::report() const {
  ProbeReport sum;
  for (const auto& loop : loops_) {
    const ProbeReport one = loop->report();
    sum.intervals_missed += one.intervals_missed;
    if (sum.problem.empty()) sum.problem = one.problem;
  }
  return sum;
}

}  // namespace lw::agent
