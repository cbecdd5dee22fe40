// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "base/hash.h"
#include "base/text.h"
#include "model/limits.h"
#include "wire/convert.h"
#include "wire/fleet.pb.h"
#include "wire/protocol.h"

namespace lw::wire {
namespace {

namespace pb = ::linewatch::wire;

void encode_protocol(const TcpConfiguration& tcp, pb::Configuration& message) {
  message.mutable_tcp()->set_port(tcp.port);
  message.mutable_tcp()->set_disable_trace_route(tcp.disable_trace_route);
  message.mutable_tcp()->set_listen_if_available(tcp.destination_port_behavior ==
                                                 DestinationPortBehavior::ListenIfAvailable);
}

void encode_protocol(const HttpConfiguration& http, pb::Configuration& message) {
  pb::Http& body = *message.mutable_http();
  body.set_port(http.port.value_or(0));
  body.set_post(http.method == HttpMethod::Post);
  body.set_path(http.path);
  for (const HttpHeader& header : http.request_headers) {
    pb::Label& label = *body.add_headers();
    label.set_key(header.name);
    label.set_value(header.value);
  }
  for (const StatusCodeRange& range : http.valid_status_codes) {
    pb::StatusCodes& codes = *body.add_valid_status_codes();
    codes.set_first(static_cast<std::uint32_t>(range.first));
    codes.set_last(static_cast<std::uint32_t>(range.last));
  }
  body.set_prefer_https(http.prefer_https);
  body.set_head(http.method == HttpMethod::Head);
  body.set_version(static_cast<std::uint32_t>(http.version));
  body.set_redirects_max(static_cast<std::uint32_t>(http.redirects_max));
  body.set_body_matches(http.body_matches);
  body.set_body_bytes_max_plus_one(static_cast<std::uint64_t>(http.body_bytes_max) + 1);
  body.set_revocation(static_cast<std::uint32_t>(http.revocation));
}

void encode_protocol(const IcmpConfiguration& icmp, pb::Configuration& message) {
  message.mutable_icmp()->set_disable_trace_route(icmp.disable_trace_route);
}

void encode_packets(const PacketOptions& packets, pb::PacketOptions& message) {
  const auto plus_one = [](const std::optional<int>& number) {
    return number ? static_cast<std::uint32_t>(*number) + 1 : 0;
  };
  message.set_payload_bytes_plus_one(plus_one(packets.payload_bytes));
  message.set_dscp_plus_one(plus_one(packets.dscp));
  message.set_ttl_plus_one(plus_one(packets.ttl));
  message.set_dont_fragment(packets.dont_fragment);
  message.set_source_address(packets.source_address);
  message.set_source_interface(packets.source_interface);
}

void encode_trace(const TraceOptions& trace, pb::TraceOptions& message) {
  if (trace.protocol) {
    message.set_protocol_plus_one(static_cast<std::uint32_t>(*trace.protocol) + 1);
  }
  message.set_port(trace.port.value_or(0));
  message.set_interval_s(static_cast<std::uint32_t>(trace.interval.value_or(Seconds(0)).count()));
  message.set_hops_max(static_cast<std::uint32_t>(trace.hops_max.value_or(0)));
  message.set_one_path(!trace.all_paths);
}

void encode_configuration(const TestConfiguration& configuration, pb::Configuration& message) {
  message.set_name(configuration.name);
  message.set_frequency_s(static_cast<std::uint32_t>(configuration.frequency.count()));
  if (configuration.preferred_ip_version) {
    message.set_preferred_ip_version(*configuration.preferred_ip_version == IpVersion::V4 ? 4 : 6);
  }
  message.set_checks_per_round(
      static_cast<std::uint32_t>(configuration.checks_per_round.value_or(0)));
  message.set_check_timeout_ms(
      static_cast<std::uint32_t>(configuration.check_timeout.value_or(Milliseconds(0)).count()));
  if (configuration.packets != PacketOptions{}) {
    encode_packets(configuration.packets, *message.mutable_packets());
  }
  if (configuration.trace != TraceOptions{}) {
    encode_trace(configuration.trace, *message.mutable_trace());
  }
  message.set_address_use(static_cast<std::uint32_t>(configuration.address_use));
  message.set_timing(static_cast<std::uint32_t>(configuration.timing));
  std::visit([&](const auto& protocol) { encode_protocol(protocol, message); },
             configuration.protocol);
}

Result<std::uint16_t> decode_port(std::uint32_t port) {
  if (port > std::numeric_limits<std::uint16_t>::max()) {
    return fail(ErrorCode::InvalidInput, fmt::format("{} is no port", port));
  }
  return static_cast<std::uint16_t>(port);
}

Result<int> decode_number(std::string_view what, std::uint32_t number, int max) {
  if (number > static_cast<std::uint32_t>(max)) {
    return fail(ErrorCode::InvalidInput, fmt::format("{} is too much for a {}", number, what));
  }
  return static_cast<int>(number);
}

/// One of an enumeration that begins at 0 and ends with `last`.
template <class Choice>
Result<Choice> decode_choice(std::uint32_t number, Choice last) {
  return static_cast<Choice>(TRY(decode_number("choice", number, static_cast<int>(last))));
}

Result<std::optional<int>> decode_plus_one(std::string_view what, std::uint32_t number, int max) {
  if (number == 0) return std::nullopt;
  return std::optional(TRY(decode_number(what, number - 1, max)));
}

Result<PacketOptions> decode_packets(const pb::PacketOptions& message) {
  PacketOptions packets;
  packets.payload_bytes =
      TRY(decode_plus_one("payload", message.payload_bytes_plus_one(), limits::kPayloadBytesMax));
  packets.dscp = TRY(decode_plus_one("DSCP", message.dscp_plus_one(), 63));
  packets.ttl = TRY(decode_plus_one("TTL", message.ttl_plus_one(), 255));
  packets.dont_fragment = message.dont_fragment();
  packets.source_address = message.source_address();
  packets.source_interface = message.source_interface();
  return packets;
}

Result<TraceOptions> decode_trace(const pb::TraceOptions& message) {
  TraceOptions trace;
  const auto protocol = TRY(decode_plus_one("trace protocol", message.protocol_plus_one(),
                                            static_cast<int>(TraceProtocol::Tcp)));
  if (protocol) trace.protocol = static_cast<TraceProtocol>(*protocol);
  if (message.port() != 0) trace.port = TRY(decode_port(message.port()));
  const int interval = TRY(decode_number("trace interval", message.interval_s(),
                                         static_cast<int>(limits::kTraceIntervalMax.count())));
  if (interval != 0) trace.interval = Seconds(interval);
  const int hops = TRY(decode_number("number of hops", message.hops_max(), limits::kTraceHopsMax));
  if (hops != 0) trace.hops_max = hops;
  trace.all_paths = !message.one_path();
  return trace;
}

Result<HttpConfiguration> decode_http(const pb::Http& message) {
  HttpConfiguration http;
  if (message.port() != 0) http.port = TRY(decode_port(message.port()));
  http.method = message.head()   ? HttpMethod::Head
                : message.post() ? HttpMethod::Post
                                 : HttpMethod::Get;
  http.path = message.path();
  for (const pb::Label& header : message.headers()) {
    http.request_headers.push_back({header.key(), header.value()});
  }
  for (const pb::StatusCodes& codes : message.valid_status_codes()) {
    http.valid_status_codes.push_back(
        {static_cast<int>(codes.first()), static_cast<int>(codes.last())});
  }
  http.prefer_https = message.prefer_https();
  http.version = TRY(decode_choice<HttpVersion>(message.version(), HttpVersion::Http2));
  http.redirects_max =
      TRY(decode_number("number of redirects", message.redirects_max(), limits::kRedirectsMax));
  http.body_matches = message.body_matches();
  if (message.body_bytes_max_plus_one() != 0) {
    http.body_bytes_max = static_cast<std::int64_t>(
        std::min<std::uint64_t>(message.body_bytes_max_plus_one() - 1, limits::kBodyBytesMax));
  }
  http.revocation =
      TRY(decode_choice<RevocationPolicy>(message.revocation(), RevocationPolicy::Strict));
  return http;
}

Result<ProtocolConfiguration> decode_protocol(const pb::Configuration& message) {
  switch (message.protocol_case()) {
    case pb::Configuration::kTcp:
      return TcpConfiguration{
          .port = TRY(decode_port(message.tcp().port())),
          .disable_trace_route = message.tcp().disable_trace_route(),
          .destination_port_behavior = message.tcp().listen_if_available()
                                           ? DestinationPortBehavior::ListenIfAvailable
                                           : DestinationPortBehavior::None};
    case pb::Configuration::kHttp:
      return ProtocolConfiguration(TRY(decode_http(message.http())));
    case pb::Configuration::kIcmp:
      return IcmpConfiguration{.disable_trace_route = message.icmp().disable_trace_route()};
    case pb::Configuration::PROTOCOL_NOT_SET:
      break;
  }
  return fail(ErrorCode::InvalidInput,
              fmt::format("test configuration `{}` has a protocol that this agent does not know; "
                          "update the agent",
                          message.name()));
}

Result<TestConfiguration> decode_configuration(const pb::Configuration& message) {
  TestConfiguration configuration;
  configuration.name = message.name();
  configuration.frequency = Seconds(message.frequency_s());
  if (configuration.frequency < limits::kFrequencyMin ||
      configuration.frequency > limits::kFrequencyMax) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("test configuration `{}` asks for a round every {} s", message.name(),
                            message.frequency_s()));
  }
  if (message.preferred_ip_version() != 0) {
    configuration.preferred_ip_version =
        message.preferred_ip_version() == 6 ? IpVersion::V6 : IpVersion::V4;
  }
  if (message.checks_per_round() > static_cast<std::uint32_t>(limits::kChecksPerRoundMax)) {
    return fail(ErrorCode::InvalidInput, "too many checks in a round");
  }
  if (message.checks_per_round() != 0) {
    configuration.checks_per_round = static_cast<int>(message.checks_per_round());
  }
  if (message.check_timeout_ms() != 0) {
    configuration.check_timeout = Milliseconds(message.check_timeout_ms());
  }
  if (message.has_packets()) configuration.packets = TRY(decode_packets(message.packets()));
  if (message.has_trace()) configuration.trace = TRY(decode_trace(message.trace()));
  configuration.address_use =
      TRY(decode_choice<AddressUse>(message.address_use(), AddressUse::HappyEyeballs));
  configuration.timing = TRY(decode_choice<CheckTiming>(message.timing(), CheckTiming::Random));
  configuration.protocol = TRY(decode_protocol(message));
  return configuration;
}

