// SPDX-License-Identifier: Apache-2.0
#include "server/sign_in_limit.h"

#include <algorithm>

namespace lw::server {

double SignInLimit::value_at(const Level& level, Instant now) {
  const double seconds = std::chrono::duration<double>(now - level.at).count();
  return std::max(0.0, level.value - seconds * kPerSecond);
}

bool SignInLimit::allows(const std::string& address, Instant now) const {
  const auto found = levels_.find(address);
  return found == levels_.end() || value_at(found->second, now) <= kBurst - 1;
}

void SignInLimit::failed(const std::string& address, Instant now) {
  if (levels_.size() >= kAddressesMax && !levels_.contains(address)) {
    std::erase_if(levels_, [now](const auto& each) { return value_at(each.second, now) <= 0; });
    if (levels_.size() >= kAddressesMax) levels_.clear();
  }
  Level& level = levels_[address];
  level.value = value_at(level, now) + 1;
  level.at = now;
}

}  // namespace lw::server
