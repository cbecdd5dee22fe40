// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/ip_address.h"

namespace lw::io {

/// setsockopt(2) of a number; false with errno if the system refuses.
bool set_option(int fd, int level, int name, int value);

/// How a socket's packets leave, where the system's own choice is not wanted.
struct SocketOptions {
  std::optional<IpAddress> source;  ///< An address of this host.
  std::string interface;            ///< Its name; empty: the one that the route says.
  std::optional<int> dscp;          ///< 0–63
  std::optional<int> ttl;           ///< 1–255; IPv6: hop limit.
};

/// Why a socket cannot be what is wanted. This host's own fault, never the network's.
struct SocketFault {
  int error_number = 0;
  std::string evidence;  ///< "192.0.2.9 is no address of this host"
};

// What the system's refusals of a source mean, in the same words for all sockets.

/// That a source address is not of the packets' family.
std::optional<SocketFault> family_fault(const IpAddress& source, bool is_v6);
SocketFault source_fault(const IpAddress& source, int error_number);
SocketFault interface_fault(const std::string& name, int error_number);

/// Sets the options on a socket that is neither bound nor connected; binds it if there is a source.
/// The local port is picked at connect, so that one serves many destinations at a time.
std::optional<SocketFault> apply_options(const SocketOptions& options, int fd, bool is_v6);

}  // namespace lw::io
