// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <utility>
#include <variant>

#include "model/codec.h"
#include "model/status_codes.h"

namespace lw {
namespace {

/// Sets the member unless the text is empty, which is how the model says "not there".
void set_unless_empty(Value& object, const char* key, const std::string& text) {
  if (!text.empty()) object.set(key, text);
}

Value to_list(const std::vector<std::string>& texts) {
  Value list = Value::array();
  for (const std::string& text : texts) list.push(text);
  return list;
}

Value to_map(const std::vector<std::pair<std::string, std::string>>& pairs) {
  Value map = Value::object();
  for (const auto& [key, value] : pairs) map.set(key, value);
  return map;
}

Value to_addresses(const std::vector<std::string>& addresses) {
  Value list = Value::array();
  for (const std::string& address : addresses) list.push(Value::object({{"address", address}}));
  return list;
}

Value to_filter(const std::vector<std::string>& addresses) {
  Value items = Value::array();
  for (const std::string& address : addresses) {
    items.push(Value::object({{"type", "AgentAddress"}, {"address", address}}));
  }
  return Value::object({{"type", "Include"}, {"items", std::move(items)}});
}

Value to_scope(const EndpointScope& scope) {
  Value value = Value::object();
  if (!scope.include.empty()) value.set("include", to_addresses(scope.include));
  if (!scope.exclude.empty()) value.set("exclude", to_addresses(scope.exclude));
  return value;
}

Value endpoint_to_document(const Endpoint& endpoint) {
  Value value = Value::object({{"name", endpoint.name}, {"type", to_string(endpoint.type)}});
  set_unless_empty(value, "resourceId", endpoint.resource_id);
  set_unless_empty(value, "address", endpoint.address);
  if (!endpoint.filter_addresses.empty()) value.set("filter", to_filter(endpoint.filter_addresses));
  if (endpoint.scope != EndpointScope{}) value.set("scope", to_scope(endpoint.scope));
  if (endpoint.coverage != CoverageLevel::Default) {
    value.set("coverageLevel", to_string(endpoint.coverage));
  }
  if (!endpoint.region.empty()) {
    value.set("locationDetails", Value::object({{"region", endpoint.region}}));
  }
  set_unless_empty(value, "subscriptionId", endpoint.subscription_id);
  Value ours = Value::object();
  set_unless_empty(ours, "agent", endpoint.agent);
  if (!endpoint.labels.empty()) ours.set("labels", to_map(endpoint.labels));
  if (!ours.as_object().empty()) value.set("linewatch", std::move(ours));
  return value;
}

Value http_to_document(const HttpConfiguration& http) {
  Value value = Value::object();
  if (http.port) value.set("port", int{*http.port});
  constexpr std::array kMethods{"Get", "Post", "Head"};
  value.set("method", kMethods.at(static_cast<std::size_t>(http.method)));
  value.set("path", http.path);
  if (!http.request_headers.empty()) {
    Value& headers = value.set("requestHeaders", Value::array());
    for (const HttpHeader& header : http.request_headers) {
      headers.push(Value::object({{"name", header.name}, {"value", header.value}}));
    }
  }
  if (!http.valid_status_codes.empty()) {
    Value& ranges = value.set("validStatusCodeRanges", Value::array());
    for (const StatusCodeRange& range : http.valid_status_codes) ranges.push(to_string(range));
  }
  value.set("preferHTTPS", http.prefer_https);
  return value;
}

Value tcp_to_document(const TcpConfiguration& tcp) {
  Value value =
      Value::object({{"port", int{tcp.port}}, {"disableTraceRoute", tcp.disable_trace_route}});
  if (tcp.destination_port_behavior == DestinationPortBehavior::ListenIfAvailable) {
    value.set("destinationPortBehavior", "ListenIfAvailable");
  }
  return value;
}

void set_protocol(Value& value, const ProtocolConfiguration& protocol) {
  if (const auto* tcp = std::get_if<TcpConfiguration>(&protocol)) {
    value.set("protocol", "Tcp");
    value.set("tcpConfiguration", tcp_to_document(*tcp));
  } else if (const auto* http = std::get_if<HttpConfiguration>(&protocol)) {
    value.set("protocol", "Http");
    value.set("httpConfiguration", http_to_document(*http));
  } else {
    const bool is_disabled = std::get<IcmpConfiguration>(protocol).disable_trace_route;
    value.set("protocol", "Icmp");
    value.set("icmpConfiguration", Value::object({{"disableTraceRoute", is_disabled}}));
  }
}

void set_packets(Value& ours, const PacketOptions& packets) {
  if (packets.payload_bytes) ours.set("payloadBytes", *packets.payload_bytes);
  if (packets.dscp) ours.set("dscp", *packets.dscp);
  if (packets.ttl) ours.set("ttl", *packets.ttl);
  if (packets.dont_fragment) ours.set("dontFragment", true);
  set_unless_empty(ours, "sourceAddress", packets.source_address);
  set_unless_empty(ours, "sourceInterface", packets.source_interface);
}

void set_http_additions(Value& ours, const HttpConfiguration& http) {
  const HttpConfiguration usual;
  if (http.version != usual.version) {
    ours.set("httpVersion", http.version == HttpVersion::Http11 ? "Http1.1" : "Http2");
  }
  if (http.redirects_max != usual.redirects_max) ours.set("maxRedirects", http.redirects_max);
  set_unless_empty(ours, "bodyMatches", http.body_matches);
  if (http.body_bytes_max != usual.body_bytes_max) ours.set("bodyBytesMax", http.body_bytes_max);
  if (http.revocation != usual.revocation) {
    ours.set("revocation", http.revocation == RevocationPolicy::Soft ? "Soft" : "Strict");
  }
}

Value trace_to_document(const TraceOptions& trace) {
  constexpr std::array kProtocols{"Icmp", "Udp", "Tcp"};
  Value value = Value::object();
  if (trace.protocol) {
    value.set("protocol", kProtocols.at(static_cast<std::size_t>(*trace.protocol)));
  }
  if (trace.port) value.set("port", int{*trace.port});
  if (trace.interval) value.set("intervalSec", static_cast<std::int64_t>(trace.interval->count()));
  if (trace.hops_max) value.set("maxHops", *trace.hops_max);
  if (!trace.all_paths) value.set("allPaths", false);
  return value;
}

Value threshold_to_document(const SuccessThreshold& threshold) {
  Value value = Value::object();
  if (threshold.checks_failed_percent) {
    value.set("checksFailedPercent", *threshold.checks_failed_percent);
  }
  if (threshold.round_trip_time_ms) value.set("roundTripTimeMs", *threshold.round_trip_time_ms);
  return value;
}

Value configuration_to_document(const TestConfiguration& configuration) {
  Value value = Value::object(
      {{"name", configuration.name},
       {"testFrequencySec", static_cast<std::int64_t>(configuration.frequency.count())}});
  set_protocol(value, configuration.protocol);
  if (configuration.preferred_ip_version) {
    value.set("preferredIPVersion",
              configuration.preferred_ip_version == IpVersion::V4 ? "IPv4" : "IPv6");
  }
  if (configuration.threshold != SuccessThreshold{}) {
    value.set("successThreshold", threshold_to_document(configuration.threshold));
  }
  Value ours = Value::object();
  set_packets(ours, configuration.packets);
  if (const auto* http = std::get_if<HttpConfiguration>(&configuration.protocol)) {
    set_http_additions(ours, *http);
  }
  if (configuration.address_use != AddressUse::First) {
    ours.set("addressUse", configuration.address_use == AddressUse::All ? "All" : "HappyEyeballs");
  }
  if (configuration.timing == CheckTiming::Random) ours.set("timing", "Random");
  if (configuration.checks_per_round) ours.set("checksPerRound", *configuration.checks_per_round);
  if (configuration.check_timeout) {
    ours.set("checkTimeoutMs", static_cast<std::int64_t>(configuration.check_timeout->count()));
  }
  if (configuration.trace != TraceOptions{})
    ours.set("trace", trace_to_document(configuration.trace));
  if (!ours.as_object().empty()) value.set("linewatch", std::move(ours));
  return value;
}

Value group_to_document(const TestGroup& group) {
  return Value::object({{"name", group.name},
                        {"disable", group.disable},
                        {"sources", to_list(group.sources)},
                        {"destinations", to_list(group.destinations)},
                        {"testConfigurations", to_list(group.test_configurations)}});
}

Value output_to_document(const Output& output) {
  return Value::object({{"type", output.type},
                        {"workspaceSettings",
                         Value::object({{"workspaceResourceId", output.workspace_resource_id}})}});
}

template <class Part>
Value to_array(const std::vector<Part>& parts, Value (*convert)(const Part&)) {
  Value list = Value::array();
  for (const Part& part : parts) list.push(convert(part));
  return list;
}

}  // namespace

Value to_document(const ConnectionMonitor& monitor) {
  Value value = Value::object({{"name", monitor.name}});
  set_unless_empty(value, "location", monitor.location);
  if (!monitor.tags.empty()) value.set("tags", to_map(monitor.tags));
  set_unless_empty(value, "notes", monitor.notes);
  value.set("endpoints", to_array(monitor.endpoints, endpoint_to_document));
  value.set("testConfigurations", to_array(monitor.test_configurations, configuration_to_document));
  value.set("testGroups", to_array(monitor.test_groups, group_to_document));
  value.set("outputs", to_array(monitor.outputs, output_to_document));
  return value;
}

}  // namespace lw
