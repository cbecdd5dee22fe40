// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "base/time.h"

namespace lw::server::oidc {

/// A sign-in that somebody has begun and the provider has not answered yet.
struct Attempt {
  std::string browser_sha256;  ///< of the cookie: who begins it must end it
  std::string nonce;           ///< what the ID token must repeat
  std::string verifier;        ///< of PKCE (RFC 7636 §4.1)
  std::string target;          ///< where to go afterwards: a path here
  std::string address;         ///< whose attempts are counted together
  Instant begun{};
};

/// The sign-ins under way, by the SHA-256 of their `state`. Each is good once and for ten minutes.
/// Anybody can begin one, so that there are limits, for each address and for all: above them the
/// oldest (of that address) is forgotten. Pure; one thread at a time.
class Attempts {
 public:
  static constexpr std::chrono::minutes kLife{10};
  static constexpr std::size_t kCountMax = 2'000;
  /// Of one address. As many people as may sign in within kLife behind one proxy; and who floods
  /// us from one address pushes out only his own.
  static constexpr std::size_t kCountPerAddressMax = 200;

  void add(const std::string& state, Attempt attempt);
  /// The attempt of that state, which is over with that; nothing if there is none, or it is too
  /// old.
  std::optional<Attempt> take(const std::string& state, Instant now);
  [[nodiscard]] std::size_t size() const { return by_state_.size(); }

 private:
  std::map<std::string, Attempt> by_state_;
};

}  // namespace lw::server::oidc
