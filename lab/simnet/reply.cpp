// SPDX-License-Identifier: Apache-2.0
#include "simnet/reply.h"

#include <algorithm>
#include <array>

#include "packet/bytes.h"
#include "packet/checksum.h"

namespace lw::lab {
namespace {

constexpr std::size_t kTcpHeader = 20;
constexpr std::uint8_t kSyn = 0x02;
constexpr std::uint8_t kFin = 0x01;
constexpr std::uint8_t kRst = 0x04;
constexpr std::uint8_t kAck = 0x10;
// Linux sends its ICMP errors with precedence "internetwork control".
constexpr std::uint8_t kErrorClass = 0xc0;
// With extensions, a quote fills at least this much (RFC 4884 §4.5); here exactly.
constexpr std::size_t kPaddedQuote = 128;

struct IpParts {
  IpAddress from;
  IpAddress to;
  std::uint8_t protocol = 0;
  int ttl = 64;
  std::uint8_t traffic_class = 0;
  std::uint16_t identification = 0;
};

/// An IP header in front of room for `payload` zero bytes. Returns where the payload begins.
std::size_t begin(const IpParts& ip, std::size_t payload, Packet& packet) {
  const std::size_t header = ip.from.is_v6 ? 40 : 20;
  packet.assign(header + payload, 0);
  const std::size_t address = ip.from.is_v6 ? 8 : 12;
  packet::write_address(packet, address, ip.from);
  packet::write_address(packet, address + ip.from.size(), ip.to);
  if (ip.from.is_v6) {
    packet[0] = static_cast<std::uint8_t>(0x60U | (ip.traffic_class >> 4U));
    packet[1] = static_cast<std::uint8_t>((ip.traffic_class & 15U) << 4U);
    packet::write_u16(packet, 4, static_cast<std::uint16_t>(payload));
    packet[6] = ip.protocol;
    packet[7] = static_cast<std::uint8_t>(ip.ttl);
    return header;
  }
  packet[0] = 0x45;
  packet[1] = ip.traffic_class;
  packet::write_u16(packet, 2, static_cast<std::uint16_t>(packet.size()));
  packet::write_u16(packet, 4, ip.identification);
  packet[8] = static_cast<std::uint8_t>(ip.ttl);
  packet[9] = ip.protocol;
  packet::write_u16(packet, 10, packet::internet_checksum(Bytes(packet).first(header)));
  return header;
}

void put_checksum(const IpParts& ip, Packet& packet, std::size_t payload, std::size_t at) {
  const Bytes segment = Bytes(packet).subspan(payload);
  packet::write_u16(packet, at, packet::transport_checksum(ip.from, ip.to, ip.protocol, segment));
}

IpParts answer_to(const EditablePacket& request, int ttl, std::uint16_t identification) {
  return {request.destination(),   request.source(), request.protocol(), ttl,
          request.traffic_class(), identification};
}

}  // namespace

void write_icmp_error(const IcmpErrorParts& parts, Packet& packet) {
  const bool is_v6 = parts.from.is_v6;
  const std::size_t quoted =
      std::min({parts.quote.size(), parts.quote_max,
                parts.extensions.empty() ? parts.quote.size() : kPaddedQuote});
  const std::size_t padded = parts.extensions.empty() ? quoted : kPaddedQuote;
  const IpParts ip{parts.from, parts.to,    is_v6 ? packet::kProtocolIcmp6 : packet::kProtocolIcmp4,
                   parts.ttl,  kErrorClass, parts.identification};
  const std::size_t at = begin(ip, 8 + padded + parts.extensions.size(), packet);
  packet[at] = parts.type;
  packet[at + 1] = parts.code;
  packet::write_u32(packet, at + 4, parts.word);
  // RFC 4884 §4.1, §4.4: in 32-bit words for IPv4, in 64-bit words for IPv6.
  if (!parts.extensions.empty() && parts.length_field) {
    packet[at + (is_v6 ? 4 : 5)] = static_cast<std::uint8_t>(padded / (is_v6 ? 8 : 4));
  }
  const auto body = packet.begin() + static_cast<std::ptrdiff_t>(at + 8);
  std::copy_n(parts.quote.begin(), quoted, body);
  std::copy(parts.extensions.begin(), parts.extensions.end(),
            body + static_cast<std::ptrdiff_t>(padded));
  put_checksum(ip, packet, at, at + 2);
}

void write_echo_reply(const EditablePacket& request, int ttl, std::uint16_t identification,
                      Packet& packet) {
  const Bytes message = request.transport();
  const IpParts ip = answer_to(request, ttl, identification);
  const std::size_t at = begin(ip, message.size(), packet);
  std::copy(message.begin(), message.end(), packet.begin() + static_cast<std::ptrdiff_t>(at));
  packet[at] = request.is_v6() ? 129 : 0;
  packet::write_u16(packet, at + 2, 0);
  put_checksum(ip, packet, at, at + 2);
}

void write_tcp_reply(const EditablePacket& segment, TcpAnswer answer, int ttl,
                     std::uint16_t identification, Packet& packet) {
  const Bytes asked = segment.transport();
  const std::uint8_t flags = asked[13];
  const std::size_t header =
      std::min<std::size_t>((asked[12] >> 4U) * std::size_t{4}, asked.size());
  const IpParts ip = answer_to(segment, ttl, identification);
  const std::size_t at = begin(ip, kTcpHeader, packet);
  packet::write_u16(packet, at, segment.destination_port());
  packet::write_u16(packet, at + 2, segment.source_port());
  // RFC 9293 §3.5.2: a reset takes its place from the acknowledgement, if there is one.
  const bool takes_place = answer == TcpAnswer::Reset && (flags & kAck) != 0;
  const auto own = static_cast<std::uint32_t>(segment.flow_hash(packet::read_u32(asked, 4)));
  if (takes_place) packet::write_u32(packet, at + 4, packet::read_u32(asked, 8));
  if (answer == TcpAnswer::SynAck) packet::write_u32(packet, at + 4, own);
  const auto length = static_cast<std::uint32_t>(asked.size() - header) +
                      ((flags & kSyn) != 0 ? 1U : 0U) + ((flags & kFin) != 0 ? 1U : 0U);
  if (!takes_place) packet::write_u32(packet, at + 8, packet::read_u32(asked, 4) + length);
  packet[at + 12] = static_cast<std::uint8_t>(kTcpHeader / 4 << 4U);
  const std::uint8_t kind = answer == TcpAnswer::SynAck ? kSyn : kRst;
  packet[at + 13] = static_cast<std::uint8_t>(kind | (takes_place ? 0U : kAck));
  packet::write_u16(packet, at + 14, answer == TcpAnswer::SynAck ? 65'535 : 0);
  put_checksum(ip, packet, at, at + 16);
}

}  // namespace lw::lab
