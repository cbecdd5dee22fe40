// SPDX-License-Identifier: Apache-2.0
#include "probe/reset_origins.h"

#include <fmt/core.h>

#include "probe/way_back.h"

namespace lw {
namespace {

// Ways change; a TTL of before then says little about a reset of now.
constexpr Seconds kKnownFor{600};
constexpr Seconds kAskAgainAfter{60};
// Beyond, all are forgotten and learnt anew.
constexpr std::size_t kHostsMax = 4'096;

}  // namespace

std::string note_of_foreign_reset(const ResetTtls& ttls) {
  if (ttls.reset == 0) return {};
  if (ttls.handshake != 0) {
    if (ttls.reset == ttls.handshake) return {};
    return fmt::format(
        "a device on the way sent the reset, not the host: it came with TTL {}, the answer to the "
        "SYN with {}",
        ttls.reset, ttls.handshake);
  }
  const int reset_hops = hops_of_ttl(ttls.reset);
  const int host_hops = hops_of_ttl(ttls.elsewhere);
  if (ttls.elsewhere == 0 || reset_hops == host_hops) return {};
  return fmt::format(
      "a device on the way seems to have sent the reset, not the host: it came with TTL {} ({} "
      "routers), what the host sends otherwise with {} ({})",
      ttls.reset, reset_hops, ttls.elsewhere, host_hops);
}

std::string ResetOrigins::judge(const io::TcpEnds& ends) {
  watch_.listen(ends.remote.is_v6);
  if (ends.local_port == 0) return {};
  const io::ResetWatch::Seen seen = watch_.seen(ends);
  Host& host = host_of(ends.remote);
  const Instant now = clock_.now();
  const bool is_known = host.ttl != 0 && now - host.known_at < kKnownFor;
  const std::uint8_t elsewhere = is_known ? host.ttl : std::uint8_t{0};
  if (seen.handshake_ttl != 0) {
    host.ttl = seen.handshake_ttl;
    host.known_at = now;
  }
  return note_of_foreign_reset({seen.reset_ttl, seen.handshake_ttl, elsewhere});
}

bool ResetOrigins::wants_echo(const IpAddress& address) {
  if (!watch_.is_listening(address.is_v6)) return false;
  Host& host = host_of(address);
  const Instant now = clock_.now();
  if (host.ttl != 0 && now - host.known_at < kKnownFor) return false;
  if (host.asked_at && now - *host.asked_at < kAskAgainAfter) return false;
  host.asked_at = now;
  return true;
}

void ResetOrigins::note_echo(const IpAddress& address, std::uint8_t reply_ttl) {
  if (reply_ttl == 0) return;
  Host& host = host_of(address);
  host.ttl = reply_ttl;
  host.known_at = clock_.now();
}

ResetOrigins::Host& ResetOrigins::host_of(const IpAddress& address) {
  if (hosts_.size() >= kHostsMax && !hosts_.contains(address)) hosts_.clear();
  return hosts_[address];
}

}  // namespace lw
