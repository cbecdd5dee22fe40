// SPDX-License-Identifier: Apache-2.0
// For tests: a private key that signs as an OpenID provider does.
#pragma once

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>

#include <string>
#include <string_view>

#include "io/openssl_pointers.h"

namespace lw::io {

class TestSigningKey {
 public:
  static TestSigningKey rsa(unsigned bits = 2'048) {
    return TestSigningKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{bits}), false);
  }
  static TestSigningKey p256() {
    return TestSigningKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"), true);
  }
  /// RSA's n and e; an elliptic curve's x and y.
  [[nodiscard]] std::string first() const {
    return number(is_ec_ ? OSSL_PKEY_PARAM_EC_PUB_X : OSSL_PKEY_PARAM_RSA_N);
  }
  [[nodiscard]] std::string second() const {
    return number(is_ec_ ? OSSL_PKEY_PARAM_EC_PUB_Y : OSSL_PKEY_PARAM_RSA_E);
  }
  [[nodiscard]] bool is_ec() const { return is_ec_; }

  /// RS256 or ES256, as tokens have it.
  [[nodiscard]] std::string sign(std::string_view data, const EVP_MD* digest = EVP_sha256()) const {
    EVP_MD_CTX* const context = EVP_MD_CTX_new();
    EXPECT_EQ(EVP_DigestSignInit(context, nullptr, digest, nullptr, key_.get()), 1);
    std::size_t size = 0;
    const auto* const bytes = reinterpret_cast<const unsigned char*>(data.data());
    EXPECT_EQ(EVP_DigestSign(context, nullptr, &size, bytes, data.size()), 1);
    std::string signature(size, '\0');
    auto* const out = reinterpret_cast<unsigned char*>(signature.data());
    EXPECT_EQ(EVP_DigestSign(context, out, &size, bytes, data.size()), 1);
    signature.resize(size);
    EVP_MD_CTX_free(context);
    return is_ec_ ? plain(signature) : signature;
  }

 private:
  static constexpr int kCoordinateBytes = 32;
  TestSigningKey(EVP_PKEY* key, bool is_ec) : key_(key), is_ec_(is_ec) { EXPECT_NE(key, nullptr); }
  [[nodiscard]] std::string number(const char* name) const {
    BIGNUM* value = nullptr;
    EXPECT_EQ(EVP_PKEY_get_bn_param(key_.get(), name, &value), 1) << name;
    const int size = is_ec_ ? kCoordinateBytes : BN_num_bytes(value);
    std::string bytes(static_cast<std::size_t>(size), '\0');
    BN_bn2binpad(value, reinterpret_cast<unsigned char*>(bytes.data()), size);
    BN_free(value);
    return bytes;
  }
  /// The two numbers out of the DER form.
  static std::string plain(const std::string& der) {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    ECDSA_SIG* const pair = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
    EXPECT_NE(pair, nullptr);
    std::string bytes(std::size_t{2} * kCoordinateBytes, '\0');
    auto* const out = reinterpret_cast<unsigned char*>(bytes.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, kCoordinateBytes);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + kCoordinateBytes, kCoordinateBytes);
    ECDSA_SIG_free(pair);
    return bytes;
  }

  KeyPointer key_;
  bool is_ec_;
};

}  // namespace lw::io
