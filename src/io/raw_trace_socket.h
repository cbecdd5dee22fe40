// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "io/trace_socket.h"

namespace lw::io {

/// With CAP_NET_RAW: three raw sockets, one to send and two with filters to hear ICMP and TCP.
/// PermissionDenied without.
Result<std::unique_ptr<TraceSocket>> open_raw_trace_socket(Loop& loop,
                                                           const TraceSocket::Options& options,
                                                           TraceSocket::Handlers handlers);

/// Flows of one destination that have a port of their own.
constexpr std::uint16_t kTracePorts = 128;

}  // namespace lw::io
