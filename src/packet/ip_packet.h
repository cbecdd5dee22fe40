// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>

#include "base/ip_address.h"
#include "packet/icmp.h"

/// IP packets as far as traces need them. Pure, like icmp.h: parsers take whatever the network
/// sends, read nothing outside the span, and spans in results point into the argument.
namespace lw::packet {

enum class Transport : std::uint8_t { Icmp, Udp, Tcp };

/// An IP header (RFC 791 §3.1, RFC 8200 §3) and where its payload begins. IPv4 options are skipped,
/// and so are the IPv6 extension headers hop-by-hop options, routing, fragment, destination options
/// and authentication (RFC 8200 §4, RFC 4302 §2).
struct IpHeader {
  bool is_v6 = false;
  IpAddress source;
  IpAddress destination;
  std::uint8_t protocol = 0;  ///< of the payload, after extension headers
  std::uint8_t ttl = 0;
  std::uint8_t traffic_class = 0;
  std::uint16_t identification = 0;  ///< IPv4; IPv6: of a fragment header's low half, else 0
  std::uint32_t flow_label = 0;      ///< IPv6
  bool dont_fragment = false;
  std::size_t total_bytes = 0;      ///< as the header says; what is there may be less
  std::size_t header_bytes = 0;     ///< with options and extension headers
  std::size_t fragment_offset = 0;  ///< Not 0: no transport header follows, but bytes from within.
};
/// Nothing if it is no IPv4 or IPv6 header, or cut short within it or its extension headers.
std::optional<IpHeader> parse_ip_header(Bytes packet);

/// The packet that an ICMP error quotes, as far as it quotes it. Fields of what is not quoted are
/// 0.
struct QuotedPacket {
  IpHeader ip;
  /// Nothing: another protocol, an ICMP message that is no echo request, a fragment other than the
  /// first, or fewer than eight bytes of the transport. Then all below is empty.
  std::optional<Transport> transport;
  std::uint16_t source_port = 0;       ///< UDP, TCP; ICMP echo: the id
  std::uint16_t destination_port = 0;  ///< UDP, TCP
  std::uint16_t sequence = 0;          ///< ICMP echo
  std::uint32_t tcp_sequence = 0;
  std::optional<std::uint16_t> checksum;  ///< of the transport, if quoted
  /// Behind the transport's header, up to the end of the quote, with the zeros that RFC 4884 §3 has
  /// routers add. Not cut at ip.total_bytes: some systems quote a length that they changed before.
  Bytes payload;
};
/// `bytes` is what stands behind the ICMP error's header, extensions cut off. Nothing if the IP
/// header is broken.
std::optional<QuotedPacket> parse_quoted_packet(Bytes bytes);

/// An ICMP error with its quote apart from its extensions (RFC 4884 §4, §5.5). The length field
/// counts words of four bytes in ICMP, of eight in ICMPv6. Routers older than the RFC put
/// extensions at byte 128 without a length; they are known by version and checksum, or without a
/// checksum by objects that fill the rest exactly.
struct TraceError {
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  std::uint32_t mtu = 0;  ///< of "fragmentation needed" and "packet too big"
  QuotedPacket quote;
  Bytes extensions;  ///< the extension structure, header included; empty without one
};
using TraceMessage = std::variant<EchoReply, TraceError>;
/// `message` begins at the ICMP type. Nothing if it is of another type or quotes no whole IP header
/// of its own family.
std::optional<TraceMessage> parse_trace_message(bool is_v6, Bytes message);

/// A TCP segment that answers a SYN of ours.
struct TcpReply {
  std::uint16_t source_port = 0;  ///< the destination's
  std::uint16_t destination_port = 0;
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgement = 0;
  bool is_syn_ack = false;
  bool is_rst = false;
};
/// `segment` begins at the TCP header. Nothing unless it is a SYN-ACK or RST with an
/// acknowledgement (RFC 9293 §3.10.7.1 has one in each RST that answers a SYN).
std::optional<TcpReply> parse_tcp_reply(Bytes segment);

}  // namespace lw::packet
