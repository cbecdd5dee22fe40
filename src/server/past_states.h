// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "server/snapshot.h"
#include "store/view_reader.h"

/// States of the past, from the store.
namespace lw::server {

/// How a test stood at some instant.
struct PastTest {
  Verdict verdict;
  Timestamp since{};                    ///< when the state began, as far as the store tells
  std::optional<store::RoundAt> round;  ///< the newest one then, if it was not long ago
};
using PastStates = std::unordered_map<TestId, PastTest>;

/// What rounds and changes together say: whichever came last has the last word, since a test whose
/// rounds stay away changes its state as well. Pure.
PastStates merge_past(const std::vector<store::RoundAt>& rounds,
                      const std::vector<store::StateAt>& changes);

/// How tests stood at `at`: all that had rounds then or changed within the month before; or of
/// `tests` only, if there are any. Blocks on the store.
Result<PastStates> past_states(store::Client& client, Timestamp at,
                               const std::vector<TestId>& tests = {}, bool has_texts = false);

/// All tests as they stood at `at`: those of `live` that were known then, and those that are gone
/// but had rounds then. Blocks on the store.
Result<Snapshot> past_snapshot(store::Client& client, const SnapshotNames& live, Timestamp at);

/// How many tests were in which state at the end of each step, and how many changed within it.
struct Band {
  using Counts = std::array<std::uint32_t, kTestStates.size()>;  ///< in the order of kTestStates
  std::vector<Counts> counts;
  std::vector<std::uint32_t> changes;
};
/// `states` at `from`; `steps` of `step` each. Changes in order of time. Pure.
Band make_band(std::unordered_map<TestId, TestState> states,
               const std::vector<store::StateStep>& changes, Timestamp from, Microseconds step,
               std::size_t steps);

}  // namespace lw::server
