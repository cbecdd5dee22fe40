// SPDX-License-Identifier: Apache-2.0
// Classic connection monitors (API versions up to 2019-06-01): one source, one destination.
#include <fmt/core.h>

#include <array>

#include "base/text.h"
#include "model/limits.h"
#include "model/read_parts.h"

namespace lw {
namespace {

constexpr std::int64_t kClassicPortMax = 65'535;
/// Azure's own bounds of monitoringIntervalInSeconds.
constexpr std::int64_t kIntervalMin = 30;
constexpr std::int64_t kIntervalMax = 1'800;
constexpr std::array<std::string_view, 4> kPartsOfTheOtherForm{"endpoints", "testConfigurations",
                                                               "testGroups", "outputs"};

/// What conversion tools call the one configuration and the one group.
constexpr const char* kConfigurationName = "TestConfig1";
constexpr const char* kGroupName = "DefaultTestGroup";

bool is_empty_list(const Value& value) { return value.is_array() && value.as_array().empty(); }

/// One sender cannot mean both. The service itself answers empty lists with classic monitors.
void refuse_other_form(ObjectReader& reader) {
  for (const std::string_view key : kPartsOfTheOtherForm) {
    reader.ignore(key);
    if (!reader.has(key) || is_empty_list(*reader.place().value->find(key))) continue;
    reader.fault(
        key, fmt::format("`{}` does not go with `source` and `destination`; write endpoints, "
                         "testConfigurations and testGroups only, or source and destination only",
                         key));
  }
}

std::string last_part(const std::string& resource_id) {
  const auto slash = resource_id.find_last_of('/');
  return slash == std::string::npos ? resource_id : resource_id.substr(slash + 1);
}

Endpoint machine(const std::string& resource_id) {
  Endpoint endpoint;
  endpoint.name = last_part(resource_id);
  endpoint.resource_id = resource_id;
  endpoint.type = type_of_resource(resource_id).value_or(EndpointType::AzureVM);
  return endpoint;
}

Endpoint read_source(ObjectReader& reader, Diagnostics& faults) {
  const auto place = reader.object("source");
  if (!place) {
    if (!reader.has("source")) reader.fault("source", "`source` is missing: which machine checks");
    return {};
  }
  ObjectReader source(*place, faults);
  Endpoint endpoint =
      machine(source.required_text("resourceId", "the id of the machine that runs the checks"));
  static_cast<void>(
      source.integer("port", 0, kClassicPortMax));  // The system chooses, as Azure's does.
  source.finish();
  return endpoint;
}

struct Destination {
  Endpoint endpoint;
  std::uint16_t port = 0;
};

Destination read_destination(ObjectReader& reader, Diagnostics& faults) {
  Destination destination;
  const auto place = reader.object("destination");
  if (!place) {
    if (!reader.has("destination")) reader.fault("destination", "`destination` is missing");
    return destination;
  }
  ObjectReader object(*place, faults);
  const std::string resource_id = object.text("resourceId");
  const std::string address = object.text("address");
  destination.port =
      static_cast<std::uint16_t>(object.integer("port", 0, kClassicPortMax).value_or(0));
  if (!resource_id.empty()) {
    destination.endpoint = machine(resource_id);
  } else {
    destination.endpoint.name = address;
  }
  destination.endpoint.address = address;
  if (resource_id.empty() && address.empty()) {
    object.fault("address", "the destination has neither `resourceId` nor `address`; give one");
  }
  object.finish();
  return destination;
}

/// Without a port there is nothing to connect to, so the classic monitor pings.
TestConfiguration configuration_for(std::uint16_t port, std::int64_t interval) {
  TestConfiguration configuration;
  configuration.name = kConfigurationName;
  configuration.frequency = Seconds(interval);
  if (port != 0) configuration.protocol = TcpConfiguration{.port = port};
  return configuration;
}

}  // namespace

bool is_classic(const ObjectReader& reader) {
  // autoStart and monitoringIntervalInSeconds tell nothing: old clients send them with both forms.
  return reader.has("source") || reader.has("destination");
}

void read_classic(ObjectReader& reader, ConnectionMonitor& monitor, Diagnostics& faults) {
  monitor.form = MonitorForm::SingleSourceDestination;
  refuse_other_form(reader);
  Endpoint source = read_source(reader, faults);
  Destination destination = read_destination(reader, faults);
  const std::int64_t interval =
      reader.integer("monitoringIntervalInSeconds", kIntervalMin, kIntervalMax)
          .value_or(limits::kFrequencyDefault.count());
  monitor.auto_start = reader.flag("autoStart").value_or(true);
  if (source.name.empty() || destination.endpoint.name.empty()) return;
  if (source.name == destination.endpoint.name) destination.endpoint.name += " (destination)";
  monitor.test_groups = {{.name = kGroupName,
                          .sources = {source.name},
                          .destinations = {destination.endpoint.name},
                          .test_configurations = {kConfigurationName}}};
  monitor.test_configurations = {configuration_for(destination.port, interval)};
  monitor.endpoints = {std::move(source), std::move(destination.endpoint)};
}

std::string classic_path(std::string path) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kPlaces{{
      {"endpoints[0]", "source"},
      {"endpoints[1]", "destination"},
      {"testConfigurations[0].tcpConfiguration.port", "destination.port"},
      {"testConfigurations[0].testFrequencySec", "monitoringIntervalInSeconds"},
  }};
  for (const auto& [ours, theirs] : kPlaces) {
    if (path.starts_with(ours)) return std::string(theirs) + path.substr(ours.size());
  }
  return path;
}

}  // namespace lw
