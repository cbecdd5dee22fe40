// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>

#include "base/ip_address.h"

namespace lw::io {

/// An address and port as the socket calls want them.
class SocketAddress {
 public:
  SocketAddress() = default;
  SocketAddress(const IpAddress& address, std::uint16_t port);

  [[nodiscard]] const sockaddr* data() const;
  [[nodiscard]] sockaddr* data();
  [[nodiscard]] socklen_t size() const;
  static constexpr socklen_t capacity() { return sizeof(sockaddr_storage); }

 private:
  sockaddr_storage storage_{};
};

/// The address in a sockaddr; 0.0.0.0 for other families.
IpAddress address_of(const sockaddr* raw);
std::uint16_t port_of(const sockaddr* raw);
/// The port that a socket has here; 0 if it has none. That of a connection that ended stays.
std::uint16_t local_port_of(int fd);

}  // namespace lw::io
