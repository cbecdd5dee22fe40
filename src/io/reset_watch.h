// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <memory>

#include "base/ip_address.h"
#include "base/time.h"
#include "io/loop.h"

namespace lw::io {

/// Which TCP connection of this host.
struct TcpEnds {
  IpAddress remote;
  std::uint16_t remote_port = 0;
  std::uint16_t local_port = 0;  ///< 0: not noted
  auto operator<=>(const TcpEnds&) const = default;
};

/// Sees the TTL (IPv6: hop limit) with which resets and answers to SYNs arrive, which sockets of
/// connections do not tell. For that it hears all TCP packets of the host in a raw socket, most of
/// which its filter drops; so it listens only while somebody has asked of late. Needs CAP_NET_RAW;
/// without it nothing is ever seen. Belongs to the loop's thread.
class ResetWatch {
 public:
  /// So long after listen() it still listens.
  static constexpr Seconds kListenFor{120};
  /// Connections; beyond, all are forgotten.
  static constexpr std::size_t kConnectionsMax = 8'192;

  /// Loop and clock must outlive it.
  ResetWatch(Loop& loop, const Clock& clock);
  ~ResetWatch();

  /// Hears what arrives from now on, of one family.
  void listen(bool is_v6);
  /// Whether connections that begin now will be seen.
  [[nodiscard]] bool is_listening(bool is_v6) const;

  /// What arrived of a connection; 0: no such packet, or not heard.
  struct Seen {
    std::uint8_t handshake_ttl = 0;  ///< SYN-ACK
    std::uint8_t reset_ttl = 0;      ///< the first RST
    bool operator==(const Seen&) const = default;
  };
  /// Reads what waits in the sockets first.
  Seen seen(const TcpEnds& connection);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lw::io
