// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace lw::io {

/// The signatures of JSON Web Signatures that we verify (RFC 7518 §3.1). No more: what is not here
/// cannot be asked for by whoever writes a token's header (RFC 8725 §3.1).
enum class SignatureAlgorithm {
  Rs256,  ///< RSASSA-PKCS1-v1_5 with SHA-256
  Es256,  ///< ECDSA on P-256 with SHA-256
};

/// A public key that checks signatures of one algorithm. Never changed once made; any thread. Does
/// not block.
class VerifyingKey {
 public:
  /// Modulus and exponent as big-endian numbers (RFC 7518 §6.3.1). InvalidInput for a key of less
  /// than 2,048 bits (RFC 7518 §3.3), or so long that it would keep us busy.
  static Result<VerifyingKey> rsa(std::string_view modulus, std::string_view exponent);
  /// The point's coordinates, 32 bytes each (RFC 7518 §6.2.1). InvalidInput if it is not on P-256.
  static Result<VerifyingKey> p256(std::string_view x, std::string_view y);

  [[nodiscard]] SignatureAlgorithm algorithm() const { return algorithm_; }
  /// Whether the signature over `data` was made with the private key. For ES256 it is the two
  /// numbers of 32 bytes each (RFC 7518 §3.4), not their DER form.
  [[nodiscard]] bool verifies(std::string_view data, std::string_view signature) const;

 private:
  struct Impl;
  VerifyingKey(SignatureAlgorithm algorithm, std::shared_ptr<const Impl> impl)
      : algorithm_(algorithm), impl_(std::move(impl)) {}

  SignatureAlgorithm algorithm_;
  std::shared_ptr<const Impl> impl_;
};

}  // namespace lw::io
