// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/time.h"
#include "model/round.h"
#include "model/state.h"
#include "model/test.h"

namespace lw {

/// The state that a round puts its test in, by the seed's rules ("States of a test"), and why, in
/// one sentence for a person who has just been woken. Pure. A threshold is breached when the value
/// is above it, not equal. Void checks count for nothing; if all are void the state is
/// Indeterminate. A name that does not resolve fails the test even while its last known address
/// answers.
Verdict evaluate(const Test& test, const Round& round);

/// What the server knows about the absence of rounds.
struct AbsenceFacts {
  std::string agent_name;
  bool agent_connected = false;
  std::optional<Timestamp> agent_last_seen;  ///< Missing: never connected since it joined.
  std::optional<Timestamp> assigned_since;   ///< When the agent was given this test.
  std::optional<Timestamp> last_round;       ///< Start of the latest round that arrived.
  std::optional<Timestamp> agent_connected_since;
  std::uint64_t agent_rounds_waiting = 0;  ///< In its spool: it is catching up.
  std::string store_problem;  ///< Why the server cannot store rounds now; empty when it can.
  bool agent_dropped_rounds = false;  ///< Its spool ran over and forgot the oldest rounds.
};

/// How long after the start of a test's last round the next may take to arrive before its absence
/// is remarkable: two intervals, a check's time-out and two seconds for the way.
Microseconds absence_tolerance(const TestConfiguration& configuration);

/// The state of a test without a recent round: Not Running, or Indeterminate with the missing link
/// of the chain named. Nothing if the last round is recent enough, so that its verdict stands.
/// Pure.
std::optional<Verdict> evaluate_absence(const Test& test, const AbsenceFacts& facts, Timestamp now);

/// The state of a test group or connection monitor: the worst of its tests. Fail before Warning
/// before Indeterminate before Pass; Not Running only if all are; Indeterminate if there are none.
TestState roll_up(std::span<const TestState> states);

}  // namespace lw
