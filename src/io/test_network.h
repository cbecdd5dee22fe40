// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/thread.h"

/// For tests only: a network of one's own, with nothing in it but loopback, where rules may drop
/// and reject without harm to the machine or to tests that run beside it.
namespace lw::io {

inline bool bring_loopback_up() {
  const FileDescriptor any(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  request.ifr_name[0] = 'l';
  request.ifr_name[1] = 'o';
  if (::ioctl(any.get(), SIOCGIFFLAGS, &request) != 0) return false;
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  return ::ioctl(any.get(), SIOCSIFFLAGS, &request) == 0;
}

/// Runs `body` on a thread in a new network namespace, after the shell commands `setup` ("nft …",
/// "ip …"). False if the machine does not let us.
inline bool in_own_network(const std::vector<std::string>& setup,
                           const std::function<void()>& body) {
  bool ready = false;
  Thread thread("own-network", [&] {
    if (::unshare(CLONE_NEWNET) != 0) return;
    ready = bring_loopback_up();
    for (const std::string& command : setup) {
      ready = ready && std::system(("(" + command + ") >/dev/null 2>&1").c_str()) == 0;
    }
    if (ready) body();
  });
  thread.join();
  return ready;
}

/// Takes all capabilities from the calling thread, and from no other.
inline bool drop_thread_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const std::array<__user_cap_data_struct, 2> none{};
  return ::syscall(SYS_capset, &header, none.data()) == 0;
}

/// The first command of those whose rules follow.
inline constexpr const char* kChain =
    "nft 'add table inet t; add chain inet t in { type filter hook input priority 0; }'";

/// A command that adds a rule, for what comes in.
inline std::string rule(const std::string& text) { return "nft 'add rule inet t in " + text + "'"; }

}  // namespace lw::io
