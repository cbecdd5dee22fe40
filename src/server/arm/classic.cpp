// SPDX-License-Identifier: Apache-2.0
#include "server/arm/classic.h"

#include <fmt/core.h>

#include "server/arm/shapes.h"

namespace lw::server::arm {
namespace {

Value hop_value(std::string_view type, std::size_t number, std::string_view address, bool is_last) {
  Value hop;
  hop.set("type", type);
  hop.set("id", fmt::format("hop-{}", number));
  hop.set("address", address);
  hop.set("resourceId", "");
  Value next = Value::array();
  if (!is_last) next.push(fmt::format("hop-{}", number + 1));
  hop.set("nextHopIds", std::move(next));
  hop.set("issues", Value::array());
  return hop;
}

/// The main path of the last report, silent hops as "*"; source and destination only, if there was
/// none.
Value hops_of(const LiveTest& live, const LivePath* path) {
  Value hops = Value::array();
  const bool is_traced = path != nullptr && !path->paths.empty();
  hops.push(hop_value("Source", 0, is_traced ? to_string(path->source) : std::string(), false));
  if (!is_traced) {
    hops.push(hop_value("Destination", 1, live.address, true));
    return hops;
  }
  const auto& main = path->paths.front();
  for (std::size_t i = 0; i < main.size(); ++i) {
    const bool is_last = i + 1 == main.size();
    const std::string address = main[i] ? to_string(*main[i]) : std::string("*");
    const bool is_destination = is_last && address == live.address;
    hops.push(hop_value(is_destination ? "Destination" : "Internet", i + 1, address, is_last));
  }
  return hops;
}

std::string_view connection_state(TestState state) {
  switch (state) {
    case TestState::Pass:
    case TestState::Warning:
      return "Reachable";
    case TestState::Fail:
      return "Unreachable";
    case TestState::Indeterminate:
    case TestState::NotRunning:
      return "Unknown";
  }
  return "Unknown";
}

void set_ms(Value& value, const char* key, const std::optional<Microseconds>& time) {
  if (time) value.set(key, static_cast<std::int64_t>((time->count() + 500) / 1000));
}

Value state_value(const LiveTest& live, const LivePath* path, Timestamp now) {
  Value state;
  state.set("connectionState", connection_state(live.verdict.state));
  state.set("startTime", azure_time(live.since));
  state.set("endTime", azure_time(now));
  state.set("evaluationState", live.last_round ? "Completed" : "NotStarted");
  set_ms(state, "avgLatencyInMs", live.summary.rtt_avg);
  set_ms(state, "minLatencyInMs", live.summary.rtt_min);
  set_ms(state, "maxLatencyInMs", live.summary.rtt_max);
  state.set("probesSent", live.summary.total);
  state.set("probesFailed", live.summary.failed);
  state.set("hops", hops_of(live, path));
  return state;
}

}  // namespace

Value classic_query_result(const Control& control, const std::string& monitor, Timestamp now) {
  Value states = Value::array();
  std::string_view source = "Unknown";
  for (const TestId id : control.live().tests_of(monitor)) {
    const LiveTest& live = *control.live().find(id);
    source =
        live.last_round && live.verdict.state != TestState::Indeterminate ? "Active" : "Inactive";
    states.push(state_value(live, control.paths().find(id), now));
  }
  return Value::object({{"sourceStatus", source}, {"states", std::move(states)}});
}

}  // namespace lw::server::arm
