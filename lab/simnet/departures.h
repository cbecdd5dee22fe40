// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"
#include "simnet/editable_packet.h"

namespace lw::lab {

/// Packets that wait for their time. Memory of packets that left is used again.
class Departures {
 public:
  /// Packets held at most; beyond that they are dropped: some 100 MB of small ones.
  static constexpr std::size_t kHeldMax = std::size_t{1} << 20U;

  void hold(Bytes packet, Instant at) {
    if (heap_.size() >= kHeldMax) return;
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(packets_.size()));
      packets_.emplace_back();
    }
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    packets_[slot].assign(packet.begin(), packet.end());
    heap_.push_back({at, next_id_++, slot});
    std::ranges::push_heap(heap_, is_later);
  }

  [[nodiscard]] std::optional<Instant> next() const {
    return heap_.empty() ? std::nullopt : std::optional(heap_.front().at);
  }

  /// Hands out those that are due, in order of time, ties in the order of hold().
  template <class Take>
  void take_due(Instant now, const Take& take) {
    while (!heap_.empty() && heap_.front().at <= now) {
      std::ranges::pop_heap(heap_, is_later);
      const std::uint32_t slot = heap_.back().slot;
      heap_.pop_back();
      take(packets_[slot]);
      free_.push_back(slot);
    }
  }

 private:
  struct Held {
    Instant at;
    std::uint64_t id;
    std::uint32_t slot;
  };
  static bool is_later(const Held& a, const Held& b) {
    return a.at != b.at ? a.at > b.at : a.id > b.id;
  }

  std::vector<Held> heap_;
  std::vector<Packet> packets_;
  std::vector<std::uint32_t> free_;
  std::uint64_t next_id_ = 0;
};

}  // namespace lw::lab
