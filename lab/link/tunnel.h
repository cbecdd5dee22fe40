// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "base/result.h"

namespace lw::lab {

/// A file descriptor that is closed with its owner.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

enum class TunnelKind {
  Tun,  ///< IP packets
  Tap,  ///< Ethernet frames
};

/// Makes the interface `interface` inside the network namespace that `namespace_file` names
/// ("/run/netns/x", "/proc/123/ns/net"; empty: the own one). Reading and writing the descriptor
/// does not block. The calling thread visits the namespace and is back in its own on return. The
/// interface goes with the descriptor.
Result<Descriptor> open_tunnel(const std::string& namespace_file, const std::string& interface,
                               TunnelKind kind);

}  // namespace lw::lab
