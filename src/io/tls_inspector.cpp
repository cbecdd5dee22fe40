// SPDX-License-Identifier: Apache-2.0
#include "io/tls_inspector.h"

#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>
#include <string_view>

#include "base/ip_address.h"
#include "base/text.h"

namespace lw::io {
namespace {

constexpr std::size_t kNameBytesMax = 256;  // A host name has 253.

/// Where a context has the inspector of the SSL that is made next.
int next_inspector_index() {
  static const int kIndex = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return kIndex;
}

/// Called for each SSL of the process that is made.
void on_new_ssl(void* made, void*, CRYPTO_EX_DATA*, int index, long, void*) {
  auto* const ssl = static_cast<SSL*>(made);
  SSL_CTX* const context = SSL_get_SSL_CTX(ssl);
  void* const inspector = SSL_CTX_get_ex_data(context, next_inspector_index());
  if (inspector == nullptr) return;
  SSL_set_ex_data(ssl, index, inspector);
  SSL_CTX_set_ex_data(context, next_inspector_index(), nullptr);
}

int inspector_index() {
  static const int kIndex = SSL_get_ex_new_index(0, nullptr, on_new_ssl, nullptr, nullptr);
  return kIndex;
}

Timestamp timestamp_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return Timestamp(Seconds(::timegm(&parts)));
}

/// One line as RFC 2253 has it: "CN=example.com,O=Example".
std::string text_of(const X509_NAME* name) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), BIO_free);
  X509_NAME_print_ex(memory.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

std::string text_of(const GENERAL_NAME& name) {
  if (name.type == GEN_DNS) {
    const auto* bytes = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name.d.dNSName));
    // It goes to terminals and logs, and anybody can put anything into a certificate.
    return printable({bytes, static_cast<std::size_t>(ASN1_STRING_length(name.d.dNSName))},
                     kNameBytesMax);
  }
  if (name.type != GEN_IPADD) return {};
  IpAddress address;
  const auto size = static_cast<std::size_t>(ASN1_STRING_length(name.d.iPAddress));
  if (size != 4 && size != 16) return {};
  address.is_v6 = size == 16;
  std::copy_n(ASN1_STRING_get0_data(name.d.iPAddress), size, address.bytes.begin());
  return to_string(address);
}

std::vector<std::string> names_of(const X509* certificate) {
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> list(
      static_cast<GENERAL_NAMES*>(
          X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
      GENERAL_NAMES_free);
  std::vector<std::string> names;
  for (int i = 0; list != nullptr && i < sk_GENERAL_NAME_num(list.get()); ++i) {
    std::string name = text_of(*sk_GENERAL_NAME_value(list.get(), i));
    if (!name.empty()) names.push_back(std::move(name));
  }
  return names;
}

TlsProblem problem_of_verify_error(int error) {
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return TlsProblem::Expired;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return TlsProblem::NotYetValid;
    case X509_V_ERR_CERT_REVOKED:
      return TlsProblem::Revoked;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED:
      return TlsProblem::UnknownRoot;
    default:
      return TlsProblem::Broken;
  }
}

bool is_incompatibility(int alert) {
  return alert == SSL_AD_PROTOCOL_VERSION || alert == SSL_AD_INSUFFICIENT_SECURITY ||
         alert == SSL_AD_HANDSHAKE_FAILURE || alert == SSL_AD_NO_APPLICATION_PROTOCOL;
}

/// Several faults of one certificate: the one to name first is the one that its owner can mend.
int rank_of(TlsProblem problem) {
  switch (problem) {
    case TlsProblem::Revoked:
      return 0;
    case TlsProblem::Expired:
      return 1;
    case TlsProblem::NotYetValid:
      return 2;
    case TlsProblem::WrongName:
      return 3;
    case TlsProblem::UnknownRoot:
      return 4;
    case TlsProblem::RevocationUnknown:
    case TlsProblem::ClientCertificateRequired:
    case TlsProblem::Incompatible:
    case TlsProblem::Broken:
    case TlsProblem::None:
      return 5;
  }
  return 5;
}

/// "EC 256": what a key is, and how long.
std::string text_of(const EVP_PKEY* key) {
  const char* const type = key == nullptr ? nullptr : EVP_PKEY_get0_type_name(key);
  if (type == nullptr) return {};
  return fmt::format("{} {}", type, EVP_PKEY_get_bits(key));
}

