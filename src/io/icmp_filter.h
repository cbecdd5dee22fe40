// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace lw::io {

/// Attaches a socket filter to a raw ICMP socket that lets pass echo replies whose payload begins
/// with `mark`, and ICMP errors that quote an echo request. Without it, each such socket is woken
/// by every ICMP packet of the host. 0 or an errno.
int attach_icmp_filter(int fd, bool is_v6, std::uint32_t mark);

/// Lets a raw ICMP socket see echo replies and errors only. The kernel looks at this before it
/// makes a copy of the packet for the socket and its filter.
void pass_replies_and_errors(int fd, bool is_v6);

}  // namespace lw::io
