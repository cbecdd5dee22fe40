// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "io/verified_chains.h"

namespace lw::io {

enum class TlsProblem {
  None,
  Expired,
  NotYetValid,
  WrongName,
  UnknownRoot,
  Revoked,
  RevocationUnknown,  ///< And it must be known.
  ClientCertificateRequired,
  Incompatible,
  Broken,
};

/// What a TLS handshake showed. Recorded whatever the verdict is.
struct TlsReport : CertificateFacts {
  std::string version;
  std::string cipher;
  bool is_verified = false;  ///< The handshake is done and no fault was found.
  std::string note;          ///< "revocation not checkable: …"; no problem by itself.
  TlsProblem problem = TlsProblem::None;
  std::string evidence;  ///< "certificate expired 2026-11-01T00:00:00Z"; empty without a problem.
};

/// What a certificate says of itself.
CertificateFacts describe_certificate(const X509* certificate);

/// Roots to trust: the system's and those of a PEM text. Loaded once, shared by all handshakes.
std::shared_ptr<X509_STORE> load_trusted_roots(const std::string& extra_pem);
/// Adds further ones; the store may be in use on this thread. What was verified with it is to be
/// forgotten.
void add_trusted_roots(X509_STORE& roots, const std::string& pem);

struct TlsWishes {
  /// An application protocol that the server must agree on (RFC 7301): "h2". Empty: none.
  std::string protocol = {};
  bool revocation = false;  ///< Ask for a stapled OCSP response, and keep the verified chain.
};

/// Watches one handshake and lets it finish whatever the certificate is, so that the certificate
/// can be described; then judges it. Must outlive its SSL. What `known` has about the server's
/// certificates is not found out again.
class TlsInspector {
 public:
  /// `host`: the name or IP address that the certificate must be for. `known` is of these roots;
  /// it and the clock, by which validity is judged, must outlive the inspector.
  TlsInspector(std::shared_ptr<X509_STORE> roots, VerifiedChains& known, const Clock& clock,
               std::string host, TlsWishes wishes = {});
  TlsInspector(const TlsInspector&) = delete;
  TlsInspector& operator=(const TlsInspector&) = delete;

  /// For the SSL that is made next with this context, and for no other one.
  void install(SSL_CTX* context);

  /// The handshake is done and the certificate is good.
  [[nodiscard]] bool is_trusted() const { return is_done_ && problems_.empty(); }
  [[nodiscard]] bool has_begun() const { return has_begun_; }
  [[nodiscard]] bool is_done() const { return is_done_; }
  /// The server wanted a certificate from us and gave up since it got none.
  [[nodiscard]] bool lacks_client_certificate() const;
  /// From the leaf to the root, both included; empty without a good one or without the wish.
  [[nodiscard]] const CertificateChain& verified_chain() const;
  /// The OCSP response that the server sent along (RFC 6066 §8), DER; empty if none.
  [[nodiscard]] const std::string& stapled_response() const { return stapled_; }
  [[nodiscard]] X509_STORE* roots() const { return roots_.get(); }
  /// Something found out since the handshake.
  void add_problem(TlsProblem problem, std::string evidence);
  void add_note(std::string note) { facts_.note = std::move(note); }
  /// `failure`: what the library said, if the handshake or what came after it broke.
  [[nodiscard]] TlsReport report(const std::string& failure) const;

 private:
  struct Problem {
    TlsProblem kind;
    std::string evidence;
  };

  static TlsInspector* of(const SSL* ssl);
  static TlsInspector* of(const X509_STORE_CTX* context);
  static int on_certificates(X509_STORE_CTX* context, void* nothing);
  static int on_verify(int is_fine, X509_STORE_CTX* context);
  static void on_info(const SSL* ssl, int where, int value);
  static int on_certificate_request(SSL* ssl, X509** certificate, EVP_PKEY** key);

  int verify(X509_STORE_CTX* context);
  void remember(X509_STORE_CTX* context);
  void add_verify_error(int error, X509* certificate);
  void finish(const SSL* ssl);
  void check_name(X509* certificate);
  void check_protocol(const SSL* ssl);
  void keep_stapled_response(const SSL* ssl);
  [[nodiscard]] Problem broken_handshake(const std::string& failure) const;

  std::shared_ptr<X509_STORE> roots_;
  VerifiedChains& known_;
  const Clock& clock_;
  std::string host_;
  TlsWishes wishes_;
  TlsReport facts_;
  std::shared_ptr<const VerifiedChains::Verdict> verdict_;  ///< Once the chain was found good.
  std::string stapled_;
  std::vector<Problem> problems_;
  bool has_begun_ = false;
  bool is_done_ = false;
  bool was_asked_for_certificate_ = false;
  int alert_received_ = -1;
  int alert_sent_ = -1;
};

}  // namespace lw::io
