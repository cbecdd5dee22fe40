// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lw {

/// Azure's endpoint types, then ours.
enum class EndpointType {
  AzureVM,
  AzureVNet,
  AzureSubnet,
  AzureVMSS,
  AzureArcVM,
  AzureArcNetwork,
  ExternalAddress,
  MMAWorkspaceMachine,
  MMAWorkspaceNetwork,
  Agent,       ///< One agent by its name.
  AgentGroup,  ///< All agents whose labels match.
};

/// How much of a compound endpoint is monitored (seed, "Monitoring coverage").
enum class CoverageLevel { Default, Low, BelowAverage, Average, AboveAverage, Full };

/// Addresses, subnets or machine names that a compound endpoint includes and excludes.
struct EndpointScope {
  std::vector<std::string> include;
  std::vector<std::string> exclude;
  bool operator==(const EndpointScope&) const = default;
};

/// A source or destination. Compound types stand for several machines.
struct Endpoint {
  std::string name;
  EndpointType type = EndpointType::ExternalAddress;
  std::string resource_id;
  std::string address;
  /// The older `filter` of the wire: agent addresses to include. Kept apart from `scope`, since
  /// what the user sent is never rewritten.
  std::vector<std::string> filter_addresses;
  EndpointScope scope;
  CoverageLevel coverage = CoverageLevel::Default;
  std::string region;           ///< locationDetails.region
  std::string subscription_id;  ///< AzureArcNetwork
  // Ours:
  std::string agent;                                        ///< Agent: its name
  std::vector<std::pair<std::string, std::string>> labels;  ///< AgentGroup: all must match
  bool operator==(const Endpoint&) const = default;

  [[nodiscard]] bool is_compound() const;
  /// The agent that an Agent endpoint means: the one it names, else its address, else its own name.
  [[nodiscard]] std::string agent_name() const;
};

std::string to_string(EndpointType type);
std::string to_string(CoverageLevel level);

/// The share of a compound endpoint's members that is monitored, in percent (DESIGN §6).
int percent_of(CoverageLevel level);

/// The type that an Azure resource id stands for, if its resource type is one we know. A workspace
/// counts as a network; with an address it is one machine, which the caller must see.
std::optional<EndpointType> type_of_resource(std::string_view resource_id);

}  // namespace lw
