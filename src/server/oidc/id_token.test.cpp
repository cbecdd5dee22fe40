// SPDX-License-Identifier: Apache-2.0
// Tokens with one fault each, and the one that has none.
#include "server/oidc/id_token.h"

#include <gtest/gtest.h>

#include "base/base64.h"
#include "io/test_signing_key.h"

namespace lw::server::oidc {
namespace {

const Timestamp kNow = from_unix_us(1'800'000'000'000'000);
const std::int64_t kNowS = 1'800'000'000;

Value jwk_of(const io::TestSigningKey& key, const std::string& id) {
  Value jwk = Value::object({{"kid", id}, {"use", "sig"}});
  jwk.set("kty", key.is_ec() ? "EC" : "RSA");
  jwk.set("alg", key.is_ec() ? "ES256" : "RS256");
  if (key.is_ec()) jwk.set("crv", "P-256");
  jwk.set(key.is_ec() ? "x" : "n", to_base64url(key.first()));
  jwk.set(key.is_ec() ? "y" : "e", to_base64url(key.second()));
  return jwk;
}

KeySet set_of(std::vector<Value> keys) {
  return KeySet::parse(Value::object({{"keys", Value(std::move(keys))}})).value();
}

const io::TestSigningKey& rsa_key() {
  static const io::TestSigningKey kKey = io::TestSigningKey::rsa();
  return kKey;
}

const io::TestSigningKey& curve_key() {
  static const io::TestSigningKey kKey = io::TestSigningKey::p256();
  return kKey;
}

class IdToken : public testing::Test {
 protected:
  [[nodiscard]] std::string token() const { return token_by(rsa_key()); }
  [[nodiscard]] std::string token_by(const io::TestSigningKey& key) const {
    const std::string data = to_base64url(to_json(header_)) + "." + to_base64url(to_json(claims_));
    return data + "." + to_base64url(key.sign(data));
  }
  [[nodiscard]] Result<Value> verify(const std::string& token) const {
    return verify_id_token(token, keys_, expected_, now_);
  }
  /// What is said of the token as it is now; "taken" if nothing.
  [[nodiscard]] std::string fault() const {
    const auto claims = verify(token());
    if (claims) return "taken";
    EXPECT_EQ(claims.error().code, ErrorCode::Unauthenticated) << claims.error().message;
    return claims.error().message;
  }
  static bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

  Value header_ = Value::object({{"alg", "RS256"}, {"kid", "r1"}, {"typ", "JWT"}});
  Value claims_ = Value::object({{"iss", "https://id.example"},
                                 {"sub", "u-1"},
                                 {"aud", "linewatch"},
                                 {"exp", kNowS + 300},
                                 {"iat", kNowS - 5},
                                 {"nonce", "n-1"},
                                 {"groups", Value(Value::Array{"netops"})}});
  KeySet keys_ = set_of({jwk_of(rsa_key(), "r1"), jwk_of(curve_key(), "c1")});
  Expectation expected_{.issuer = "https://id.example",
                        .client_id = "linewatch",
                        .nonce = "n-1",
                        .skew = Seconds(60)};
  Timestamp now_ = kNow;
};

TEST_F(IdToken, without_a_fault_is_taken) {
  const auto claims = verify(token());
  ASSERT_TRUE(claims) << claims.error().message;
  EXPECT_EQ(claims->text("sub"), "u-1");
  header_ = Value::object({{"alg", "ES256"}, {"kid", "c1"}});
  EXPECT_TRUE(verify(token_by(curve_key())));
  header_ = Value::object({{"alg", "ES256"}});
  EXPECT_TRUE(verify(token_by(curve_key()))) << "the only key of its kind";
}

TEST_F(IdToken, needs_a_signature_of_a_known_kind) {
  for (const char* algorithm : {"none", "HS256", "RS384", "PS256", "rs256", ""}) {
    header_.set("alg", algorithm);
    EXPECT_TRUE(has(fault(), "is signed by")) << algorithm << ": " << fault();
  }
  header_.erase("alg");
  EXPECT_TRUE(has(fault(), "is signed by"));
  header_.set("alg", "ES256");
  const auto other = verify(token());
  ASSERT_FALSE(other) << "r1 is an RSA key";
  EXPECT_EQ(other.error().code, ErrorCode::NotFound);
}

TEST_F(IdToken, needs_the_right_signature) {
  EXPECT_TRUE(has(verify(token_by(io::TestSigningKey::rsa())).error().message, "wrong signature"));
  const std::string good = token();
  const std::string data = good.substr(0, good.rfind('.'));
  for (const std::string& bad : {data + ".", data + ".AAAA", data + ".!", good + "A"}) {
    const auto claims = verify(bad);
    ASSERT_FALSE(claims) << bad;
    EXPECT_TRUE(has(claims.error().message, "wrong signature")) << claims.error().message;
  }
  // Other claims under the same signature.
  const std::string signature = good.substr(good.rfind('.'));
  claims_.set("sub", "u-2");
  EXPECT_FALSE(
      verify(to_base64url(to_json(header_)) + "." + to_base64url(to_json(claims_)) + signature));
}

TEST_F(IdToken, by_a_key_that_is_not_shown_asks_for_newer_ones) {
  header_.set("kid", "r2");
  const auto claims = verify(token());
  ASSERT_FALSE(claims);
  EXPECT_EQ(claims.error().code, ErrorCode::NotFound);
  EXPECT_TRUE(has(claims.error().message, "r2"));
  header_.set("kid", 1);
  EXPECT_TRUE(has(fault(), "kid"));
  header_.erase("kid");
  EXPECT_EQ(fault(), "taken");
  keys_ = set_of({jwk_of(rsa_key(), "r1"), jwk_of(io::TestSigningKey::rsa(), "r2")});
  EXPECT_EQ(verify(token()).error().code, ErrorCode::NotFound) << "it cannot be told which";
}

TEST_F(IdToken, with_what_must_be_understood_is_refused) {
  header_.set("crit", Value(Value::Array{"b64"}));
  EXPECT_TRUE(has(fault(), "extensions"));
}

TEST_F(IdToken, of_another_issuer_is_refused) {
  for (const char* issuer :
       {"https://id.example/", "https://ID.example", "http://id.example", ""}) {
    claims_.set("iss", issuer);
    EXPECT_TRUE(has(fault(), "another issuer")) << issuer;
  }
  claims_.erase("iss");
  EXPECT_TRUE(has(fault(), "another issuer"));
}

TEST_F(IdToken, for_another_client_is_refused) {
  claims_.set("aud", "other");
  EXPECT_TRUE(has(fault(), "another client"));
  claims_.set("aud", Value(Value::Array{"other", "third"}));
  EXPECT_TRUE(has(fault(), "another client"));
  claims_.set("aud", Value(Value::Array{"linewatch", 1}));
  EXPECT_TRUE(has(fault(), "no list of texts"));
  claims_.erase("aud");
  EXPECT_TRUE(has(fault(), "another client"));
  claims_.set("aud", Value(Value::Array{"linewatch"}));
  EXPECT_EQ(fault(), "taken");
}

TEST_F(IdToken, for_several_clients_must_have_been_asked_for_by_this_one) {
  claims_.set("aud", Value(Value::Array{"linewatch", "other"}));
  EXPECT_TRUE(has(fault(), "several clients"));
  claims_.set("azp", "other");
  EXPECT_TRUE(has(fault(), "given to another client"));
  claims_.set("azp", "linewatch");
  EXPECT_EQ(fault(), "taken");
  claims_.set("aud", "linewatch");
  claims_.set("azp", "other");
  EXPECT_TRUE(has(fault(), "given to another client"));
}

TEST_F(IdToken, is_good_for_its_time_and_the_skew_of_clocks) {
  claims_.set("exp", kNowS - 59);
  EXPECT_EQ(fault(), "taken");
  claims_.set("exp", kNowS - 60);
  EXPECT_TRUE(has(fault(), "has expired"));
  claims_.set("exp", kNowS + 300);
  claims_.set("iat", kNowS + 60);
  EXPECT_EQ(fault(), "taken");
  claims_.set("iat", kNowS + 61);
  EXPECT_TRUE(has(fault(), "from the future"));
  claims_.set("iat", kNowS);
  claims_.set("nbf", kNowS + 60);
  EXPECT_EQ(fault(), "taken");
  claims_.set("nbf", kNowS + 61);
  EXPECT_TRUE(has(fault(), "not in force yet"));
  expected_.skew = Seconds(120);
  EXPECT_EQ(fault(), "taken");
}

TEST_F(IdToken, without_its_times_is_refused) {
  for (const char* name : {"exp", "iat", "nbf"}) {
    const Value before = claims_;
    claims_.set(name, "1800000000");
    EXPECT_TRUE(has(fault(), std::string("has no time `") + name)) << fault();
    claims_ = before;
    claims_.erase(name);
    if (std::string(name) != "nbf") {
      EXPECT_TRUE(has(fault(), "has no time")) << name;
    }
    claims_ = before;
  }
}

TEST_F(IdToken, for_another_sign_in_is_refused) {
  claims_.set("nonce", "n-2");
  EXPECT_TRUE(has(fault(), "another sign-in"));
  claims_.erase("nonce");
  EXPECT_TRUE(has(fault(), "another sign-in"));
  expected_.nonce = "";
  EXPECT_TRUE(has(fault(), "another sign-in")) << "nobody asks without one";
}

TEST_F(IdToken, that_tells_of_nobody_is_refused) {
  claims_.set("sub", "");
  EXPECT_TRUE(has(fault(), "whom it tells of"));
  claims_.set("sub", std::string(256, 'x'));
  EXPECT_TRUE(has(fault(), "whom it tells of"));
  claims_.set("sub", 7);
  EXPECT_TRUE(has(fault(), "whom it tells of"));
  claims_.erase("sub");
  EXPECT_TRUE(has(fault(), "whom it tells of"));
}

TEST_F(IdToken, that_is_none_is_refused) {
  const std::string good = token();
  const auto dot = good.find('.');
  for (const std::string& bad :
       {std::string(), std::string("."), std::string(".."), good.substr(0, dot), good + ".x",
        "x" + good, "e30." + good.substr(dot + 1), std::string(70'000, 'a') + ".b.c"}) {
    const auto claims = verify(bad);
    ASSERT_FALSE(claims) << bad;
    EXPECT_EQ(claims.error().code, ErrorCode::Unauthenticated);
  }
  // A body that is signed well and no object, or has a name twice.
  for (const std::string body : {"[]", "1", "x", R"({"sub":"a","sub":"b"})"}) {
    const std::string data = to_base64url(to_json(header_)) + "." + to_base64url(body);
    const auto claims = verify(data + "." + to_base64url(rsa_key().sign(data)));
    ASSERT_FALSE(claims) << body;
    EXPECT_TRUE(has(claims.error().message, "no JSON")) << claims.error().message;
  }
}

TEST(KeySet, passes_over_what_it_cannot_use) {
  Value encrypting = jwk_of(rsa_key(), "e");
  encrypting.set("use", "enc");
  Value other_algorithm = jwk_of(rsa_key(), "p");
  other_algorithm.set("alg", "PS256");
  Value signing_only = jwk_of(rsa_key(), "s");
  signing_only.set("key_ops", Value(Value::Array{"sign"}));
  Value other_curve = jwk_of(curve_key(), "c");
  other_curve.set("crv", "P-384");
  Value broken = jwk_of(curve_key(), "b");
  broken.set("x", "***");
  const Value symmetric = Value::object({{"kty", "oct"}, {"k", "c2VjcmV0"}, {"kid", "o"}});
  const KeySet set =
      set_of({encrypting, other_algorithm, signing_only, other_curve, broken, symmetric,
              jwk_of(io::TestSigningKey::rsa(1'024), "w"), Value(3), jwk_of(curve_key(), "good")});
  EXPECT_EQ(set.size(), 1U);
  EXPECT_NE(set.find("good", io::SignatureAlgorithm::Es256), nullptr);
  EXPECT_EQ(set.find("good", io::SignatureAlgorithm::Rs256), nullptr);
}

TEST(KeySet, that_is_none_is_refused) {
  for (const char* text : {"{}", "[]", R"({"keys":{}})", R"({"keys":null})"}) {
    EXPECT_FALSE(KeySet::parse(parse_json(text).value())) << text;
  }
}

}  // namespace
}  // namespace lw::server::oidc
