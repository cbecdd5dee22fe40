// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/timer_queue.h"
#include "simulate/paths.h"
#include "simulate/rounds.h"

namespace lw::simulate {

/// Everything that one simulated agent measures, in order of time: from a moment in the past on,
/// and as time goes by. Nothing is kept that was handed out, so an agent that is cut off keeps
/// nothing either: it just asks later. Pure; `now` never goes back.
class Source {
 public:
  struct Config {
    std::size_t agent = 0;
    std::size_t agents = 1;
    Timestamp from{};  ///< where the tests of the first assignment begin
    bool has_paths = true;
    bool is_steady = false;  ///< never off
  };
  /// `weather` must outlive it.
  Source(Config config, const Weather& weather) : config_(config), weather_(weather) {}

  /// Tests that stay go on; new ones begin at `now`, or where history begins if they are the first.
  void assign(std::vector<Test> tests, Timestamp now);
  /// The next round or report that is complete at `now`, if there is one. What would have been
  /// measured while the agent's host was off is passed over.
  using Item = std::variant<Round, PathReport>;
  std::optional<Item> next(Timestamp now);
  /// A path report of this test, asked for.
  [[nodiscard]] std::optional<PathReport> report_now(TestId test, Timestamp now) const;
  /// When the next round is complete; nothing without tests.
  [[nodiscard]] std::optional<Timestamp> due() const;
  /// Some rounds more or less: how many are complete at `now` and were not asked for yet.
  [[nodiscard]] std::uint64_t backlog(Timestamp now) const;
  [[nodiscard]] std::size_t tests() const { return tests_.size(); }

 private:
  struct Following {
    SimulatedTest test;
    PathFollower paths;
    std::uint64_t generation = 0;
  };
  struct Due {
    TestId test;
    Timestamp started{};
    std::uint64_t generation = 0;
  };
  void schedule(const Following& following, Timestamp started);

  Config config_;
  const Weather& weather_;
  std::unordered_map<TestId, Following> tests_;
  TimerQueue<Due> due_;
  std::optional<PathReport> report_;  ///< of the round that was handed out last
  double rounds_per_second_ = 0;
  std::uint64_t generation_ = 0;
  bool is_assigned_ = false;
};

}  // namespace lw::simulate
