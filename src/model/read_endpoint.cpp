// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <array>

#include "base/text.h"
#include "model/read_parts.h"

namespace lw {
namespace {

constexpr std::array kTypes{EndpointType::AzureVM,
                            EndpointType::AzureVNet,
                            EndpointType::AzureSubnet,
                            EndpointType::AzureVMSS,
                            EndpointType::AzureArcVM,
                            EndpointType::AzureArcNetwork,
                            EndpointType::ExternalAddress,
                            EndpointType::MMAWorkspaceMachine,
                            EndpointType::MMAWorkspaceNetwork,
                            EndpointType::Agent,
                            EndpointType::AgentGroup};

constexpr std::array kCoverageLevels{CoverageLevel::Default,      CoverageLevel::Low,
                                     CoverageLevel::BelowAverage, CoverageLevel::Average,
                                     CoverageLevel::AboveAverage, CoverageLevel::Full};

template <class Values>
std::vector<std::string> names_of(const Values& values) {
  std::vector<std::string> names;
  names.reserve(values.size());
  for (const auto value : values) names.push_back(to_string(value));
  return names;
}

/// The addresses of `[{address: …}, …]`.
std::vector<std::string> read_addresses(ObjectReader& scope, std::string_view key,
                                        Diagnostics& faults) {
  std::vector<std::string> addresses;
  for (const Place& place : scope.list(key)) {
    ObjectReader item(place, faults);
    addresses.push_back(item.required_text("address", "write `- address: 10.0.0.0/24`"));
    item.finish();
  }
  return addresses;
}

void read_filter(const Place& place, Endpoint& endpoint, Diagnostics& faults) {
  static const std::vector<std::string> kFilterTypes{"Include"};
  static const std::vector<std::string> kItemTypes{"AgentAddress"};
  ObjectReader filter(place, faults);
  static_cast<void>(filter.choice("type", kFilterTypes));
  const std::vector<Place> items = filter.list("items");
  for (const Place& item_place : items) {
    ObjectReader item(item_place, faults);
    static_cast<void>(item.choice("type", kItemTypes));
    endpoint.filter_addresses.push_back(item.required_text("address", "name the agent's address"));
    item.finish();
  }
  if (items.empty()) filter.fault("items", "the filter has no items; add one or remove it");
  filter.finish();
}

void read_linewatch(const Place& place, Endpoint& endpoint, Diagnostics& faults) {
  ObjectReader block(place, faults);
  endpoint.agent = block.text("agent");
  endpoint.labels = block.text_map("labels");
  block.finish();
}

/// Azure leaves the type out in its older API versions; then the other fields tell it.
std::optional<EndpointType> infer_type(const Endpoint& endpoint) {
  if (!endpoint.agent.empty()) return EndpointType::Agent;
  if (!endpoint.labels.empty()) return EndpointType::AgentGroup;
  if (endpoint.resource_id.empty()) {
    const bool is_network = !endpoint.region.empty() || !endpoint.subscription_id.empty() ||
                            !endpoint.scope.include.empty();
    return is_network ? EndpointType::AzureArcNetwork : EndpointType::ExternalAddress;
  }
  const auto type = type_of_resource(endpoint.resource_id);
  const bool is_machine = type == EndpointType::MMAWorkspaceNetwork && !endpoint.address.empty();
  return is_machine ? EndpointType::MMAWorkspaceMachine : type;
}

void read_type(ObjectReader& reader, Endpoint& endpoint) {
  static const std::vector<std::string> kNames = names_of(kTypes);
  const std::size_t index = reader.choice("type", kNames).value_or(kTypes.size());
  if (index < kTypes.size()) {
    endpoint.type = kTypes[index];
    return;
  }
  // The type that needs nothing else: one wrong word shall not bring further faults.
  endpoint.type = EndpointType::Agent;
  if (!reader.place().value->text("type").empty()) return;
  const auto type = infer_type(endpoint);
  if (!type) {
    reader.fault("type", fmt::format("`type` is missing and cannot be told from resourceId; known "
                                     "are: {}",
                                     join(kNames, ", ")));
  }
  endpoint.type = type.value_or(endpoint.type);
}

}  // namespace

Endpoint read_endpoint(const Place& place, Diagnostics& faults) {
  static const std::vector<std::string> kCoverageNames = names_of(kCoverageLevels);
  Endpoint endpoint;
  ObjectReader reader(place, faults);
  if (!reader.is_object()) return endpoint;
  endpoint.name = reader.required_text("name", "test groups refer to an endpoint by it");
  endpoint.resource_id = reader.text("resourceId");
  endpoint.address = reader.text("address");
  if (const auto filter = reader.object("filter")) read_filter(*filter, endpoint, faults);
  if (const auto scope_place = reader.object("scope")) {
    ObjectReader scope(*scope_place, faults);
    endpoint.scope.include = read_addresses(scope, "include", faults);
    endpoint.scope.exclude = read_addresses(scope, "exclude", faults);
    scope.finish();
  }
  if (const auto level = reader.choice("coverageLevel", kCoverageNames)) {
    endpoint.coverage = kCoverageLevels[*level];
  }
  if (const auto details_place = reader.object("locationDetails")) {
    ObjectReader details(*details_place, faults);
    endpoint.region = details.text("region");
    details.finish();
  }
  endpoint.subscription_id = reader.text("subscriptionId");
  if (const auto block = reader.object("linewatch")) read_linewatch(*block, endpoint, faults);
  read_type(reader, endpoint);
  reader.finish();
  return endpoint;
}

}  // namespace lw
