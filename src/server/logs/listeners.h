// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "model/listening.h"
#include "model/test.h"
#include "store/log_facts.h"

namespace lw::server::logs {

/// What the logs say of ports that agents listen on: one result for each connection monitor, test
/// group, configuration and destination, however many sources its tests have. Pure.
class ListenerResults {
 public:
  /// What a connected agent says of its ports. Before the tests.
  void add_agent(AgentId agent, const std::vector<ListeningPort>& ports);
  /// Whether any agent listens: if not, no test needs to be looked at.
  [[nodiscard]] bool is_anybody_listening() const { return !ports_.empty(); }
  /// Of a test whose destination's agent is away, or has not said anything of the port yet, nothing
  /// is known.
  void add_test(const Test& test);
  [[nodiscard]] const std::vector<store::ListenerResult>& results() const { return results_; }

 private:
  /// Monitor, test group, configuration, destination.
  using Subject = std::tuple<std::string, std::string, std::string, std::string>;
  std::unordered_map<AgentId, std::map<std::uint16_t, ListeningPort>> ports_;
  std::set<Subject> seen_;
  std::vector<store::ListenerResult> results_;
};

}  // namespace lw::server::logs
