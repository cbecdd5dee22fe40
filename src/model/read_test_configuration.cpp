// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <array>
#include <span>
#include <utility>

#include "base/ip_address.h"
#include "base/pattern.h"
#include "base/text.h"
#include "model/limits.h"
#include "model/read_parts.h"
#include "model/status_codes.h"

namespace lw {
namespace {

enum Protocol : std::size_t { Tcp = 0, Http = 1, Icmp = 2 };

/// By Protocol: the wire's word and the member that configures it.
const std::vector<std::string>& protocol_words() {
  static const std::vector<std::string> kWords{"Tcp", "Http", "Icmp"};
  return kWords;
}
constexpr std::array<std::string_view, 3> kBlocks{"tcpConfiguration", "httpConfiguration",
                                                  "icmpConfiguration"};

constexpr std::int64_t kPortMax = 65535;

std::vector<StatusCodeRange> read_status_codes(ObjectReader& http, Diagnostics& faults) {
  std::vector<StatusCodeRange> ranges;
  for (const Place& item : http.list("validStatusCodeRanges")) {
    // In YAML a plain 418 is a number; its meaning is clear.
    const bool is_number = item.value->is_int();
    if (!is_number && !item.value->is_string()) {
      static_cast<void>(item_text(item, faults));
      continue;
    }
    const std::string text =
        is_number ? fmt::format("{}", item.value->as_int()) : item.value->as_string();
    if (const auto range = parse_status_codes(text)) {
      ranges.push_back(*range);
      continue;
    }
    faults.add(item.value->location(), item.path,
               fmt::format("`{}` is no range of status codes; write it like 2xx, 418 or 301-304",
                           text.substr(0, 40)));
  }
  return ranges;
}

HttpConfiguration read_http(const Place& place, Diagnostics& faults) {
  static const std::vector<std::string> kMethods{"Get", "Post", "Head"};
  HttpConfiguration http;
  ObjectReader reader(place, faults);
  // 0 is how some clients write "not set".
  const auto port = reader.integer("port", 0, kPortMax).value_or(0);
  if (port != 0) http.port = static_cast<std::uint16_t>(port);
  http.method = static_cast<HttpMethod>(reader.choice("method", kMethods).value_or(0));
  if (std::string path = reader.text("path"); !path.empty()) http.path = std::move(path);
  for (const Place& header_place : reader.list("requestHeaders")) {
    ObjectReader header(header_place, faults);
    http.request_headers.push_back(
        {header.required_text("name", "it is the header's name"), header.text("value")});
    header.finish();
  }
  http.valid_status_codes = read_status_codes(reader, faults);
  http.prefer_https = reader.flag("preferHTTPS").value_or(false);
  reader.finish();
  return http;
}

TcpConfiguration read_tcp(const Place& place, Diagnostics& faults) {
  static const std::vector<std::string> kBehaviors{"None", "ListenIfAvailable"};
  TcpConfiguration tcp;
  ObjectReader reader(place, faults);
  tcp.port = static_cast<std::uint16_t>(reader.integer("port", 0, kPortMax).value_or(0));
  tcp.disable_trace_route = reader.flag("disableTraceRoute").value_or(false);
  if (reader.choice("destinationPortBehavior", kBehaviors) == 1) {
    tcp.destination_port_behavior = DestinationPortBehavior::ListenIfAvailable;
  }
  reader.finish();
  return tcp;
}

IcmpConfiguration read_icmp(const Place& place, Diagnostics& faults) {
  ObjectReader reader(place, faults);
  const IcmpConfiguration icmp{reader.flag("disableTraceRoute").value_or(false)};
  reader.finish();
  return icmp;
}

/// A block of another protocol would be dropped without a word, so it is refused.
void refuse_other_blocks(ObjectReader& reader, std::size_t protocol) {
  for (std::size_t other = 0; other < kBlocks.size(); ++other) {
    reader.ignore(kBlocks[other]);
    if (other == protocol || !reader.has(kBlocks[other])) continue;
    reader.fault(kBlocks[other],
                 fmt::format("protocol {} does not use `{}`; remove it, or set protocol to {}",
                             protocol_words()[protocol], kBlocks[other], protocol_words()[other]));
  }
}

ProtocolConfiguration read_protocol(ObjectReader& reader, Diagnostics& faults) {
  const std::string word = reader.required_text("protocol", "use Tcp, Http or Icmp");
  const auto protocol = word.empty() ? std::nullopt : reader.choice("protocol", protocol_words());
  if (!protocol) {
    for (const auto block : kBlocks) reader.ignore(block);
    return IcmpConfiguration{};
  }
  refuse_other_blocks(reader, *protocol);
  const auto block = reader.object(kBlocks[*protocol]);
  switch (*protocol) {
    case Tcp:
      return block ? read_tcp(*block, faults) : TcpConfiguration{};
    case Http:
      return block ? read_http(*block, faults) : HttpConfiguration{};
    default:
      return block ? read_icmp(*block, faults) : IcmpConfiguration{};
  }
}

SuccessThreshold read_threshold(const Place& place, Diagnostics& faults) {
  SuccessThreshold threshold;
  ObjectReader reader(place, faults);
  const auto percent = reader.integer("checksFailedPercent", 0, 100).value_or(0);
  const double rtt = reader.number("roundTripTimeMs", 0).value_or(0);
  // 0 means "not set": clients send both fields whenever the block exists (DESIGN §6).
  if (percent > 0) threshold.checks_failed_percent = static_cast<int>(percent);
  if (rtt > 0) threshold.round_trip_time_ms = rtt;
  reader.finish();
  return threshold;
}

std::optional<int> small(ObjectReader& reader, std::string_view key, int min, int max) {
  const auto number = reader.integer(key, min, max);
  return number ? std::optional(static_cast<int>(*number)) : std::nullopt;
}

/// A setting that the protocol does not have would be without effect, so it is refused.
void refuse_unless(bool fits, ObjectReader& reader, std::span<const std::string_view> keys,
                   std::string_view protocol) {
  for (const std::string_view key : keys) {
    if (fits || !reader.has(key)) continue;
    reader.fault(key, fmt::format("only protocol {} has `{}`; remove it", protocol, key));
  }
}

void read_packets(ObjectReader& reader, PacketOptions& packets) {
  packets.payload_bytes =
      small(reader, "payloadBytes", limits::kPayloadBytesMin, limits::kPayloadBytesMax);
  packets.dscp = small(reader, "dscp", 0, 63);
  packets.ttl = small(reader, "ttl", 1, 255);
  packets.dont_fragment = reader.flag("dontFragment").value_or(false);
  packets.source_address = reader.text("sourceAddress");
  packets.source_interface = reader.text("sourceInterface");
  if (!packets.source_address.empty() && !parse_ip_address(packets.source_address)) {
    reader.fault("sourceAddress", fmt::format("`{}` is no IP address", packets.source_address));
  }
  if (packets.source_interface.size() > 15) {
    reader.fault("sourceInterface", fmt::format("`{}` is no interface name: those have at most 15 "
                                                "characters",
                                                packets.source_interface));
  }
}

void read_linewatch_http(ObjectReader& reader, HttpConfiguration& http) {
  static const std::vector<std::string> kVersions{"Any", "Http1.1", "Http2"};
  static const std::vector<std::string> kRevocation{"Off", "Soft", "Strict"};
  http.version = static_cast<HttpVersion>(reader.choice("httpVersion", kVersions).value_or(0));
  http.redirects_max = small(reader, "maxRedirects", 0, limits::kRedirectsMax).value_or(0);
  http.body_matches = reader.text("bodyMatches");
  if (const std::string wrong = pattern_fault(http.body_matches); !wrong.empty()) {
    reader.fault("bodyMatches",
                 fmt::format("`{}` is no regular expression of RE2: {}", http.body_matches, wrong));
  }
  http.body_bytes_max =
      reader.integer("bodyBytesMax", 0, limits::kBodyBytesMax).value_or(http.body_bytes_max);
  http.revocation =
      static_cast<RevocationPolicy>(reader.choice("revocation", kRevocation).value_or(0));
}

bool is_trace_disabled(const ProtocolConfiguration& protocol) {
  if (const auto* tcp = std::get_if<TcpConfiguration>(&protocol)) return tcp->disable_trace_route;
  const auto* const icmp = std::get_if<IcmpConfiguration>(&protocol);
  return icmp != nullptr && icmp->disable_trace_route;
}

/// A trace by a protocol that the test does not have needs to be told the rest.
void check_trace_port(ObjectReader& reader, const TestConfiguration& configuration) {
  const TraceOptions& trace = configuration.trace;
  const bool is_icmp_test = std::holds_alternative<IcmpConfiguration>(configuration.protocol);
  const TraceProtocol protocol =
      trace.protocol.value_or(is_icmp_test ? TraceProtocol::Icmp : TraceProtocol::Tcp);
  if (protocol == TraceProtocol::Icmp && trace.port) {
    reader.fault("port", "a trace by Icmp has no port; remove it, or set protocol to Udp or Tcp");
  }
  if (protocol == TraceProtocol::Tcp && is_icmp_test && !trace.port) {
    reader.fault("protocol", "a trace by Tcp needs a `port`, which an Icmp test does not have");
  }
}

void read_trace(const Place& place, TestConfiguration& configuration, Diagnostics& faults) {
  static const std::vector<std::string> kProtocols{"Icmp", "Udp", "Tcp"};
  ObjectReader reader(place, faults);
  TraceOptions& trace = configuration.trace;
  if (const auto protocol = reader.choice("protocol", kProtocols)) {
    trace.protocol = static_cast<TraceProtocol>(*protocol);
  }
  if (const auto port = reader.integer("port", 1, kPortMax)) {
    trace.port = static_cast<std::uint16_t>(*port);
  }
  if (const auto interval = reader.integer("intervalSec", 1, limits::kTraceIntervalMax.count())) {
    trace.interval = Seconds(*interval);
  }
  trace.hops_max = small(reader, "maxHops", 1, limits::kTraceHopsMax);
  trace.all_paths = reader.flag("allPaths").value_or(true);
  check_trace_port(reader, configuration);
  reader.finish();
}

void read_linewatch(const Place& place, TestConfiguration& configuration, Diagnostics& faults) {
  static const std::vector<std::string> kAddressUses{"First", "All", "HappyEyeballs"};
  static const std::vector<std::string> kTimings{"Even", "Random"};
  static constexpr std::array<std::string_view, 2> kIcmpKeys{"payloadBytes", "dontFragment"};
  static constexpr std::array<std::string_view, 5> kHttpKeys{
      "httpVersion", "maxRedirects", "bodyMatches", "bodyBytesMax", "revocation"};
  ObjectReader reader(place, faults);
  read_packets(reader, configuration.packets);
  HttpConfiguration none;
  auto* const http = std::get_if<HttpConfiguration>(&configuration.protocol);
  read_linewatch_http(reader, http != nullptr ? *http : none);
  refuse_unless(http != nullptr, reader, kHttpKeys, "Http");
  const bool is_icmp = std::holds_alternative<IcmpConfiguration>(configuration.protocol);
  refuse_unless(is_icmp, reader, kIcmpKeys, "Icmp");
  configuration.address_use =
      static_cast<AddressUse>(reader.choice("addressUse", kAddressUses).value_or(0));
  if (is_icmp && configuration.address_use == AddressUse::HappyEyeballs) {
    reader.fault("addressUse", "HappyEyeballs is about connections; use it with protocol Tcp");
  }
  configuration.timing = static_cast<CheckTiming>(reader.choice("timing", kTimings).value_or(0));
  if (const auto checks = reader.integer("checksPerRound", 1, limits::kChecksPerRoundMax)) {
    configuration.checks_per_round = static_cast<int>(*checks);
  }
  if (const auto timeout = reader.integer("checkTimeoutMs", limits::kCheckTimeoutMin.count(),
                                          limits::kCheckTimeoutMax.count())) {
    configuration.check_timeout = Milliseconds(*timeout);
  }
  if (const auto block = reader.object("trace")) {
    read_trace(*block, configuration, faults);
    if (is_trace_disabled(configuration.protocol)) {
      reader.fault("trace", "disableTraceRoute switches traces off; remove it, or `trace`");
    }
  }
  reader.finish();
}

}  // namespace

TestConfiguration read_test_configuration(const Place& place, Diagnostics& faults) {
  static const std::vector<std::string> kIpVersions{"IPv4", "IPv6"};
  TestConfiguration configuration;
  ObjectReader reader(place, faults);
  if (!reader.is_object()) return configuration;
  configuration.name = reader.required_text("name", "test groups refer to a configuration by it");
  configuration.frequency = Seconds(
      reader
          .integer("testFrequencySec", limits::kFrequencyMin.count(), limits::kFrequencyMax.count())
          .value_or(limits::kFrequencyDefault.count()));
  if (const auto version = reader.choice("preferredIPVersion", kIpVersions)) {
    configuration.preferred_ip_version = *version == 0 ? IpVersion::V4 : IpVersion::V6;
  }
  configuration.protocol = read_protocol(reader, faults);
  if (const auto threshold = reader.object("successThreshold")) {
    configuration.threshold = read_threshold(*threshold, faults);
  }
  if (const auto block = reader.object("linewatch")) {
    read_linewatch(*block, configuration, faults);
  }
  reader.finish();
  return configuration;
}

}  // namespace lw
