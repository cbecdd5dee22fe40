// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/ip_address.h"

/// Packets of our own making, for sockets that are not given whole packets and answers that do not
/// come as whole packets.
namespace lw::io {

/// A packet as TraceSocket::send() takes it, in parts that point into it.
struct OwnPacket {
  IpAddress source;
  std::uint8_t protocol = 0;  ///< ICMP, ICMPv6, UDP or TCP
  std::uint8_t ttl = 0;
  std::uint8_t traffic_class = 0;
  bool dont_fragment = false;
  std::uint16_t source_port = 0;       ///< or echo id
  std::uint16_t destination_port = 0;  ///< UDP, TCP
  std::uint32_t tcp_sequence = 0;
  std::span<const std::uint8_t> transport;  ///< from its header on
  std::span<const std::uint8_t> payload;    ///< behind the header of UDP or ICMP
};
/// Nothing if it is none.
std::optional<OwnPacket> take_apart(bool is_v6, std::span<const std::uint8_t> packet);

/// An ICMP error as it would have come from the network: RFC 792, RFC 4443, with extensions as RFC
/// 4884 has them. `quoted` is a complete IP packet.
std::vector<std::uint8_t> build_icmp_error(bool is_v6, std::uint8_t type, std::uint8_t code,
                                           std::uint32_t mtu, std::span<const std::uint8_t> quoted,
                                           std::span<const std::uint8_t> extensions);

/// An IP header without options and `transport` behind it, as a router would quote it.
std::vector<std::uint8_t> build_quoted_packet(const IpAddress& source, const IpAddress& destination,
                                              std::uint8_t protocol,
                                              std::span<const std::uint8_t> transport);

/// A UDP header without checksum.
std::vector<std::uint8_t> build_udp_header(std::uint16_t from_port, std::uint16_t to_port,
                                           std::size_t payload_bytes);
/// The SYN-ACK or RST that answers a SYN with that sequence number.
std::vector<std::uint8_t> build_tcp_answer(std::uint16_t from_port, std::uint16_t to_port,
                                           std::uint32_t sequence, bool is_rst);

}  // namespace lw::io
