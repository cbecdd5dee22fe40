// SPDX-License-Identifier: Apache-2.0
#include "io/interface_mtu.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>

#include "base/files.h"
#include "io/socket_address.h"

namespace lw::io {
namespace {

/// netdevice(7), SIOCGIFMTU.
std::optional<std::uint32_t> mtu_of(std::string_view name) {
  const FileDescriptor fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  if (!fd.is_open() || name.size() >= sizeof request.ifr_name) return std::nullopt;
  std::memcpy(request.ifr_name, name.data(), name.size());
  if (::ioctl(fd.get(), SIOCGIFMTU, &request) != 0 || request.ifr_mtu <= 0) return std::nullopt;
  return static_cast<std::uint32_t>(request.ifr_mtu);
}

bool has_address(const ifaddrs& entry, const IpAddress& address) {
  if (entry.ifa_addr == nullptr) return false;
  if (entry.ifa_addr->sa_family != (address.is_v6 ? AF_INET6 : AF_INET)) return false;
  const IpAddress own = address_of(entry.ifa_addr);
  return own.bytes == address.bytes;
}

}  // namespace

std::optional<std::uint32_t> interface_mtu(const IpAddress& source) {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return std::nullopt;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, &::freeifaddrs);
  std::optional<std::uint32_t> found;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (!has_address(*entry, source)) continue;
    const bool is_loopback = (entry->ifa_flags & IFF_LOOPBACK) != 0;
    if (found && is_loopback) continue;
    found = mtu_of(entry->ifa_name);
    if (!is_loopback) return found;
  }
  return found;
}

}  // namespace lw::io
