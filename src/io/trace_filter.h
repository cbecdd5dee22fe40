// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace lw::io {

/// Ports of UDP and TCP, and ids of ICMP echos: `count` from `first` on.
struct PortBlock {
  std::uint16_t first = 0;
  std::uint16_t count = 0;
  [[nodiscard]] std::uint16_t last() const { return static_cast<std::uint16_t>(first + count - 1); }
};

/// Lets a raw ICMP socket take echo replies whose payload begins with `mark`, and errors that quote
/// an echo request, a UDP or a TCP packet that left from the block or whose payload begins with
/// `mark` (a translator on the way may have changed the port). 0 or an errno.
int attach_trace_icmp_filter(int fd, bool is_v6, std::uint32_t mark, PortBlock block);

/// Lets a raw TCP socket take SYN-ACKs and RSTs to ports of the block. 0 or an errno.
int attach_trace_tcp_filter(int fd, bool is_v6, PortBlock block);

/// Lets nothing pass. 0 or an errno.
int attach_closed_filter(int fd);

}  // namespace lw::io
