// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "model/round.h"
#include "server/live_paths.h"
#include "server/live_state.h"
#include "topology/localise.h"

namespace lw::server {

/// Which links explain what many tests meet (docs/localisation.md): remembers the last rounds of
/// each test and puts them together with the ways that the tests take. Pure; the control loop owns
/// it.
class FaultFinder {
 public:
  void on_round(TestId test, const RoundSummary& summary);
  void keep_only(const std::function<bool(TestId)>& is_kept);
  void forget(TestId test) { tests_.erase(test); }

  /// Faults as of now, the one that explains most first, as if there were those tests only that
  /// `is_seen` names (all without it). Costs some 10 ms for 10,000 tests when
  /// some of them fail, and next to nothing when none does.
  [[nodiscard]] std::vector<topology::LocalisedFault> find(
      const LiveState& live, const LivePaths& paths,
      const std::function<std::string(AgentId)>& agent_name,
      const std::function<bool(const Test&)>& is_seen = {}) const;

 private:
  [[nodiscard]] bool is_anything_wrong() const;
  /// The last rounds, and what the test's round trip usually is.
  struct Recent {
    static constexpr std::size_t kRounds = 3;
    std::array<std::uint16_t, kRounds> total{};
    std::array<std::uint16_t, kRounds> failed{};
    std::array<float, kRounds> rtt_us{};  ///< average of each round; 0: none
    std::uint8_t next = 0;
    std::uint16_t learned = 0;  ///< rounds that the baseline is made of, up to a limit
    float usual_us = 0;
    float spread_us = 0;  ///< mean absolute deviation from it
  };
  [[nodiscard]] std::optional<topology::PathObservation> observe(const LiveTest& live,
                                                                 const LivePath& path,
                                                                 const std::string& source,
                                                                 topology::NodeTable& nodes) const;

  std::unordered_map<TestId, Recent> tests_;
};

}  // namespace lw::server
