// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace lw::io {

/// What ResetWatch wants to know of a TCP segment that a raw socket heard. Pure.
struct TcpHead {
  std::uint16_t from_port = 0;
  std::uint16_t to_port = 0;
  bool is_reset = false;
  std::uint8_t ttl = 0;  ///< IPv6: hop limit
};

/// From the TCP header on (RFC 9293 §3.1), as raw sockets of IPv6 give it. Nothing where it is cut.
std::optional<TcpHead> read_tcp_head(std::span<const std::uint8_t> segment, std::uint8_t ttl);
/// From the IP header on (RFC 791 §3.1), as raw sockets of IPv4 give it.
std::optional<TcpHead> read_tcp_head_of_ipv4(std::span<const std::uint8_t> packet);

}  // namespace lw::io
