// SPDX-License-Identifier: Apache-2.0
#include "cli/simulated_fleet.h"

#include <algorithm>
#include <variant>

#include "base/files.h"

namespace lw::cli {
namespace {

/// Each agent has its turn so often, besides at each event.
constexpr Milliseconds kTurnEvery{1'000};
constexpr Milliseconds kStopAskedEvery{100};
constexpr Milliseconds kPatience{10};
/// Rounds of all agents that may be unacknowledged together: what the server takes in.
constexpr std::size_t kRecordsMax = 150'000;
constexpr std::size_t kRecordsPerAgentMin = 300;
constexpr std::size_t kRecordsPerAgentMax = 6'000;

}  // namespace

Result<agent::Identity> SimulatedFleet::identity_of(const Agent& agent,
                                                    const std::string& join_token) const {
  if (config_.identities.empty()) return agent::join(config_.server, join_token, agent);
  const std::string folder = config_.identities + "/" + agent.name;
  if (auto known = TRY(agent::load_identity(folder))) return std::move(*known);
  TRY(make_directories(folder));
  agent::Identity fresh = TRY(agent::join(config_.server, join_token, agent));
  TRY(agent::save_identity(folder, fresh));
  return fresh;
}

Result<void> SimulatedFleet::join(const std::vector<Agent>& agents, const std::string& join_token,
                                  const std::function<bool()>& stop) {
  for (std::size_t i = 0; i < agents.size() && !stop(); ++i) {
    const SimulatedAgentConfig config{
        .index = i,
        .agents = agents.size(),
        .server = config_.server,
        .from = config_.from,
        .until = config_.until,
        .has_paths = config_.has_paths,
        .is_steady = config_.is_steady,
        .records_max =
            std::clamp(kRecordsMax / agents.size(), kRecordsPerAgentMin, kRecordsPerAgentMax)};
    agents_.push_back(std::make_unique<SimulatedAgent>(
        config, TRY(identity_of(agents[i], join_token)), weather_, clock_, events_));
    // Spread, so that they do not all speak at once.
    turns_.push(clock_.now() + kTurnEvery * static_cast<int>(i) / static_cast<int>(agents.size()),
                i);
  }
  return {};
}

void SimulatedFleet::take(const agent::ConnectionEvent& event) {
  const std::uint64_t generation =
      std::visit([](const auto& some) { return some.generation; }, event);
  SimulatedAgent& agent = *agents_[generation / SimulatedAgent::kGenerations];
  agent.handle(event);
  agent.step();
}

void SimulatedFleet::run(const std::function<bool()>& stop) {
  Instant asked{};
  while (true) {
    const Instant now = clock_.now();
    if (now - asked >= kStopAskedEvery) {
      asked = now;
      if (stop() || is_done()) return;
    }
    const auto has_time = [&] { return clock_.now() - now < kStopAskedEvery; };
    while (has_time()) {
      const auto turn = turns_.pop_due(now);
      if (!turn) break;
      agents_[*turn]->step();
      turns_.push(now + kTurnEvery, *turn);
    }
    auto event = events_.pop_for(kPatience);
    while (event) {
      take(*event);
      if (!has_time()) break;
      event = events_.try_pop();
    }
  }
}

bool SimulatedFleet::is_done() const {
  return config_.until &&
         std::ranges::all_of(agents_, [](const auto& agent) { return agent->is_done(); });
}

SimulatedFleet::Counters SimulatedFleet::counters() const {
  Counters sum;
  sum.agents = agents_.size();
  for (const auto& agent : agents_) {
    const SimulatedAgent::Counters& one = agent->counters();
    if (agent->is_welcome()) ++sum.connected;
    sum.tests += agent->tests();
    sum.connects += one.connects;
    sum.rounds += one.rounds;
    sum.acknowledged += one.acknowledged;
    sum.backlog += agent->backlog();
    sum.reports += one.reports;
    sum.reports_acknowledged += one.reports_acknowledged;
    sum.bytes += one.bytes;
    sum.assignments += one.assignments;
    sum.differences += one.differences;
    sum.tests_put += one.tests_put;
    sum.tests_removed += one.tests_removed;
    if (!agent->last_failure().empty()) sum.last_failure = agent->last_failure();
  }
  return sum;
}

}  // namespace lw::cli
