// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/ip_address.h"
#include "base/rate_budget.h"

namespace lw {

/// How many checks a second an agent may make, so that it is never itself the load that it
/// measures. 0: no limit.
struct RateLimitsConfig {
  double checks_per_second = 0;                  ///< of the whole agent
  double checks_per_second_per_destination = 0;  ///< of all its tests to one address
  double confirmations_per_second = 500;         ///< checks beside the rounds' own
};

/// Says which checks may be made. Pure: time comes in as an argument.
class RateLimits {
 public:
  explicit RateLimits(const RateLimitsConfig& config);

  /// Why a check may not be made now, in words; nothing if it may, and then it is counted.
  std::optional<std::string> refuse(const IpAddress& to, Instant now);
  /// Whether so many checks may be made beside a round's own.
  bool may_confirm(int checks, Instant now) { return confirmations_.spend(now, checks); }

  [[nodiscard]] std::size_t destinations() const { return destinations_.size(); }

 private:
  struct Destination {
    RateBudget budget;
    Instant used_at{};
  };
  void sweep(Instant now);

  RateLimitsConfig config_;
  RateBudget agent_;
  RateBudget confirmations_;
  std::unordered_map<IpAddress, Destination> destinations_;
  std::size_t sweep_at_ = 1024;
};

}  // namespace lw
