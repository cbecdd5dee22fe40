// SPDX-License-Identifier: Apache-2.0
#include "server/one_off.h"

#include <algorithm>
#include <utility>

namespace lw::server {
namespace {

constexpr std::ptrdiff_t kWaitingPerAgentMax = 16;
constexpr std::size_t kOperationsMax = 1'000;
constexpr std::chrono::hours kOperationsKept{1};

}  // namespace

Result<std::uint64_t> OneOffRequests::begin(AgentId agent, Instant give_up, Done done) {
  const auto waiting = std::ranges::count_if(
      waiting_, [&](const auto& entry) { return entry.second.agent == agent; });
  if (waiting >= kWaitingPerAgentMax) {
    return fail(ErrorCode::LimitExceeded,
                "many checks wait for this agent already; try again in some seconds");
  }
  const std::uint64_t number = next_number_++;
  waiting_.emplace(number, Waiting{agent, give_up, std::move(done)});
  return number;
}

void OneOffRequests::finish(AgentId agent, std::uint64_t number, Result<OneOffResult> result) {
  const auto found = waiting_.find(number);
  if (found == waiting_.end() || found->second.agent != agent) return;
  // Out of the table first: `done` may ask for more.
  const Done done = std::move(found->second.done);
  waiting_.erase(found);
  done(std::move(result));
}

void OneOffRequests::fail_all(AgentId agent, const Error& error) {
  std::vector<std::uint64_t> numbers;
  for (const auto& [number, waiting] : waiting_) {
    if (waiting.agent == agent) numbers.push_back(number);
  }
  for (const std::uint64_t number : numbers) finish(agent, number, std::unexpected(error));
}

void OneOffRequests::tick(Instant now) {
  std::vector<std::pair<AgentId, std::uint64_t>> late;
  for (const auto& [number, waiting] : waiting_) {
    if (now >= waiting.give_up) late.emplace_back(waiting.agent, number);
  }
  for (const auto& [agent, number] : late) {
    finish(agent, number,
           fail(ErrorCode::Unavailable, "the agent did not answer in time; is it overloaded?"));
  }
}

void Operations::begin(const std::string& id, Instant now) {
  std::erase_if(operations_,
                [&](const auto& entry) { return now - entry.second.began > kOperationsKept; });
  if (operations_.size() >= kOperationsMax) {
    operations_.erase(std::ranges::min_element(
        operations_, {}, [](const auto& entry) { return entry.second.began; }));
  }
  operations_[id] = {.outcome = std::nullopt, .began = now};
}

void Operations::finish(const std::string& id, Result<Value> outcome) {
  const auto found = operations_.find(id);
  if (found != operations_.end()) found->second.outcome = std::move(outcome);
}

const Operations::Operation* Operations::find(const std::string& id) const {
  const auto found = operations_.find(id);
  return found == operations_.end() ? nullptr : &found->second;
}

}  // namespace lw::server
