// SPDX-License-Identifier: Apache-2.0
#include "io/pki.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>

#include "base/random.h"
#include "base/text.h"
#include "io/openssl_pointers.h"

namespace lw::io {
namespace {

/// OpenSSL's own reason for the last failure; empties its queue.
std::unexpected<Error> fail_openssl(ErrorCode code, std::string_view what) {
  char reason[256] = "no reason given";
  if (const unsigned long error = ERR_get_error(); error != 0) {
    ERR_error_string_n(error, reason, sizeof reason);
  }
  ERR_clear_error();
  return fail(code, fmt::format("{}: {}", what, reason));
}

BioPointer reader_of(const std::string& pem) {
  return BioPointer(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

template <class Write>
std::string pem_of(Write write) {
  const BioPointer memory(BIO_new(BIO_s_mem()));
  write(memory.get());
  char* data = nullptr;
  const long length = BIO_get_mem_data(memory.get(), &data);
  return std::string(data, static_cast<std::size_t>(length));
}

std::string pem_of_key(EVP_PKEY* key) {
  return pem_of(
      [&](BIO* out) { PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr); });
}

std::string pem_of_certificate(X509* certificate) {
  return pem_of([&](BIO* out) { PEM_write_bio_X509(out, certificate); });
}

Result<KeyPointer> create_key() {
  KeyPointer key(EVP_EC_gen("P-256"));
  if (!key) return fail_openssl(ErrorCode::Internal, "create key");
  return key;
}

Result<KeyPointer> read_key(const std::string& pem) {
  // Without this, OpenSSL asks for the password of an encrypted key on the terminal.
  const auto no_password = [](char*, int, int, void*) { return 0; };
  KeyPointer key(PEM_read_bio_PrivateKey(reader_of(pem).get(), nullptr, no_password, nullptr));
  if (!key) return fail_openssl(ErrorCode::InvalidInput, "no private key in PEM form");
  return key;
}

Result<CertificatePointer> read_x509(const std::string& pem) {
  CertificatePointer certificate(
      PEM_read_bio_X509(reader_of(pem).get(), nullptr, nullptr, nullptr));
  if (!certificate) return fail_openssl(ErrorCode::InvalidInput, "no certificate in PEM form");
  return certificate;
}

Result<void> set_common_name(X509_NAME* name, const std::string& common_name) {
  const auto* const text = reinterpret_cast<const unsigned char*>(common_name.data());
  if (common_name.empty() ||
      X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, text,
                                 static_cast<int>(common_name.size()), -1, 0) != 1) {
    ERR_clear_error();
    return fail(ErrorCode::InvalidInput,
                fmt::format("\"{}\" is no common name for a certificate; use 1 to 64 characters of "
                            "UTF-8 text",
                            common_name));
  }
  return {};
}

Result<void> set_validity(X509* certificate, Timestamp not_before, Timestamp not_after) {
  if (not_after <= not_before) {
    return fail(ErrorCode::InvalidInput, "a certificate must end after it begins");
  }
  const auto seconds = [](Timestamp time) {
    return std::chrono::floor<Seconds>(time).time_since_epoch().count();
  };
  // X509_time_adj_ex and friends read the clock; these forms do not.
  ASN1_TIME_set(X509_getm_notBefore(certificate), seconds(not_before));
  ASN1_TIME_set(X509_getm_notAfter(certificate), seconds(not_after));
  return {};
}

void set_serial(X509* certificate) {
  std::string bytes = random_bytes(16);
  // Positive, and of the same length always.
  bytes[0] = static_cast<char>((bytes[0] & 0x3F) | 0x40);
  const std::unique_ptr<BIGNUM, void (*)(BIGNUM*)> number(
      BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()), 16, nullptr), BN_free);
  BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate));
}

/// A certificate in the making.
struct Draft {
  CertificatePointer certificate{X509_new()};
  X509* issuer = nullptr;  ///< itself for a root
};

Result<void> add_extension(const Draft& draft, int kind, const std::string& text) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, draft.issuer, draft.certificate.get(), nullptr, nullptr, 0);
  X509V3_set_ctx_nodb(&context);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, text.c_str());
  if (extension == nullptr) return fail_openssl(ErrorCode::InvalidInput, "certificate extension");
  const int added = X509_add_ext(draft.certificate.get(), extension, -1);
  X509_EXTENSION_free(extension);
  if (added != 1) return fail_openssl(ErrorCode::Internal, "certificate extension");
  return {};
}

