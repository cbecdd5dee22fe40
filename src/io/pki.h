// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

/// Certificates and keys (OpenSSL, EC P-256) as PEM texts: the server's own CA, its certificate,
/// and the agents' client certificates. Pure but for the key generator; any thread; blocks for some
/// milliseconds of arithmetic.
namespace lw::io {

struct KeyAndCertificate {
  std::string private_key_pem;
  std::string certificate_pem;
};

/// A self-signed root for `common_name`, valid 20 years from an hour before `now` (clocks differ).
Result<KeyAndCertificate> create_certificate_authority(const std::string& common_name,
                                                       Timestamp now);

struct ServerCertificateRequest {
  std::string common_name;
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;
  Timestamp not_before{};
  Timestamp not_after{};
};
/// A key and a TLS server certificate signed by the CA (serverAuth; SANs as given).
Result<KeyAndCertificate> issue_server_certificate(const KeyAndCertificate& authority,
                                                   const ServerCertificateRequest& request);

struct SigningRequest {
  std::string private_key_pem;
  std::string request_pem;  ///< PKCS #10
};
Result<SigningRequest> create_signing_request(const std::string& common_name);

/// Signs the request's key as a TLS client certificate with *our* subject, whatever it asks for.
/// Refuses a request whose self-signature does not verify.
Result<std::string> sign_client_certificate(const KeyAndCertificate& authority,
                                            const std::string& request_pem,
                                            const std::string& common_name, Timestamp not_before,
                                            Timestamp not_after);

struct CertificateInfo {
  std::string subject_common_name;
  std::string issuer_common_name;
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;
  std::string serial_hex;
  Timestamp not_before{};
  Timestamp not_after{};
  std::string sha256_hex;  ///< fingerprint of the DER form
};
Result<CertificateInfo> read_certificate(const std::string& certificate_pem);

/// SHA-256 of the bytes, raw (32 bytes).
std::string sha256(std::string_view bytes);
/// Equal in time that does not depend on the content.
bool equal_secrets(std::string_view a, std::string_view b);

/// Connects, finishes a TLS handshake *without verifying*, and returns the chain that the peer
/// sent, PEM, leaf first. For joining by fingerprint only: the caller must check it. Blocks up to
/// `timeout`.
Result<std::vector<std::string>> fetch_certificate_chain(const std::string& host,
                                                         std::uint16_t port, Milliseconds timeout);

}  // namespace lw::io
