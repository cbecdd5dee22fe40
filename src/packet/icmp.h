// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/ip_address.h"
#include "packet/bytes.h"
#include "packet/checksum.h"

/// ICMP and ICMPv6 as far as echo checks need them. Pure: bytes in, values out. Parsers take
/// whatever the network sends, read nothing outside the span, and return nothing where a message is
/// cut short or of another kind. Spans in results point into the argument.
namespace lw::packet {

/// An echo request. For ICMPv6 the checksum is left 0: the kernel fills it in, since it covers the
/// addresses.
std::vector<std::uint8_t> build_echo_request(bool is_v6, std::uint16_t id, std::uint16_t sequence,
                                             Bytes payload);
/// The same into a buffer that is used again, filled up with zeros to `payload_bytes` of payload.
void write_echo_request(bool is_v6, std::uint16_t id, std::uint16_t sequence, Bytes payload,
                        std::size_t payload_bytes, std::vector<std::uint8_t>& message);

struct EchoReply {
  std::uint16_t id = 0;
  std::uint16_t sequence = 0;
  Bytes payload;
};

/// What an ICMP error quotes of the echo request that caused it. Routers need quote only the first
/// eight bytes of it, so the payload may be empty.
struct QuotedEcho {
  IpAddress destination;
  std::uint16_t id = 0;
  std::uint16_t sequence = 0;
  Bytes payload;
};

struct IcmpError {
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  std::uint32_t mtu = 0;  ///< of "too big" messages, else 0
  QuotedEcho quote;
};

using IcmpMessage = std::variant<EchoReply, IcmpError>;

/// `message` begins at the ICMP type, after the IP header.
std::optional<IcmpMessage> parse_icmp(bool is_v6, Bytes message);
/// An echo reply alone; of other messages nothing.
std::optional<EchoReply> parse_echo_reply(bool is_v6, Bytes message);
/// An echo request as sent: the socket error queue gives it back without the IP header around it.
std::optional<QuotedEcho> parse_echo_request(bool is_v6, const IpAddress& destination,
                                             Bytes message);

/// Whether messages of this type report an error about a packet that they quote.
bool is_icmp_error(bool is_v6, std::uint8_t type);
/// The next hop's MTU in "fragmentation needed" and "packet too big", else 0. `message` is an ICMP
/// error of at least 8 bytes.
std::uint32_t mtu_of_icmp_error(bool is_v6, Bytes message);

/// The part of an IPv4 packet after its header; empty if the header is broken.
Bytes skip_ipv4_header(Bytes packet);

/// What an ICMP error means for the one who sent the packet.
enum class IcmpErrorKind { Unreachable, Prohibited, TooBig, TtlExceeded, Other };
IcmpErrorKind kind_of_icmp_error(bool is_v6, std::uint8_t type, std::uint8_t code);
/// "ICMP host-unreachable (3/1)", "ICMPv6 admin-prohibited (1/1)".
std::string icmp_error_text(bool is_v6, std::uint8_t type, std::uint8_t code);

}  // namespace lw::packet
