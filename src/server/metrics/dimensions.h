// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "model/agent.h"
#include "model/connection_monitor.h"
#include "server/live_state.h"

namespace lw::server::metrics {

/// What samples can be told apart by, in the order of Azure's documentation. Stands for the index
/// into Dimensions.
enum class Dimension : std::size_t {
  SourceAddress,
  SourceName,
  SourceResourceId,
  SourceType,
  Protocol,
  DestinationAddress,
  DestinationName,
  DestinationResourceId,
  DestinationType,
  DestinationPort,
  TestGroupName,
  TestConfigurationName,
  SourceIP,
  DestinationIP,
  SourceSubnet,
  DestinationSubnet,
  TestResultCriterion,  ///< of each round, not of the test
};
inline constexpr std::size_t kTestDimensions = 16;

std::string_view to_text(Dimension dimension);
/// Whatever its case.
std::optional<Dimension> parse_dimension(std::string_view name);

/// A test's values of all dimensions but TestResultCriterion; empty where there is none.
using Dimensions = std::array<std::string, kTestDimensions>;

/// `agent` runs the test; null if nobody does. Pure.
Dimensions dimensions_of(const LiveTest& live, const ConnectionMonitor& monitor,
                         const Agent* agent);

}  // namespace lw::server::metrics
