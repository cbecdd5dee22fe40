// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace lw::lab {

/// What one direction of a link does to its packets. The default is a perfect line. Any combination
/// is valid; parse_settings() keeps each value within its range.
struct LinkSettings {
  Microseconds delay{0};   ///< Added to every packet.
  Microseconds jitter{0};  ///< Up to this much more, evenly spread; never changes the order.
  double loss_percent = 0;
  double duplicate_percent = 0;
  double reorder_percent = 0;       ///< Share of packets that later ones may overtake ...
  Microseconds reorder_by{10'000};  ///< ... since they are held back this much longer.
  double rate_bits = 0;             ///< Per second; 0 is unlimited.
  Microseconds queue{1'000'000};    ///< With a rate: packets that would wait longer are dropped.
  std::size_t mtu = 0;  ///< Larger packets vanish without an ICMP answer; 0 lets all pass.
  bool operator==(const LinkSettings&) const = default;
};

/// Both directions of a link: from end a to end b, and back.
struct LinkPair {
  LinkSettings a_to_b;
  LinkSettings b_to_a;
  bool operator==(const LinkPair&) const = default;
};

/// Applies "delay_ms=100 loss=5 dir=both" to `current` and returns the outcome. `dir` is ab, ba or
/// both (the default) and holds for the whole line; "reset" alone as a word goes back to a perfect
/// line before what follows. An unknown key or a value out of range changes nothing and names
/// itself.
Result<LinkPair> parse_settings(std::string_view line, const LinkPair& current);

/// One JSON object with the keys that parse_settings() reads.
std::string to_json(const LinkSettings& settings);

}  // namespace lw::lab
