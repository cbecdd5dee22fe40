// SPDX-License-Identifier: Apache-2.0
// Whatever flow, number and size: the packet is right, and its answers name it, however they are
// cut, and nothing else.
#include "packet/trace_probe.h"

#include <algorithm>

#include "base/assert.h"
#include "tests/fuzz/input.h"

namespace lw::packet {
namespace {

struct Probe {
  TraceFlow flow;
  EchoSecret secret;
  std::uint8_t ttl = 0;
  std::uint16_t number = 0;
  std::size_t packet_bytes = 0;
};

IpAddress take_address(bool is_v6, fuzz::Input& input) {
  IpAddress address;
  address.is_v6 = is_v6;
  for (std::size_t i = 0; i < address.size(); ++i) address.bytes[i] = input.number<std::uint8_t>();
  return address;
}

Probe take_probe(fuzz::Input& input) {
  Probe probe;
  const bool is_v6 = input.flag();
  probe.flow.transport = static_cast<Transport>(input.number<std::uint8_t>() % 3);
  probe.flow.source = take_address(is_v6, input);
  probe.flow.destination = take_address(is_v6, input);
  probe.flow.source_port = input.number<std::uint16_t>();
  probe.flow.destination_port = input.number<std::uint16_t>();
  probe.flow.traffic_class = input.number<std::uint8_t>();
  probe.secret.mark = input.number<std::uint32_t>();
  probe.secret.key0 = input.number<std::uint64_t>();
  probe.secret.key1 = input.number<std::uint64_t>();
  probe.ttl = input.number<std::uint8_t>();
  probe.number = input.number<std::uint16_t>();
  probe.packet_bytes = input.number<std::uint16_t>() % 10'000U;
  return probe;
}

std::vector<std::uint8_t> build(const Probe& probe) {
  return build_trace_probe(probe.flow, probe.ttl, probe.number, probe.secret, probe.packet_bytes);
}

void check_packet(const Probe& probe, Bytes packet) {
  const auto quote = parse_quoted_packet(packet);
  LW_ASSERT(quote && quote->transport == probe.flow.transport);
  const IpHeader& ip = quote->ip;
  LW_ASSERT(ip.source == probe.flow.source && ip.destination == probe.flow.destination);
  LW_ASSERT(ip.ttl == probe.ttl && ip.traffic_class == probe.flow.traffic_class);
  LW_ASSERT(ip.total_bytes == packet.size());
  LW_ASSERT(ip.is_v6 || internet_checksum(packet.first(20)) == 0);
  LW_ASSERT(ip.is_v6 || (ip.dont_fragment == (probe.packet_bytes > 0) && ip.identification != 0));
  LW_ASSERT(transport_checksum(ip.source, ip.destination, ip.protocol,
                               packet.subspan(ip.header_bytes)) == 0);
  LW_ASSERT(quote->checksum == trace_checksum(probe.flow) && *quote->checksum != 0);
  const ProbeIdentity ours{probe.flow.source_port, probe.number, true};
  LW_ASSERT(identify_quote(probe.secret, *quote) == ours);
}

/// A quote of at least eight bytes of transport names the probe, or on IPv6 over UDP nothing.
void check_cut(const Probe& probe, Bytes packet, std::size_t cut) {
  const bool is_v6 = probe.flow.destination.is_v6;
  const std::size_t size = std::min(packet.size(), (is_v6 ? 48U : 28U) + cut);
  const auto quote = parse_quoted_packet(packet.first(size));
  LW_ASSERT(quote);
  const auto identity = identify_quote(probe.secret, *quote);
  const bool is_udp = probe.flow.transport == Transport::Udp;
  LW_ASSERT(identity || (is_udp && is_v6));
  if (!identity) return;
  const bool is_shared = is_udp && probe.number == 0 && identity->number == 0xffff;
  LW_ASSERT(identity->source_port == probe.flow.source_port);
  LW_ASSERT(identity->number == probe.number || is_shared);
  LW_ASSERT(!identity->is_proven || !is_shared);
}

/// With one bit of the keyed part turned it is not ours; payloads of zeros count as not quoted.
void check_turned(const Probe& probe, std::vector<std::uint8_t> packet, std::uint8_t turned) {
  const std::size_t header = probe.flow.destination.is_v6 ? 40 : 20;
  const bool is_tcp = probe.flow.transport == Transport::Tcp;
  const std::size_t bits = (is_tcp ? 2 : kEchoPayloadSize) * 8;
  const std::size_t at = (header + (is_tcp ? 6 : 8)) * 8 + turned % bits;
  packet[at / 8] = static_cast<std::uint8_t>(packet[at / 8] ^ (1U << (at % 8)));
  const auto quote = parse_quoted_packet(packet);
  LW_ASSERT(quote);
  const auto identity = identify_quote(probe.secret, *quote);
  LW_ASSERT(!identity || !identity->is_proven);
}

/// Nobody gets bytes proven that build_trace_probe() would not have made.
void check_forged(const Probe& probe, Bytes bytes) {
  const auto quote = parse_quoted_packet(bytes);
  if (!quote) return;
  const auto identity = identify_quote(probe.secret, *quote);
  if (!identity || !identity->is_proven) return;
  TraceFlow flow = probe.flow;
  flow.transport = quote->transport.value_or(Transport::Icmp);
  flow.source_port = identity->source_port;
  const auto built = build_trace_probe(flow, 1, identity->number, probe.secret);
  const auto same = parse_quoted_packet(built);
  LW_ASSERT(same && same->tcp_sequence == quote->tcp_sequence);
  const bool is_tcp = flow.transport == Transport::Tcp;
  LW_ASSERT(is_tcp || std::ranges::equal(same->payload.first(kEchoPayloadSize - 16),
                                         quote->payload.first(kEchoPayloadSize - 16)));
}

void check_tcp_reply(const Probe& probe, Bytes packet, std::uint16_t data_bytes) {
  const auto quote = parse_quoted_packet(packet);
  LW_ASSERT(quote);
  TcpReply reply;
  reply.source_port = probe.flow.destination_port;
  reply.destination_port = probe.flow.source_port;
  reply.acknowledgement = quote->tcp_sequence + 1;
  const ProbeIdentity ours{probe.flow.source_port, probe.number, true};
  LW_ASSERT(identify_tcp_reply(probe.secret, reply) == ours);
  reply.acknowledgement += data_bytes;
  const auto identity = identify_tcp_reply(probe.secret, reply, data_bytes);
  LW_ASSERT(identity && identity->is_proven);
}

}  // namespace
}  // namespace lw::packet

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lw::packet;
  lw::fuzz::Input input(data, size);
  const Probe probe = take_probe(input);
  const auto cut = input.number<std::uint8_t>();
  const auto turned = input.number<std::uint8_t>();
  const std::vector<std::uint8_t> packet = build(probe);
  check_packet(probe, packet);
  check_cut(probe, packet, cut);
  check_turned(probe, packet, turned);
  if (probe.flow.transport == Transport::Tcp) {
    check_tcp_reply(probe, packet, static_cast<std::uint16_t>(cut * 200U));
  }
  check_forged(probe, input.rest());
  const auto id = input.number<std::uint16_t>();
  const auto sequence = input.number<std::uint16_t>();
  static_cast<void>(identify_echo_reply(probe.secret, id, sequence, input.rest()));
  return 0;
}