Result<Draft> begin_draft(const std::string& common_name, X509* issuer, EVP_PKEY* key,
                          Timestamp not_before, Timestamp not_after) {
  Draft draft;
  X509* const certificate = draft.certificate.get();
  draft.issuer = issuer == nullptr ? certificate : issuer;
  X509_set_version(certificate, X509_VERSION_3);
  set_serial(certificate);
  TRY(set_validity(certificate, not_before, not_after));
  TRY(set_common_name(X509_get_subject_name(certificate), common_name));
  X509_set_issuer_name(certificate, X509_get_subject_name(draft.issuer));
  X509_set_pubkey(certificate, key);
  TRY(add_extension(draft, NID_subject_key_identifier, "hash"));
  return draft;
}

Result<std::string> finish_draft(const Draft& draft, EVP_PKEY* signer) {
  if (X509_sign(draft.certificate.get(), signer, EVP_sha256()) == 0) {
    return fail_openssl(ErrorCode::Internal, "sign certificate");
  }
  return pem_of_certificate(draft.certificate.get());
}

/// What all certificates that are no CA have in common.
Result<void> add_leaf_extensions(const Draft& draft, const std::string& purpose) {
  TRY(add_extension(draft, NID_authority_key_identifier, "keyid:always"));
  TRY(add_extension(draft, NID_basic_constraints, "critical,CA:FALSE"));
  TRY(add_extension(draft, NID_key_usage, "critical,digitalSignature"));
  TRY(add_extension(draft, NID_ext_key_usage, purpose));
  return {};
}

struct Authority {
  KeyPointer key;
  CertificatePointer certificate;
};

Result<Authority> read_authority(const KeyAndCertificate& authority) {
  Authority read{TRY(read_key(authority.private_key_pem)),
                 TRY(read_x509(authority.certificate_pem))};
  if (X509_check_private_key(read.certificate.get(), read.key.get()) != 1) {
    ERR_clear_error();
    return fail(ErrorCode::InvalidInput, "the CA's key does not belong to its certificate");
  }
  return read;
}

Result<void> add_names(const Draft& draft, const ServerCertificateRequest& request) {
  const std::unique_ptr<GENERAL_NAMES, void (*)(GENERAL_NAMES*)> names(GENERAL_NAMES_new(),
                                                                       GENERAL_NAMES_free);
  const auto add = [&](int kind, std::string_view bytes) {
    GENERAL_NAME* const name = GENERAL_NAME_new();
    ASN1_STRING* const value = kind == GEN_IPADD ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();
    ASN1_STRING_set(value, bytes.data(), static_cast<int>(bytes.size()));
    GENERAL_NAME_set0_value(name, kind, value);
    sk_GENERAL_NAME_push(names.get(), name);
  };
  for (const std::string& dns_name : request.dns_names) {
    const bool ok = !dns_name.empty() && dns_name.size() < 254 &&
                    std::ranges::all_of(dns_name, [](char c) { return c > ' ' && c < '\x7f'; });
    if (!ok) return fail(ErrorCode::InvalidInput, fmt::format("\"{}\" is no DNS name", dns_name));
    add(GEN_DNS, dns_name);
  }
  for (const std::string& address : request.ip_addresses) {
    char bytes[16];
    std::size_t size = 0;
    if (::inet_pton(AF_INET, address.c_str(), bytes) == 1) size = 4;
    if (::inet_pton(AF_INET6, address.c_str(), bytes) == 1) size = 16;
    if (size == 0) {
      return fail(ErrorCode::InvalidInput, fmt::format("\"{}\" is no IP address", address));
    }
    add(GEN_IPADD, std::string_view(bytes, size));
  }
  if (sk_GENERAL_NAME_num(names.get()) == 0) {
    return fail(ErrorCode::InvalidInput, "a server certificate needs a DNS name or IP address");
  }
  if (X509_add1_ext_i2d(draft.certificate.get(), NID_subject_alt_name, names.get(), 0, 0) != 1) {
    return fail_openssl(ErrorCode::Internal, "certificate names");
  }
  return {};
}

std::string common_name_of(const X509_NAME* name) {
  const int index = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (index < 0) return {};
  unsigned char* text = nullptr;
  const int length =
      ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index)));
  if (length < 0) return {};
  std::string copy(reinterpret_cast<const char*>(text), static_cast<std::size_t>(length));
  OPENSSL_free(text);
  return copy;
}

Timestamp time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  const std::chrono::year_month_day date(
      std::chrono::year(parts.tm_year + 1900),
      std::chrono::month(static_cast<unsigned>(parts.tm_mon) + 1),
      std::chrono::day(static_cast<unsigned>(parts.tm_mday)));
  return std::chrono::sys_days(date) + std::chrono::hours(parts.tm_hour) +
         std::chrono::minutes(parts.tm_min) + Seconds(parts.tm_sec);
}

std::string bytes_of(const ASN1_STRING* text) {
  return std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                     static_cast<std::size_t>(ASN1_STRING_length(text)));
}

