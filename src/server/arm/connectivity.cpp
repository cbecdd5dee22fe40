// SPDX-License-Identifier: Apache-2.0
#include "server/arm/connectivity.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "base/text.h"

namespace lw::server::arm {
namespace {

Refusal bad_request(std::string message) {
  return {.code = "InvalidRequestFormat", .message = std::move(message)};
}

const Value& object_in(const Value& body, std::string_view name) {
  static const Value kNothing = Value::object();
  const Value* const found = body.find(name);
  return found != nullptr && found->is_object() ? *found : kNothing;
}

/// A port as a number or, as some clients write it, as text; nothing if there is none. An error is
/// 0.
std::optional<std::uint16_t> port_in(const Value& end) {
  const Value* const value = end.find("port");
  if (value == nullptr || value->is_null()) return std::nullopt;
  const std::int64_t number = value->is_int() ? value->as_int() : 0;
  return number >= 1 && number <= 65'535 ? static_cast<std::uint16_t>(number) : std::uint16_t{0};
}

/// The codes that count as good, each alone.
std::vector<StatusCodeRange> valid_codes(const Value& http) {
  std::vector<StatusCodeRange> codes;
  const Value* const list = http.find("validStatusCodes");
  if (list == nullptr || !list->is_array()) return codes;
  for (const Value& code : list->as_array()) {
    const std::int64_t number = code.is_int() ? code.as_int() : 0;
    if (number >= 100 && number <= 999) {
      codes.push_back({static_cast<int>(number), static_cast<int>(number)});
    }
  }
  return codes;
}

HttpConfiguration http_configuration(const Value& body, bool is_https,
                                     std::optional<std::uint16_t> port) {
  const Value& http = object_in(object_in(body, "protocolConfiguration"), "HTTPConfiguration");
  const Value& same = object_in(object_in(body, "protocolConfiguration"), "httpConfiguration");
  const Value& given = http.as_object().empty() ? same : http;
  HttpConfiguration made;
  made.port = port;
  made.prefer_https = is_https;
  made.valid_status_codes = valid_codes(given);
  const Value* const headers = given.find("headers");
  if (headers != nullptr && headers->is_array()) {
    for (const Value& header : headers->as_array()) {
      if (!header.text("name").empty()) {
        made.request_headers.push_back({header.text("name"), header.text("value")});
      }
    }
  }
  return made;
}

/// Without line ends and the like, which could make two headers of one.
bool is_clean(const HttpConfiguration& http) {
  const auto is_plain = [](const std::string& text) {
    return std::ranges::all_of(
        text, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
  };
  return std::ranges::all_of(http.request_headers, [&](const HttpHeader& header) {
    return is_plain(header.name) && is_plain(header.value) &&
           header.name.find_first_of(": ") == std::string::npos;
  });
}

/// The configuration, or nothing if the protocol is none that is known.
std::optional<ProtocolConfiguration> protocol_in(const Value& body,
                                                 std::optional<std::uint16_t> port) {
  const std::string name = to_lower(body.text("protocol", port ? "Tcp" : "Icmp"));
  if (name == "icmp") return IcmpConfiguration{};
  if (name == "tcp") return TcpConfiguration{.port = port.value_or(80)};
  if (name == "http" || name == "https") return http_configuration(body, name == "https", port);
  return std::nullopt;
}

bool is_private(const IpAddress& address) {
  const auto& b = address.bytes;
  if (address.is_v6) return (b[0] & 0xfe) == 0xfc || (b[0] == 0xfe && (b[1] & 0xc0) == 0x80);
  return b[0] == 10 || b[0] == 127 || (b[0] == 172 && (b[1] & 0xf0) == 16) ||
         (b[0] == 192 && b[1] == 168) || (b[0] == 169 && b[1] == 254) ||
         (b[0] == 100 && (b[1] & 0xc0) == 64);
}

std::string hop_type(const IpAddress& address) {
  return is_private(address) ? "VnetLocal" : "Internet";
}

Value issue(const char* origin, const char* severity, const char* type, const std::string& text) {
  Value context = Value::array();
  if (!text.empty()) {
    context.push(Value::object({{"key", "Description"}, {"value", text}}));
  }
  return Value::object({{"origin", origin},
                        {"severity", severity},
                        {"type", type},
                        {"context", std::move(context)}});
}

struct Hop {
  std::string type;
  std::string address;
  std::string resource_id;
  std::optional<std::uint8_t> ttl;  ///< of the trace; the source has 0
  const PathHop* measured = nullptr;
  Value issues = Value::array();
  std::string id = random_uuid();
};

std::int64_t whole_ms(Microseconds time) {
  return std::max<std::int64_t>(1, std::llround(static_cast<double>(time.count()) / 1000));
}

Value link(const Hop& to, const Hop& kind_of, bool is_back) {
  Value properties = Value::object();
  if (!is_back && to.measured != nullptr && to.measured->rtt_min) {
    properties.set("roundTripTimeMin", whole_ms(*to.measured->rtt_min));
    properties.set("roundTripTimeAvg",
                   whole_ms(to.measured->rtt_median.value_or(*to.measured->rtt_min)));
    properties.set("roundTripTimeMax",
                   whole_ms(to.measured->rtt_max.value_or(*to.measured->rtt_min)));
  }
  const std::string type = kind_of.type == "Internet" ? "Internet" : "VirtualNetwork";
  return Value::object({{"nextHopId", to.id},
                        {"linkType", type},
                        {"type", type},
                        {"properties", std::move(properties)},
                        {"context", Value::object()},
                        {"issues", Value::array()},
                        {"resourceId", ""}});
}

Value hops_value(const std::vector<Hop>& hops) {
  Value list = Value::array();
  for (std::size_t i = 0; i < hops.size(); ++i) {
    const Hop& hop = hops[i];
    Value next = Value::array(), links = Value::array();
    Value previous = Value::array(), previous_links = Value::array();
    if (i + 1 < hops.size()) {
      next.push(hops[i + 1].id);
      links.push(link(hops[i + 1], hops[i + 1], false));
    }
    if (i > 0) {
      previous.push(hops[i - 1].id);
      previous_links.push(link(hops[i - 1], hop, true));
    }
    list.push(Value::object({{"type", hop.type},
                             {"id", hop.id},
                             {"address", hop.address},
                             {"resourceId", hop.resource_id},
                             {"nextHopIds", std::move(next)},
                             {"links", std::move(links)},
                             {"previousHopIds", std::move(previous)},
                             {"previousLinks", std::move(previous_links)},
                             {"issues", hop.issues}}));
  }
  return list;
}

/// Source, the routers that answered, destination.
std::vector<Hop> hops_of(const ConnectivityEnds& ends, const OneOffResult& result) {
  std::vector<Hop> hops;
  hops.push_back({.type = "Source",
                  .address = ends.source_address,
                  .resource_id = ends.source_resource_id,
                  .ttl = 0});
  const PathHop* last = nullptr;
  if (result.path && !result.path->paths.empty()) {
    const Path& path = result.path->paths.front();
    for (const PathHop& hop : path.hops) {
      const bool is_end = path.is_reached && &hop == &path.hops.back();
      if (is_end) last = &hop;
      if (is_end || !hop.address) continue;
      hops.push_back({.type = hop_type(*hop.address),
                      .address = to_string(*hop.address),
                      .resource_id = {},
                      .ttl = hop.ttl,
                      .measured = &hop});
    }
  }
  hops.push_back({.type = "Destination",
                  .address = ends.destination_address,
                  .resource_id = ends.destination_resource_id,
                  .ttl = last != nullptr ? std::optional(last->ttl) : std::nullopt,
                  .measured = last});
  return hops;
}

/// The hop on whose far side the link begins that a path issue is about.
Hop& hop_before(std::vector<Hop>& hops, const PathIssue& found) {
  Hop* best = &hops.front();
  for (Hop& hop : hops) {
    if (hop.ttl && *hop.ttl <= found.from_ttl) best = &hop;
  }
  return *best;
}

void add_path_issues(std::vector<Hop>& hops, const PathReport& path) {
  for (const PathIssue& found : path.issues) {
    const bool is_grave =
        found.kind == PathIssueKind::Broken || found.kind == PathIssueKind::Prohibited ||
        found.kind == PathIssueKind::Unreachable || found.kind == PathIssueKind::Loop;
    const char* const type =
        found.kind == PathIssueKind::Prohibited ? "NetworkSecurityRule" : "NetworkError";
    hop_before(hops, found)
        .issues.push(issue("Outbound", is_grave ? "Error" : "Warning", type, found.text));
  }
}

/// What the outcome of checks that failed tells, and where.
void add_check_issue(std::vector<Hop>& hops, const Round& round) {
  const auto failure = dominant_failure(round);
  if (round.name && round.name->outcome != CheckOutcome::Success) {
    hops.front().issues.push(issue("Outbound", "Error", "DnsResolution", round.name->detail));
  }
  if (!failure) return;
  const int number = static_cast<int>(*failure);
  const bool is_name = number >= 20 && number < 40;
  if (*failure == CheckOutcome::Refused) {
    hops.back().issues.push(issue("Inbound", "Error", "NoListenerOnDestination", round.detail));
  } else if (*failure == CheckOutcome::LocalPermission ||
             *failure == CheckOutcome::LocalConfiguration ||
             *failure == CheckOutcome::LocalResources) {
    hops.front().issues.push(issue("Local", "Error", "SocketBind", round.detail));
  } else if (*failure == CheckOutcome::NoRoute) {
    hops.front().issues.push(issue("Outbound", "Error", "UserDefinedRoute", round.detail));
  } else if (is_name && !round.name) {
    hops.front().issues.push(issue("Outbound", "Error", "DnsResolution", round.detail));
  } else if (!is_name) {
    hops.back().issues.push(issue("Inbound", "Error", "NetworkError", round.detail));
  }
}

std::string status_of(const RoundSummary& summary) {
  if (summary.total == 0) return "Unknown";
  if (summary.failed == summary.total) return "Unreachable";
  return summary.failed == 0 ? "Reachable" : "Degraded";
}

}  // namespace

std::variant<ConnectivityWish, Refusal> read_connectivity_wish(const Value& body) {
  const Value& source = object_in(body, "source");
  const Value& destination = object_in(body, "destination");
  ConnectivityWish wish;
  wish.source_resource_id = source.text("resourceId");
  wish.destination_resource_id = destination.text("resourceId");
  wish.check.destination = destination.text("address");
  if (wish.source_resource_id.empty()) {
    return bad_request("source.resourceId is required: the machine whose agent is to check.");
  }
  if (wish.check.destination.empty() == wish.destination_resource_id.empty()) {
    return bad_request("destination needs either resourceId or address.");
  }
  constexpr std::size_t kAddressBytesMax = 253;
  if (wish.check.destination.size() > kAddressBytesMax) {
    return bad_request("destination.address is no address and no host name.");
  }
  const auto port = port_in(destination);
  if (port == std::uint16_t{0}) return bad_request("destination.port must be from 1 to 65535.");
  auto protocol = protocol_in(body, port);
  if (!protocol) return bad_request("protocol must be Tcp, Http, Https or Icmp.");
  if (const auto* const http = std::get_if<HttpConfiguration>(&*protocol);
      http && !is_clean(*http)) {
    return bad_request(
        "protocolConfiguration: a header's name or value has characters that may not "
        "be there.");
  }
  TestConfiguration& configuration = wish.check.configuration;
  configuration.name = "connectivityCheck";
  configuration.protocol = std::move(*protocol);
  const std::string version = to_lower(body.text("preferredIPVersion"));
  if (version == "ipv4") configuration.preferred_ip_version = IpVersion::V4;
  if (version == "ipv6") configuration.preferred_ip_version = IpVersion::V6;
  return wish;
}

std::variant<NextHopWish, Refusal> read_next_hop_wish(const Value& body) {
  NextHopWish wish;
  wish.target_resource_id = body.text("targetResourceId");
  if (wish.target_resource_id.empty()) return bad_request("targetResourceId is required.");
  const auto source = parse_ip_address(body.text("sourceIPAddress"));
  const auto destination = parse_ip_address(body.text("destinationIPAddress"));
  if (!source) return bad_request("sourceIPAddress must be an IP address.");
  if (!destination) return bad_request("destinationIPAddress must be an IP address.");
  wish.source = *source;
  wish.destination = *destination;
  return wish;
}

Value connectivity_result(const ConnectivityEnds& ends, const OneOffResult& result) {
  std::vector<Hop> hops = hops_of(ends, result);
  if (result.path) add_path_issues(hops, *result.path);
  if (result.round) add_check_issue(hops, *result.round);
  if (result.next_hop && !result.next_hop->is_reachable) {
    hops.front().issues.push(issue("Outbound", "Error", "UserDefinedRoute",
                                   "the source has no route to the destination"));
  }
  const RoundSummary summary = result.round ? summarize(*result.round) : RoundSummary{};
  Value value;
  value.set("hops", hops_value(hops));
  value.set("connectionStatus", status_of(summary));
  if (summary.rtt_avg) {
    value.set("avgLatencyInMs", whole_ms(*summary.rtt_avg));
    value.set("minLatencyInMs", whole_ms(*summary.rtt_min));
    value.set("maxLatencyInMs", whole_ms(*summary.rtt_max));
  }
  value.set("probesSent", summary.total);
  value.set("probesFailed", summary.failed);
  return value;
}

Value connectivity_unknown(const ConnectivityEnds& ends, const Error& reason) {
  std::vector<Hop> hops = hops_of(ends, {});
  hops.front().issues.push(issue("Local", "Error", "AgentStopped", reason.message));
  return Value::object({{"hops", hops_value(hops)},
                        {"connectionStatus", "Unknown"},
                        {"probesSent", 0},
                        {"probesFailed", 0}});
}

Value next_hop_result(const IpAddress& destination, const NextHop& hop) {
  constexpr std::uint32_t kDefaultTable = 253;
  Value value;
  std::string type = "VnetLocal";
  if (!hop.is_reachable) {
    type = "None";
  } else if (hop.router) {
    type = is_private(destination) ? "VirtualAppliance" : "Internet";
  }
  value.set("nextHopType", type);
  if (hop.router && hop.is_reachable) value.set("nextHopIpAddress", to_string(*hop.router));
  const bool is_usual = hop.table == 0 || hop.table >= kDefaultTable;
  value.set("routeTableId", is_usual ? std::string("System Route") : std::to_string(hop.table));
  return value;
}

}  // namespace lw::server::arm
