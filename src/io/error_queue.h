// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "base/ip_address.h"

struct msghdr;

namespace lw::io {

/// An ICMP error that the kernel reports on a socket (IP_RECVERR): what, and who sent it.
struct IcmpReport {
  bool is_v6 = false;
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  IpAddress from;
  std::uint32_t mtu = 0;  ///< of "fragmentation needed" and "packet too big", else as it came
  /// Where in the message's bytes the extensions (RFC 4884) begin; 0: none, or not asked for.
  std::uint16_t extensions_at = 0;
};

/// The ICMP error in a message read with MSG_ERRQUEUE, if it is one.
std::optional<IcmpReport> read_icmp_report(const msghdr& message);
/// Takes the next ICMP error off the socket's error queue, if there is one.
std::optional<IcmpReport> take_icmp_report(int fd);
/// Asks the kernel to queue ICMP errors with their origin.
void enable_icmp_reports(int fd, bool is_v6);
/// And, where it can (Linux 5.9), to tell where their extensions begin. Datagram sockets only.
void enable_icmp_extensions(int fd, bool is_v6);

}  // namespace lw::io
