// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "model/trace.h"

namespace lw::topology {

/// Where one flow of one trace came by. Hops are indexes from 0 (TTL 1).
struct ObservedWay {
  std::uint16_t flow = 0;
  /// Who answered at each TTL, up to the last that answered: usually one router or none.
  std::vector<std::vector<IpAddress>> hops;
  std::uint8_t reached_ttl = 0;  ///< the lowest at which the destination answered; 0: none
  std::uint8_t loop_ttl = 0;     ///< where a router came again that had come before; 0: none
  std::uint8_t top_ttl = 0;      ///< the furthest place from which anything came back
  /// An ICMP unreachable, "too big" or "prohibited" ended the way here; 0: none.
  std::uint8_t stop_ttl = 0;
  std::uint8_t stop_type = 0;
  std::uint8_t stop_code = 0;
  std::uint32_t stop_mtu = 0;
  bool left_host = false;  ///< at least one probe did
  /// The probes of this flow, in the order they were sent. Point into the trace.
  std::vector<const TraceProbe*> probes;

  [[nodiscard]] bool has_two_routers_at_one_ttl() const;
};

/// One entry per flow, in the order in which they occur.
std::vector<ObservedWay> ways_in(const Trace& trace);

}  // namespace lw::topology
