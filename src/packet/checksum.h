// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/ip_address.h"
#include "packet/bytes.h"

/// The checksums of IP, ICMP, UDP and TCP. Pure.
namespace lw::packet {

/// IP protocol numbers; ICMPv6 has one of its own.
inline constexpr std::uint8_t kProtocolIcmp4 = 1;
inline constexpr std::uint8_t kProtocolTcp = 6;
inline constexpr std::uint8_t kProtocolUdp = 17;
inline constexpr std::uint8_t kProtocolIcmp6 = 58;

/// RFC 1071: the one's complement sum over the bytes, complemented. 0 over a message with its
/// checksum in place.
std::uint16_t internet_checksum(Bytes bytes);

/// The same over a transport's segment and, except for ICMPv4, its pseudo header (RFC 768; RFC 9293
/// §3.1; RFC 8200 §8.1). 0 over a segment with its checksum in place; the UDP rule that 0 is sent
/// as 0xffff is the caller's. Both addresses must be of one family, the segment below 64 KiB.
std::uint16_t transport_checksum(const IpAddress& source, const IpAddress& destination,
                                 std::uint8_t protocol, Bytes segment);

}  // namespace lw::packet
