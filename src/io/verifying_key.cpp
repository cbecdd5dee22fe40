// SPDX-License-Identifier: Apache-2.0
#include "io/verifying_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <string>
#include <utility>

#include "io/openssl_pointers.h"

namespace lw::io {
namespace {

constexpr int kRsaBitsMin = 2'048;
constexpr int kRsaBitsMax = 16'384;
constexpr std::size_t kExponentBytesMax = 8;
constexpr std::size_t kP256Bytes = 32;

struct Free {
  void operator()(BIGNUM* object) const { BN_free(object); }
  void operator()(OSSL_PARAM_BLD* object) const { OSSL_PARAM_BLD_free(object); }
  void operator()(OSSL_PARAM* object) const { OSSL_PARAM_free(object); }
  void operator()(EVP_PKEY_CTX* object) const { EVP_PKEY_CTX_free(object); }
  void operator()(EVP_MD_CTX* object) const { EVP_MD_CTX_free(object); }
  void operator()(ECDSA_SIG* object) const { ECDSA_SIG_free(object); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Owned<BIGNUM> number_of(std::string_view bytes) {
  return Owned<BIGNUM>(BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr));
}

/// A public key of the type out of its parameters; nullptr if OpenSSL does not take them.
KeyPointer make_key(const char* type, OSSL_PARAM_BLD* build) {
  const Owned<OSSL_PARAM> parameters(OSSL_PARAM_BLD_to_param(build));
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  const bool is_made =
      parameters && context && EVP_PKEY_fromdata_init(context.get()) == 1 &&
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) == 1;
  KeyPointer owned(key);
  ERR_clear_error();
  return is_made ? std::move(owned) : nullptr;
}

/// r and s, as tokens have them, in the form that OpenSSL reads.
std::string to_der(std::string_view signature) {
  const Owned<ECDSA_SIG> pair(ECDSA_SIG_new());
  Owned<BIGNUM> r = number_of(signature.substr(0, kP256Bytes));
  Owned<BIGNUM> s = number_of(signature.substr(kP256Bytes));
  if (!pair || !r || !s || ECDSA_SIG_set0(pair.get(), r.get(), s.get()) != 1) return {};
  // They are the signature's now.
  (void)r.release();
  (void)s.release();
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &der);
  if (size <= 0) return {};
  std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return text;
}

}  // namespace

struct VerifyingKey::Impl {
  KeyPointer key;
};

Result<VerifyingKey> VerifyingKey::rsa(std::string_view modulus, std::string_view exponent) {
  if (modulus.size() > kRsaBitsMax / 8 + 1 || exponent.size() > kExponentBytesMax) {
    return fail(ErrorCode::InvalidInput, "the RSA key is too long");
  }
  const Owned<BIGNUM> n = number_of(modulus);
  const Owned<BIGNUM> e = number_of(exponent);
  const Owned<OSSL_PARAM_BLD> build(OSSL_PARAM_BLD_new());
  if (!n || !e || !build) return fail(ErrorCode::Internal, "OpenSSL has no memory");
  if (BN_num_bits(n.get()) < kRsaBitsMin) {
    return fail(ErrorCode::InvalidInput, "the RSA key has less than 2048 bits");
  }
  // An exponent of 1 would make every message its own signature.
  if (BN_is_odd(e.get()) == 0 || BN_is_one(e.get()) == 1) {
    return fail(ErrorCode::InvalidInput, "the RSA key's exponent is none");
  }
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  KeyPointer key = make_key("RSA", build.get());
  if (!key) return fail(ErrorCode::InvalidInput, "these numbers are no RSA key");
  return VerifyingKey(SignatureAlgorithm::Rs256,
                      std::make_shared<const Impl>(Impl{std::move(key)}));
}

Result<VerifyingKey> VerifyingKey::p256(std::string_view x, std::string_view y) {
  if (x.size() != kP256Bytes || y.size() != kP256Bytes) {
    return fail(ErrorCode::InvalidInput, "a point on P-256 has two coordinates of 32 bytes");
  }
  const std::string point = "\x04" + std::string(x) + std::string(y);  // uncompressed
  const Owned<OSSL_PARAM_BLD> build(OSSL_PARAM_BLD_new());
  if (!build) return fail(ErrorCode::Internal, "OpenSSL has no memory");
  OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
  OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  KeyPointer key = make_key("EC", build.get());
  if (!key) return fail(ErrorCode::InvalidInput, "these coordinates are no point on P-256");
  return VerifyingKey(SignatureAlgorithm::Es256,
                      std::make_shared<const Impl>(Impl{std::move(key)}));
}

bool VerifyingKey::verifies(std::string_view data, std::string_view signature) const {
  std::string der;
  if (algorithm_ == SignatureAlgorithm::Es256) {
    if (signature.size() != 2 * kP256Bytes) return false;
    der = to_der(signature);
    signature = der;
  }
  const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  const bool is_good =
      context &&
      EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, impl_->key.get()) == 1 &&
      EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(data),
                       data.size()) == 1;
  ERR_clear_error();
  return is_good;
}

}  // namespace lw::io
