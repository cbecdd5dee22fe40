// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>

/// The names by which Azure publishes what connection monitors measure: what metrics, alert rules
/// and their users call it.
namespace lw {

/// What samples can be told apart by, in the order of Azure's documentation.
inline constexpr std::array<std::string_view, 17> kMetricDimensionNames{
    "SourceAddress",      "SourceName",         "SourceResourceId", "SourceType",
    "Protocol",           "DestinationAddress", "DestinationName",  "DestinationResourceId",
    "DestinationType",    "DestinationPort",    "TestGroupName",    "TestConfigurationName",
    "SourceIP",           "DestinationIP",      "SourceSubnet",     "DestinationSubnet",
    "TestResultCriterion"};

inline constexpr std::string_view kMetricNamespace =
    "Microsoft.Network/networkWatchers/connectionMonitors";

}  // namespace lw
