// SPDX-License-Identifier: Apache-2.0
#include "link/tunnel.h"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/assert.h"

namespace lw::lab {
namespace {

Result<Descriptor> open_file(const std::string& path, int flags) {
  Descriptor file(::open(path.c_str(), flags | O_CLOEXEC));
  if (file.get() < 0) return fail_errno("open " + path, errno);
  return file;
}

/// Makes the interface in the namespace that the thread is in now.
Result<Descriptor> open_here(const std::string& interface, TunnelKind kind) {
  Descriptor device = TRY(open_file("/dev/net/tun", O_RDWR | O_NONBLOCK));
  ifreq request{};
  if (interface.empty() || interface.size() >= sizeof request.ifr_name) {
    return fail(ErrorCode::InvalidInput,
                "interface name `" + interface + "`: must be 1 to 15 long");
  }
  std::memcpy(request.ifr_name, interface.data(), interface.size());
  request.ifr_flags = static_cast<short>((kind == TunnelKind::Tun ? IFF_TUN : IFF_TAP) | IFF_NO_PI);
  if (::ioctl(device.get(), TUNSETIFF, &request) != 0) {
    return fail_errno("make interface " + interface, errno);
  }
  return device;
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Result<Descriptor> open_tunnel(const std::string& namespace_file, const std::string& interface,
                               TunnelKind kind) {
  if (namespace_file.empty()) return open_here(interface, kind);
  const Descriptor home = TRY(open_file("/proc/thread-self/ns/net", O_RDONLY));
  const Descriptor there = TRY(open_file(namespace_file, O_RDONLY));
  if (::setns(there.get(), CLONE_NEWNET) != 0) return fail_errno("enter " + namespace_file, errno);
  auto device = open_here(interface, kind);
  LW_ASSERT(::setns(home.get(), CLONE_NEWNET) == 0);
  return device;
}

}  // namespace lw::lab
