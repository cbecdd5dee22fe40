// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/document.h"
#include "base/result.h"
#include "base/time.h"
#include "io/verifying_key.h"

namespace lw::server::oidc {

/// A provider's public keys, out of its JSON Web Key Set (RFC 7517). A plain value.
class KeySet {
 public:
  /// Keys that are of another kind, for another use or weak are passed over. InvalidInput if it is
  /// no key set.
  static Result<KeySet> parse(const Value& document);
  /// The key of that id; without an id the only one of the algorithm. Null if there is none, or it
  /// cannot be told which.
  [[nodiscard]] const io::VerifyingKey* find(const std::optional<std::string>& id,
                                             io::SignatureAlgorithm algorithm) const;
  [[nodiscard]] std::size_t size() const { return keys_.size(); }

 private:
  struct Entry {
    std::optional<std::string> id;
    io::VerifyingKey key;
  };
  std::vector<Entry> keys_;
};

/// What a token must say to be taken.
struct Expectation {
  std::string issuer;
  std::string client_id;
  std::string nonce;
  Seconds skew{60};  ///< what the clocks of provider and server may differ
};

/// The claims of an ID token, if it is the provider's, for this client, in force, and the answer to
/// this sign-in (OpenID Connect Core 3.1.3.7, RFC 7519, RFC 8725). NotFound: its key is not in the
/// set, so that keys may have been changed; Unauthenticated: anything else that is wrong, in words.
/// Pure.
Result<Value> verify_id_token(std::string_view token, const KeySet& keys,
                              const Expectation& expected, Timestamp now);

}  // namespace lw::server::oidc
