// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/ip_address.h"
#include "simnet/editable_packet.h"

/// Packets that routers and hosts answer with. Each is written over `packet`, whose memory is used
/// again.
namespace lw::lab {

/// An ICMP error (RFC 792, RFC 4443), with extensions as RFC 4884 puts them.
struct IcmpErrorParts {
  IpAddress from;
  IpAddress to;
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  std::uint32_t word = 0;  ///< the second half of its header; MTUs stand there
  int ttl = 255;
  std::uint16_t identification = 0;
  Bytes quote;                ///< all that may be quoted
  std::size_t quote_max = 0;  ///< how much of it is
  Bytes extensions;           ///< empty: none
  bool length_field = true;   ///< False: as routers older than RFC 4884 put them.
};
void write_icmp_error(const IcmpErrorParts& parts, Packet& packet);

/// The answer to an echo request, in the name of the address that was asked.
void write_echo_reply(const EditablePacket& request, int ttl, std::uint16_t identification,
                      Packet& packet);

enum class TcpAnswer : std::uint8_t { SynAck, Reset };
/// The answer to a segment, in the name of the address that was asked.
void write_tcp_reply(const EditablePacket& segment, TcpAnswer answer, int ttl,
                     std::uint16_t identification, Packet& packet);

}  // namespace lw::lab
