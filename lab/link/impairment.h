// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/time.h"
#include "link/settings.h"

namespace lw::lab {

using Packet = std::vector<std::uint8_t>;

/// What became of the packets of one direction.
struct LinkCounters {
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
  std::uint64_t lost = 0;        ///< by loss_percent
  std::uint64_t overflowed = 0;  ///< the queue before the rate limit, or kHeldMax, was full
  std::uint64_t too_big = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t reordered = 0;
  bool operator==(const LinkCounters&) const = default;
};

/// One direction of a link, as a pure queue in virtual time: packets go in with the time of their
/// arrival and come out with the time of their departure. Two with the same seed, settings and
/// input give the same output. `now` must never go back.
class Impairment {
 public:
  explicit Impairment(std::uint64_t seed) : state_(seed) {}

  /// Holds for packets that arrive from now on; those on their way keep their departure, and new
  /// ones need not wait for them.
  void set(const LinkSettings& settings);
  [[nodiscard]] const LinkSettings& settings() const { return settings_; }

  void push(Packet packet, Instant now);
  /// When the next packet departs; nothing while the link is empty.
  [[nodiscard]] std::optional<Instant> next_departure() const;
  /// The packets whose departure is not after `now`, in the order in which they leave.
  std::vector<Packet> take_departed(Instant now);

  [[nodiscard]] const LinkCounters& counters() const { return counters_; }

 private:
  /// The chances of one packet. All are drawn for every packet, so that changing one setting does
  /// not shift the dice of the others.
  struct Dice {
    double loss, duplicate, reorder, jitter;
  };
  Dice roll();
  double roll_one();
  [[nodiscard]] Instant transmitted(std::size_t bytes, Instant now);
  void hold(Packet packet, Instant departure);

  LinkSettings settings_;
  std::uint64_t state_;
  Instant line_free_{};        ///< When the rate limit lets the next packet start.
  Instant last_in_order_{};    ///< Departure of the last packet that keeps the order.
  std::uint64_t next_id_ = 0;  ///< Ties leave in the order of their arrival.
  std::map<std::pair<Instant, std::uint64_t>, Packet> held_;
  LinkCounters counters_;
};

/// Packets that a direction holds at most: some 100 MB of full-sized ones.
inline constexpr std::size_t kHeldMax = 65'536;

}  // namespace lw::lab
