// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/ip_address.h"
#include "packet/echo_payload.h"
#include "packet/ip_packet.h"

/// Packets of traces: complete IP packets whose answers name them, while everything that load
/// balancers look at stays the same for all probes of a flow (Augustin et al., "Avoiding traceroute
/// anomalies with Paris traceroute", IMC 2006): addresses, protocol, ports or ICMP id, flow label,
/// traffic class, and the transport's checksum.
namespace lw::packet {

/// What all probes of one flow share.
struct TraceFlow {
  Transport transport = Transport::Icmp;
  IpAddress source;
  IpAddress destination;
  std::uint16_t source_port = 0;       ///< ICMP: the echo id
  std::uint16_t destination_port = 0;  ///< UDP, TCP
  std::uint8_t traffic_class = 0;      ///< the whole octet
  bool operator==(const TraceFlow&) const = default;
};

/// A complete IP packet; every checksum is in place, since the kernel fills in only the IPv4 one of
/// packets that bring their own header. A flow's addresses are of one family.
///
/// Where the number of a probe is carried, so that eight quoted bytes behind the IP header are
/// enough: ICMP: sequence. UDP: IPv4 identification (IPv6: payload only, which RFC 4443 has quoted
/// in full). TCP: upper half of the sequence number, whose lower half is keyed. ICMP and UDP also
/// carry a keyed payload (echo_payload.h) with the token (source_port << 16 | number); two bytes
/// after it, or in TCP the timestamp option, hold the checksum constant.
///
/// The IPv4 identification is the number in all transports. The kernel gives a packet with 0 there
/// another one, so number 0 goes out with 0xffff, which is number 65535's too: over UDP on IPv4 a
/// quote without payload then says 65535. Number from 1 and it never matters.
///
/// `packet_bytes` is for path MTU probing: the packet is filled up with zeros to that many bytes,
/// IP header included, and must not be fragmented (DF). With 0 it is as small as can be and without
/// DF. Not more than 65535. The destination may acknowledge what fills a SYN: see
/// identify_tcp_reply().
std::vector<std::uint8_t> build_trace_probe(const TraceFlow& flow, std::uint8_t ttl,
                                            std::uint16_t number, const EchoSecret& secret,
                                            std::size_t packet_bytes = 0);
/// The smallest packet of that transport and family; build_trace_probe() never makes less.
std::size_t trace_probe_bytes_min(Transport transport, bool is_v6);
/// The transport checksum of all probes of the flow, whatever their number, TTL and size; never 0.
/// A quote with another one was changed on the way. Like the flow label made of addresses,
/// transport and ports only, so that a flow keeps its way when the agent starts anew.
std::uint16_t trace_checksum(const TraceFlow& flow);

/// Which probe an answer is about.
struct ProbeIdentity {
  /// Or echo id: as we sent it if the payload tells, else as quoted.
  std::uint16_t source_port = 0;
  std::uint16_t number = 0;
  bool is_proven = false;  ///< A keyed part of the packet came back unharmed.
  bool operator==(const ProbeIdentity&) const = default;
};
/// From the packet that an ICMP error quotes; nothing if it cannot be one of ours, which includes a
/// keyed part that is quoted and wrong. Zeros where the payload should be count as not quoted,
/// since routers fill short quotes up with them. What is not proven is anybody's word: hold it
/// against probes that are out, their addresses and ports.
std::optional<ProbeIdentity> identify_quote(const EchoSecret& secret, const QuotedPacket& quote);
/// From an echo reply: id, sequence and payload.
std::optional<ProbeIdentity> identify_echo_reply(const EchoSecret& secret, std::uint16_t id,
                                                 std::uint16_t sequence, Bytes payload);
/// From a SYN-ACK or RST of the destination, which acknowledges our sequence number + 1; and, if it
/// takes data on a SYN (an RST always does), the `data_bytes` that filled the SYN beyond
/// trace_probe_bytes_min().
std::optional<ProbeIdentity> identify_tcp_reply(const EchoSecret& secret, const TcpReply& reply,
                                                std::size_t data_bytes = 0);

}  // namespace lw::packet
