// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "base/time.h"

namespace lw::topology {

/// What each hop's link adds to the round trip. Routers make ICMP errors on a slow path, so a hop's
/// own time may be too long but never too short: what later hops show bounds it. With m_i the low
/// quantile of hop i, M_i = min over j >= i of m_j never falls along the path, and link i adds
/// M_i - M_(i-1).
struct LatencyEnvelope {
  std::vector<std::optional<Microseconds>> level;  ///< M_i; nothing if no hop from i on answered
  std::vector<Microseconds> added;                 ///< 0 where the hop did not answer
  Microseconds total{0};                           ///< M of the last hop that answered
};
LatencyEnvelope latency_envelope(std::span<const std::optional<Microseconds>> lows);

/// The link that makes up at least half of `total`; its index, or nothing.
std::optional<std::size_t> link_of_half(std::span<const Microseconds> added, Microseconds total);

}  // namespace lw::topology
