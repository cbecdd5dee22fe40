// SPDX-License-Identifier: Apache-2.0
#include "topology/share.h"

#include <algorithm>
#include <cmath>

namespace lw::topology {
namespace {

constexpr double kNormalQuantile = 1.959964;  // two-sided 95 %

}  // namespace

Share share_of(double part, double whole) {
  if (whole <= 0) return {0, 0, 100};
  const double z2 = kNormalQuantile * kNormalQuantile;
  const double p = part / whole;
  const double centre = (p + z2 / (2 * whole)) / (1 + z2 / whole);
  const double spread = kNormalQuantile / (1 + z2 / whole) *
                        std::sqrt(p * (1 - p) / whole + z2 / (4 * whole * whole));
  // At both ends the bound is the value itself; rounding must not put it on the other side.
  const double low = part <= 0 ? 0 : std::min(centre - spread, p);
  const double high = part >= whole ? 1 : std::max(centre + spread, p);
  return {100 * std::max(0.0, low), 100 * p, 100 * std::min(1.0, high)};
}

}  // namespace lw::topology
