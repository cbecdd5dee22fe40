// SPDX-License-Identifier: Apache-2.0
#include "io/socket_address.h"

#include <arpa/inet.h>

#include <cstring>

namespace lw::io {

SocketAddress::SocketAddress(const IpAddress& address, std::uint16_t port) {
  if (address.is_v6) {
    sockaddr_in6 raw{};
    raw.sin6_family = AF_INET6;
    raw.sin6_port = htons(port);
    raw.sin6_scope_id = address.scope;
    std::memcpy(&raw.sin6_addr, address.bytes.data(), 16);
    std::memcpy(&storage_, &raw, sizeof raw);
  } else {
    sockaddr_in raw{};
    raw.sin_family = AF_INET;
    raw.sin_port = htons(port);
    std::memcpy(&raw.sin_addr, address.bytes.data(), 4);
    std::memcpy(&storage_, &raw, sizeof raw);
  }
}

const sockaddr* SocketAddress::data() const { return reinterpret_cast<const sockaddr*>(&storage_); }
sockaddr* SocketAddress::data() { return reinterpret_cast<sockaddr*>(&storage_); }

socklen_t SocketAddress::size() const {
  return storage_.ss_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
}

IpAddress address_of(const sockaddr* raw) {
  IpAddress address;
  if (raw->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, raw, sizeof v6);
    address.is_v6 = true;
    address.scope = v6.sin6_scope_id;
    std::memcpy(address.bytes.data(), &v6.sin6_addr, 16);
  } else if (raw->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, raw, sizeof v4);
    std::memcpy(address.bytes.data(), &v4.sin_addr, 4);
  }
  return address;
}

std::uint16_t port_of(const sockaddr* raw) {
  if (raw->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, raw, sizeof v6);
    return ntohs(v6.sin6_port);
  }
  sockaddr_in v4{};
  if (raw->sa_family == AF_INET) std::memcpy(&v4, raw, sizeof v4);
  return ntohs(v4.sin_port);
}

std::uint16_t local_port_of(int fd) {
  SocketAddress local;
  socklen_t size = SocketAddress::capacity();
  return ::getsockname(fd, local.data(), &size) == 0 ? port_of(local.data()) : std::uint16_t{0};
}

}  // namespace lw::io
