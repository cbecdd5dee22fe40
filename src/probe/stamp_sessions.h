// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "base/ip_address.h"
#include "probe/recent_table.h"

namespace lw {

/// What one sender's packets have in common (RFC 8762 §4, RFC 8972 §3).
struct StampSessionKey {
  IpAddress from;
  std::uint16_t from_port = 0;
  IpAddress to;
  std::uint16_t session = 0;  ///< its identifier; 0 of senders without
  bool operator==(const StampSessionKey&) const = default;
};

/// Counts the packets of each session, which is what lets a sender tell the losses of one direction
/// from those of the other, and holds each source to a rate. Bounded, whatever comes. Pure.
class StampSessions {
 public:
  struct Limits {
    std::size_t sessions_max = 4096;
    std::size_t sources_max = 4096;
    /// Packets a second that one source address may send, and how many at once.
    std::uint32_t per_second = 2000;
    std::uint32_t burst = 2000;
    /// A session so long without a packet is forgotten, and would begin at 0 again.
    Seconds session_idle{300};
  };

  explicit StampSessions(const Limits& limits);

  /// The reflector's own number for the next packet of the session, from 0 on; nothing if it must
  /// not be answered, since the source is too fast or there is no room.
  std::optional<std::uint32_t> take(const StampSessionKey& key, Instant now);

 private:
  /// A token bucket.
  struct Source {
    double tokens = 0;
    Instant filled{};
  };
  struct KeyHash {
    std::size_t operator()(const StampSessionKey& key) const noexcept;
  };

  bool may_send(const IpAddress& from, Instant now);

  const Limits limits_;
  RecentTable<StampSessionKey, std::uint32_t, KeyHash> sessions_;
  RecentTable<IpAddress, Source> sources_;
};

}  // namespace lw
