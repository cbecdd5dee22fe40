// SPDX-License-Identifier: Apache-2.0
#include "packet/trace_probe.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/assert.h"

namespace lw::packet {
namespace {

constexpr std::size_t kIpv4Header = 20;
constexpr std::size_t kIpv6Header = 40;
constexpr std::size_t kPacketMax = 65'535;
constexpr std::uint8_t kEchoRequest4 = 8;
constexpr std::uint8_t kEchoRequest6 = 128;

/// ICMP echo and UDP: a header of eight bytes, the keyed payload, the compensation.
constexpr std::size_t kShortHeader = 8;
constexpr std::size_t kKeyedCompensationAt = kShortHeader + kEchoPayloadSize;
constexpr std::size_t kKeyedBytes = kKeyedCompensationAt + 2;

/// TCP: the header; MSS; two fillers and timestamps. The compensation is the lower half of the
/// timestamp value, which the other side only echoes.
constexpr std::size_t kTcpBytes = 20 + 4 + 12;
constexpr std::size_t kTimestampAt = 28;
constexpr std::uint8_t kTcpSyn = 0x02;
constexpr std::uint16_t kSegmentMax = 1460;
constexpr std::uint16_t kWindow = 64'240;  // 44 segments, as Linux has it.

/// A segment under construction and where in it the checksum and its compensation stand.
struct Segment {
  std::span<std::uint8_t> bytes;
  std::uint8_t protocol = 0;
  std::size_t checksum_at = 0;
  std::size_t compensation_at = 0;
};

/// What all packets of a flow share besides what the caller chose. Made of what tells a flow from
/// another and of nothing else: no secret, no traffic class.
struct FlowConstants {
  std::uint16_t checksum;
  std::uint32_t flow_label;
};

FlowConstants constants_of(const TraceFlow& flow) {
  std::array<std::uint8_t, 37> bytes{};
  bytes[0] = static_cast<std::uint8_t>(flow.transport);
  write_u16(bytes, 1, flow.source_port);
  write_u16(bytes, 3, flow.destination_port);
  write_address(bytes, 5, flow.source);
  write_address(bytes, 21, flow.destination);
  const std::uint64_t hash = sip_hash(0, 0, bytes);
  // A UDP checksum is never 0, which says that there is none (RFC 768), and better not its other
  // form 0xffff either. A flow label of 0 says that there is none (RFC 6437 §2).
  const std::uint64_t label = (hash >> 16) & 0xfffff;
  return {static_cast<std::uint16_t>(1 + (hash & 0xffff) % 0xfffe),
          static_cast<std::uint32_t>(std::max<std::uint64_t>(1, label))};
}

std::uint16_t identification_of(std::uint16_t number) { return number == 0 ? 0xffff : number; }

/// The probe's number above 16 keyed bits. Numbers that grow make sequences that grow, which
/// firewalls take for a SYN sent again with a new sequence and let pass. Ports are left out, since
/// translators change them.
std::uint32_t tcp_sequence_of(const EchoSecret& secret, std::uint16_t number) {
  std::array<std::uint8_t, 6> bytes{};
  write_u32(bytes, 0, secret.mark);
  write_u16(bytes, 4, number);
  const std::uint64_t key = sip_hash(secret.key0, secret.key1, bytes);
  return (static_cast<std::uint32_t>(number) << 16) | static_cast<std::uint32_t>(key & 0xffff);
}

void write_keyed_payload(const TraceFlow& flow, std::uint16_t number, const EchoSecret& secret,
                         std::span<std::uint8_t> segment) {
  const std::uint32_t token = (static_cast<std::uint32_t>(flow.source_port) << 16) | number;
  std::ranges::copy(build_echo_payload(secret, {token, 0}), segment.begin() + kShortHeader);
}

Segment write_icmp(const TraceFlow& flow, std::uint16_t number, const EchoSecret& secret,
                   std::span<std::uint8_t> segment) {
  const bool is_v6 = flow.destination.is_v6;
  segment[0] = is_v6 ? kEchoRequest6 : kEchoRequest4;
  write_u16(segment, 4, flow.source_port);
  write_u16(segment, 6, number);
  write_keyed_payload(flow, number, secret, segment);
  return {segment, is_v6 ? kProtocolIcmp6 : kProtocolIcmp4, 2, kKeyedCompensationAt};
}

Segment write_udp(const TraceFlow& flow, std::uint16_t number, const EchoSecret& secret,
                  std::span<std::uint8_t> segment) {
  write_u16(segment, 0, flow.source_port);
  write_u16(segment, 2, flow.destination_port);
  write_u16(segment, 4, static_cast<std::uint16_t>(segment.size()));
  write_keyed_payload(flow, number, secret, segment);
  return {segment, kProtocolUdp, 6, kKeyedCompensationAt};
}

Segment write_tcp(const TraceFlow& flow, std::uint16_t number, const EchoSecret& secret,
                  std::span<std::uint8_t> segment) {
  write_u16(segment, 0, flow.source_port);
  write_u16(segment, 2, flow.destination_port);
  write_u32(segment, 4, tcp_sequence_of(secret, number));
  segment[12] = (kTcpBytes / 4) << 4;
  segment[13] = kTcpSyn;
  write_u16(segment, 14, kWindow);
  constexpr std::array<std::uint8_t, 8> kOptions = {
      2, 4, kSegmentMax >> 8, kSegmentMax & 0xff, 1, 1, 8, 10};
  std::ranges::copy(kOptions, segment.begin() + 20);
  segment[kTimestampAt] = 1;  // Some take a timestamp of 0 for none.
  return {segment, kProtocolTcp, 16, kTimestampAt + 2};
}

Segment write_segment(const TraceFlow& flow, std::uint16_t number, const EchoSecret& secret,
                      std::span<std::uint8_t> segment) {
  switch (flow.transport) {
    case Transport::Icmp:
      return write_icmp(flow, number, secret, segment);
    case Transport::Udp:
      return write_udp(flow, number, secret, segment);
    case Transport::Tcp:
      return write_tcp(flow, number, secret, segment);
  }
  LW_ASSERT(false);
}

/// With the checksum that the flow has, the sum over everything else says what the compensation
/// must be for it to be right.
void compensate(const TraceFlow& flow, const FlowConstants& constants, const Segment& segment) {
  write_u16(segment.bytes, segment.checksum_at, constants.checksum);
  write_u16(segment.bytes, segment.compensation_at,
            transport_checksum(flow.source, flow.destination, segment.protocol, segment.bytes));
}

void write_ipv4_header(const TraceFlow& flow, std::uint8_t ttl, std::uint8_t protocol,
                       std::uint16_t number, bool dont_fragment, std::span<std::uint8_t> packet) {
  packet[0] = 0x45;
  packet[1] = flow.traffic_class;
  write_u16(packet, 2, static_cast<std::uint16_t>(packet.size()));
  write_u16(packet, 4, identification_of(number));
  packet[6] = dont_fragment ? 0x40 : 0;
  packet[8] = ttl;
  packet[9] = protocol;
  write_address(packet, 12, flow.source);
  write_address(packet, 16, flow.destination);
  write_u16(packet, 10, internet_checksum(packet.first(kIpv4Header)));
}

void write_ipv6_header(const TraceFlow& flow, const FlowConstants& constants, std::uint8_t ttl,
                       std::uint8_t protocol, std::span<std::uint8_t> packet) {
  const std::uint32_t traffic_class = flow.traffic_class;
  write_u32(packet, 0, 0x6000'0000U | (traffic_class << 20) | constants.flow_label);
  write_u16(packet, 4, static_cast<std::uint16_t>(packet.size() - kIpv6Header));
  packet[6] = protocol;
  packet[7] = ttl;
  write_address(packet, 8, flow.source);
  write_address(packet, 24, flow.destination);
}

/// The identity that a keyed payload proves; without a whole one, what the headers say, if the part
/// that is there does not speak against it.
std::optional<ProbeIdentity> identify_payload(const EchoSecret& secret,
                                              std::optional<ProbeIdentity> by_headers,
                                              Bytes payload) {
  constexpr std::size_t kTokenEnd = 8;  // Behind mark and token.
  const Bytes keyed = payload.first(std::min(payload.size(), kEchoPayloadSize));
  if (std::ranges::all_of(keyed, [](std::uint8_t byte) { return byte == 0; })) return by_headers;
  std::array<std::uint8_t, 4> mark{};
  write_u32(mark, 0, secret.mark);
  const std::size_t marked = std::min(keyed.size(), mark.size());
  if (!std::ranges::equal(keyed.first(marked), Bytes(mark).first(marked))) return std::nullopt;
  if (keyed.size() < kTokenEnd) return by_headers;
  const bool is_whole = keyed.size() == kEchoPayloadSize;
  if (is_whole && !parse_echo_payload(secret, keyed)) return std::nullopt;
  return ProbeIdentity{read_u16(keyed, 4), read_u16(keyed, 6), is_whole};
}

/// What the headers of a UDP probe say: nothing on IPv6, where they have no place for the number.
std::optional<ProbeIdentity> identify_udp_headers(const QuotedPacket& quote) {
  if (quote.ip.is_v6 || quote.ip.identification == 0) return std::nullopt;
  return ProbeIdentity{quote.source_port, quote.ip.identification, false};
}

std::optional<ProbeIdentity> identify_sequence(const EchoSecret& secret, std::uint16_t source_port,
                                               std::uint32_t sequence) {
  const auto number = static_cast<std::uint16_t>(sequence >> 16);
  if (sequence != tcp_sequence_of(secret, number)) return std::nullopt;
  return ProbeIdentity{source_port, number, true};
}

}  // namespace

std::vector<std::uint8_t> build_trace_probe(const TraceFlow& flow, std::uint8_t ttl,
                                            std::uint16_t number, const EchoSecret& secret,
                                            std::size_t packet_bytes) {
  const bool is_v6 = flow.destination.is_v6;
  LW_ASSERT(flow.source.is_v6 == is_v6);
  const std::size_t bytes_min = trace_probe_bytes_min(flow.transport, is_v6);
  const FlowConstants constants = constants_of(flow);
  std::vector<std::uint8_t> packet(std::clamp(packet_bytes, bytes_min, kPacketMax));
  const std::span<std::uint8_t> all(packet);
  const Segment segment =
      write_segment(flow, number, secret, all.subspan(is_v6 ? kIpv6Header : kIpv4Header));
  compensate(flow, constants, segment);
  if (is_v6) {
    write_ipv6_header(flow, constants, ttl, segment.protocol, all);
  } else {
    write_ipv4_header(flow, ttl, segment.protocol, number, packet_bytes > 0, all);
  }
  return packet;
}

std::size_t trace_probe_bytes_min(Transport transport, bool is_v6) {
  return (is_v6 ? kIpv6Header : kIpv4Header) +
         (transport == Transport::Tcp ? kTcpBytes : kKeyedBytes);
}

std::uint16_t trace_checksum(const TraceFlow& flow) { return constants_of(flow).checksum; }

std::optional<ProbeIdentity> identify_quote(const EchoSecret& secret, const QuotedPacket& quote) {
  if (!quote.transport) return std::nullopt;
  switch (*quote.transport) {
    case Transport::Icmp:
      return identify_echo_reply(secret, quote.source_port, quote.sequence, quote.payload);
    case Transport::Udp:
      return identify_payload(secret, identify_udp_headers(quote), quote.payload);
    case Transport::Tcp:
      return identify_sequence(secret, quote.source_port, quote.tcp_sequence);
  }
  LW_ASSERT(false);
}

std::optional<ProbeIdentity> identify_echo_reply(const EchoSecret& secret, std::uint16_t id,
                                                 std::uint16_t sequence, Bytes payload) {
  return identify_payload(secret, ProbeIdentity{id, sequence, false}, payload);
}

std::optional<ProbeIdentity> identify_tcp_reply(const EchoSecret& secret, const TcpReply& reply,
                                                std::size_t data_bytes) {
  const std::uint32_t acknowledged = reply.acknowledgement - 1;
  const auto identity = identify_sequence(secret, reply.destination_port, acknowledged);
  if (identity || data_bytes == 0) return identity;
  return identify_sequence(secret, reply.destination_port,
                           acknowledged - static_cast<std::uint32_t>(data_bytes));
}

}  // namespace lw::packet