std::vector<std::string> subjects_of(const STACK_OF(X509) * certificates) {
  std::vector<std::string> subjects;
  subjects.reserve(static_cast<std::size_t>(std::max(sk_X509_num(certificates), 0)));
  for (int i = 0; i < sk_X509_num(certificates); ++i) {
    subjects.push_back(text_of(X509_get_subject_name(sk_X509_value(certificates, i))));
  }
  return subjects;
}

/// Of all that a server sent, leaf first.
CertificateFacts describe_chain(const STACK_OF(X509) * sent) {
  if (sk_X509_num(sent) < 1) return {};
  CertificateFacts facts = describe_certificate(sk_X509_value(sent, 0));
  facts.chain = subjects_of(sent);
  return facts;
}

/// `path`: from the leaf to the root, found good.
VerifiedChains::Verdict verdict_on(const CertificateFacts& facts, const STACK_OF(X509) * path,
                                   bool keeps_path) {
  VerifiedChains::Verdict verdict{facts, Timestamp::min(), Timestamp::max(), {}};
  for (int i = 0; i < sk_X509_num(path); ++i) {
    X509* const one = sk_X509_value(path, i);
    verdict.from = std::max(verdict.from, timestamp_of(X509_get0_notBefore(one)));
    verdict.until = std::min(verdict.until, timestamp_of(X509_get0_notAfter(one)));
    if (!keeps_path) continue;
    X509_up_ref(one);
    verdict.path.emplace_back(one, X509_free);
  }
  return verdict;
}

void add_pem(X509_STORE* store, const std::string& pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> memory(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  for (;;) {
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(
        PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr), X509_free);
    if (certificate == nullptr) break;
    X509_STORE_add_cert(store, certificate.get());
  }
  ERR_clear_error();  // The end of the text counts as an error.
}

}  // namespace

CertificateFacts describe_certificate(const X509* certificate) {
  CertificateFacts facts;
  facts.has_certificate = true;
  facts.subject = text_of(X509_get_subject_name(certificate));
  facts.issuer = text_of(X509_get_issuer_name(certificate));
  facts.names = names_of(certificate);
  facts.not_before = timestamp_of(X509_get0_notBefore(certificate));
  facts.not_after = timestamp_of(X509_get0_notAfter(certificate));
  facts.key = text_of(X509_get0_pubkey(certificate));
  ERR_clear_error();  // A key of a kind that OpenSSL does not know counts as an error.
  return facts;
}

std::shared_ptr<X509_STORE> load_trusted_roots(const std::string& extra_pem) {
  std::shared_ptr<X509_STORE> store(X509_STORE_new(), X509_STORE_free);
  X509_STORE_set_default_paths(store.get());
  add_pem(store.get(), extra_pem);
  return store;
}

void add_trusted_roots(X509_STORE& roots, const std::string& pem) { add_pem(&roots, pem); }

TlsInspector::TlsInspector(std::shared_ptr<X509_STORE> roots, VerifiedChains& known,
                           const Clock& clock, std::string host, TlsWishes wishes)
    : roots_(std::move(roots)),
      known_(known),
      clock_(clock),
      host_(std::move(host)),
      wishes_(std::move(wishes)) {
  if (host_.ends_with('.')) host_.pop_back();  // Certificates never name the root label.
}

void TlsInspector::install(SSL_CTX* context) {
  inspector_index();
  SSL_CTX_set_ex_data(context, next_inspector_index(), this);
  SSL_CTX_set1_cert_store(context, roots_.get());
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, on_verify);
  SSL_CTX_set_cert_verify_callback(context, on_certificates, nullptr);
  SSL_CTX_set_info_callback(context, on_info);
  SSL_CTX_set_read_ahead(context, 1);  // See on_info().
  SSL_CTX_set_client_cert_cb(context, on_certificate_request);
  // Of the one before, if the context is shared.
  SSL_CTX_set_tlsext_status_type(context, wishes_.revocation ? TLSEXT_STATUSTYPE_ocsp : -1);
}

TlsInspector* TlsInspector::of(const SSL* ssl) {
  return static_cast<TlsInspector*>(SSL_get_ex_data(ssl, inspector_index()));
}

TlsInspector* TlsInspector::of(const X509_STORE_CTX* context) {
  return of(static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx())));
}

int TlsInspector::on_certificates(X509_STORE_CTX* context, void*) {
  return of(context)->verify(context);
}

