// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "base/ip_address.h"

namespace lw::io {

/// The largest IP packet that the interface with this address of this host takes (not the loopback
/// interface, if another one has the address too). Nothing if no interface has it. Reads the list
/// of interfaces; nothing is sent.
std::optional<std::uint32_t> interface_mtu(const IpAddress& source);

}  // namespace lw::io
