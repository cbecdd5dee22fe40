// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/time.h"
#include "evaluate/evaluate.h"
#include "model/alert.h"
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
  AlertCode alert = 0;         ///< the worst that fires for it (model/alert.h)
  std::uint64_t revision = 0;  ///< LiveState::revision() of its last change
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
  struct MonitorTests {
    std::string monitor;
    std::vector<Test> tests;  ///< none: it may have gone
  };
  /// As replace_tests(), where only tests of these monitors change: costs little more than those.
  /// `monitors` names all that there are now, in their order. Returns the tests that are no more.
  std::vector<TestId> replace_tests_of(std::vector<MonitorTests> changed,
                                       const std::vector<std::string>& monitors, Timestamp now);
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
  /// Those of one monitor, in their order. Good until the tests are replaced.
  [[nodiscard]] std::span<const TestId> tests_of(const std::string& monitor) const;
  [[nodiscard]] std::size_t count(TestState state) const;

  /// Counts the changes of all tests: what a client has seen with a revision it need not be told
  /// again. It goes on from a number that is higher than any of an earlier run of the server.
  [[nodiscard]] std::uint64_t revision() const { return revision_; }
  void continue_revisions_from(std::uint64_t revision);
  /// The revision at which the set of tests changed last. Clients of an older one begin anew.
  [[nodiscard]] std::uint64_t plan_revision() const { return plan_revision_; }
  /// The tests that changed after `revision`, at most `most`, the one first whose last change was
  /// first. Pointers are good until replace_tests().
  [[nodiscard]] std::vector<const LiveTest*> changed_since(std::uint64_t revision,
                                                           std::size_t most) const;
  /// How many changes are kept to tell of them: a few times as many as there are tests.
  [[nodiscard]] std::size_t changes_kept() const { return changes_.size(); }
  /// The worst alert that fires for a test; nothing happens if it is not there.
  void set_alert(TestId test, AlertCode alert);
  /// Something of the test changed that is kept elsewhere.
  void touch(TestId test);

 private:
  std::optional<StateChange> adopt(LiveTest& live, Verdict verdict, Timestamp at);
  void touch(LiveTest& live);
  void put(Test test, Timestamp now);
  void begin_anew();

  /// Where a monitor's tests stand in the order.
  struct Section {
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  std::unordered_map<TestId, LiveTest> tests_;
  std::vector<TestId> order_;
  std::unordered_map<std::string, Section> sections_;
  std::uint64_t revision_ = 0;
  std::uint64_t plan_revision_ = 0;
  /// Each change as (revision, test), in their order; only a test's last one counts.
  std::vector<std::pair<std::uint64_t, TestId>> changes_;
};

}  // namespace lw::server
