// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "io/trace_filter.h"

namespace lw::io {

/// A block of ports that are ours in UDP and TCP, for one family. Always the same block on the same
/// host if nothing else has it, so that flows take the same ways after a restart. TCP sockets are
/// bound and do not listen; UDP sockets are bound and may be used.
class ReservedPorts {
 public:
  /// `share_tcp`: sockets with SO_REUSEADDR may have the TCP ports as well. Conflict: no block of
  /// that size is free.
  static Result<ReservedPorts> reserve(bool is_v6, std::uint16_t count, bool share_tcp);

  [[nodiscard]] PortBlock block() const { return block_; }
  /// The UDP socket of a port of the block.
  [[nodiscard]] int udp(std::uint16_t port) const {
    return udp_.at(static_cast<std::size_t>(port - block_.first)).get();
  }

 private:
  PortBlock block_;
  std::vector<FileDescriptor> udp_, tcp_;
};

}  // namespace lw::io
