// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace lw::agent {

/// How long to wait before a server is tried again: longer after each failure, and by chance, so
/// that a thousand agents that lost their server at one moment do not come back at one moment
/// (Brooker, "Exponential Backoff and Jitter", 2015). Within 15 s of the server's return all have
/// tried. Pure.
class ReconnectPause {
 public:
  static constexpr Milliseconds kMax{15'000};

  /// After a failure or a lost connection. `chance` is from 0 to below 1.
  Milliseconds next(double chance) {
    ceiling_ = std::min(kMax, std::max(kFirst, ceiling_ * 2));
    const auto fixed = ceiling_ / 4;
    return fixed + Milliseconds(static_cast<std::int64_t>(
                       static_cast<double>((ceiling_ - fixed).count()) * chance));
  }
  /// The server answered.
  void reset() { ceiling_ = Milliseconds(0); }

 private:
  static constexpr Milliseconds kFirst{2'000};
  Milliseconds ceiling_{0};
};

}  // namespace lw::agent
