// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "base/ip_address.h"
#include "io/loop.h"
#include "io/own_packet.h"
#include "io/trace_socket.h"

namespace lw::io {

/// TCP probes without privilege: connection attempts whose packets have a time to live of their
/// own. What comes back is handed on as if the SYN of the caller had been sent; the kernel sent one
/// of its own, with the same addresses, ports and TTL. For plain_trace_socket.h.
class SynAttempts {
 public:
  using Arrived = std::function<void(const TraceSocket::Arrival&)>;

  SynAttempts(Loop& loop, bool is_v6, Arrived arrived);
  ~SynAttempts();

  /// 0 or an errno; EBUSY while another one between the same ports and addresses is under way.
  int start(const IpAddress& to, const OwnPacket& packet);
  /// Looks at all of them.
  void read_pending();

 private:
  struct Name {
    IpAddress to;
    std::uint16_t to_port = 0;
    std::uint16_t from_port = 0;
    auto operator<=>(const Name&) const = default;
  };
  struct Attempt;

  void look_at(Name name);
  void give_up(Name name);

  Loop& loop_;
  const bool is_v6_;
  Arrived arrived_;
  std::map<Name, std::unique_ptr<Attempt>> attempts_;
};

}  // namespace lw::io
