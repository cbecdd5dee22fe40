// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>

#include "base/time.h"

namespace lw {

/// How much may still be spent of something that comes in at a steady rate and is saved up for a
/// while (a token bucket). Full at the start. A rate of 0 has no limit. Pure: time comes in as an
/// argument.
class RateBudget {
 public:
  /// `per_second` come in, and at most those of `saved_up` are kept, but always one.
  explicit RateBudget(double per_second = 0, std::chrono::duration<double> saved_up = Seconds(1))
      : per_second_(per_second),
        most_(std::max(1.0, per_second * saved_up.count())),
        available_(most_) {}

  /// Spends `amount` if there is so much. Time must not run backwards.
  bool spend(Instant now, double amount = 1) {
    if (per_second_ <= 0) return true;
    const std::chrono::duration<double> passed = now - filled_at_;
    if (filled_at_ != Instant{}) {
      available_ = std::min(most_, available_ + passed.count() * per_second_);
    }
    filled_at_ = now;
    if (available_ < amount) return false;
    available_ -= amount;
    return true;
  }

  [[nodiscard]] double per_second() const { return per_second_; }

 private:
  double per_second_;
  double most_;
  double available_;
  Instant filled_at_{};
};

}  // namespace lw
