// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"

namespace lw {

/// A test's state. The first four numbers are Azure's TestResult metric (seed, metrics table).
enum class TestState : std::uint8_t {
  Indeterminate = 0,
  Pass = 1,
  Warning = 2,
  Fail = 3,
  NotRunning = 4,
};
/// All of them, in the order of lists.
inline constexpr std::array kTestStates = {TestState::Pass, TestState::Warning, TestState::Fail,
                                           TestState::Indeterminate, TestState::NotRunning};
/// "Pass", …, "Not Running": as the product shows them.
std::string to_string(TestState state);
std::optional<TestState> parse_test_state(const std::string& text);

/// Which rule put the test into its state. Stored; never renumber.
enum class ReasonCode : std::uint8_t {
  None = 0,                   ///< Pass
  ChecksFailedThreshold = 1,  ///< the configured threshold, or above 80 % of it
  RoundTripThreshold = 2,
  AllChecksFailed = 3,      ///< no threshold is set and nothing got through
  ChecksFailedDefault = 4,  ///< no threshold is set: above 10 %
  RoundTripDefault = 5,     ///< no threshold is set: above 750 ms
  /// The destination's name does not resolve; the checks went to its last known address.
  NameResolutionFailed = 6,
  TestGroupDisabled = 10,
  NoAgent = 20,  ///< no agent fits the source
  AgentDisconnected = 21,
  NotYetRun = 22,   ///< assigned, first round still to come
  NoData = 23,      ///< the agent is connected but rounds stay away
  LocalFault = 24,  ///< every check was void: overload, permission, …
};
std::string to_string(ReasonCode code);

/// What put a test in its state, with the observed value and the limit, in one sentence for people.
struct Reason {
  ReasonCode code = ReasonCode::None;
  std::optional<double> observed;
  std::optional<double> limit;
  std::string text;
  bool operator==(const Reason&) const = default;
};

struct Verdict {
  TestState state = TestState::Indeterminate;
  Reason reason;
  bool operator==(const Verdict&) const = default;
};

}  // namespace lw
