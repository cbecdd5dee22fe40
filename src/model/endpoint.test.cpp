// SPDX-License-Identifier: Apache-2.0
#include "model/endpoint.h"

#include <gtest/gtest.h>

namespace lw {
namespace {

constexpr const char* kGroup = "/subscriptions/s/resourceGroups/g/providers/";

std::optional<EndpointType> type_of(const std::string& rest) {
  return type_of_resource(kGroup + rest);
}

TEST(Endpoint, OfANetworkOrSetIsCompound) {
  Endpoint endpoint;
  endpoint.type = EndpointType::AgentGroup;
  EXPECT_TRUE(endpoint.is_compound());
  endpoint.type = EndpointType::AzureVMSS;
  EXPECT_TRUE(endpoint.is_compound());
  endpoint.type = EndpointType::AzureVM;
  EXPECT_FALSE(endpoint.is_compound());
  endpoint.type = EndpointType::Agent;
  EXPECT_FALSE(endpoint.is_compound());
}

TEST(Endpoint, MeansTheAgentItNamesOrItsAddressOrItself) {
  Endpoint endpoint;
  endpoint.name = "own";
  EXPECT_EQ(endpoint.agent_name(), "own");
  endpoint.address = "address";
  EXPECT_EQ(endpoint.agent_name(), "address");
  endpoint.agent = "agent";
  EXPECT_EQ(endpoint.agent_name(), "agent");
}

TEST(TypeOfResource, FollowsTheResourceType) {
  EXPECT_EQ(type_of("Microsoft.Compute/virtualMachines/vm"), EndpointType::AzureVM);
  EXPECT_EQ(type_of("microsoft.compute/VIRTUALMACHINES/vm"), EndpointType::AzureVM);
  EXPECT_EQ(type_of("Microsoft.Compute/virtualMachineScaleSets/s"), EndpointType::AzureVMSS);
  EXPECT_EQ(type_of("Microsoft.Network/virtualNetworks/n"), EndpointType::AzureVNet);
  EXPECT_EQ(type_of("Microsoft.Network/virtualNetworks/n/subnets/a"), EndpointType::AzureSubnet);
  EXPECT_EQ(type_of("Microsoft.HybridCompute/machines/m"), EndpointType::AzureArcVM);
  EXPECT_EQ(type_of("Microsoft.OperationalInsights/workspaces/w"),
            EndpointType::MMAWorkspaceNetwork);
}

TEST(TypeOfResource, IsUnknownForOtherResources) {
  EXPECT_EQ(type_of("Microsoft.Storage/storageAccounts/a"), std::nullopt);
  EXPECT_EQ(type_of_resource("virtualMachines"), std::nullopt);
  EXPECT_EQ(type_of_resource(""), std::nullopt);
}

TEST(CoverageLevel, GrowsFromLowToFull) {
  EXPECT_EQ(percent_of(CoverageLevel::Low), 10);
  EXPECT_EQ(percent_of(CoverageLevel::BelowAverage), 25);
  EXPECT_EQ(percent_of(CoverageLevel::Average), 50);
  EXPECT_EQ(percent_of(CoverageLevel::Default), 50);
  EXPECT_EQ(percent_of(CoverageLevel::AboveAverage), 75);
  EXPECT_EQ(percent_of(CoverageLevel::Full), 100);
}

}  // namespace
}  // namespace lw
