// SPDX-License-Identifier: Apache-2.0
#include "io/route_source.h"

#include <sys/socket.h>

#include <cerrno>

#include "base/files.h"
#include "io/socket_address.h"

namespace lw::io {
namespace {

// A route that changes shows after so long.
constexpr Seconds kRemembered{5};
constexpr std::size_t kRememberedMax = 20'000;
constexpr std::uint16_t kAnyPort = 9;

}  // namespace

Result<IpAddress> route_source(const IpAddress& destination) {
  const FileDescriptor fd(
      ::socket(destination.is_v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd.is_open()) return fail_errno("reach " + to_string(destination), errno);
  const SocketAddress remote(destination, kAnyPort);
  SocketAddress local;
  socklen_t size = SocketAddress::capacity();
  if (::connect(fd.get(), remote.data(), remote.size()) != 0 ||
      ::getsockname(fd.get(), local.data(), &size) != 0) {
    return fail_errno("reach " + to_string(destination), errno);
  }
  IpAddress source = address_of(local.data());
  source.scope = 0;
  return source;
}

Result<IpAddress> RouteSources::find(const IpAddress& destination, Instant now) {
  const auto found = known_.find(destination);
  if (found != known_.end() && now - found->second.at < kRemembered) return found->second.source;
  if (known_.size() >= kRememberedMax) known_.clear();
  const IpAddress source = TRY(route_source(destination));
  known_[destination] = {source, now};
  return source;
}

}  // namespace lw::io
