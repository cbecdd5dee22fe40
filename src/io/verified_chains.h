// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/time.h"

struct stack_st_X509;  // What STACK_OF(X509) is.

namespace lw::io {

/// Certificates in the order of a chain, the leaf first.
using CertificateChain = std::vector<std::shared_ptr<X509>>;

/// What certificates say of themselves; nothing of a handshake and no verdict.
struct CertificateFacts {
  bool has_certificate = false;
  std::string subject;
  std::string issuer;
  std::vector<std::string> names;
  Timestamp not_before{};
  Timestamp not_after{};
  std::string key;                 ///< Type and bits: "EC 256", "RSA 2048".
  std::vector<std::string> chain;  ///< Subjects of all certificates that were sent, leaf first.
};

/// Remembers which chains of certificates were found good, since servers show the same one at each
/// check and most of judging it is the same each time. What may be remembered, and what not:
///
/// - A verdict belongs to the exact bytes of all certificates that a server sent, in their order,
///   and to the roots that were trusted: once others are, forget() everything.
/// - It holds while every certificate of the verified path, the root included, is valid: outside of
///   that time nothing is found, and the chain is verified anew, and called expired.
/// - Only good chains are remembered. One that failed is verified each time, so that a root that
///   was added to the system's folder counts at once, as it does without this.
/// - That the server has the key is proved by each handshake; the name is compared and revocation
///   is looked up for each check. Neither is part of a verdict.
///
/// At most 10,000 chains, some 1 kB each, more with their paths. Belongs to the loop's thread.
class VerifiedChains {
 public:
  struct Verdict {
    CertificateFacts facts;
    Timestamp from{}, until{};  ///< All of the path is valid: from <= now < until.
    CertificateChain path;      ///< From the leaf to the root, if somebody wished for it.
  };

  /// What was found about these certificates, nullptr if nothing or if it does not hold now.
  [[nodiscard]] std::shared_ptr<const Verdict> find(const std::string& fingerprint,
                                                    Timestamp now) const;
  void keep(const std::string& fingerprint, std::shared_ptr<const Verdict> verdict);
  void forget() { verdicts_.clear(); }

 private:
  std::unordered_map<std::string, std::shared_ptr<const Verdict>> verdicts_;
};

/// The SHA-256 over all bytes of the certificates, in their order; empty if they have none.
std::string fingerprint_of(const stack_st_X509* certificates);

}  // namespace lw::io