pb::AssignedTest encode_test(const Test& test) {
  pb::AssignedTest message;
  message.set_id(test.id.value);
  message.set_connection_monitor(test.connection_monitor);
  message.set_test_group(test.test_group);
  message.set_source(test.source);
  message.set_destination(test.destination);
  message.set_destination_address(test.destination_address);
  return message;
}

/// Of a message that has neither fingerprint nor configuration yet, so that a field that is added
/// to it later counts by itself.
std::uint64_t fingerprint_of(const pb::AssignedTest& test, std::string_view configuration) {
  return std::max<std::uint64_t>(1, stable_hash({test.SerializeAsString(), configuration}));
}

}  // namespace

std::uint64_t Fingerprinter::of(const Test& test) {
  const auto [known, is_new] = configurations_.try_emplace(test.configuration.get());
  if (is_new) {
    pb::Configuration message;
    encode_configuration(*test.configuration, message);
    known->second = message.SerializeAsString();
  }
  return fingerprint_of(encode_test(test), known->second);
}

std::vector<pb::Assignment> encode_assignment(std::uint64_t version, const std::vector<Test>& tests,
                                              const std::vector<std::uint16_t>& listen_ports) {
  std::vector<pb::Assignment> parts;
  struct Known {
    std::uint32_t index = 0;
    std::string bytes;
  };
  std::unordered_map<const TestConfiguration*, Known> known;
  std::size_t bytes = 0;
  for (const Test& test : tests) {
    if (parts.empty() || parts.back().tests_size() >= static_cast<int>(kTestsPerAssignmentPart) ||
        bytes >= kBytesPerAssignmentPart) {
      parts.emplace_back().set_version(version);
      known.clear();
      bytes = 0;
    }
    pb::Assignment& part = parts.back();
    const auto [entry, is_new] = known.try_emplace(test.configuration.get());
    if (is_new) {
      entry->second.index = static_cast<std::uint32_t>(part.configurations_size());
      encode_configuration(*test.configuration, *part.add_configurations());
      entry->second.bytes = part.configurations().rbegin()->SerializeAsString();
      bytes += entry->second.bytes.size();
    }
    pb::AssignedTest& message = *part.add_tests() = encode_test(test);
    message.set_fingerprint(fingerprint_of(message, entry->second.bytes));
    message.set_configuration(entry->second.index);
    bytes += part.tests().rbegin()->ByteSizeLong();
  }
  if (parts.empty()) parts.emplace_back().set_version(version);
  parts.back().set_last_part(true);
  for (const std::uint16_t port : listen_ports) parts.back().add_listen_ports(port);
  return parts;
}

