// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "base/ip_address.h"
#include "base/result.h"

namespace lw::io {

/// Why a socket cannot have an address and port, in words and with what to do about it. Conflict:
/// something else has it. PermissionDenied: a low port, without the right. `protocol` is "TCP" or
/// "UDP".
Error bind_failure(std::string_view protocol, const IpAddress& address, std::uint16_t port,
                   int error_number);

}  // namespace lw::io