int TlsInspector::verify(X509_STORE_CTX* context) {
  const STACK_OF(X509)* const sent = X509_STORE_CTX_get0_untrusted(context);
  const Timestamp now = clock_.wall_now();
  const std::string fingerprint = fingerprint_of(sent);
  verdict_ = known_.find(fingerprint, now);
  if (verdict_ && (!wishes_.revocation || !verdict_->path.empty())) {
    static_cast<CertificateFacts&>(facts_) = verdict_->facts;
    return 1;
  }
  X509_STORE_CTX_set_time(context, 0, std::chrono::system_clock::to_time_t(now));
  const int may_go_on = X509_verify_cert(context);
  static_cast<CertificateFacts&>(facts_) = describe_chain(sent);
  const STACK_OF(X509)* const path = X509_STORE_CTX_get0_chain(context);
  if (may_go_on == 1 && problems_.empty() && sk_X509_num(path) > 0 && !fingerprint.empty()) {
    verdict_ =
        std::make_shared<VerifiedChains::Verdict>(verdict_on(facts_, path, wishes_.revocation));
    known_.keep(fingerprint, verdict_);
  }
  return may_go_on;
}

const CertificateChain& TlsInspector::verified_chain() const {
  static const CertificateChain kNone;
  return is_trusted() && verdict_ ? verdict_->path : kNone;
}

int TlsInspector::on_verify(int is_fine, X509_STORE_CTX* context) {
  if (is_fine == 1) return 1;
  of(context)->add_verify_error(X509_STORE_CTX_get_error(context),
                                X509_STORE_CTX_get_current_cert(context));
  return 1;  // The handshake goes on: the verdict comes when everything is known.
}

void TlsInspector::add_verify_error(int error, X509* certificate) {
  const TlsProblem kind = problem_of_verify_error(error);
  // One untrusted root makes several errors.
  if (std::ranges::any_of(problems_, [&](const Problem& one) { return one.kind == kind; })) return;
  const std::string who = certificate == nullptr ? "" : text_of(X509_get_subject_name(certificate));
  switch (kind) {
    case TlsProblem::Expired:
      problems_.push_back(
          {kind, fmt::format("certificate expired {} ({})",
                             to_iso8601(timestamp_of(X509_get0_notAfter(certificate))), who)});
      return;
    case TlsProblem::NotYetValid:
      problems_.push_back(
          {kind, fmt::format("certificate is valid from {} only ({})",
                             to_iso8601(timestamp_of(X509_get0_notBefore(certificate))), who)});
      return;
    case TlsProblem::UnknownRoot:
      problems_.push_back(
          {kind,
           fmt::format("certificate issuer is not trusted: {} ({})",
                       certificate == nullptr ? "" : text_of(X509_get_issuer_name(certificate)),
                       X509_verify_cert_error_string(error))});
      return;
    default:
      problems_.push_back(
          {kind, fmt::format("certificate: {} ({})", X509_verify_cert_error_string(error), who)});
  }
}

void TlsInspector::on_info(const SSL* ssl, int where, int value) {
  TlsInspector* const self = of(ssl);
  if ((where & SSL_CB_HANDSHAKE_START) != 0) self->has_begun_ = true;
  // Reading ahead saves two calls for each message of the server's first flight. It ends before
  // anything that curl waits for can come, since curl asks the socket only and not OpenSSL's buffer
  // whether there is more.
  if (where == SSL_CB_CONNECT_LOOP && SSL_get_state(ssl) == TLS_ST_CW_FINISHED) {
    SSL_set_read_ahead(const_cast<SSL*>(ssl), 0);
  }
  if ((where & SSL_CB_HANDSHAKE_DONE) != 0) self->finish(ssl);
  if ((where & SSL_CB_ALERT) == 0) return;
  const int alert = value & 0xff;
  if (alert == SSL_AD_CLOSE_NOTIFY) return;
  ((where & SSL_CB_READ) != 0 ? self->alert_received_ : self->alert_sent_) = alert;
}

int TlsInspector::on_certificate_request(SSL* ssl, X509**, EVP_PKEY**) {
  of(ssl)->was_asked_for_certificate_ = true;
  return 0;  // We have none.
}

