// SPDX-License-Identifier: Apache-2.0
#include "io/reserved_ports.h"

#include <fmt/core.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "io/socket_address.h"

namespace lw::io {
namespace {

/// Above the ports that Linux gives to connections by default (up to 60999).
constexpr std::uint32_t kLowest = 61'000;
constexpr std::uint32_t kEnd = 65'536;

/// 0 or an errno.
int bind_to(const FileDescriptor& fd, bool is_v6, std::uint16_t port, bool share) {
  const int on = 1;
  if (is_v6) ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (share) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  IpAddress any;
  any.is_v6 = is_v6;
  const SocketAddress local(any, port);
  return ::bind(fd.get(), local.data(), local.size()) == 0 ? 0 : errno;
}

/// The sockets of all ports of the block; none and why in `error` if one is taken.
std::vector<FileDescriptor> bind_all(bool is_v6, int type, PortBlock block, bool share,
                                     int& error) {
  std::vector<FileDescriptor> sockets;
  for (std::uint32_t port = block.first; port <= block.last(); ++port) {
    FileDescriptor fd(::socket(is_v6 ? AF_INET6 : AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    error = fd.is_open() ? bind_to(fd, is_v6, static_cast<std::uint16_t>(port), share) : errno;
    if (error != 0) return {};
    sockets.push_back(std::move(fd));
  }
  return sockets;
}

}  // namespace

Result<ReservedPorts> ReservedPorts::reserve(bool is_v6, std::uint16_t count, bool share_tcp) {
  for (std::uint32_t first = kEnd - count; first >= kLowest; first -= count) {
    int error = 0;
    ReservedPorts ports;
    ports.block_ = {static_cast<std::uint16_t>(first), count};
    ports.udp_ = bind_all(is_v6, SOCK_DGRAM, ports.block_, false, error);
    if (error == 0) ports.tcp_ = bind_all(is_v6, SOCK_STREAM, ports.block_, share_tcp, error);
    if (error == 0) return ports;
    if (error != EADDRINUSE) return fail_errno("reserve ports for traces", error);
  }
  return fail(ErrorCode::Conflict,
              fmt::format("reserve ports for traces: no {} ports in a row are free above {}", count,
                          kLowest));
}

}  // namespace lw::io
