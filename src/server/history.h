// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/channel.h"
#include "base/thread.h"
#include "base/time.h"
#include "model/agent_event.h"
#include "model/test.h"
#include "server/live_state.h"
#include "store/client.h"
#include "store/log_facts.h"

namespace lw::server {

/// What a test's state was when the server last ran.
struct RestoredState {
  TestId test;
  Verdict verdict;
  Timestamp since{};
  std::optional<Timestamp> last_round;
};

/// The server's way to the store besides the rounds: writes state changes, events of agents and
/// test descriptions from a thread of its own, trying again while the store is away, and runs
/// queries on a small pool.
class History {
 public:
  /// `keep_days` is how long changes and events are kept, one of store::kKeepDays.
  History(store::ClientConfig config, const Clock& clock, std::uint16_t keep_days);
  ~History();

  /// Waits for the store and migrates it; returns when both are done, or Unavailable when `give_up`
  /// says so. Call once, before the rest.
  Result<void> prepare(const std::function<bool()>& give_up);
  void start();
  /// Ends the threads, within seconds whatever the store does: what it does not take at once is
  /// dropped and counted in the log, and so are queries.
  void stop();

  /// The newest state of each test, from the rounds of the last day. Blocks.
  std::vector<RestoredState> last_states();
  /// What each agent last said of itself within the last day. Blocks.
  std::vector<store::AgentBeat> last_beats();

  // Any thread, never blocking. When hundreds of thousands wait, the oldest go and are counted.
  void record(std::vector<StateChange> changes);
  void record(std::vector<AgentEvent> events);
  void describe_tests(std::vector<Test> tests);

  /// Runs `work` with a client on a query thread. False if too many queries wait already.
  bool query(std::function<void(store::Client&)> work);

  [[nodiscard]] std::uint64_t dropped() const { return jobs_.stats().conflated + dropped_.value(); }

 private:
  using Job = std::variant<std::vector<StateChange>, std::vector<AgentEvent>, std::vector<Test>>;
  void run();
  void take_in(std::vector<StateChange> changes);
  void take_in(std::vector<AgentEvent> events);
  void take_in(std::vector<Test> tests);
  void take_in_all();
  [[nodiscard]] bool has_waiting() const {
    return !changes_.empty() || !events_.empty() || !tests_.empty();
  }
  Result<void> write_blocks();
  Result<void> write_changes();
  Result<void> write_events();
  Result<void> write_tests();
  void drop_waiting(const Error& reason);
  [[nodiscard]] store::ClientConfig config_until(const Flag& end) const;

  const store::ClientConfig config_;
  const Clock& clock_;
  const std::uint16_t keep_days_;
  store::Client client_;  ///< of the history thread; before start(), of last_…()
  std::unordered_map<TestId, std::uint64_t> described_;
  // Of the history thread: what waits for the store.
  std::deque<StateChange> changes_;
  std::deque<AgentEvent> events_;
  std::unordered_map<TestId, Test> tests_;
  Counter dropped_;
  bool started_ = false;
  Flag stopping_;
  Flag gave_up_;  ///< ends a write in progress
  // Nothing comes through these; closing them ends a wait.
  Channel<int> pause_{1, WhenFull::Refuse};
  Channel<int> finished_{1, WhenFull::Refuse};
  // control → history
  Channel<Job> jobs_{10'000, WhenFull::Conflate};
  // HTTP loops → query threads
  Channel<std::function<void(store::Client&)>> queries_{64, WhenFull::Refuse};
  Thread thread_;
  std::vector<Thread> query_threads_;
};

}  // namespace lw::server
