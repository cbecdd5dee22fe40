// SPDX-License-Identifier: Apache-2.0
#include "model/expand.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string_view>

#include "model/members.h"

namespace lw {
namespace {

/// Resolves each endpoint and shares each configuration once per monitor, however many groups use
/// it.
class Expansion {
 public:
  Expansion(const ConnectionMonitor& monitor, const std::vector<Agent>& agents)
      : monitor_(monitor) {
    for (const Endpoint& endpoint : monitor.endpoints) {
      sides_[endpoint.name] = {endpoint.is_compound(), source_members(endpoint, agents),
                               destination_members(endpoint, agents)};
    }
    for (const TestConfiguration& configuration : monitor.test_configurations) {
      configurations_[configuration.name] =
          std::make_shared<const TestConfiguration>(configuration);
    }
  }

  void add_group(const TestGroup& group) {
    for (const std::string& source : group.sources) {
      for (const std::string& destination : group.destinations) {
        const auto from = sides_.find(source);
        const auto to = sides_.find(destination);
        if (from == sides_.end() || to == sides_.end()) continue;
        add_endpoints(group, from->second, to->second);
      }
    }
  }

  std::vector<Test> take() { return std::move(tests_); }

 private:
  struct Sides {
    bool is_compound = false;
    std::vector<Member> sources;
    std::vector<Member> destinations;
  };

  void add_endpoints(const TestGroup& group, const Sides& source, const Sides& destination) {
    for (const Member& from : source.sources) {
      for (const Member& to : destination.destinations) {
        const bool is_same_agent = from.agent != AgentId{} && from.agent == to.agent;
        // Two endpoints written one by one were meant so; a group against itself was not.
        if (is_same_agent && (source.is_compound || destination.is_compound)) continue;
        add_pair(group, from, to);
      }
    }
  }

  void add_pair(const TestGroup& group, const Member& from, const Member& to) {
    const std::string& missing = from.missing.empty() ? to.missing : from.missing;
    for (const std::string& name : group.test_configurations) {
      const auto configuration = configurations_.find(name);
      if (configuration == configurations_.end()) continue;
      Test& test = tests_.emplace_back();
      test.id = test_id(monitor_.name, group.name, from.name, to.name, name);
      test.destination_address = to.address;
      test.configuration = configuration->second;
      test.connection_monitor = monitor_.name;
      test.test_group = group.name;
      test.source = from.name;
      test.destination = to.name;
      test.agent = missing.empty() ? from.agent : AgentId{};
      test.missing = missing;
      test.monitor_stopped = monitor_.is_stopped;
      test.disabled = group.disable || monitor_.is_stopped;
      test.destination_agent = to.agent;
    }
  }

  const ConnectionMonitor& monitor_;
  std::map<std::string, Sides, std::less<>> sides_;
  std::map<std::string, std::shared_ptr<const TestConfiguration>, std::less<>> configurations_;
  std::vector<Test> tests_;
};

}  // namespace

std::vector<Test> expand(const ConnectionMonitor& monitor, const std::vector<Agent>& agents) {
  Expansion expansion(monitor, agents);
  for (const TestGroup& group : monitor.test_groups) expansion.add_group(group);
  return expansion.take();
}

std::vector<std::string> missing_members(const ConnectionMonitor& monitor,
                                         const std::vector<Agent>& agents) {
  std::vector<std::string> reasons;
  const auto add = [&](const std::vector<Member>& members) {
    const std::string& reason = members.front().missing;
    const bool is_known = std::ranges::find(reasons, reason) != reasons.end();
    if (!reason.empty() && !is_known) reasons.push_back(reason);
  };
  const auto is_used = [&](const std::string& name, auto side) {
    return std::ranges::any_of(monitor.test_groups, [&](const TestGroup& group) {
      return std::ranges::find(group.*side, name) != (group.*side).end();
    });
  };
  for (const Endpoint& endpoint : monitor.endpoints) {
    if (is_used(endpoint.name, &TestGroup::sources)) add(source_members(endpoint, agents));
    if (is_used(endpoint.name, &TestGroup::destinations)) {
      add(destination_members(endpoint, agents));
    }
  }
  return reasons;
}

std::size_t test_count_bound(const ConnectionMonitor& monitor, const std::vector<Agent>& agents) {
  struct Counts {
    std::size_t sources = 0;
    std::size_t destinations = 0;
  };
  std::map<std::string, Counts, std::less<>> counts;
  for (const Endpoint& endpoint : monitor.endpoints) {
    counts[endpoint.name] = {source_members(endpoint, agents).size(),
                             destination_members(endpoint, agents).size()};
  }
  std::size_t bound = 0;
  for (const TestGroup& group : monitor.test_groups) {
    Counts sides;
    for (const std::string& name : group.sources) {
      if (const auto found = counts.find(name); found != counts.end())
        sides.sources += found->second.sources;
    }
    for (const std::string& name : group.destinations) {
      if (const auto found = counts.find(name); found != counts.end())
        sides.destinations += found->second.destinations;
    }
    bound += sides.sources * sides.destinations * group.test_configurations.size();
  }
  return bound;
}

}  // namespace lw
