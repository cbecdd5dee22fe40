// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/document.h"
#include "base/time.h"
#include "model/state.h"
#include "server/control.h"
#include "server/live_paths.h"
#include "server/live_state.h"

/// The JSON shapes of /api/v1 (api/openapi.yaml) that several routes share. Pure.
namespace lw::server::api {

/// ISO 8601, or null.
Value time_value(const std::optional<Timestamp>& time);
/// Milliseconds with microseconds as fraction, or null: missing is missing.
Value ms_value(const std::optional<Microseconds>& duration);
Value reason_value(const Reason& reason);
/// `path` may be null: nothing is known of the way.
Value test_value(const LiveTest& live, const std::string& agent_name,
                 const LivePath* path = nullptr);
Value agent_value(const AgentView& view);

/// What a group of tests amounts to: the state that roll_up gives, the test that stands for it with
/// its reason, and how many tests are in each state.
class StateSummary {
 public:
  /// `live` must outlive the summary.
  void add(const LiveTest& live);
  /// Sets state, reason, worstTest, tests and tests… of `value`.
  void write(Value& value) const;

 private:
  std::vector<TestState> states_;
  const LiveTest* worst_ = nullptr;
};

/// Differences between two documents as a list of {path, from, to}.
Value differences(const Value& from, const Value& to);

}  // namespace lw::server::api
