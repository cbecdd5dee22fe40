// SPDX-License-Identifier: Apache-2.0
#include "model/members.h"

#include <fmt/core.h>

#include <algorithm>
#include <tuple>

#include "base/hash.h"
#include "base/text.h"
#include "model/ip_range.h"

namespace lw {
namespace {

/// Whether `id` is the resource `parent` or lies below it. Azure ids do not care for case.
bool is_under(std::string_view id, std::string_view parent) {
  if (id.empty() || parent.empty()) return false;
  const std::string lower = to_lower(id);
  std::string prefix = to_lower(parent);
  while (prefix.ends_with('/')) prefix.pop_back();
  return lower == prefix || lower.starts_with(prefix + "/");
}

/// Whether an entry of a scope or filter means the agent: by name, address, subnet or resource id.
bool matches(const std::string& entry, const Agent& agent) {
  if (equals_ignoring_case(entry, agent.name) || is_under(agent.resource_id, entry)) return true;
  const auto range = parse_ip_range(entry);
  return range && std::ranges::any_of(agent.addresses, [&range](const std::string& text) {
           const auto address = parse_ip_address(text);
           return address && range->contains(*address);
         });
}

bool matches_any(const std::vector<std::string>& entries, const Agent& agent) {
  return std::ranges::any_of(entries,
                             [&](const std::string& entry) { return matches(entry, agent); });
}

bool has_labels(const Agent& agent, const Endpoint& endpoint) {
  return std::ranges::all_of(endpoint.labels, [&agent](const auto& label) {
    return std::ranges::find(agent.labels, label) != agent.labels.end();
  });
}

/// Which agents stand on the machines of the endpoint. A scope narrows what the resource id says,
/// and where agents cannot claim an id below it (virtual networks), it is all there is to go by.
bool belongs(const Agent& agent, const Endpoint& endpoint) {
  switch (endpoint.type) {
    case EndpointType::ExternalAddress:
      return false;
    case EndpointType::Agent:
      return agent.name == endpoint.agent_name();
    case EndpointType::AzureVM:
    case EndpointType::AzureArcVM:
      return equals_ignoring_case(agent.resource_id, endpoint.resource_id);
    case EndpointType::MMAWorkspaceMachine:
      // Its resource id is the workspace's, which many machines share: the name comes first.
      if (!endpoint.address.empty())
        return equals_ignoring_case(agent.name, endpoint.address) ||
               equals_ignoring_case(agent.resource_id, endpoint.resource_id);
      return matches_any(endpoint.filter_addresses, agent) ||
             matches_any(endpoint.scope.include, agent);
    case EndpointType::AgentGroup:
      return has_labels(agent, endpoint) && !matches_any(endpoint.scope.exclude, agent);
    case EndpointType::AzureVNet:
    case EndpointType::AzureSubnet:
    case EndpointType::AzureVMSS:
    case EndpointType::AzureArcNetwork:
    case EndpointType::MMAWorkspaceNetwork:
      break;
  }
  if (matches_any(endpoint.scope.exclude, agent)) return false;
  const bool has_list = !endpoint.scope.include.empty() || !endpoint.filter_addresses.empty();
  if (!has_list) return is_under(agent.resource_id, endpoint.resource_id);
  return matches_any(endpoint.scope.include, agent) ||
         matches_any(endpoint.filter_addresses, agent);
}

/// The agents of the endpoint in the order of their names, or of preference for a single machine.
std::vector<const Agent*> agents_of(const Endpoint& endpoint, const std::vector<Agent>& agents) {
  std::vector<const Agent*> found;
  // Most endpoints, and with a thousand agents most of the time.
  if (endpoint.type == EndpointType::ExternalAddress) return found;
  for (const Agent& agent : agents) {
    if (belongs(agent, endpoint)) found.push_back(&agent);
  }
  std::ranges::sort(found, {}, [&endpoint](const Agent* agent) {
    const bool is_named = equals_ignoring_case(agent->name, endpoint.address);
    return std::tuple(!is_named, agent->name, agent->id);
  });
  return found;
}

/// Why no agent fits, as a sentence that says what would mend it.
std::string why_no_agent(const Endpoint& endpoint) {
  switch (endpoint.type) {
    case EndpointType::ExternalAddress:
      return fmt::format("endpoint `{}` is an ExternalAddress, where no agent runs", endpoint.name);
    case EndpointType::Agent:
      return fmt::format("no agent named `{}` has joined", endpoint.agent_name());
    case EndpointType::AgentGroup: {
      std::vector<std::string> labels;
      labels.reserve(endpoint.labels.size());
      for (const auto& [key, value] : endpoint.labels)
        labels.push_back(fmt::format("{}={}", key, value));
      return fmt::format("no agent with the labels {} has joined", join(labels, ", "));
    }
    case EndpointType::AzureVM:
    case EndpointType::AzureArcVM:
      return fmt::format("no agent has claimed the resource id {}", endpoint.resource_id);
    case EndpointType::MMAWorkspaceMachine:
      return fmt::format("no agent named `{}` has joined",
                         endpoint.address.empty() ? endpoint.name : endpoint.address);
    case EndpointType::AzureVNet:
    case EndpointType::AzureSubnet:
    case EndpointType::AzureVMSS:
    case EndpointType::AzureArcNetwork:
    case EndpointType::MMAWorkspaceNetwork:
      break;
  }
  if (!endpoint.scope.include.empty() || !endpoint.filter_addresses.empty()) {
    return fmt::format("no agent with an address in the scope of endpoint `{}` has joined",
                       endpoint.name);
  }
  return fmt::format(
      "no agent has claimed a resource id below {}; list addresses under scope.include to find "
      "agents by them",
      endpoint.resource_id);
}

std::string member_name(const Endpoint& endpoint, std::string_view member) {
  return endpoint.is_compound() ? fmt::format("{}/{}", endpoint.name, member) : endpoint.name;
}

/// Keeps the share of the members that the coverage level asks for, in their old order. Rendezvous
/// hashing: each member's weight depends on nothing but the two names, so that adding or losing a
/// member moves one other at most.
std::vector<Member> sample(std::vector<Member> members, const Endpoint& endpoint) {
  const auto percent = static_cast<std::size_t>(percent_of(endpoint.coverage));
  const std::size_t kept = (members.size() * percent + 99) / 100;
  if (kept >= members.size()) return members;
  std::vector<std::uint64_t> weights;
  weights.reserve(members.size());
  for (const Member& member : members) {
    weights.push_back(stable_hash({endpoint.name, member.name.substr(endpoint.name.size() + 1)}));
  }
  std::vector<std::uint64_t> sorted = weights;
  std::ranges::sort(sorted, std::greater<>());
  std::vector<Member> chosen;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (weights[i] >= sorted[kept - 1]) chosen.push_back(std::move(members[i]));
  }
  return chosen;
}

/// Addresses that the scope lists one by one and that no agent has: they can be checked all the
/// same.
std::vector<std::string> plain_addresses(const Endpoint& endpoint,
                                         const std::vector<const Agent*>& agents) {
  std::vector<std::string> addresses;
  for (const std::string& entry : endpoint.scope.include) {
    const auto address = parse_ip_address(entry);
    if (!address) continue;
    const bool is_excluded =
        std::ranges::any_of(endpoint.scope.exclude, [&address](const std::string& text) {
          const auto range = parse_ip_range(text);
          return range && range->contains(*address);
        });
    const bool is_agents = std::ranges::any_of(
        agents, [&entry](const Agent* agent) { return matches(entry, *agent); });
    const bool is_known = std::ranges::find(addresses, entry) != addresses.end();
    if (!is_excluded && !is_agents && !is_known) addresses.push_back(entry);
  }
  return addresses;
}

std::vector<Member> compound_destinations(const Endpoint& endpoint,
                                          const std::vector<const Agent*>& agents) {
  std::vector<Member> members;
  for (const Agent* const agent : agents) {
    if (agent->addresses.empty()) continue;
    members.push_back(
        {member_name(endpoint, agent->name), agent->id, agent->addresses.front(), {}});
  }
  for (const std::string& address : plain_addresses(endpoint, agents)) {
    members.push_back({member_name(endpoint, address), {}, address, {}});
  }
  return sample(std::move(members), endpoint);
}

/// Of an Agent endpoint, `address` may be the agent's name instead of an address.
bool has_own_address(const Endpoint& endpoint) {
  if (endpoint.address.empty()) return false;
  return endpoint.type != EndpointType::Agent || !endpoint.agent.empty();
}

std::string why_no_address(const Endpoint& endpoint, const std::vector<const Agent*>& agents) {
  if (!agents.empty()) {
    return fmt::format("agent `{}` has reported no address; give endpoint `{}` an `address`",
                       agents.front()->name, endpoint.name);
  }
  return fmt::format("the address of endpoint `{}` is not known: {}", endpoint.name,
                     why_no_agent(endpoint));
}

}  // namespace

