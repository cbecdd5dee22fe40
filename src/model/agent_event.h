// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "model/ids.h"

namespace lw {

/// What happened to an agent, as the server saw it. The numbers are stored: never renumber.
enum class AgentEventKind : std::uint8_t {
  Joined = 0,
  Removed = 1,
  Connected = 2,
  Disconnected = 3,
  Refused = 4,         ///< It wanted to connect and may not.
  VersionChanged = 5,  ///< It runs another release than when it was last connected.
  Changed = 6,         ///< Its name, labels, addresses or resource id.
  CertificateRenewed = 7,
  Problem = 8,  ///< It says that something keeps it from its work.
  ProblemOver = 9,
  PathProblem = 10,  ///< The same of traces.
  PathProblemOver = 11,
  RoundsDropped = 12,  ///< Its spool was full.
  PathReportsDropped = 13,
  IntervalsMissed = 14,  ///< It was too busy to check at all.
  ClockOff = 15,         ///< Its clock differs from the server's by more than kClockOffsetMax.
  ClockRight = 16,
  ClockStepped = 17,  ///< Its clock, or the server's, was set.
};

inline constexpr std::array<std::string_view, 18> kAgentEventNames = {
    "Joined",          "Removed",
    "Connected",       "Disconnected",
    "Refused",         "VersionChanged",
    "Changed",         "CertificateRenewed",
    "Problem",         "ProblemOver",
    "PathProblem",     "PathProblemOver",
    "RoundsDropped",   "PathReportsDropped",
    "IntervalsMissed", "ClockOff",
    "ClockRight",      "ClockStepped"};

/// An agent whose clock is this far off makes histories that do not line up.
inline constexpr Milliseconds kClockOffsetMax{2'000};

struct AgentEvent {
  AgentId agent;
  std::string name;  ///< of the agent, when it happened
  Timestamp at{};
  AgentEventKind kind = AgentEventKind::Connected;
  std::string detail = {};                 ///< what more there is to say, in words
  std::optional<std::int64_t> count = {};  ///< of rounds, reports, intervals; µs for clocks
  bool operator==(const AgentEvent&) const = default;
};

}  // namespace lw
