// SPDX-License-Identifier: Apache-2.0
#include "io/port_listener.h"

#include <fmt/core.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/files.h"
#include "io/bind_failure.h"
#include "io/socket_address.h"

namespace lw::io {
namespace {

/// Handshakes that the kernel completes while the loop does something else.
constexpr int kBacklog = 1024;
/// So many are closed in one turn of the loop; then others have theirs.
constexpr int kBatch = 64;
/// Without descriptors, the waiting connection would wake the loop without end.
constexpr Seconds kPauseWithoutDescriptors{1};

}  // namespace

struct PortListener::Impl {
  Impl(Loop& on, FileDescriptor socket) : loop(on), fd(std::move(socket)) {}

  Loop& loop;
  FileDescriptor fd;
  std::uint16_t port = 0;
  std::uint64_t accepted = 0;
  Loop::Watch readable;
  Loop::Timer pause;

  void watch() {
    readable = loop.watch(fd.get(), Loop::Interest::Read, [this] { accept_batch(); });
  }
  void accept_batch();
};

void PortListener::Impl::accept_batch() {
  for (int i = 0; i < kBatch; ++i) {
    const FileDescriptor closes(
        ::accept4(fd.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (closes.is_open()) {
      ++accepted;
      continue;
    }
    // The peer may have given up meanwhile; anything else that is not "none" is a shortage.
    if (errno == ECONNABORTED || errno == EINTR) continue;
    if (errno != EAGAIN) {
      readable.cancel();
      pause = loop.after(kPauseWithoutDescriptors, [this] { watch(); });
    }
    return;
  }
}

Result<std::unique_ptr<PortListener>> PortListener::open(Loop& loop, const IpAddress& address,
                                                         std::uint16_t port) {
  auto impl = std::make_unique<Impl>(
      loop, FileDescriptor(::socket(address.is_v6 ? AF_INET6 : AF_INET,
                                    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)));
  const int fd = impl->fd.get();
  const int on = 1;
  // Connections that we closed stay in TIME_WAIT and must not keep us from listening again. A
  // socket that listens does, with this option or without.
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.is_v6) ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  SocketAddress local(address, port);
  socklen_t size = SocketAddress::capacity();
  if (fd < 0 || ::bind(fd, local.data(), local.size()) != 0 || ::listen(fd, kBacklog) != 0 ||
      ::getsockname(fd, local.data(), &size) != 0) {
    return std::unexpected(bind_failure("TCP", address, port, errno));
  }
  impl->port = port_of(local.data());
  impl->watch();
  return std::make_unique<PortListener>(std::move(impl));
}

PortListener::PortListener(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PortListener::~PortListener() = default;
std::uint16_t PortListener::port() const { return impl_->port; }
std::uint64_t PortListener::accepted() const { return impl_->accepted; }

}  // namespace lw::io
