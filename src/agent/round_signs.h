// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>

#include "model/round.h"
#include "model/state.h"
#include "model/test_configuration.h"
#include "probe/way_back.h"

namespace lw::agent {

/// What the rounds of one test say about its way. Pure.
class RoundSigns {
 public:
  /// How the test is judged and what it sends. Rounds that were seen count on.
  void set_configuration(std::shared_ptr<const TestConfiguration> configuration) {
    configuration_ = std::move(configuration);
  }

  struct Found {
    bool failed = false;  ///< A check failed.
    /// Checks that need large packets went unanswered, or one was too big for somebody: HTTP, whose
    /// answers are large as a rule, and echoes in packets of more than 576 bytes. Whether small
    /// packets pass meanwhile is for traces to say.
    bool large_lost = false;
    /// The state by the server's rules (evaluate/evaluate.h) is another than after the round
    /// before.
    bool state_changed = false;
    /// Replies come by another way back than in the rounds before.
    bool way_changed = false;
    bool operator==(const Found&) const = default;
  };
  Found look_at(const Round& round);

 private:
  [[nodiscard]] bool sends_large() const;

  std::shared_ptr<const TestConfiguration> configuration_;
  std::optional<TestState> state_;  ///< Pass, Warning or Fail
  WayBack way_back_;
};

}  // namespace lw::agent
