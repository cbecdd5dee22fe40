// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/connection.h"
#include "base/channel.h"
#include "base/time.h"
#include "base/timer_queue.h"
#include "cli/simulated_agent.h"
#include "model/agent.h"
#include "simulate/weather.h"

namespace lw::cli {

struct SimulatedFleetConfig {
  std::string server;  ///< HOST:PORT that agents dial
  std::uint64_t seed = 1;
  Timestamp from{};
  Timestamp story{};               ///< the present, at which history ends
  std::optional<Timestamp> until;  ///< Nothing is measured after it.
  bool has_paths = true;
  bool is_steady = false;
  /// Where identities are kept for the next time; empty: agents join anew.
  std::string identities;
};

/// A thousand simulated agents in one thread, besides gRPC's.
class SimulatedFleet {
 public:
  SimulatedFleet(SimulatedFleetConfig config, const Clock& clock)
      : config_(std::move(config)), clock_(clock), weather_(config_.seed, config_.story) {}

  /// Joins the server with each of them, or finds the identity of an earlier time. Blocks; `stop`
  /// is asked in between.
  Result<void> join(const std::vector<Agent>& agents, const std::string& join_token,
                    const std::function<bool()>& stop);
  /// Goes on until `stop` says so, asked some ten times a second, or everything up to `until` was
  /// acknowledged.
  void run(const std::function<bool()>& stop);

  struct Counters {
    std::size_t agents = 0;
    std::size_t connected = 0;
    std::size_t tests = 0;
    std::uint64_t connects = 0;
    std::uint64_t rounds = 0;
    std::uint64_t acknowledged = 0;
    std::uint64_t backlog = 0;  ///< due or on their way
    std::uint64_t reports = 0;
    std::uint64_t reports_acknowledged = 0;
    std::uint64_t bytes = 0;
    std::uint64_t assignments = 0;
    std::uint64_t differences = 0;
    std::uint64_t tests_put = 0;
    std::uint64_t tests_removed = 0;
    std::string last_failure;
  };
  [[nodiscard]] Counters counters() const;
  [[nodiscard]] bool is_done() const;

 private:
  Result<agent::Identity> identity_of(const Agent& agent, const std::string& join_token) const;
  void take(const agent::ConnectionEvent& event);

  const SimulatedFleetConfig config_;
  const Clock& clock_;
  const simulate::Weather weather_;
  // gRPC's threads → fleet. So large that it never fills: an agent has some messages on their way.
  Channel<agent::ConnectionEvent> events_{4'000'000, WhenFull::Block};
  std::vector<std::unique_ptr<SimulatedAgent>> agents_;
  TimerQueue<std::size_t> turns_;
};

}  // namespace lw::cli
