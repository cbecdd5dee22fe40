// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"

/// What this host's own network looks like, as far as agents report it and the quick start needs
/// it. Reads the kernel's tables; does not block on the network.
namespace lw::io {

/// IPv4 and IPv6 addresses of interfaces that are up, without loopback and link-local, sorted.
std::vector<std::string> local_addresses();

/// Whether a packet of this host may have that source.
bool is_own_address(const IpAddress& address);

/// The kernel's number of an interface; nothing if there is none of that name.
std::optional<unsigned> interface_index(const std::string& name);

/// The next hop of the default route, IPv4 first; nothing if there is none.
std::optional<std::string> default_gateway();

/// Addresses of /etc/resolv.conf's name servers, in order.
std::vector<std::string> configured_name_servers();

/// A TCP port of 127.0.0.1 that nothing used a moment ago, for a child process that must be found
/// again after a restart.
Result<std::uint16_t> free_loopback_port();

}  // namespace lw::io
