// SPDX-License-Identifier: Apache-2.0
#include "migrate/export.h"

#include <fmt/core.h>

#include "base/text.h"
#include "model/codec.h"

namespace lw::migrate {
namespace {

constexpr const char* kSchema =
    "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#";
constexpr const char* kType = "Microsoft.Network/networkWatchers/connectionMonitors";
/// Has every endpoint type of the model.
constexpr const char* kApiVersion = "2023-11-01";
constexpr Seconds kAzureFrequencyMin{30};

/// Text in brackets is an expression to Resource Manager; a second bracket takes that away.
Value escaped(const Value& value) {
  if (value.is_string()) {
    const std::string& text = value.as_string();
    const bool is_expression = text.starts_with('[') && text.ends_with(']');
    return is_expression ? Value("[" + text) : value;
  }
  if (value.is_array()) {
    Value list = Value::array();
    for (const Value& item : value.as_array()) list.push(escaped(item));
    return list;
  }
  if (!value.is_object()) return value;
  Value object = Value::object();
  for (const Value::Member& member : value.as_object()) {
    object.set(member.key, escaped(member.value));
  }
  return object;
}

void add_endpoint(const Endpoint& endpoint, std::vector<std::string>& additions) {
  const bool is_ours =
      endpoint.type == EndpointType::Agent || endpoint.type == EndpointType::AgentGroup;
  if (!is_ours) return;
  additions.push_back(fmt::format("endpoint {}: type {} is linewatch's own",
                                  printable(endpoint.name, 80), to_string(endpoint.type)));
}

void add_configuration(const TestConfiguration& configuration, const Value& document,
                       std::vector<std::string>& additions) {
  const std::string name =
      fmt::format("test configuration {}: ", printable(configuration.name, 80));
  if (configuration.frequency < kAzureFrequencyMin) {
    additions.push_back(name + fmt::format("testFrequencySec {} is below Azure's {}",
                                           configuration.frequency.count(),
                                           kAzureFrequencyMin.count()));
  }
  const auto* const http = std::get_if<HttpConfiguration>(&configuration.protocol);
  if (http != nullptr && http->method == HttpMethod::Head) {
    additions.push_back(name + "method Head is linewatch's own");
  }
  const Value* const block = document.find("linewatch");
  if (block == nullptr) return;
  for (const Value::Member& member : block->as_object()) {
    additions.push_back(name + fmt::format("linewatch.{} = {}", member.key, to_json(member.value)));
  }
}

}  // namespace

std::vector<std::string> additions_of(const ConnectionMonitor& monitor) {
  std::vector<std::string> additions;
  const Value document = to_document(monitor);
  for (const Endpoint& endpoint : monitor.endpoints) add_endpoint(endpoint, additions);
  const Value::Array& configurations = document.find("testConfigurations")->as_array();
  for (std::size_t i = 0; i < configurations.size(); ++i) {
    add_configuration(monitor.test_configurations[i], configurations[i], additions);
  }
  return additions;
}

Exported export_yaml(const ConnectionMonitor& monitor) {
  Value file = Value::object();
  file.set("connectionMonitors", Value::array()).push(to_document(monitor));
  return {to_yaml(file), {}};
}

Exported export_arm(const ConnectionMonitor& monitor, const MonitorPlace& place) {
  Value properties = to_document(monitor);
  for (const char* const key : {"name", "location", "tags"}) properties.erase(key);
  Value resource = Value::object(
      {{"type", kType}, {"apiVersion", kApiVersion}, {"name", place.watcher + "/" + monitor.name}});
  resource.set("location",
               monitor.location.empty() ? std::string(kDefaultLocation) : monitor.location);
  if (!monitor.tags.empty()) {
    Value& tags = resource.set("tags", Value::object());
    for (const auto& [key, value] : monitor.tags) tags.set(key, value);
  }
  resource.set("properties", std::move(properties));
  const Value file = Value::object({{"$schema", kSchema},
                                    {"contentVersion", "1.0.0.0"},
                                    {"resources", Value(Value::Array{escaped(resource)})}});
  return {to_json(file, 2) + "\n", additions_of(monitor)};
}

}  // namespace lw::migrate
