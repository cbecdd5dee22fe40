// SPDX-License-Identifier: Apache-2.0
#include "agent/round_signs.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "evaluate/evaluate.h"

namespace lw::agent {
namespace {

/// What every host takes (RFC 791 §3.1), and so what a trace's small packets stand for; less the
/// headers of IPv6 and the echo.
constexpr int kSmallPayloadMax = 576 - 40 - 8;

bool has(const Round& round, CheckOutcome outcome) {
  return std::ranges::find(round.checks, outcome, &Check::outcome) != round.checks.end();
}

}  // namespace

bool RoundSigns::sends_large() const {
  if (configuration_->is_http()) return true;
  const bool is_icmp = std::holds_alternative<IcmpConfiguration>(configuration_->protocol);
  return is_icmp && configuration_->packets.payload_bytes.value_or(0) > kSmallPayloadMax;
}

RoundSigns::Found RoundSigns::look_at(const Round& round) {
  Found found;
  found.failed = std::ranges::any_of(round.checks, [](const Check& check) {
    return kind_of(check.outcome) == OutcomeKind::Failed;
  });
  found.way_changed = !way_back_.look_at(round).empty();
  if (!configuration_) return found;
  found.large_lost =
      has(round, CheckOutcome::TooBig) || (sends_large() && has(round, CheckOutcome::TimedOut));
  Test test;
  test.id = round.test;
  test.configuration = configuration_;
  const TestState state = evaluate(test, round).state;
  if (state == TestState::Indeterminate || state == TestState::NotRunning) return found;
  found.state_changed = state_ && *state_ != state;
  state_ = state;
  return found;
}

}  // namespace lw::agent
