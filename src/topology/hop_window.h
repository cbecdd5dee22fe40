// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"

/// The samples of the hops of one path over a window that slides by a ninth of itself.
namespace lw::topology {

/// A round-trip time in 16 bits: its logarithm in steps of 1/2048 octave, so that the error is at
/// most 0.017 % from 1 µs to 71 minutes. 0 is none.
std::uint16_t to_code(Microseconds rtt);
Microseconds from_code(std::uint16_t code);

/// What one hop did in one part of the window. Extremes are of all samples; of the samples
/// themselves a random three are kept.
struct HopBucket {
  static constexpr std::size_t kKept = 3;
  std::uint16_t sent = 0;
  std::uint16_t answered = 0;
  std::uint16_t witnessed = 0;  ///< probes that the hop ought to have answered
  std::uint16_t missed = 0;     ///< of them, those that it did not
  std::uint16_t lowest = 0;
  std::uint16_t highest = 0;
  std::array<std::uint16_t, kKept> kept{};

  void add_rtt(Microseconds rtt);
  void add(const HopBucket& other);
};

struct RttSummary {
  std::optional<Microseconds> min, low, median, max;
};

/// Buckets of all hops of a path. Hops are indexes from 0, time is in parts of the window (see
/// part_of) and never goes back.
class HopWindow {
 public:
  static constexpr std::size_t kParts = 10;  ///< nine that are full and the one that is filling
  static std::uint32_t part_of(Timestamp time, Seconds window);

  void resize(std::size_t hops);
  [[nodiscard]] std::size_t hops() const { return buckets_.size() / kParts; }
  /// Whether `part` is not begun yet, so that begin() will throw the oldest away.
  [[nodiscard]] bool is_new(std::uint32_t part) const { return part > newest_; }
  void begin(std::uint32_t part);
  /// The bucket of the newest part.
  HopBucket& now(std::size_t hop) { return at(hop, newest_); }
  /// The sum over the parts [from, to] as far as the window holds them.
  [[nodiscard]] HopBucket sum(std::size_t hop, std::uint32_t from, std::uint32_t to) const;
  /// The counts of one part alone; of one that it does not hold, none.
  [[nodiscard]] HopBucket part(std::size_t hop, std::uint32_t number) const;
  [[nodiscard]] RttSummary rtts(std::size_t hop, std::uint32_t from, std::uint32_t to) const;
  /// The usual least time of the last parts up to `to`: the median of their minima, so that one
  /// part with bad luck does not count. Nothing without samples.
  [[nodiscard]] std::optional<Microseconds> recent_low(std::size_t hop, std::uint32_t to) const;
  [[nodiscard]] std::uint32_t newest() const { return newest_; }
  /// Takes the other's samples in, hop by hop.
  void merge(const HopWindow& other);
  /// Throws all samples away and gives the memory back.
  void clear();
  [[nodiscard]] bool is_clear() const { return buckets_.empty(); }
  [[nodiscard]] std::size_t bytes() const { return buckets_.capacity() * sizeof(HopBucket); }

 private:
  HopBucket& at(std::size_t hop, std::uint32_t part) {
    return buckets_[hop * kParts + part % kParts];
  }
  [[nodiscard]] const HopBucket& at(std::size_t hop, std::uint32_t part) const {
    return buckets_[hop * kParts + part % kParts];
  }
  /// The first part from `from` on that the window still holds.
  [[nodiscard]] std::uint32_t clamp(std::uint32_t from) const;

  std::vector<HopBucket> buckets_;  ///< hop by hop
  std::uint32_t newest_ = 0;
};

}  // namespace lw::topology
