// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/ip_address.h"

namespace lw::io {

/// Where this host sends packets for an address.
struct Route {
  bool is_reachable = false;  ///< false: no route, or one that refuses
  std::optional<IpAddress>
      router;             ///< Missing: the destination is on a network of this host's own.
  std::string interface;  ///< name
  std::optional<IpAddress> source;  ///< that the kernel takes if nobody says
  std::uint32_t table = 0;          ///< rtnetlink(7): 254 main, 253 default, 255 local
};

/// Asks the kernel, which heeds its rules and all tables (RTM_GETROUTE, rtnetlink(7)). Does not
/// block on the network. Nothing if it cannot be asked.
std::optional<Route> find_route(const IpAddress& destination);

}  // namespace lw::io
