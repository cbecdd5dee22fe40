// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "model/agent.h"
#include "model/agent_event.h"

namespace lw::server {

/// What an agent says of itself that may become news.
struct AgentStatusFacts {
  std::string problem;
  std::string path_problem;
  std::uint64_t rounds_dropped = 0;  ///< since the agent started, as the next two
  std::uint64_t path_reports_dropped = 0;
  std::uint64_t intervals_missed = 0;
  std::optional<Microseconds> clock_offset = {};  ///< its wall clock minus ours
};

/// Turns what the control loop learns of its agents into events, each told once: what an agent
/// repeats with every status is none, nor are numbers within a problem's words, and losses that go
/// on are told once a minute, with their sum. Pure: knows no clock and no store.
class AgentEvents {
 public:
  /// What was known of an agent when the server last ran, so that what happened meanwhile is told
  /// and what was told is not told again. Path reports that it dropped are not known: they count
  /// from its next status on.
  void restore(AgentId agent, const std::string& version, AgentStatusFacts facts);

  void joined(const Agent& agent, bool is_back, Timestamp at);
  void removed(const Agent& agent, Timestamp at);
  void connected(const Agent& agent, const std::string& version, const std::string& peer,
                 Timestamp at);
  void disconnected(const Agent& agent, Timestamp connected_since, Timestamp at);
  /// One that may not connect tries again and again: told once an hour for each reason.
  void refused(AgentId agent, const std::string& name, const std::string& reason, Timestamp at);
  void changed(const Agent& before, const Agent& now, Timestamp at);
  void certificate_renewed(const Agent& agent, Timestamp at);
  void on_status(const Agent& agent, const AgentStatusFacts& facts, Timestamp at);

  /// What happened since the last call, in its order.
  std::vector<AgentEvent> take() { return std::exchange(events_, {}); }

 private:
  /// A number that only grows while an agent runs.
  struct Loss {
    std::optional<std::uint64_t> seen = 0;  ///< nothing: not known
    std::uint64_t untold = 0;
    std::optional<Timestamp> told = {};
  };
  struct Standing {
    std::string version;
    std::string problem, path_problem;
    Loss rounds, path_reports, intervals;
    std::optional<Microseconds> clock_offset;
    bool is_clock_off = false;
    std::string refusal;
    Timestamp refused{};
  };
  void add(const Agent& agent, Timestamp at, AgentEventKind kind, std::string detail = {},
           std::optional<std::int64_t> count = {});
  void look_at_problem(const Agent& agent, Timestamp at, const std::string& now,
                       std::string& before, AgentEventKind begins, AgentEventKind ends);
  void look_at_loss(const Agent& agent, Timestamp at, std::uint64_t now, Loss& loss,
                    AgentEventKind kind, const char* what);
  void look_at_clock(const Agent& agent, Timestamp at, std::optional<Microseconds> now,
                     Standing& standing);

  std::unordered_map<AgentId, Standing> standings_;
  std::vector<AgentEvent> events_;
};

}  // namespace lw::server
