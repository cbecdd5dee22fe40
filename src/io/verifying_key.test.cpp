// SPDX-License-Identifier: Apache-2.0
#include "io/verifying_key.h"

#include <gtest/gtest.h>

#include "base/base64.h"
#include "io/test_signing_key.h"

namespace lw::io {
namespace {

std::string bytes(const std::string& base64url) { return bytes_of_base64url(base64url).value(); }

VerifyingKey public_key(const TestSigningKey& key) {
  auto made = key.is_ec() ? VerifyingKey::p256(key.first(), key.second())
                          : VerifyingKey::rsa(key.first(), key.second());
  EXPECT_TRUE(made) << made.error().message;
  return made.value();
}

TEST(VerifyingKey, knows_the_example_of_the_rfc) {
  // RFC 7515, appendix A.3: ES256.
  const auto key = VerifyingKey::p256(bytes("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),
                                      bytes("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"));
  ASSERT_TRUE(key) << key.error().message;
  const std::string data =
      "eyJhbGciOiJFUzI1NiJ9"
      ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cn"
      "VlfQ";
  const std::string signature = bytes(
      "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
  EXPECT_EQ(key->algorithm(), SignatureAlgorithm::Es256);
  EXPECT_TRUE(key->verifies(data, signature));
  EXPECT_FALSE(key->verifies(data + "x", signature));
}

TEST(VerifyingKey, takes_its_own_signatures_and_no_others) {
  for (const auto make : {+[] { return TestSigningKey::rsa(); }, &TestSigningKey::p256}) {
    const TestSigningKey mine = make();
    const TestSigningKey other = make();
    const VerifyingKey key = public_key(mine);
    const std::string good = mine.sign("data");
    EXPECT_TRUE(key.verifies("data", good));
    EXPECT_FALSE(key.verifies("date", good));
    EXPECT_FALSE(key.verifies("data", other.sign("data")));
    EXPECT_FALSE(key.verifies("data", mine.sign("data", EVP_sha384()))) << "another digest";
    for (const std::size_t at : {std::size_t{0}, good.size() / 2, good.size() - 1}) {
      std::string bent = good;
      bent[at] = static_cast<char>(bent[at] ^ 1);
      EXPECT_FALSE(key.verifies("data", bent)) << at;
    }
    EXPECT_FALSE(key.verifies("data", ""));
    EXPECT_FALSE(key.verifies("data", good.substr(1)));
    EXPECT_FALSE(key.verifies("data", good + good[0]));
    EXPECT_FALSE(key.verifies("data", std::string(good.size(), '\0')));
  }
}

TEST(VerifyingKey, of_the_other_kind_takes_nothing) {
  const TestSigningKey rsa = TestSigningKey::rsa();
  const TestSigningKey curve = TestSigningKey::p256();
  EXPECT_FALSE(public_key(rsa).verifies("data", curve.sign("data")));
  EXPECT_FALSE(public_key(curve).verifies("data", rsa.sign("data")));
}

TEST(VerifyingKey, that_is_weak_or_none_is_refused) {
  const TestSigningKey weak = TestSigningKey::rsa(1'024);
  EXPECT_FALSE(VerifyingKey::rsa(weak.first(), weak.second()));
  const TestSigningKey good = TestSigningKey::rsa();
  EXPECT_FALSE(VerifyingKey::rsa(good.first(), "\x01"));
  EXPECT_FALSE(VerifyingKey::rsa(good.first(), ""));
  EXPECT_FALSE(VerifyingKey::rsa(good.first(), std::string(9, '\x03')));
  EXPECT_FALSE(VerifyingKey::rsa(std::string(4'000, '\xff'), good.second()));
  EXPECT_FALSE(VerifyingKey::rsa("", good.second()));
  const TestSigningKey curve = TestSigningKey::p256();
  EXPECT_FALSE(VerifyingKey::p256(curve.second(), curve.first())) << "not on the curve";
  EXPECT_FALSE(VerifyingKey::p256(curve.first().substr(1), curve.second()));
  EXPECT_FALSE(VerifyingKey::p256("", ""));
}

}  // namespace
}  // namespace lw::io
