// SPDX-License-Identifier: Apache-2.0
// Arguments as the provider documents them for azurerm_network_connection_monitor.
#include <fmt/core.h>

#include <array>

#include "base/text.h"
#include "migrate/export.h"
#include "migrate/hcl.h"
#include "model/ip_range.h"
#include "model/status_codes.h"

namespace lw::migrate {
namespace {

const char* truth(bool value) { return value ? "true" : "false"; }

bool has_argument_for(EndpointType type) {
  switch (type) {
    case EndpointType::AzureVM:
    case EndpointType::AzureVNet:
    case EndpointType::AzureSubnet:
    case EndpointType::AzureArcVM:
    case EndpointType::ExternalAddress:
    case EndpointType::MMAWorkspaceMachine:
    case EndpointType::MMAWorkspaceNetwork:
      return true;
    case EndpointType::AzureVMSS:
    case EndpointType::AzureArcNetwork:
    case EndpointType::Agent:
    case EndpointType::AgentGroup:
      return false;
  }
  return false;
}

class TerraformWriter {
 public:
  explicit TerraformWriter(const ConnectionMonitor& monitor) : monitor_(monitor) {}

  Exported write(const MonitorPlace& place, const std::string& subscription) {
    hcl_.open(fmt::format("resource \"azurerm_network_connection_monitor\" \"{}\"",
                          hcl_identifier(monitor_.name)));
    hcl_.text("name", monitor_.name);
    hcl_.text("network_watcher_id", watcher_id(subscription, place.resource_group, place.watcher));
    hcl_.text("location",
              monitor_.location.empty() ? std::string(kDefaultLocation) : monitor_.location);
    hcl_.text("notes", monitor_.notes);
    write_outputs();
    write_tags();
    for (const Endpoint& endpoint : monitor_.endpoints) write_endpoint(endpoint);
    for (const TestConfiguration& configuration : monitor_.test_configurations) {
      write_configuration(configuration);
    }
    for (const TestGroup& group : monitor_.test_groups) write_group(group);
    for (const std::string& addition : additions_of(monitor_)) missing(addition);
    hcl_.close();
    return {hcl_.result(), std::move(remarks_)};
  }

 private:
  /// What there is no argument for.
  void missing(const std::string& what) {
    hcl_.comment("not in azurerm: " + what);
    remarks_.push_back(what);
  }

  void write_outputs() {
    std::vector<std::string> workspaces;
    workspaces.reserve(monitor_.outputs.size());
    for (const Output& output : monitor_.outputs) {
      workspaces.push_back(output.workspace_resource_id);
    }
    hcl_.texts("output_workspace_resource_ids", workspaces);
  }

  void write_tags() {
    if (monitor_.tags.empty()) return;
    hcl_.open("tags =");
    for (const auto& [key, value] : monitor_.tags) hcl_.argument(hcl_text(key), hcl_text(value));
    hcl_.close();
  }

  void write_endpoint(const Endpoint& endpoint) {
    hcl_.open("endpoint");
    hcl_.text("name", endpoint.name);
    hcl_.text("target_resource_id", endpoint.resource_id);
    if (has_argument_for(endpoint.type)) {
      hcl_.text("target_resource_type", to_string(endpoint.type));
    } else {
      missing(fmt::format("endpoint {}: type {}", printable(endpoint.name, 80),
                          to_string(endpoint.type)));
    }
    hcl_.text("address", endpoint.address);
    if (endpoint.coverage != CoverageLevel::Default) {
      hcl_.text("coverage_level", to_string(endpoint.coverage));
    }
    write_scope("included_ip_addresses", endpoint, endpoint.scope.include);
    write_scope("excluded_ip_addresses", endpoint, endpoint.scope.exclude);
    write_filter(endpoint);
    write_rest(endpoint);
    hcl_.close();
  }

  /// The provider takes addresses and subnets; a scope may also name machines.
  void write_scope(const char* argument, const Endpoint& endpoint,
                   const std::vector<std::string>& entries) {
    std::vector<std::string> ranges;
    for (const std::string& entry : entries) {
      if (parse_ip_range(entry)) {
        ranges.push_back(entry);
      } else {
        missing(fmt::format("endpoint {}: {} in {} is neither an address nor a subnet",
                            printable(endpoint.name, 80), printable(entry, 80), argument));
      }
    }
    hcl_.texts(argument, ranges);
  }

  void write_filter(const Endpoint& endpoint) {
    if (endpoint.filter_addresses.empty()) return;
    hcl_.open("filter");
    hcl_.text("type", "Include");
    for (const std::string& address : endpoint.filter_addresses) {
      hcl_.open("item");
      hcl_.text("type", "AgentAddress");
      hcl_.text("address", address);
      hcl_.close();
    }
    hcl_.close();
  }

