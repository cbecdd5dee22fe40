// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "base/ip_address.h"
#include "base/result.h"
#include "io/loop.h"

namespace lw::io {

/// Accepts the TCP connections to one address and port and closes each at once, without a byte:
/// enough for a handshake to be measured. At most one batch of connections is open at a time, and
/// never for longer than a turn of the loop. Belongs to the loop's thread, but may be opened before
/// the loop runs.
class PortListener {
 public:
  /// Port 0: one that is free. Fails with Conflict if something else has the port, and with
  /// PermissionDenied, in words, if it is one of those that need a right.
  static Result<std::unique_ptr<PortListener>> open(Loop& loop, const IpAddress& address,
                                                    std::uint16_t port);
  ~PortListener();

  [[nodiscard]] std::uint16_t port() const;
  /// Connections accepted so far.
  [[nodiscard]] std::uint64_t accepted() const;

  struct Impl;
  explicit PortListener(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace lw::io
