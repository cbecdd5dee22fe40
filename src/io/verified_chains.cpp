// SPDX-License-Identifier: Apache-2.0
#include "io/verified_chains.h"

#include <openssl/x509.h>

#include <utility>

#include "io/pki.h"

namespace lw::io {
namespace {

// So many chains; then all are verified anew.
constexpr std::size_t kVerdictsMax = 10'000;

}  // namespace

std::shared_ptr<const VerifiedChains::Verdict> VerifiedChains::find(const std::string& fingerprint,
                                                                    Timestamp now) const {
  const auto found = verdicts_.find(fingerprint);
  if (found == verdicts_.end()) return nullptr;
  const Verdict& verdict = *found->second;
  return verdict.from <= now && now < verdict.until ? found->second : nullptr;
}

void VerifiedChains::keep(const std::string& fingerprint, std::shared_ptr<const Verdict> verdict) {
  if (verdicts_.size() >= kVerdictsMax) verdicts_.clear();
  verdicts_[fingerprint] = std::move(verdict);
}

std::string fingerprint_of(const stack_st_X509* certificates) {
  std::string bytes;
  for (int i = 0; i < sk_X509_num(certificates); ++i) {
    // Each says its own length (DER), so that no other list of certificates has the same bytes.
    const X509* const one = sk_X509_value(certificates, i);
    const int size = i2d_X509(one, nullptr);
    if (size <= 0) return {};
    const std::size_t begin = bytes.size();
    bytes.resize(begin + static_cast<std::size_t>(size));
    auto* at = reinterpret_cast<unsigned char*>(bytes.data() + begin);
    i2d_X509(one, &at);
  }
  return bytes.empty() ? bytes : sha256(bytes);
}

}  // namespace lw::io
