// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace lw::wire {

/// Sends gRPC's own log lines to ours, at Debug: what matters of them reaches people as an Error.
/// Call once, before the first channel or server.
void adopt_grpc_log();

}  // namespace lw::wire
