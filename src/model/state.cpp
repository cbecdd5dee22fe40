// SPDX-License-Identifier: Apache-2.0
#include "model/state.h"

#include "base/text.h"

namespace lw {

std::string to_string(TestState state) {
  switch (state) {
    case TestState::Indeterminate:
      return "Indeterminate";
    case TestState::Pass:
      return "Pass";
    case TestState::Warning:
      return "Warning";
    case TestState::Fail:
      return "Fail";
    case TestState::NotRunning:
      return "Not Running";
  }
  return "Indeterminate";
}

std::optional<TestState> parse_test_state(const std::string& text) {
  for (const TestState state : {TestState::Indeterminate, TestState::Pass, TestState::Warning,
                                TestState::Fail, TestState::NotRunning}) {
    if (equals_ignoring_case(text, to_string(state))) return state;
  }
  // On a command line and in a query string the blank is in the way.
  if (equals_ignoring_case(text, "NotRunning")) return TestState::NotRunning;
  return std::nullopt;
}

std::string to_string(ReasonCode code) {
  switch (code) {
    case ReasonCode::None:
      return "None";
    case ReasonCode::ChecksFailedThreshold:
      return "ChecksFailedThreshold";
    case ReasonCode::RoundTripThreshold:
      return "RoundTripThreshold";
    case ReasonCode::AllChecksFailed:
      return "AllChecksFailed";
    case ReasonCode::ChecksFailedDefault:
      return "ChecksFailedDefault";
    case ReasonCode::RoundTripDefault:
      return "RoundTripDefault";
    case ReasonCode::NameResolutionFailed:
      return "NameResolutionFailed";
    case ReasonCode::TestGroupDisabled:
      return "TestGroupDisabled";
    case ReasonCode::NoAgent:
      return "NoAgent";
    case ReasonCode::AgentDisconnected:
      return "AgentDisconnected";
    case ReasonCode::NotYetRun:
      return "NotYetRun";
    case ReasonCode::NoData:
      return "NoData";
    case ReasonCode::LocalFault:
      return "LocalFault";
  }
  return "None";
}

}  // namespace lw
