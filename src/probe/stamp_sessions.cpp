// SPDX-License-Identifier: Apache-2.0
#include "probe/stamp_sessions.h"

#include <algorithm>

namespace lw {
namespace {

/// After so long a bucket is full again, as a new one would be.
std::chrono::nanoseconds refill_time(const StampSessions::Limits& limits) {
  return std::chrono::nanoseconds(std::int64_t{1'000'000'000} * limits.burst / limits.per_second);
}

}  // namespace

StampSessions::StampSessions(const Limits& limits)
    : limits_(limits),
      sessions_(limits.sessions_max, limits.session_idle),
      sources_(limits.sources_max, refill_time(limits)) {}

std::size_t StampSessions::KeyHash::operator()(const StampSessionKey& key) const noexcept {
  const std::size_t ports = (std::size_t{key.from_port} << 16) | key.session;
  const std::size_t addresses =
      std::hash<IpAddress>{}(key.from) * 31 + std::hash<IpAddress>{}(key.to);
  return addresses * 1'000'003 + ports;
}

bool StampSessions::may_send(const IpAddress& from, Instant now) {
  const double full = limits_.burst;
  Source* const source = sources_.use(from, now, {full, now});
  if (source == nullptr) return false;
  const double seconds = std::chrono::duration<double>(now - source->filled).count();
  source->tokens = std::min(full, source->tokens + seconds * limits_.per_second);
  source->filled = now;
  if (source->tokens < 1) return false;
  source->tokens -= 1;
  return true;
}

std::optional<std::uint32_t> StampSessions::take(const StampSessionKey& key, Instant now) {
  if (!may_send(key.from, now)) return std::nullopt;
  std::uint32_t* const next = sessions_.use(key, now, 0);
  if (next == nullptr) return std::nullopt;
  return (*next)++;
}

}  // namespace lw
