// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/ip_address.h"
#include "base/result.h"
#include "io/loop.h"

/// What a self-test needs of this host and its loopback interface.
namespace lw::io {

/// Puts the calling thread, for good, into a new network namespace with nothing in it but a working
/// loopback. False, and nothing has changed, if the system does not allow it (CAP_SYS_ADMIN).
bool enter_own_network();

/// Whether this thread may open raw sockets (CAP_NET_RAW).
bool are_raw_sockets_allowed();

/// "6.1.0-18-amd64".
std::string kernel_release();

/// Sees the ICMP echoes of IPv4 on loopback as a packet capture does: with the kernel's stamps of
/// requests as they leave and of replies as they arrive. Belongs to the loop's thread.
class EchoCapture {
 public:
  struct Seen {
    bool is_reply = false;
    IpAddress target;           ///< whom the echo went to, also of its reply
    std::int64_t stamp_ns = 0;  ///< CLOCK_REALTIME
  };

  /// Needs CAP_NET_RAW.
  static Result<std::unique_ptr<EchoCapture>> open(Loop& loop,
                                                   std::function<void(const Seen&)> seen);
  ~EchoCapture();

  struct Impl;
  explicit EchoCapture(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace lw::io
