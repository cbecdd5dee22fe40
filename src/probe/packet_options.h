// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/socket_options.h"
#include "model/test_configuration.h"

namespace lw {

/// What a connection's socket needs for a configuration's packets. Payload and fragments are of
/// echoes only. Pure.
io::SocketOptions socket_options_of(const PacketOptions& packets);

}  // namespace lw
