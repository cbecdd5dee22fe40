// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "evaluate/evaluate.h"
#include "model/round.h"
#include "model/state.h"
#include "model/test.h"

namespace lw::server {

/// One test as it stands now.
struct LiveTest {
  Test test;
  Verdict verdict;
  Timestamp since{};                    ///< when the state (not just the reason) began
  std::optional<Timestamp> assigned;    ///< when its agent was first told of it
  std::optional<Timestamp> last_round;  ///< start of the newest round, by this server's clock
  RoundSummary summary;                 ///< of the newest round
  std::string address;                  ///< the IP address that round checked
  std::optional<int> http_status;
  std::optional<Timestamp> certificate_expires;
};

/// A test went from one state into another.
struct StateChange {
  TestId test;
  Timestamp at{};
  TestState from = TestState::Indeterminate;
  Verdict to;
};

/// The states of all tests, in memory: what lists and alerts are made of. Pure: knows no clock, no
/// store and no thread; the control loop owns it. Each function returns what changed.
class LiveState {
 public:
  /// What is known of a test's agent now.
  using AgentFacts = std::function<AbsenceFacts(const LiveTest&)>;

  /// Tests that stay keep their state and history; new ones begin Indeterminate; the others go.
  /// Call tick() next: it finds the reasons of the new ones and of those that cannot run.
  void replace_tests(std::vector<Test> tests, Timestamp now);
  /// The state a test had before the server restarted. Ignored once a round has come.
  void restore(TestId test, const Verdict& verdict, Timestamp since,
               std::optional<Timestamp> last_round);
  /// Takes a round's verdict over. `happened` is when the round started by this server's clock (the
  /// agent's may be wrong). A round that is no longer recent is history and changes nothing: after
  /// an outage an agent sends what it kept, oldest first. So is one older than the newest.
  std::optional<StateChange> on_round(const Round& round, const Verdict& verdict,
                                      Timestamp happened, Timestamp now);
  /// Looks for tests whose rounds stay away.
  std::vector<StateChange> tick(Timestamp now, const AgentFacts& facts);

  [[nodiscard]] const LiveTest* find(TestId test) const;
  void mark_assigned(TestId test, Timestamp at);
  /// In the order of the monitors' files.
  [[nodiscard]] const std::vector<TestId>& order() const { return order_; }
  [[nodiscard]] std::size_t count(TestState state) const;

 private:
  std::optional<StateChange> adopt(LiveTest& live, Verdict verdict, Timestamp at);

  std::unordered_map<TestId, LiveTest> tests_;
  std::vector<TestId> order_;
};

}  // namespace lw::server
