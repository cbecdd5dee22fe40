// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
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
  /// The older `filter` of the wire: agent addresses to include. Kept apart from `scope`, since what
  /// the user sent is never rewritten.
  std::vector<std::string> filter_addresses;
  EndpointScope scope;
  CoverageLevel coverage = CoverageLevel::Default;
  std::string region;           ///< locationDetails.region
  std::string subscription_id;  ///< AzureArcNetwork
  // Ours:
  std::string agent;                                          ///< Agent: its name
  std::vector<std::pair<std::string, std::string>> labels;    ///< AgentGroup: all must match
  bool operator==(const Endpoint&) const = default;

  [[nodiscard]] bool is_compound() const;
};

std::string to_string(EndpointType type);
std::string to_string(CoverageLevel level);

}  // namespace lw
