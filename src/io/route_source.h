// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unordered_map>

#include "base/ip_address.h"
#include "base/result.h"
#include "base/time.h"

namespace lw::io {

/// From which address packets to a destination leave, by the kernel's routes. Nothing is sent.
/// Errors as of connect(2): Unavailable with "Network is unreachable" and the like.
Result<IpAddress> route_source(const IpAddress& destination);

/// The same, remembered for a moment. Belongs to one thread.
class RouteSources {
 public:
  Result<IpAddress> find(const IpAddress& destination, Instant now);

 private:
  struct Entry {
    IpAddress source;
    Instant at{};
  };
  std::unordered_map<IpAddress, Entry> known_;
};

}  // namespace lw::io
