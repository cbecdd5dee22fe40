// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/ids.h"
#include "model/state.h"
#include "store/client.h"
#include "store/round_rows.h"

/// Questions to the store, each one query, blocking. Times are from `from`, included, to `to`, not
/// included; every query bounds the hour too, since the key prunes by it and not by the time.
namespace lw::store {

/// A stored round, whole: model/round.h's summarize() gives its numbers.
using RoundPoint = StoredRound;

/// The latest `limit` rounds of a test in the time span, oldest first.
Result<std::vector<RoundPoint>> test_history(Client& client, TestId test, Timestamp from,
                                             Timestamp to, std::size_t limit);

/// One step of a test's history. RTTs are of successful checks and missing where there were none.
struct RollupPoint {
  Timestamp t{};  ///< start of the step
  std::uint64_t rounds = 0, checks = 0, failed = 0, voided = 0;
  TestState worst = TestState::Indeterminate;
  std::optional<Microseconds> rtt_min, rtt_avg, rtt_max, jitter;
};

/// Steps that have rounds, oldest first. `step` is cut to whole minutes, at least one.
Result<std::vector<RollupPoint>> test_rollup(Client& client, TestId test, Timestamp from,
                                             Timestamp to, Seconds step);

/// Where a test stood after its last stored round: what a server starts from.
struct LatestRound {
  TestId test;
  Timestamp ts{};
  RoundOrigin origin;
  Verdict verdict;
};
Result<std::vector<LatestRound>> latest_rounds(Client& client, Timestamp since);

struct StateChange {
  TestId test;
  Timestamp ts{};
  TestState from = TestState::Indeterminate;
  TestState to = TestState::Indeterminate;
  Reason reason;  ///< of `to`
  bool operator==(const StateChange&) const = default;
};
/// Oldest first, at most `limit` of the latest; of one test, or of all if `test` is nothing.
Result<std::vector<StateChange>> state_changes(Client& client, std::optional<TestId> test,
                                               Timestamp from, Timestamp to, std::size_t limit);

}  // namespace lw::store
