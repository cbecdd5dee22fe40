// SPDX-License-Identifier: Apache-2.0
#include "model/endpoint.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace lw {

bool Endpoint::is_compound() const {
  switch (type) {
    case EndpointType::AzureVNet:
    case EndpointType::AzureSubnet:
    case EndpointType::AzureVMSS:
    case EndpointType::AzureArcNetwork:
    case EndpointType::MMAWorkspaceNetwork:
    case EndpointType::AgentGroup:
      return true;
    case EndpointType::AzureVM:
    case EndpointType::AzureArcVM:
    case EndpointType::ExternalAddress:
    case EndpointType::MMAWorkspaceMachine:
    case EndpointType::Agent:
      return false;
  }
  return false;
}

std::string Endpoint::agent_name() const {
  if (!agent.empty()) return agent;
  return address.empty() ? name : address;
}

std::string to_string(EndpointType type) {
  switch (type) {
    case EndpointType::AzureVM:
      return "AzureVM";
    case EndpointType::AzureVNet:
      return "AzureVNet";
    case EndpointType::AzureSubnet:
      return "AzureSubnet";
    case EndpointType::AzureVMSS:
      return "AzureVMSS";
    case EndpointType::AzureArcVM:
      return "AzureArcVM";
    case EndpointType::AzureArcNetwork:
      return "AzureArcNetwork";
    case EndpointType::ExternalAddress:
      return "ExternalAddress";
    case EndpointType::MMAWorkspaceMachine:
      return "MMAWorkspaceMachine";
    case EndpointType::MMAWorkspaceNetwork:
      return "MMAWorkspaceNetwork";
    case EndpointType::Agent:
      return "Agent";
    case EndpointType::AgentGroup:
      return "AgentGroup";
  }
  return "ExternalAddress";
}

std::string to_string(CoverageLevel level) {
  switch (level) {
    case CoverageLevel::Default:
      return "Default";
    case CoverageLevel::Low:
      return "Low";
    case CoverageLevel::BelowAverage:
      return "BelowAverage";
    case CoverageLevel::Average:
      return "Average";
    case CoverageLevel::AboveAverage:
      return "AboveAverage";
    case CoverageLevel::Full:
      return "Full";
  }
  return "Default";
}

int percent_of(CoverageLevel level) {
  switch (level) {
    case CoverageLevel::Low:
      return 10;
    case CoverageLevel::BelowAverage:
      return 25;
    case CoverageLevel::Default:
    case CoverageLevel::Average:
      return 50;
    case CoverageLevel::AboveAverage:
      return 75;
    case CoverageLevel::Full:
      return 100;
  }
  return 50;
}

std::optional<EndpointType> type_of_resource(std::string_view resource_id) {
  // The longer type first: a subnet's id contains its network's.
  static constexpr std::array<std::pair<std::string_view, EndpointType>, 6> kTypes{{
      {"microsoft.compute/virtualmachinescalesets/", EndpointType::AzureVMSS},
      {"microsoft.compute/virtualmachines/", EndpointType::AzureVM},
      {"/subnets/", EndpointType::AzureSubnet},
      {"microsoft.network/virtualnetworks/", EndpointType::AzureVNet},
      {"microsoft.hybridcompute/machines/", EndpointType::AzureArcVM},
      {"microsoft.operationalinsights/workspaces/", EndpointType::MMAWorkspaceNetwork},
  }};
  const std::string lower = to_lower(resource_id);
  const auto provider = lower.rfind("/providers/");
  if (provider == std::string::npos) return std::nullopt;
  const std::string_view resource = std::string_view(lower).substr(provider);
  for (const auto& [text, type] : kTypes) {
    if (resource.find(text) != std::string_view::npos) return type;
  }
  return std::nullopt;
}

}  // namespace lw