  void write_rest(const Endpoint& endpoint) {
    const std::string name = printable(endpoint.name, 80);
    if (!endpoint.region.empty()) {
      missing(fmt::format("endpoint {}: locationDetails.region = {}", name,
                          printable(endpoint.region, 80)));
    }
    if (!endpoint.subscription_id.empty()) {
      missing(fmt::format("endpoint {}: subscriptionId = {}", name,
                          printable(endpoint.subscription_id, 80)));
    }
    if (!endpoint.agent.empty()) {
      missing(
          fmt::format("endpoint {}: linewatch.agent = {}", name, printable(endpoint.agent, 80)));
    }
    for (const auto& [key, value] : endpoint.labels) {
      missing(fmt::format("endpoint {}: label {} = {}", name, printable(key, 80),
                          printable(value, 80)));
    }
  }

  void write_configuration(const TestConfiguration& configuration) {
    hcl_.open("test_configuration");
    hcl_.text("name", configuration.name);
    hcl_.argument("test_frequency_in_seconds", fmt::format("{}", configuration.frequency.count()));
    if (const auto* tcp = std::get_if<TcpConfiguration>(&configuration.protocol)) {
      write_tcp(*tcp);
    } else if (const auto* http = std::get_if<HttpConfiguration>(&configuration.protocol)) {
      write_http(*http);
    } else {
      write_icmp(std::get<IcmpConfiguration>(configuration.protocol));
    }
    if (configuration.preferred_ip_version) {
      hcl_.text("preferred_ip_version",
                configuration.preferred_ip_version == IpVersion::V4 ? "IPv4" : "IPv6");
    }
    write_threshold(configuration.threshold);
    hcl_.close();
  }

  void write_tcp(const TcpConfiguration& tcp) {
    hcl_.text("protocol", "Tcp");
    hcl_.open("tcp_configuration");
    hcl_.argument("port", fmt::format("{}", tcp.port));
    hcl_.argument("trace_route_enabled", truth(!tcp.disable_trace_route));
    if (tcp.destination_port_behavior == DestinationPortBehavior::ListenIfAvailable) {
      hcl_.text("destination_port_behavior", "ListenIfAvailable");
    }
    hcl_.close();
  }

  void write_icmp(const IcmpConfiguration& icmp) {
    hcl_.text("protocol", "Icmp");
    hcl_.open("icmp_configuration");
    hcl_.argument("trace_route_enabled", truth(!icmp.disable_trace_route));
    hcl_.close();
  }

  void write_http(const HttpConfiguration& http) {
    hcl_.text("protocol", "Http");
    hcl_.open("http_configuration");
    // Head is among additions_of.
    if (http.method != HttpMethod::Head) {
      hcl_.text("method", http.method == HttpMethod::Get ? "Get" : "Post");
    }
    if (http.port) hcl_.argument("port", fmt::format("{}", *http.port));
    hcl_.text("path", http.path);
    hcl_.argument("prefer_https", truth(http.prefer_https));
    std::vector<std::string> ranges;
    ranges.reserve(http.valid_status_codes.size());
    for (const StatusCodeRange& range : http.valid_status_codes) {
      ranges.push_back(to_string(range));
    }
    hcl_.texts("valid_status_code_ranges", ranges);
    for (const HttpHeader& header : http.request_headers) {
      hcl_.open("request_header");
      hcl_.text("name", header.name);
      hcl_.argument("value", hcl_text(header.value));
      hcl_.close();
    }
    hcl_.close();
  }

  void write_threshold(const SuccessThreshold& threshold) {
    if (threshold == SuccessThreshold{}) return;
    hcl_.open("success_threshold");
    if (threshold.checks_failed_percent) {
      hcl_.argument("checks_failed_percent", fmt::format("{}", *threshold.checks_failed_percent));
    }
    if (threshold.round_trip_time_ms) {
      hcl_.argument("round_trip_time_ms", fmt::format("{}", *threshold.round_trip_time_ms));
    }
    hcl_.close();
  }

  void write_group(const TestGroup& group) {
    hcl_.open("test_group");
    hcl_.text("name", group.name);
    hcl_.texts("source_endpoints", group.sources);
    hcl_.texts("destination_endpoints", group.destinations);
    hcl_.texts("test_configuration_names", group.test_configurations);
    hcl_.argument("enabled", truth(!group.disable));
    hcl_.close();
  }

  const ConnectionMonitor& monitor_;
  HclWriter hcl_;
  std::vector<std::string> remarks_;
};

}  // namespace

Exported export_terraform(const ConnectionMonitor& monitor, const MonitorPlace& place,
                          const std::string& subscription) {
  return TerraformWriter(monitor).write(place, subscription);
}

}  // namespace lw::migrate
