// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>

#include "evaluate/evaluate.h"

namespace lw {
namespace {

constexpr Seconds kTransportTolerance{2};

Verdict indeterminate(ReasonCode code, std::string text) {
  return {TestState::Indeterminate, {code, {}, {}, std::move(text)}};
}

/// "4 min": never negative, since the clocks of two machines differ.
std::string ago(Timestamp then, Timestamp now) {
  return to_human(std::max(now - then, Microseconds{0}));
}

/// "2026-01-02T03:04:05Z": people do not want the microseconds.
std::string to_the_second(Timestamp time) { return to_iso8601(time).substr(0, 19) + "Z"; }

Verdict disconnected(const AbsenceFacts& facts, Timestamp now) {
  if (!facts.agent_last_seen) {
    return indeterminate(
        ReasonCode::AgentDisconnected,
        fmt::format("agent `{}` is not connected; is it running?", facts.agent_name));
  }
  return indeterminate(
      ReasonCode::AgentDisconnected,
      fmt::format("agent `{}` has been disconnected for {} (last seen {})", facts.agent_name,
                  ago(*facts.agent_last_seen, now), to_the_second(*facts.agent_last_seen)));
}

/// Why an agent that is connected brings nothing, as far as it is known.
std::string cause_of_silence(const AbsenceFacts& facts) {
  if (!facts.store_problem.empty()) {
    return "; the server takes no rounds because its store fails: " + facts.store_problem;
  }
  if (facts.agent_rounds_waiting > 0) {
    return fmt::format("; it is catching up, {} rounds wait in its spool",
                       facts.agent_rounds_waiting);
  }
  if (facts.agent_dropped_rounds) return "; its spool ran over and dropped the oldest rounds";
  return "";
}

Verdict without_data(const AbsenceFacts& facts, Timestamp now) {
  const std::string cause = cause_of_silence(facts);
  if (facts.last_round) {
    return indeterminate(ReasonCode::NoData,
                         fmt::format("no data for {} although agent `{}` is connected{}",
                                     ago(*facts.last_round, now), facts.agent_name, cause));
  }
  return indeterminate(
      ReasonCode::NoData,
      fmt::format("no data since the test was assigned {} ago although agent `{}` is connected{}",
                  ago(*facts.assigned_since, now), facts.agent_name, cause));
}

Verdict reconnected(const AbsenceFacts& facts, Timestamp now) {
  return indeterminate(ReasonCode::NoData,
                       fmt::format("agent `{}` is back since {}; its rounds are on their way",
                                   facts.agent_name, ago(*facts.agent_connected_since, now)));
}

Verdict not_yet_run(const AbsenceFacts& facts, const TestConfiguration& configuration) {
  if (!facts.assigned_since) {
    return indeterminate(ReasonCode::NotYetRun,
                         fmt::format("waiting to be assigned to agent `{}`", facts.agent_name));
  }
  return indeterminate(
      ReasonCode::NotYetRun,
      fmt::format("not run yet: assigned to agent `{}`, the first round is due within {}",
                  facts.agent_name, to_human(absence_tolerance(configuration))));
}

}  // namespace

Microseconds absence_tolerance(const TestConfiguration& configuration) {
  return 2 * Microseconds(configuration.frequency) + configuration.effective_check_timeout() +
         kTransportTolerance;
}

std::optional<Verdict> evaluate_absence(const Test& test, const AbsenceFacts& facts,
                                        Timestamp now) {
  if (test.disabled) {
    return Verdict{TestState::NotRunning,
                   {ReasonCode::TestGroupDisabled,
                    {},
                    {},
                    test.monitor_stopped
                        ? fmt::format("connection monitor `{}` is stopped", test.connection_monitor)
                        : fmt::format("test group `{}` is disabled", test.test_group)}};
  }
  if (!test.missing.empty()) return indeterminate(ReasonCode::NoAgent, test.missing);
  const Microseconds tolerance = absence_tolerance(*test.configuration);
  const auto is_recent = [&](const std::optional<Timestamp>& time) {
    return time && now - *time <= tolerance;
  };
  if (is_recent(facts.last_round)) return std::nullopt;
  if (!facts.agent_connected) return disconnected(facts, now);
  const bool is_just_back = facts.last_round && is_recent(facts.agent_connected_since);
  if (is_just_back && facts.store_problem.empty()) return reconnected(facts, now);
  if (is_recent(facts.assigned_since)) return not_yet_run(facts, *test.configuration);
  if (!facts.assigned_since && !facts.last_round) return not_yet_run(facts, *test.configuration);
  return without_data(facts, now);
}

}  // namespace lw
