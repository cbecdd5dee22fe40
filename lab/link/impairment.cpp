// SPDX-License-Identifier: Apache-2.0
#include "link/impairment.h"

#include <algorithm>
#include <chrono>

namespace lw::lab {

// SplitMix64 (Steele, Lea, Flood 2014). Not <random>: its distributions differ between libraries,
// and a seed must mean the same everywhere.
double Impairment::roll_one() {
  state_ += 0x9e3779b97f4a7c15U;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  z ^= z >> 31U;
  return static_cast<double>(z >> 11U) * 0x1.0p-53;
}

Impairment::Dice Impairment::roll() {
  Dice dice{};
  dice.loss = roll_one() * 100;
  dice.duplicate = roll_one() * 100;
  dice.reorder = roll_one() * 100;
  dice.jitter = roll_one();
  return dice;
}

Instant Impairment::transmitted(std::size_t bytes, Instant now) {
  if (settings_.rate_bits <= 0) return now;
  const std::chrono::duration<double> on_the_line(8.0 * static_cast<double>(bytes) /
                                                  settings_.rate_bits);
  line_free_ =
      std::max(now, line_free_) + std::chrono::duration_cast<std::chrono::nanoseconds>(on_the_line);
  return line_free_;
}

void Impairment::set(const LinkSettings& settings) {
  settings_ = settings;
  line_free_ = {};
  last_in_order_ = {};
}

void Impairment::push(Packet packet, Instant now) {
  ++counters_.received;
  const Dice dice = roll();
  if (settings_.mtu > 0 && packet.size() > settings_.mtu) {
    ++counters_.too_big;
    return;
  }
  if (dice.loss < settings_.loss_percent) {
    ++counters_.lost;
    return;
  }
  if (settings_.rate_bits > 0 && line_free_ > now + settings_.queue) {
    ++counters_.overflowed;
    return;
  }
  const auto jitter = std::chrono::duration_cast<Microseconds>(settings_.jitter * dice.jitter);
  Instant departure = transmitted(packet.size(), now) + settings_.delay + jitter;
  if (dice.reorder < settings_.reorder_percent) {
    ++counters_.reordered;
    departure += settings_.reorder_by;
  } else {
    departure = std::max(departure, last_in_order_);
    last_in_order_ = departure;
  }
  if (dice.duplicate < settings_.duplicate_percent) {
    ++counters_.duplicated;
    hold(packet, departure);
  }
  hold(std::move(packet), departure);
}

void Impairment::hold(Packet packet, Instant departure) {
  if (held_.size() >= kHeldMax) {
    ++counters_.overflowed;
    return;
  }
  held_.emplace(std::pair(departure, next_id_++), std::move(packet));
}

std::optional<Instant> Impairment::next_departure() const {
  if (held_.empty()) return std::nullopt;
  return held_.begin()->first.first;
}

std::vector<Packet> Impairment::take_departed(Instant now) {
  std::vector<Packet> departed;
  while (!held_.empty() && held_.begin()->first.first <= now) {
    departed.push_back(std::move(held_.extract(held_.begin()).mapped()));
  }
  counters_.sent += departed.size();
  return departed;
}

}  // namespace lw::lab
