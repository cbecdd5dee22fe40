// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>
#include <vector>

#include "base/time.h"

namespace lw::io {

enum class TlsProblem {
  None,
  Expired,
  NotYetValid,
  WrongName,
  UnknownRoot,
  Revoked,
  ClientCertificateRequired,
  Incompatible,
  Broken,
};

/// What a TLS handshake showed. Recorded whatever the verdict is.
struct TlsReport {
  bool has_certificate = false;
  std::string subject;
  std::string issuer;
  std::vector<std::string> names;
  Timestamp not_before{};
  Timestamp not_after{};
  std::string version;
  std::string cipher;
  TlsProblem problem = TlsProblem::None;
  std::string evidence;  ///< "certificate expired 2026-11-01T00:00:00Z"; empty without a problem.
};

/// Roots to trust: the system's and those of a PEM text. Loaded once, shared by all handshakes.
std::shared_ptr<X509_STORE> load_trusted_roots(const std::string& extra_pem);

/// Watches one handshake and lets it finish whatever the certificate is, so that the certificate
/// can be described; then judges it. Must outlive the SSL_CTX that it is installed in.
class TlsInspector {
 public:
  /// `host`: the name or IP address that the certificate must be for.
  TlsInspector(std::shared_ptr<X509_STORE> roots, std::string host);
  TlsInspector(const TlsInspector&) = delete;
  TlsInspector& operator=(const TlsInspector&) = delete;

  void install(SSL_CTX* context);

  /// The handshake is done and the certificate is good.
  [[nodiscard]] bool is_trusted() const { return is_done_ && problems_.empty(); }
  [[nodiscard]] bool has_begun() const { return has_begun_; }
  [[nodiscard]] bool is_done() const { return is_done_; }
  /// The server wanted a certificate from us and gave up since it got none.
  [[nodiscard]] bool lacks_client_certificate() const;
  /// `failure`: what the library said, if the handshake or what came after it broke.
  [[nodiscard]] TlsReport report(const std::string& failure) const;

 private:
  struct Problem {
    TlsProblem kind;
    std::string evidence;
  };

  static TlsInspector* of(const SSL* ssl);
  static int on_verify(int is_fine, X509_STORE_CTX* context);
  static void on_info(const SSL* ssl, int where, int value);
  static int on_certificate_request(SSL* ssl, X509** certificate, EVP_PKEY** key);

  void add_verify_error(int error, X509* certificate);
  void finish(const SSL* ssl);
  void describe(X509* certificate);
  void check_name(X509* certificate);
  [[nodiscard]] Problem broken_handshake(const std::string& failure) const;

  std::shared_ptr<X509_STORE> roots_;
  std::string host_;
  TlsReport facts_;
  std::vector<Problem> problems_;
  bool has_begun_ = false;
  bool is_done_ = false;
  bool was_asked_for_certificate_ = false;
  int alert_received_ = -1;
  int alert_sent_ = -1;
};

}  // namespace lw::io