void TlsInspector::finish(const SSL* ssl) {
  if (is_done_) return;  // TLS 1.3 reports later messages as handshakes too.
  is_done_ = true;
  facts_.version = SSL_get_version(ssl);
  facts_.cipher = SSL_get_cipher_name(ssl);
  if (X509* const certificate = SSL_get0_peer_certificate(ssl)) check_name(certificate);
  check_protocol(ssl);
  if (wishes_.revocation) keep_stapled_response(ssl);
}

void TlsInspector::check_protocol(const SSL* ssl) {
  if (wishes_.protocol.empty()) return;
  const unsigned char* name = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(ssl, &name, &length);
  if (std::string_view(reinterpret_cast<const char*>(name), length) == wishes_.protocol) return;
  problems_.push_back(
      {TlsProblem::Incompatible,
       fmt::format("the server does not agree on the protocol {} (ALPN)", wishes_.protocol)});
}

void TlsInspector::keep_stapled_response(const SSL* ssl) {
  const unsigned char* response = nullptr;
  // The macro takes a handle that is not const, but only reads.
  const long size =
      SSL_get_tlsext_status_ocsp_resp(const_cast<SSL*>(ssl), static_cast<void*>(&response));
  if (size > 0) {
    stapled_.assign(reinterpret_cast<const char*>(response), static_cast<std::size_t>(size));
  }
}

void TlsInspector::add_problem(TlsProblem problem, std::string evidence) {
  problems_.push_back({problem, std::move(evidence)});
}

void TlsInspector::check_name(X509* certificate) {
  const bool is_address = parse_ip_address(host_).has_value();
  const int fits = is_address
                       ? X509_check_ip_asc(certificate, host_.c_str(), 0)
                       : X509_check_host(certificate, host_.c_str(), host_.size(), 0, nullptr);
  if (fits == 1) return;
  const std::string names = facts_.names.empty() ? facts_.subject : join(facts_.names, ", ");
  problems_.push_back(
      {TlsProblem::WrongName, fmt::format("certificate is for {}, not for {}", names, host_)});
}

bool TlsInspector::lacks_client_certificate() const {
  // TLS 1.3 has an alert for it; before, servers send a general one after the empty certificate.
  if (alert_received_ == SSL_AD_CERTIFICATE_REQUIRED) return true;
  return was_asked_for_certificate_ && (alert_received_ == SSL_AD_HANDSHAKE_FAILURE ||
                                        alert_received_ == SSL_AD_BAD_CERTIFICATE ||
                                        alert_received_ == SSL_AD_CERTIFICATE_UNKNOWN ||
                                        alert_received_ == SSL_AD_NO_CERTIFICATE);
}

TlsInspector::Problem TlsInspector::broken_handshake(const std::string& failure) const {
  if (lacks_client_certificate()) {
    return {TlsProblem::ClientCertificateRequired, "the server requires a client certificate"};
  }
  if (is_incompatibility(alert_received_)) {
    return {TlsProblem::Incompatible,
            fmt::format("no TLS version or cipher in common: the server sent the alert \"{}\"",
                        SSL_alert_desc_string_long(alert_received_))};
  }
  // We say so ourselves when the server answers with a version or cipher that we do not take.
  if (is_incompatibility(alert_sent_) ||
      failure.find("unsupported protocol") != std::string::npos ||
      failure.find("key too small") != std::string::npos ||
      failure.find("disallowed") != std::string::npos) {
    return {TlsProblem::Incompatible,
            fmt::format("no TLS version or cipher in common: {}", failure)};
  }
  if (alert_received_ >= 0) {
    return {TlsProblem::Broken,
            fmt::format("TLS handshake failed: the server sent the alert \"{}\"",
                        SSL_alert_desc_string_long(alert_received_))};
  }
  return {TlsProblem::Broken, fmt::format("TLS handshake failed: {}", failure)};
}

TlsReport TlsInspector::report(const std::string& failure) const {
  // Before the end of the handshake, nobody has proved that the certificate is its own.
  TlsReport report = is_done_ ? facts_ : TlsReport{};
  report.is_verified = is_trusted();
  std::vector<Problem> problems = problems_;
  if (!is_done_ || lacks_client_certificate()) problems.push_back(broken_handshake(failure));
  if (problems.empty()) return report;
  std::ranges::stable_sort(problems, {}, [](const Problem& one) { return rank_of(one.kind); });
  report.problem = problems.front().kind;
  for (const Problem& one : problems) {
    report.evidence += (report.evidence.empty() ? "" : "; ") + one.evidence;
  }
  return report;
}

}  // namespace lw::io
