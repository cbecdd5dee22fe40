// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/channel.h"
#include "base/thread.h"
#include "base/time.h"
#include "model/test.h"
#include "server/live_state.h"
#include "store/client.h"

namespace lw::server {

/// What a test's state was when the server last ran.
struct RestoredState {
  TestId test;
  Verdict verdict;
  Timestamp since{};
  Timestamp last_round{};
};

/// The server's way to the store besides the rounds: writes state changes and test descriptions
/// from a thread of its own, trying again while the store is away, and runs queries on a small
/// pool.
class History {
 public:
  /// `keep_days` is how long state changes are kept, one of store::kKeepDays.
  History(store::ClientConfig config, const Clock& clock, std::uint16_t keep_days);
  ~History();

  /// Waits for the store and migrates it; returns when both are done, or Unavailable when `give_up`
  /// says so. Call once, before the rest.
  Result<void> prepare(const std::function<bool()>& give_up);
  void start();
  /// Ends the threads. What the store does not take at once is dropped, and logged.
  void stop();

  /// The newest state of each test, from the rounds of the last day. Blocks.
  std::vector<RestoredState> last_states();

  // Any thread, never blocking. When tens of thousands wait, the oldest go and are counted.
  void record(std::vector<StateChange> changes);
  void describe_tests(std::vector<Test> tests);

  /// Runs `work` with a client on a query thread. False if too many queries wait already.
  bool query(std::function<void(store::Client&)> work);

  [[nodiscard]] std::uint64_t dropped() const { return jobs_.stats().conflated; }

 private:
  using Job = std::variant<std::vector<StateChange>, std::vector<Test>>;
  void run();
  Result<void> write(const std::vector<StateChange>& changes);
  Result<void> write(const std::vector<Test>& tests);

  const store::ClientConfig config_;
  const Clock& clock_;
  const std::uint16_t keep_days_;
  store::Client client_;  ///< of the history thread; before start(), of the caller
  std::unordered_map<TestId, std::uint64_t> described_;
  Flag stopping_;
  Channel<int> pause_{1, WhenFull::Refuse};  ///< nothing comes; closed to end a pause early
  // control → history
  Channel<Job> jobs_{10'000, WhenFull::Conflate};
  // HTTP loops → query threads
  Channel<std::function<void(store::Client&)>> queries_{64, WhenFull::Refuse};
  Thread thread_;
  std::vector<Thread> query_threads_;
};

}  // namespace lw::server
