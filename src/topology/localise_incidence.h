// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "topology/localise.h"

namespace lw::topology {

/// Lists of numbers, one behind the other.
class Rows {
 public:
  void add(std::span<const std::uint32_t> row);
  [[nodiscard]] std::span<const std::uint32_t> operator[](std::size_t index) const;
  [[nodiscard]] std::size_t size() const { return begins_.size() - 1; }
  /// For each number below `count` the rows that hold it.
  [[nodiscard]] Rows transposed(std::size_t count) const;

 private:
  std::vector<std::uint32_t> begins_{0};
  std::vector<std::uint32_t> values_;
};

/// A stretch of silent hops that may be one of several ways known from other observations.
struct Gap {
  std::vector<std::vector<std::uint32_t>> ways;  ///< each of group numbers
};

/// Who crosses what. A stretch that is silent now and then, and else is known to take exactly one
/// way of that length, is taken for that way; if there are several ways, it crosses what they have
/// in common and is a gap. A stretch that is mostly silent is a link of its own, and so are its
/// first and its last part, which it may share with others. Links that the same measured
/// observations cross make a group: nothing can tell them apart.
struct Incidence {
  std::vector<PathLink> links;
  Rows links_of;                                   ///< by observation
  Rows observations_of;                            ///< by link; all observations, measured or not
  std::vector<std::uint32_t> group_of_link;        ///< kNoGroup if nothing measured crosses it
  std::vector<std::vector<std::uint32_t>> groups;  ///< link numbers
  Rows groups_of;                                  ///< by observation; empty rows if not measured
  Rows measured_of;                                ///< observations by group
  std::vector<Gap> gaps;
  Rows gaps_of;  ///< by observation
  static constexpr std::uint32_t kNoGroup = ~0U;
};

Incidence build_incidence(std::span<const PathObservation> observations);

}  // namespace lw::topology