void read_names(X509* certificate, CertificateInfo& info) {
  const std::unique_ptr<GENERAL_NAMES, void (*)(GENERAL_NAMES*)> names(
      static_cast<GENERAL_NAMES*>(
          X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
      GENERAL_NAMES_free);
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) info.dns_names.push_back(bytes_of(name->d.dNSName));
    if (name->type != GEN_IPADD) continue;
    const std::string bytes = bytes_of(name->d.iPAddress);
    char text[INET6_ADDRSTRLEN] = {};
    ::inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), text, sizeof text);
    info.ip_addresses.emplace_back(text);
  }
}

}  // namespace

Result<KeyAndCertificate> create_certificate_authority(const std::string& common_name,
                                                       Timestamp now) {
  constexpr std::chrono::days kLifetime(20 * 365 + 5);
  const KeyPointer key = TRY(create_key());
  const Timestamp begin = now - std::chrono::hours(1);
  const Draft draft = TRY(begin_draft(common_name, nullptr, key.get(), begin, begin + kLifetime));
  // After the subject's identifier, which it copies.
  TRY(add_extension(draft, NID_authority_key_identifier, "keyid:always"));
  TRY(add_extension(draft, NID_basic_constraints, "critical,CA:TRUE,pathlen:0"));
  TRY(add_extension(draft, NID_key_usage, "critical,keyCertSign,cRLSign"));
  return KeyAndCertificate{pem_of_key(key.get()), TRY(finish_draft(draft, key.get()))};
}

Result<KeyAndCertificate> issue_server_certificate(const KeyAndCertificate& authority,
                                                   const ServerCertificateRequest& request) {
  const Authority ca = TRY(read_authority(authority));
  const KeyPointer key = TRY(create_key());
  const Draft draft = TRY(begin_draft(request.common_name, ca.certificate.get(), key.get(),
                                      request.not_before, request.not_after));
  TRY(add_leaf_extensions(draft, "serverAuth"));
  TRY(add_names(draft, request));
  return KeyAndCertificate{pem_of_key(key.get()), TRY(finish_draft(draft, ca.key.get()))};
}

Result<SigningRequest> create_signing_request(const std::string& common_name) {
  const KeyPointer key = TRY(create_key());
  const RequestPointer request(X509_REQ_new());
  X509_REQ_set_version(request.get(), X509_REQ_VERSION_1);
  TRY(set_common_name(X509_REQ_get_subject_name(request.get()), common_name));
  X509_REQ_set_pubkey(request.get(), key.get());
  if (X509_REQ_sign(request.get(), key.get(), EVP_sha256()) == 0) {
    return fail_openssl(ErrorCode::Internal, "sign request");
  }
  return SigningRequest{pem_of_key(key.get()),
                        pem_of([&](BIO* out) { PEM_write_bio_X509_REQ(out, request.get()); })};
}

Result<std::string> sign_client_certificate(const KeyAndCertificate& authority,
                                            const std::string& request_pem,
                                            const std::string& common_name, Timestamp not_before,
                                            Timestamp not_after) {
  const Authority ca = TRY(read_authority(authority));
  const RequestPointer request(
      PEM_read_bio_X509_REQ(reader_of(request_pem).get(), nullptr, nullptr, nullptr));
  if (!request) {
    return fail_openssl(ErrorCode::InvalidInput, "no certificate signing request in PEM form");
  }
  EVP_PKEY* const key = X509_REQ_get0_pubkey(request.get());
  if (key == nullptr || X509_REQ_verify(request.get(), key) != 1) {
    ERR_clear_error();
    return fail(ErrorCode::InvalidInput,
                "the signing request's own signature is wrong; create a new one");
  }
  const Draft draft =
      TRY(begin_draft(common_name, ca.certificate.get(), key, not_before, not_after));
  TRY(add_leaf_extensions(draft, "clientAuth"));
  return finish_draft(draft, ca.key.get());
}

Result<CertificateInfo> read_certificate(const std::string& certificate_pem) {
  const CertificatePointer certificate = TRY(read_x509(certificate_pem));
  CertificateInfo info;
  info.subject_common_name = common_name_of(X509_get_subject_name(certificate.get()));
  info.issuer_common_name = common_name_of(X509_get_issuer_name(certificate.get()));
  read_names(certificate.get(), info);
  info.serial_hex = hex_of(bytes_of(X509_get0_serialNumber(certificate.get())));
  info.not_before = time_of(X509_get0_notBefore(certificate.get()));
  info.not_after = time_of(X509_get0_notAfter(certificate.get()));
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  X509_digest(certificate.get(), EVP_sha256(), digest, &length);
  info.sha256_hex = hex_of({reinterpret_cast<const char*>(digest), length});
  return info;
}

std::string sha256(std::string_view bytes) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

bool equal_secrets(std::string_view a, std::string_view b) {
  // Digests have one length, so that not even that of the secret shows.
  const std::string left = sha256(a);
  const std::string right = sha256(b);
  return CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace lw::io
