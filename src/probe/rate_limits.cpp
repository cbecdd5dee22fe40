// SPDX-License-Identifier: Apache-2.0
#include "probe/rate_limits.h"

#include <fmt/core.h>

#include <algorithm>

namespace lw {

RateLimits::RateLimits(const RateLimitsConfig& config)
    : config_(config),
      agent_(config.checks_per_second),
      confirmations_(config.confirmations_per_second) {}

std::optional<std::string> RateLimits::refuse(const IpAddress& to, Instant now) {
  if (config_.checks_per_second_per_destination > 0) {
    const auto [entry, is_new] = destinations_.try_emplace(
        to, Destination{RateBudget(config_.checks_per_second_per_destination), now});
    Destination& destination = entry->second;
    destination.used_at = now;
    if (!destination.budget.spend(now)) {
      return fmt::format("this agent's limit of {:g} checks/s to {} is used up",
                         config_.checks_per_second_per_destination, to_string(to));
    }
    if (is_new) sweep(now);
  }
  if (agent_.spend(now)) return std::nullopt;
  return fmt::format("this agent's limit of {:g} checks/s is used up", config_.checks_per_second);
}

void RateLimits::sweep(Instant now) {
  if (destinations_.size() < sweep_at_) return;
  // A budget is full again after a second, so an older one says no more than a new one.
  std::erase_if(destinations_,
                [now](const auto& entry) { return now - entry.second.used_at > Seconds(10); });
  sweep_at_ = std::max<std::size_t>(1024, 2 * destinations_.size());
}

}  // namespace lw
