// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "io/trace_socket.h"

namespace lw::io {

/// Without any privilege, with what a Linux kernel gives to everybody:
/// - UDP: one bound socket per port; errors come by its error queue (IP_RECVERR, ip(7)), with the
///   payload that routers quote, and with extensions (IP_RECVERR_RFC4884).
/// - ICMP: datagram ICMP sockets, one per echo id, if net.ipv4.ping_group_range allows them.
/// - TCP: a connection attempt per probe, from the bound port; one at a time for the same
///   destination and port, and given up before the kernel sends its SYN again, after 0.9 s. A
///   destination that accepts sees a connection that is reset at once.
Result<std::unique_ptr<TraceSocket>> open_plain_trace_socket(Loop& loop,
                                                             const TraceSocket::Options& options,
                                                             TraceSocket::Handlers handlers);

}  // namespace lw::io