std::vector<Member> source_members(const Endpoint& endpoint, const std::vector<Agent>& agents) {
  const std::vector<const Agent*> found = agents_of(endpoint, agents);
  if (found.empty()) return {{endpoint.name, {}, {}, why_no_agent(endpoint)}};
  if (!endpoint.is_compound()) return {{endpoint.name, found.front()->id, {}, {}}};
  std::vector<Member> members;
  members.reserve(found.size());
  for (const Agent* const agent : found) {
    members.push_back({member_name(endpoint, agent->name), agent->id, {}, {}});
  }
  return sample(std::move(members), endpoint);
}

std::vector<Member> destination_members(const Endpoint& endpoint,
                                        const std::vector<Agent>& agents) {
  const std::vector<const Agent*> found = agents_of(endpoint, agents);
  if (endpoint.is_compound()) {
    std::vector<Member> members = compound_destinations(endpoint, found);
    if (!members.empty()) return members;
    return {{endpoint.name, {}, {}, why_no_address(endpoint, found)}};
  }
  const AgentId agent = found.empty() ? AgentId{} : found.front()->id;
  if (has_own_address(endpoint)) return {{endpoint.name, agent, endpoint.address, {}}};
  if (found.empty() || found.front()->addresses.empty()) {
    return {{endpoint.name, agent, {}, why_no_address(endpoint, found)}};
  }
  return {{endpoint.name, agent, found.front()->addresses.front(), {}}};
}

}  // namespace lw
