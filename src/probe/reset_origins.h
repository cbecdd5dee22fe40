// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/ip_address.h"
#include "base/time.h"
#include "io/reset_watch.h"

namespace lw {

/// TTLs with which packets of one host, or in its name, arrived. 0: not known.
struct ResetTtls {
  std::uint8_t reset = 0;
  std::uint8_t handshake = 0;  ///< of the same connection
  std::uint8_t elsewhere = 0;  ///< of the host's echo replies, or of another of its connections
};

/// Whether a reset was sent by a device on the way in the host's name: empty if not, or if nobody
/// knows. Packets of one connection take one way, so that each difference counts; with others it is
/// the number of hops (way_back.h), and the words are more careful. Pure.
std::string note_of_foreign_reset(const ResetTtls& ttls);

/// Finds out who sent the resets that made checks fail. A firewall that refuses connections, or
/// breaks off those that it does not like, answers in the name of the host, and its packets come a
/// shorter way. After the first reset it hears those of later checks (ResetWatch), of which a test
/// makes some at once to confirm its first failure. On the loop's thread.
class ResetOrigins {
 public:
  /// Loop and clock must outlive it.
  ResetOrigins(io::Loop& loop, const Clock& clock) : clock_(clock), watch_(loop, clock) {}

  /// Whether checks are to note their connection's ends, should it be reset.
  [[nodiscard]] bool wants_ends(bool is_v6) const { return watch_.is_listening(is_v6); }
  /// A check's connection ended with a reset. What is known of who sent it; mostly empty.
  std::string judge(const io::TcpEnds& ends);
  /// Whether an echo would help to tell next time; at most once a minute for each address.
  bool wants_echo(const IpAddress& address);
  void note_echo(const IpAddress& address, std::uint8_t reply_ttl);

 private:
  struct Host {
    std::uint8_t ttl = 0;
    Instant known_at{};
    std::optional<Instant> asked_at;
  };
  Host& host_of(const IpAddress& address);

  const Clock& clock_;
  io::ResetWatch watch_;
  std::unordered_map<IpAddress, Host> hosts_;
};

}  // namespace lw
