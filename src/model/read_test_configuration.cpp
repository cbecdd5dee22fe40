// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <array>
#include <utility>

#include "base/text.h"
#include "model/limits.h"
#include "model/read_parts.h"
#include "model/status_codes.h"

namespace lw {
namespace {

enum Protocol : std::size_t { kTcp = 0, kHttp = 1, kIcmp = 2 };

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
  static const std::vector<std::string> kMethods{"Get", "Post"};
  HttpConfiguration http;
  ObjectReader reader(place, faults);
  // 0 is how some clients write "not set".
  const auto port = reader.integer("port", 0, kPortMax).value_or(0);
  if (port != 0) http.port = static_cast<std::uint16_t>(port);
  if (reader.choice("method", kMethods) == 1) http.method = HttpMethod::Post;
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
    case kTcp:
      return block ? read_tcp(*block, faults) : TcpConfiguration{};
    case kHttp:
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

void read_linewatch(const Place& place, TestConfiguration& configuration, Diagnostics& faults) {
  ObjectReader reader(place, faults);
  if (const auto checks = reader.integer("checksPerRound", 1, limits::kChecksPerRoundMax)) {
    configuration.checks_per_round = static_cast<int>(*checks);
  }
  if (const auto timeout = reader.integer("checkTimeoutMs", limits::kCheckTimeoutMin.count(),
                                          limits::kCheckTimeoutMax.count())) {
    configuration.check_timeout = Milliseconds(*timeout);
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
