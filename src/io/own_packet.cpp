// SPDX-License-Identifier: Apache-2.0
#include "io/own_packet.h"

#include <netinet/in.h>

#include <algorithm>

namespace lw::io {
namespace {

constexpr std::size_t kIpv4Header = 20;
constexpr std::size_t kIpv6Header = 40;
constexpr std::size_t kUdpHeader = 8;  // An echo request's too.
constexpr std::size_t kTcpHeader = 20;
constexpr std::size_t kIcmpHeader = 8;

using Bytes = std::span<const std::uint8_t>;

std::uint16_t u16(Bytes bytes, std::size_t at) {
  return static_cast<std::uint16_t>((bytes[at] << 8) | bytes[at + 1]);
}
std::uint32_t u32(Bytes bytes, std::size_t at) {
  return (std::uint32_t{u16(bytes, at)} << 16) | u16(bytes, at + 2);
}
void put_u16(std::vector<std::uint8_t>& bytes, std::size_t at, std::size_t value) {
  bytes[at] = static_cast<std::uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<std::uint8_t>(value);
}
void put_u32(std::vector<std::uint8_t>& bytes, std::size_t at, std::uint32_t value) {
  put_u16(bytes, at, value >> 16);
  put_u16(bytes, at + 2, value & 0xffff);
}

/// The parts of the IP header, with `transport` being all that is behind it.
std::optional<OwnPacket> take_ip_apart(bool is_v6, Bytes packet) {
  const std::size_t header = is_v6 ? kIpv6Header : kIpv4Header;
  if (packet.size() < header || (packet[0] >> 4) != (is_v6 ? 6 : 4)) return std::nullopt;
  OwnPacket own;
  own.source.is_v6 = is_v6;
  own.protocol = packet[is_v6 ? 6 : 9];
  own.ttl = packet[is_v6 ? 7 : 8];
  own.traffic_class = is_v6 ? static_cast<std::uint8_t>(u16(packet, 0) >> 4) : packet[1];
  own.dont_fragment = is_v6 || (packet[6] & 0x40) != 0;
  std::ranges::copy(packet.subspan(is_v6 ? 8 : 12, own.source.size()), own.source.bytes.begin());
  own.transport = packet.subspan(header);
  return own;
}

}  // namespace

std::optional<OwnPacket> take_apart(bool is_v6, Bytes packet) {
  auto own = take_ip_apart(is_v6, packet);
  if (!own || own->transport.size() < kUdpHeader) return std::nullopt;
  const Bytes transport = own->transport;
  const int icmp = is_v6 ? static_cast<int>(IPPROTO_ICMPV6) : IPPROTO_ICMP;
  if (own->protocol == icmp) {
    own->source_port = u16(transport, 4);
  } else {
    own->source_port = u16(transport, 0);
    own->destination_port = u16(transport, 2);
  }
  own->payload = transport.subspan(kUdpHeader);
  if (own->protocol == icmp || own->protocol == IPPROTO_UDP) return own;
  if (own->protocol != IPPROTO_TCP || transport.size() < kTcpHeader) return std::nullopt;
  own->tcp_sequence = u32(transport, 4);
  return own;
}

std::vector<std::uint8_t> build_icmp_error(bool is_v6, std::uint8_t type, std::uint8_t code,
                                           std::uint32_t mtu, Bytes quoted, Bytes extensions) {
  constexpr std::size_t kQuoteMin = 128;  // RFC 4884 §3, where extensions follow
  std::vector<std::uint8_t> message(kIcmpHeader);
  message[0] = type;
  message[1] = code;
  message.insert(message.end(), quoted.begin(), quoted.end());
  if (!extensions.empty()) {
    const std::size_t unit = is_v6 ? 8 : 4;
    const std::size_t padded = std::max(kQuoteMin, (quoted.size() + unit - 1) / unit * unit);
    message.resize(kIcmpHeader + padded);
    message[is_v6 ? 4 : 5] = static_cast<std::uint8_t>(padded / unit);
    message.insert(message.end(), extensions.begin(), extensions.end());
  }
  // RFC 1191 §4; RFC 4443 §3.2, which has no extensions.
  if (!is_v6 && type == 3 && code == 4) put_u16(message, 6, mtu & 0xffff);
  if (is_v6 && type == 2) put_u32(message, 4, mtu);
  return message;
}

std::vector<std::uint8_t> build_quoted_packet(const IpAddress& source, const IpAddress& destination,
                                              std::uint8_t protocol, Bytes transport) {
  const bool is_v6 = destination.is_v6;
  const std::size_t header = is_v6 ? kIpv6Header : kIpv4Header;
  std::vector<std::uint8_t> packet(header);
  packet[0] = is_v6 ? 0x60 : 0x45;
  put_u16(packet, is_v6 ? 4 : 2, is_v6 ? transport.size() : header + transport.size());
  packet[is_v6 ? 6 : 9] = protocol;
  packet[is_v6 ? 7 : 8] = 1;
  const std::size_t size = destination.size();
  const std::size_t at = is_v6 ? 8 : 12;
  std::copy_n(source.bytes.begin(), size, packet.begin() + static_cast<std::ptrdiff_t>(at));
  std::copy_n(destination.bytes.begin(), size,
              packet.begin() + static_cast<std::ptrdiff_t>(at + size));
  packet.insert(packet.end(), transport.begin(), transport.end());
  return packet;
}

std::vector<std::uint8_t> build_udp_header(std::uint16_t from_port, std::uint16_t to_port,
                                           std::size_t payload_bytes) {
  std::vector<std::uint8_t> header(kUdpHeader);
  put_u16(header, 0, from_port);
  put_u16(header, 2, to_port);
  put_u16(header, 4, kUdpHeader + payload_bytes);
  return header;
}

std::vector<std::uint8_t> build_tcp_answer(std::uint16_t from_port, std::uint16_t to_port,
                                           std::uint32_t sequence, bool is_rst) {
  constexpr std::uint8_t kRstAck = 0x14;
  constexpr std::uint8_t kSynAck = 0x12;
  std::vector<std::uint8_t> segment(kTcpHeader);
  put_u16(segment, 0, from_port);
  put_u16(segment, 2, to_port);
  put_u32(segment, 8, sequence + 1);
  segment[12] = static_cast<std::uint8_t>(kTcpHeader / 4) << 4;
  segment[13] = is_rst ? kRstAck : kSynAck;
  return segment;
}

}  // namespace lw::io
