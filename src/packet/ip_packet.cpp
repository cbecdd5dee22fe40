// SPDX-License-Identifier: Apache-2.0
#include "packet/ip_packet.h"

namespace lw::packet {
namespace {

constexpr std::size_t kIpv4Header = 20;
constexpr std::size_t kIpv6Header = 40;
/// What RFC 792 has quoted of a transport's header: ports and UDP checksum, or TCP sequence.
constexpr std::size_t kQuotedMin = 8;
constexpr std::size_t kUdpHeader = 8;
constexpr std::size_t kTcpHeader = 20;
constexpr std::size_t kIcmpHeader = 8;

// IPv6 extension headers.
constexpr std::uint8_t kHopByHop = 0;
constexpr std::uint8_t kRouting = 43;
constexpr std::uint8_t kFragment = 44;
constexpr std::uint8_t kAuthentication = 51;
constexpr std::uint8_t kDestinationOptions = 60;

constexpr std::uint8_t kTcpSyn = 0x02;
constexpr std::uint8_t kTcpRst = 0x04;
constexpr std::uint8_t kTcpAck = 0x10;

std::optional<IpHeader> parse_ipv4_header(Bytes packet) {
  if (packet.size() < kIpv4Header) return std::nullopt;
  IpHeader header;
  header.header_bytes = static_cast<std::size_t>(packet[0] & 0x0f) * 4;
  if (header.header_bytes < kIpv4Header || header.header_bytes > packet.size()) return std::nullopt;
  header.traffic_class = packet[1];
  header.total_bytes = read_u16(packet, 2);
  header.identification = read_u16(packet, 4);
  header.dont_fragment = (packet[6] & 0x40) != 0;
  header.fragment_offset = static_cast<std::size_t>(read_u16(packet, 6) & 0x1fff) * 8;
  header.ttl = packet[8];
  header.protocol = packet[9];
  header.source = read_address(false, packet, 12);
  header.destination = read_address(false, packet, 16);
  return header;
}

bool is_extension_header(std::uint8_t protocol) {
  return protocol == kHopByHop || protocol == kRouting || protocol == kFragment ||
         protocol == kAuthentication || protocol == kDestinationOptions;
}

std::size_t extension_header_bytes(std::uint8_t protocol, std::uint8_t length) {
  if (protocol == kFragment) return 8;  // Its second byte is reserved.
  if (protocol == kAuthentication) return (static_cast<std::size_t>(length) + 2) * 4;
  return (static_cast<std::size_t>(length) + 1) * 8;
}

/// Steps over the extension header at header.header_bytes; false if it is cut short. Each is at
/// least eight bytes long, so that a chain of them ends with the packet.
bool skip_extension_header(Bytes packet, IpHeader& header) {
  const Bytes rest = packet.subspan(header.header_bytes);
  if (rest.size() < 8) return false;
  const std::size_t size = extension_header_bytes(header.protocol, rest[1]);
  if (size > rest.size()) return false;
  if (header.protocol == kFragment) {
    header.fragment_offset = read_u16(rest, 2) & 0xfff8U;
    header.identification = read_u16(rest, 6);
  }
  header.protocol = rest[0];
  header.header_bytes += size;
  return true;
}

std::optional<IpHeader> parse_ipv6_header(Bytes packet) {
  if (packet.size() < kIpv6Header) return std::nullopt;
  IpHeader header;
  header.is_v6 = true;
  header.traffic_class = static_cast<std::uint8_t>((read_u16(packet, 0) >> 4) & 0xff);
  header.flow_label = read_u32(packet, 0) & 0xfffff;
  header.total_bytes = kIpv6Header + read_u16(packet, 4);
  header.protocol = packet[6];
  header.ttl = packet[7];
  header.source = read_address(true, packet, 8);
  header.destination = read_address(true, packet, 24);
  header.header_bytes = kIpv6Header;
  // Behind the header of a later fragment stand bytes from within, not the next header.
  while (header.fragment_offset == 0 && is_extension_header(header.protocol)) {
    if (!skip_extension_header(packet, header)) return std::nullopt;
  }
  return header;
}

void read_quoted_icmp(Bytes segment, QuotedPacket& quote) {
  const auto request = parse_echo_request(quote.ip.is_v6, quote.ip.destination, segment);
  if (!request) return;
  quote.transport = Transport::Icmp;
  quote.source_port = request->id;
  quote.sequence = request->sequence;
  quote.checksum = read_u16(segment, 2);
  quote.payload = request->payload;
}

void read_quoted_udp(Bytes segment, QuotedPacket& quote) {
  quote.transport = Transport::Udp;
  quote.source_port = read_u16(segment, 0);
  quote.destination_port = read_u16(segment, 2);
  quote.checksum = read_u16(segment, 6);
  quote.payload = segment.subspan(kUdpHeader);
}

void read_quoted_tcp(Bytes segment, QuotedPacket& quote) {
  quote.transport = Transport::Tcp;
  quote.source_port = read_u16(segment, 0);
  quote.destination_port = read_u16(segment, 2);
  quote.tcp_sequence = read_u32(segment, 4);
  if (segment.size() < kTcpHeader) return;
  quote.checksum = read_u16(segment, 16);
  const std::size_t header = static_cast<std::size_t>(segment[12] >> 4) * 4;
  if (header >= kTcpHeader && header <= segment.size()) quote.payload = segment.subspan(header);
}

/// Whether the objects, each of a length in its first two bytes, fill the bytes (RFC 4884 §7.1).
bool are_whole_objects(Bytes objects) {
  while (objects.size() >= 4) {
    const std::size_t length = read_u16(objects, 0);
    if (length < 4 || length > objects.size()) return false;
    objects = objects.subspan(length);
  }
  return objects.empty();
}

bool has_extension_version(Bytes structure) {
  return structure.size() >= 4 && (structure[0] >> 4) == 2;
}

/// Whether bytes that no length field announces are an extension structure all the same.
bool looks_like_extensions(Bytes structure) {
  if (structure.size() < 8 || !has_extension_version(structure)) return false;
  if (read_u16(structure, 2) == 0) return are_whole_objects(structure.subspan(4));
  return internet_checksum(structure) == 0;
}

/// How many bytes the length field says the quote has; 0 for none. Packet too big and parameter
/// problem of ICMPv6 have no such field (RFC 4884 §4).
std::size_t quote_length_field(bool is_v6, Bytes message) {
  if (!is_v6) return static_cast<std::size_t>(message[5]) * 4;
  const bool has_field = message[0] == 1 || message[0] == 3;
  return has_field ? static_cast<std::size_t>(message[4]) * 8 : 0;
}

/// Where in `body`, which stands behind the ICMP header, the quote ends and extensions begin.
std::size_t quote_bytes(bool is_v6, Bytes message, Bytes body) {
  constexpr std::size_t kUnannounced = 128;
  const std::size_t announced = quote_length_field(is_v6, message);
  // The field was reserved once, and some count in the other family's words: a value that leads to
  // no extension structure is no length.
  if (announced > 0 && announced < body.size() && has_extension_version(body.subspan(announced))) {
    return announced;
  }
  if (body.size() <= kUnannounced) return body.size();
  return looks_like_extensions(body.subspan(kUnannounced)) ? kUnannounced : body.size();
}

}  // namespace

std::optional<IpHeader> parse_ip_header(Bytes packet) {
  if (packet.empty()) return std::nullopt;
  if ((packet[0] >> 4) == 4) return parse_ipv4_header(packet);
  if ((packet[0] >> 4) == 6) return parse_ipv6_header(packet);
  return std::nullopt;
}

std::optional<QuotedPacket> parse_quoted_packet(Bytes bytes) {
  const auto header = parse_ip_header(bytes);
  if (!header) return std::nullopt;
  QuotedPacket quote;
  quote.ip = *header;
  const Bytes segment = bytes.subspan(header->header_bytes);
  if (header->fragment_offset != 0 || segment.size() < kQuotedMin) return quote;
  if (header->protocol == (header->is_v6 ? kProtocolIcmp6 : kProtocolIcmp4)) {
    read_quoted_icmp(segment, quote);
  }
  if (header->protocol == kProtocolUdp) read_quoted_udp(segment, quote);
  if (header->protocol == kProtocolTcp) read_quoted_tcp(segment, quote);
  return quote;
}

std::optional<TraceMessage> parse_trace_message(bool is_v6, Bytes message) {
  if (message.size() < kIcmpHeader) return std::nullopt;
  if (const auto reply = parse_echo_reply(is_v6, message)) return *reply;
  if (!is_icmp_error(is_v6, message[0])) return std::nullopt;
  const Bytes body = message.subspan(kIcmpHeader);
  const std::size_t quoted = quote_bytes(is_v6, message, body);
  const auto quote = parse_quoted_packet(body.first(quoted));
  if (!quote || quote->ip.is_v6 != is_v6) return std::nullopt;
  return TraceError{message[0], message[1], mtu_of_icmp_error(is_v6, message), *quote,
                    body.subspan(quoted)};
}

std::optional<TcpReply> parse_tcp_reply(Bytes segment) {
  if (segment.size() < kTcpHeader) return std::nullopt;
  if (static_cast<std::size_t>(segment[12] >> 4) * 4 < kTcpHeader) return std::nullopt;
  const std::uint8_t flags = segment[13];
  const bool is_rst = (flags & kTcpRst) != 0;
  const bool is_syn_ack = !is_rst && (flags & kTcpSyn) != 0;
  if ((flags & kTcpAck) == 0 || (!is_rst && !is_syn_ack)) return std::nullopt;
  return TcpReply{read_u16(segment, 0), read_u16(segment, 2), read_u32(segment, 4),
                  read_u32(segment, 8), is_syn_ack,           is_rst};
}

}  // namespace lw::packet
