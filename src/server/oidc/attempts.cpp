// SPDX-License-Identifier: Apache-2.0
#include "server/oidc/attempts.h"

#include <algorithm>
#include <utility>

#include "io/pki.h"

namespace lw::server::oidc {

namespace {

/// The oldest of those that fit, of which there is at least one.
void forget_oldest(auto& attempts, auto fits) {
  auto oldest = std::ranges::find_if(attempts, fits);
  for (auto at = oldest; at != attempts.end(); ++at) {
    if (fits(*at) && at->second.begun < oldest->second.begun) oldest = at;
  }
  attempts.erase(oldest);
}

}  // namespace

void Attempts::add(const std::string& state, Attempt attempt) {
  const Instant now = attempt.begun;
  std::erase_if(by_state_, [&](const auto& entry) { return now - entry.second.begun >= kLife; });
  const auto is_neighbour = [&](const auto& entry) {
    return entry.second.address == attempt.address;
  };
  const bool is_crowd = std::ranges::count_if(by_state_, is_neighbour) >=
                        static_cast<std::ptrdiff_t>(kCountPerAddressMax);
  if (is_crowd) {
    forget_oldest(by_state_, is_neighbour);
  } else if (by_state_.size() >= kCountMax) {
    forget_oldest(by_state_, [](const auto&) { return true; });
  }
  by_state_.insert_or_assign(io::sha256(state), std::move(attempt));
}

std::optional<Attempt> Attempts::take(const std::string& state, Instant now) {
  const auto found = by_state_.find(io::sha256(state));
  if (found == by_state_.end()) return std::nullopt;
  Attempt attempt = std::move(found->second);
  by_state_.erase(found);
  if (now - attempt.begun >= kLife) return std::nullopt;
  return attempt;
}

}  // namespace lw::server::oidc
