// SPDX-License-Identifier: Apache-2.0
#include "server/metrics/dimensions.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "model/ip_range.h"
#include "model/metric_names.h"

namespace lw::server::metrics {
namespace {

static_assert(kMetricDimensionNames.size() == kTestDimensions + 1);

/// The endpoint behind a side's name, which is "endpoint" or "endpoint/member".
const Endpoint* endpoint_of(const ConnectionMonitor& monitor, std::string_view side) {
  const auto found =
      std::ranges::find(monitor.endpoints, side.substr(0, side.find('/')), &Endpoint::name);
  return found == monitor.endpoints.end() ? nullptr : &*found;
}

/// The subnet of the endpoint's scope that holds the address.
std::string subnet_of(const Endpoint* endpoint, const std::string& address) {
  const auto ip = parse_ip_address(address);
  if (endpoint == nullptr || !ip) return {};
  for (const std::string& entry : endpoint->scope.include) {
    const auto range = parse_ip_range(entry);
    if (range && entry.find('/') != std::string::npos && range->contains(*ip)) return entry;
  }
  return {};
}

}  // namespace

std::string_view to_text(Dimension dimension) {
  return kMetricDimensionNames.at(static_cast<std::size_t>(dimension));
}

std::optional<Dimension> parse_dimension(std::string_view name) {
  for (std::size_t i = 0; i < kMetricDimensionNames.size(); ++i) {
    if (equals_ignoring_case(kMetricDimensionNames[i], name)) return static_cast<Dimension>(i);
  }
  return std::nullopt;
}

Dimensions dimensions_of(const LiveTest& live, const ConnectionMonitor& monitor,
                         const Agent* agent) {
  Dimensions values;
  const auto set = [&](Dimension dimension, std::string value) {
    values.at(static_cast<std::size_t>(dimension)) = std::move(value);
  };
  const Test& test = live.test;
  const Endpoint* const source = endpoint_of(monitor, test.source);
  const Endpoint* const destination = endpoint_of(monitor, test.destination);
  const std::string source_ip =
      agent != nullptr && !agent->addresses.empty() ? agent->addresses.front() : std::string();
  set(Dimension::SourceName, test.source);
  set(Dimension::SourceIP, source_ip);
  set(Dimension::DestinationName, test.destination);
  set(Dimension::DestinationAddress, test.destination_address);
  set(Dimension::DestinationIP, live.address);
  set(Dimension::Protocol, test.configuration->protocol_name());
  set(Dimension::TestGroupName, test.test_group);
  set(Dimension::TestConfigurationName, test.configuration->name);
  if (const auto port = test.configuration->port()) {
    set(Dimension::DestinationPort, fmt::format("{}", *port));
  }
  if (source != nullptr) {
    set(Dimension::SourceAddress, source->address.empty() ? source_ip : source->address);
    set(Dimension::SourceResourceId, source->resource_id);
    set(Dimension::SourceType, to_string(source->type));
    set(Dimension::SourceSubnet, subnet_of(source, source_ip));
  }
  if (destination != nullptr) {
    set(Dimension::DestinationResourceId, destination->resource_id);
    set(Dimension::DestinationType, to_string(destination->type));
    set(Dimension::DestinationSubnet, subnet_of(destination, live.address));
  }
  return values;
}

}  // namespace lw::server::metrics