Result<std::vector<Test>> decode_assignment(const pb::Assignment& part) {
  std::vector<std::shared_ptr<const TestConfiguration>> configurations;
  for (const pb::Configuration& message : part.configurations()) {
    configurations.push_back(
        std::make_shared<const TestConfiguration>(TRY(decode_configuration(message))));
  }
  std::vector<Test> tests;
  for (const pb::AssignedTest& message : part.tests()) {
    if (message.configuration() >= configurations.size()) {
      return fail(ErrorCode::InvalidInput, "a test names a configuration that is not there");
    }
    Test test;
    test.id = TestId{message.id()};
    test.connection_monitor = message.connection_monitor();
    test.test_group = message.test_group();
    test.source = message.source();
    test.destination = message.destination();
    test.destination_address = message.destination_address();
    test.configuration = configurations[message.configuration()];
    tests.push_back(std::move(test));
  }
  return tests;
}

Result<std::vector<std::uint16_t>> decode_listen_ports(const pb::Assignment& part) {
  std::vector<std::uint16_t> ports;
  for (const std::uint32_t number : part.listen_ports()) {
    const std::uint16_t port = TRY(decode_port(number));
    if (port == 0) return fail(ErrorCode::InvalidInput, "0 is no port to listen on");
    ports.push_back(port);
  }
  return ports;
}

pb::AgentFacts encode_facts(const Agent& agent) {
  pb::AgentFacts facts;
  // A host's name need not be UTF-8, and proto3 refuses what is not.
  facts.set_name(valid_utf8(agent.name));
  for (const auto& [key, value] : agent.labels) {
    pb::Label& label = *facts.add_labels();
    label.set_key(valid_utf8(key));
    label.set_value(valid_utf8(value));
  }
  facts.set_resource_id(valid_utf8(agent.resource_id));
  for (const std::string& address : agent.addresses) facts.add_addresses(address);
  return facts;
}

Agent decode_facts(const pb::AgentFacts& facts) {
  Agent agent;
  agent.name = facts.name();
  for (const pb::Label& label : facts.labels()) {
    agent.labels.emplace_back(label.key(), label.value());
  }
  agent.resource_id = facts.resource_id();
  agent.addresses = {facts.addresses().begin(), facts.addresses().end()};
  return agent;
}

}  // namespace lw::wire
