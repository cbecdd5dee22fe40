// SPDX-License-Identifier: Apache-2.0
#include "topology/latency_envelope.h"

#include <algorithm>

namespace lw::topology {

LatencyEnvelope latency_envelope(std::span<const std::optional<Microseconds>> lows) {
  LatencyEnvelope envelope;
  envelope.level.resize(lows.size());
  envelope.added.resize(lows.size());
  std::optional<Microseconds> lowest;
  for (std::size_t i = lows.size(); i-- > 0;) {
    if (lows[i]) lowest = lowest ? std::min(*lowest, *lows[i]) : *lows[i];
    envelope.level[i] = lowest;
  }
  Microseconds before{0};
  for (std::size_t i = 0; i < lows.size(); ++i) {
    // What a silent hop's link adds shows at the next one that answers.
    if (!lows[i]) continue;
    envelope.added[i] = *envelope.level[i] - before;
    before = *envelope.level[i];
  }
  envelope.total = before;
  return envelope;
}

std::optional<std::size_t> link_of_half(std::span<const Microseconds> added, Microseconds total) {
  const auto most = std::max_element(added.begin(), added.end());
  if (most == added.end() || *most <= Microseconds(0) || 2 * *most < total) return std::nullopt;
  return static_cast<std::size_t>(most - added.begin());
}

}  // namespace lw::topology
