// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace lw::simulate {

/// Chance that can be repeated: one key, one sequence of numbers, on any machine and in any order
/// of asking. What happens in a simulated network is looked up by such keys instead of being kept,
/// so that any moment can be asked for. Pure. (splitmix64: Steele, Lea and Flood, OOPSLA 2014.)
class Dice {
 public:
  explicit Dice(std::initializer_list<std::uint64_t> key);

  std::uint64_t next();
  double uniform();  ///< from 0 to below 1
  double between(double low, double high) { return low + (high - low) * uniform(); }
  /// Between them, each factor of two as likely as the next. Both above 0.
  double spread(double low, double high);
  double normal();  ///< mean 0, standard deviation 1
  double exponential(double mean);
  bool chance(double share) { return share > 0 && uniform() < share; }
  /// 0 to below `count`, which is above 0.
  std::size_t pick(std::size_t count) { return static_cast<std::size_t>(next() % count); }

 private:
  std::uint64_t state_;
};

/// One number for a key: what Dice{key}.next() gives first.
std::uint64_t mix(std::initializer_list<std::uint64_t> key);

}  // namespace lw::simulate
