// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "io/tls_inspector.h"

/// Whether a certificate is revoked: OCSP (RFC 6960, in the profile of RFC 5019) and CRLs (RFC 5280
/// §6.3), parsed and verified by OpenSSL. Pure but for OpenSSL's look at the clock for the
/// certificate of an OCSP signer; any thread. Inside io only.
namespace lw::io {

enum class RevocationStatus { Good, Revoked, Unknown };

/// What somebody answered, verified, or why nobody did.
struct RevocationAnswer {
  RevocationStatus status = RevocationStatus::Unknown;
  std::string evidence;  ///< Empty if good.
  Timestamp until{};     ///< The answer holds until then (nextUpdate); not for Unknown.
};

/// A certificate in a verified chain: whose status is wanted, who issued it, and the rest.
struct ChainLink {
  X509* certificate = nullptr;
  X509* issuer = nullptr;
  const CertificateChain& chain;  ///< All of it, the root included.
  X509_STORE* roots = nullptr;
};

/// Where the certificate says that its status can be asked for; http URLs and others.
std::vector<std::string> ocsp_urls(X509* certificate);
std::vector<std::string> crl_urls(const X509* certificate);

/// What to send to an OCSP responder, DER. Without a nonce: answers may be made beforehand.
std::string ocsp_request(const ChainLink& link);
/// What an OCSP response (DER), stapled or fetched, says at `now`.
RevocationAnswer judge_ocsp(std::string_view response, const ChainLink& link, Timestamp now);
/// What a CRL (DER or PEM) says at `now`.
RevocationAnswer judge_crl(std::string_view list, const ChainLink& link, Timestamp now);

/// The SHA-256 of certificate and issuer: the same for the same question.
std::string question_of(const ChainLink& link);

}  // namespace lw::io
