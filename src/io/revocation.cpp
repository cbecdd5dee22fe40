// SPDX-License-Identifier: Apache-2.0
#include "io/revocation.h"

#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <memory>
#include <optional>

#include "io/openssl_pointers.h"

namespace lw::io {
namespace {

struct Deleter {
  void operator()(OCSP_RESPONSE* object) const { OCSP_RESPONSE_free(object); }
  void operator()(OCSP_BASICRESP* object) const { OCSP_BASICRESP_free(object); }
  void operator()(OCSP_REQUEST* object) const { OCSP_REQUEST_free(object); }
  void operator()(OCSP_CERTID* object) const { OCSP_CERTID_free(object); }
  void operator()(X509_CRL* object) const { X509_CRL_free(object); }
  void operator()(X509_STORE_CTX* object) const { X509_STORE_CTX_free(object); }
  void operator()(STACK_OF(X509) * object) const { sk_X509_free(object); }
  void operator()(STACK_OF(X509_CRL) * object) const { sk_X509_CRL_free(object); }
  void operator()(STACK_OF(OPENSSL_STRING) * object) const { X509_email_free(object); }
  void operator()(CRL_DIST_POINTS* object) const { CRL_DIST_POINTS_free(object); }
};
template <class T>
using Owned = std::unique_ptr<T, Deleter>;

// Clocks differ; answers are made somewhat before or after they say.
constexpr Seconds kClockSkew{300};
// An answer without nextUpdate says that there is always newer information (RFC 6960 §4.2.2.1).
constexpr Seconds kWithoutNextUpdate{300};
// However long an answer says that it holds: a revocation is to be seen the next day.
constexpr Seconds kHoldsMost{86'400};

RevocationAnswer unknown(std::string why) {
  ERR_clear_error();
  return {RevocationStatus::Unknown, std::move(why), {}};
}

std::optional<Timestamp> time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  return Timestamp(Seconds(::timegm(&parts)));
}

std::string subject_of(const X509* certificate) {
  const BioPointer memory(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(memory.get(), X509_get_subject_name(certificate), 0,
                     XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

std::string evidence_of_revocation(const ChainLink& link, const ASN1_TIME* when, int reason) {
  const auto time = time_of(when);
  const char* const why = reason >= 0 ? OCSP_crl_reason_str(reason) : nullptr;
  return fmt::format("certificate revoked{} ({}{}{})", time ? " " + to_iso8601(*time) : "",
                     subject_of(link.certificate), why != nullptr ? ": " : "",
                     why != nullptr ? why : "");
}

/// How long an answer holds; why it does not, if it is too early or too late for it.
struct Validity {
  std::string fault;
  Timestamp until{};
  Timestamp judged_at{};  ///< Now, or the nearest moment at which it holds.
};

Validity validity_of(const ASN1_TIME* this_update, const ASN1_TIME* next_update, Timestamp now) {
  const auto from = time_of(this_update);
  if (!from) return {"it has no date", {}, {}};
  if (*from > now + kClockSkew) return {"it is from the future, " + to_iso8601(*from), {}, {}};
  if (next_update == nullptr) return {{}, now + kWithoutNextUpdate, std::max(now, *from)};
  const auto until = time_of(next_update);
  if (!until) return {"its date is unreadable", {}, {}};
  if (*until < now - kClockSkew) return {"it is out of date since " + to_iso8601(*until), {}, {}};
  return {{},
          std::min(std::max(*until, now + Seconds(1)), now + kHoldsMost),
          std::max(*from, std::min(now, *until - Seconds(1)))};
}

/// Those above the certificate itself. It must not be among them: OpenSSL looks for the signer of
/// an OCSP response by name, and would take it for one of the same name.
Owned<STACK_OF(X509)> issuers_of(const ChainLink& link) {
  Owned<STACK_OF(X509)> stack(sk_X509_new_null());
  bool is_above = false;
  for (const auto& one : link.chain) {
    if (is_above) sk_X509_push(stack.get(), one.get());
    is_above |= one.get() == link.certificate;
  }
  return stack;
}

/// Responders may name the certificate by whichever digest they like.
bool is_about(OCSP_SINGLERESP* single, const ChainLink& link) {
  const OCSP_CERTID* const named = OCSP_SINGLERESP_get0_id(single);
  ASN1_OBJECT* digest = nullptr;
  OCSP_id_get0_info(nullptr, &digest, nullptr, nullptr, const_cast<OCSP_CERTID*>(named));
  const EVP_MD* const kind = EVP_get_digestbyobj(digest);
  if (kind == nullptr) return false;
  const Owned<OCSP_CERTID> ours(OCSP_cert_to_id(kind, link.certificate, link.issuer));
  return ours != nullptr && OCSP_id_cmp(ours.get(), named) == 0;
}

OCSP_SINGLERESP* find_single(OCSP_BASICRESP* basic, const ChainLink& link) {
  for (int i = 0; i < OCSP_resp_count(basic); ++i) {
    OCSP_SINGLERESP* const single = OCSP_resp_get0(basic, i);
    if (is_about(single, link)) return single;
  }
  return nullptr;
}

RevocationAnswer judge_single(OCSP_SINGLERESP* single, const ChainLink& link, Timestamp now) {
  int reason = -1;
  ASN1_GENERALIZEDTIME* revoked = nullptr;
  ASN1_GENERALIZEDTIME* this_update = nullptr;
  ASN1_GENERALIZEDTIME* next_update = nullptr;
  const int status = OCSP_single_get0_status(single, &reason, &revoked, &this_update, &next_update);
  const Validity validity = validity_of(this_update, next_update, now);
  if (!validity.fault.empty()) return unknown("the OCSP response is not valid: " + validity.fault);
  switch (status) {
    case V_OCSP_CERTSTATUS_GOOD:
      return {RevocationStatus::Good, {}, validity.until};
    case V_OCSP_CERTSTATUS_REVOKED:
      return {RevocationStatus::Revoked, evidence_of_revocation(link, revoked, reason),
              validity.until};
    default:
      return unknown("the OCSP responder does not know this certificate");
  }
}

Owned<X509_CRL> read_crl(std::string_view bytes) {
  const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
  Owned<X509_CRL> crl(d2i_X509_CRL(nullptr, &at, static_cast<long>(bytes.size())));
  if (crl != nullptr) return crl;
  const BioPointer memory(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
  crl.reset(PEM_read_bio_X509_CRL(memory.get(), nullptr, nullptr, nullptr));
  return crl;
}

/// OpenSSL's own rules: who signed it, whether it is about such certificates, is in force, and has
/// nothing critical in it that we do not know. X509_V_OK: the certificate is not on it.
int verify_with(X509_CRL* crl, const ChainLink& link, Timestamp when) {
  const Owned<X509_STORE_CTX> context(X509_STORE_CTX_new());
  const auto issuers = issuers_of(link);
  const Owned<STACK_OF(X509_CRL)> lists(sk_X509_CRL_new_null());
  sk_X509_CRL_push(lists.get(), crl);
  if (X509_STORE_CTX_init(context.get(), link.roots, link.certificate, issuers.get()) != 1) {
    return X509_V_ERR_OUT_OF_MEM;
  }
  X509_STORE_CTX_set0_crls(context.get(), lists.get());
  X509_STORE_CTX_set_flags(context.get(), X509_V_FLAG_CRL_CHECK);
  const auto seconds = std::chrono::floor<Seconds>(when).time_since_epoch().count();
  X509_STORE_CTX_set_time(context.get(), 0, static_cast<std::time_t>(seconds));
  return X509_verify_cert(context.get()) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(context.get());
}

RevocationAnswer revoked_by(X509_CRL* crl, const ChainLink& link, Timestamp until) {
  X509_REVOKED* entry = nullptr;
  const ASN1_TIME* when = nullptr;
  int reason = -1;
  if (X509_CRL_get0_by_cert(crl, &entry, link.certificate) == 1) {
    when = X509_REVOKED_get0_revocationDate(entry);
    const std::unique_ptr<ASN1_ENUMERATED, decltype(&ASN1_ENUMERATED_free)> value(
        static_cast<ASN1_ENUMERATED*>(
            X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, nullptr, nullptr)),
        ASN1_ENUMERATED_free);
    if (value != nullptr) reason = static_cast<int>(ASN1_ENUMERATED_get(value.get()));
  }
  ERR_clear_error();
  return {RevocationStatus::Revoked, evidence_of_revocation(link, when, reason), until};
}

void add_uris(const GENERAL_NAMES* names, std::vector<std::string>& urls) {
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_URI) continue;
    const ASN1_IA5STRING* const uri = name->d.uniformResourceIdentifier;
    urls.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                      static_cast<std::size_t>(ASN1_STRING_length(uri)));
  }
}

}  // namespace

std::vector<std::string> ocsp_urls(X509* certificate) {
  std::vector<std::string> urls;
  const Owned<STACK_OF(OPENSSL_STRING)> list(X509_get1_ocsp(certificate));
  for (int i = 0; list != nullptr && i < sk_OPENSSL_STRING_num(list.get()); ++i) {
    urls.emplace_back(sk_OPENSSL_STRING_value(list.get(), i));
  }
  return urls;
}

std::vector<std::string> crl_urls(const X509* certificate) {
  std::vector<std::string> urls;
  const Owned<CRL_DIST_POINTS> points(static_cast<CRL_DIST_POINTS*>(
      X509_get_ext_d2i(certificate, NID_crl_distribution_points, nullptr, nullptr)));
  for (int i = 0; points != nullptr && i < sk_DIST_POINT_num(points.get()); ++i) {
    const DIST_POINT* const point = sk_DIST_POINT_value(points.get(), i);
    // A list of some reasons only, or signed by somebody else, proves nothing good.
    if (point->distpoint == nullptr || point->distpoint->type != 0 || point->reasons != nullptr ||
        point->CRLissuer != nullptr) {
      continue;
    }
    add_uris(point->distpoint->name.fullname, urls);
  }
  return urls;
}

std::string ocsp_request(const ChainLink& link) {
  const Owned<OCSP_REQUEST> request(OCSP_REQUEST_new());
  // SHA-1 is what every responder knows (RFC 5019 §2.1.1); it names here, and protects nothing.
  OCSP_CERTID* const id = OCSP_cert_to_id(EVP_sha1(), link.certificate, link.issuer);
  if (id == nullptr || OCSP_request_add0_id(request.get(), id) == nullptr) return {};
  unsigned char* der = nullptr;
  const int size = i2d_OCSP_REQUEST(request.get(), &der);
  if (size <= 0) return {};
  std::string bytes(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return bytes;
}

RevocationAnswer judge_ocsp(std::string_view response, const ChainLink& link, Timestamp now) {
  const auto* at = reinterpret_cast<const unsigned char*>(response.data());
  const Owned<OCSP_RESPONSE> parsed(
      d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(response.size())));
  if (parsed == nullptr) return unknown("the answer is no OCSP response");
  if (const int status = OCSP_response_status(parsed.get());
      status != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
    return unknown(fmt::format("the OCSP responder says \"{}\"", OCSP_response_status_str(status)));
  }
  const Owned<OCSP_BASICRESP> basic(OCSP_response_get1_basic(parsed.get()));
  if (basic == nullptr) return unknown("the OCSP response is of no kind that is known here");
  const auto issuers = issuers_of(link);
  // Checks too that the signer is the issuer, or was given the right to sign by it.
  if (OCSP_basic_verify(basic.get(), issuers.get(), link.roots, 0) <= 0) {
    return unknown("the OCSP response is not signed by the issuer or for it");
  }
  OCSP_SINGLERESP* const single = find_single(basic.get(), link);
  ERR_clear_error();
  if (single == nullptr) return unknown("the OCSP response is about another certificate");
  return judge_single(single, link, now);
}

RevocationAnswer judge_crl(std::string_view list, const ChainLink& link, Timestamp now) {
  const auto crl = read_crl(list);
  ERR_clear_error();
  if (crl == nullptr) return unknown("the answer is no CRL");
  const Validity validity =
      validity_of(X509_CRL_get0_lastUpdate(crl.get()), X509_CRL_get0_nextUpdate(crl.get()), now);
  if (!validity.fault.empty()) return unknown("the CRL is not valid: " + validity.fault);
  const int verdict = verify_with(crl.get(), link, validity.judged_at);
  ERR_clear_error();
  if (verdict == X509_V_OK) return {RevocationStatus::Good, {}, validity.until};
  if (verdict == X509_V_ERR_CERT_REVOKED) return revoked_by(crl.get(), link, validity.until);
  return unknown(fmt::format("the CRL does not serve: {}", X509_verify_cert_error_string(verdict)));
}

std::string question_of(const ChainLink& link) {
  std::string key;
  for (const X509* one : {link.certificate, link.issuer}) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    X509_digest(one, EVP_sha256(), digest.data(), &length);
    key.append(reinterpret_cast<const char*>(digest.data()), length);
  }
  return key;
}

}  // namespace lw::io
