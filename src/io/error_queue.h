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
};

/// The ICMP error in a message read with MSG_ERRQUEUE, if it is one.
std::optional<IcmpReport> read_icmp_report(const msghdr& message);
/// Takes the next ICMP error off the socket's error queue, if there is one.
std::optional<IcmpReport> take_icmp_report(int fd);
/// Asks the kernel to queue ICMP errors with their origin.
void enable_icmp_reports(int fd, bool is_v6);

}  // namespace lw::io
