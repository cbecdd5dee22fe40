// SPDX-License-Identifier: Apache-2.0
#include "server/oidc/discovery.h"

#include <gtest/gtest.h>

namespace lw::server::oidc {
namespace {

const std::string kIssuer = "https://id.example/main";

Value document() {
  return Value::object({{"issuer", kIssuer},
                        {"authorization_endpoint", "https://id.example/authorize?tenant=1"},
                        {"token_endpoint", "https://id.example/token"},
                        {"jwks_uri", "https://id.example/keys"}});
}

TEST(Discovery, is_below_the_issuer) {
  EXPECT_EQ(discovery_url("https://id.example"),
            "https://id.example/.well-known/openid-configuration");
  EXPECT_EQ(discovery_url("https://id.example/main/"),
            "https://id.example/main/.well-known/openid-configuration");
}

TEST(Discovery, tells_where_to_ask) {
  const auto least = read_discovery(document(), kIssuer);
  ASSERT_TRUE(least) << least.error().message;
  EXPECT_EQ(least->token, "https://id.example/token");
  EXPECT_EQ(least->end_session, "");
  EXPECT_TRUE(least->takes_basic);
  EXPECT_FALSE(least->takes_post);
  EXPECT_FALSE(least->names_issuer);
  Value more = document();
  more.set("end_session_endpoint", "https://id.example/bye");
  more.set("token_endpoint_auth_methods_supported", Value(Value::Array{"client_secret_post"}));
  more.set("authorization_response_iss_parameter_supported", true);
  more.set("code_challenge_methods_supported", Value(Value::Array{"plain", "S256"}));
  const auto read = read_discovery(more, kIssuer);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->end_session, "https://id.example/bye");
  EXPECT_FALSE(read->takes_basic);
  EXPECT_TRUE(read->takes_post);
  EXPECT_TRUE(read->names_issuer);
}

TEST(Discovery, that_does_not_fit_is_refused_in_words) {
  for (const auto& [name, value, word] : std::vector<std::tuple<std::string, Value, std::string>>{
           {"issuer", "https://id.example/main/", "calls itself"},
           {"issuer", Value(), "calls itself"},
           {"authorization_endpoint", "http://id.example/a", "authorization_endpoint"},
           {"authorization_endpoint", "javascript:alert(1)", "authorization_endpoint"},
           {"token_endpoint", "http://localhost/token", "token_endpoint"},
           {"token_endpoint", "https://ann:x@id.example/token", "token_endpoint"},
           {"authorization_endpoint", "https://id.example/a#x", "authorization_endpoint"},
           {"authorization_endpoint", "https://id.example/\r\nX: y", "authorization_endpoint"},
           {"token_endpoint", Value(), "token_endpoint"},
           {"jwks_uri", "file:///etc/passwd", "jwks_uri"},
           {"end_session_endpoint", "http://id.example/bye", "end_session_endpoint"},
           {"response_types_supported", Value(Value::Array{"id_token"}), "codes"},
           {"code_challenge_methods_supported", Value(Value::Array{"plain"}), "PKCE"}}) {
    Value bad = document();
    bad.set(name, value);
    const auto read = read_discovery(bad, kIssuer);
    ASSERT_FALSE(read) << name;
    EXPECT_EQ(read.error().code, ErrorCode::InvalidInput);
    EXPECT_NE(read.error().message.find(word), std::string::npos) << read.error().message;
  }
}

TEST(Discovery, of_a_provider_on_this_host_may_do_without_tls_and_none_else) {
  const std::string issuer = "http://localhost:8080/main";
  Value local = document();
  local.set("issuer", issuer);
  local.set("token_endpoint", "http://127.0.0.1:8080/token");
  EXPECT_TRUE(read_discovery(local, issuer));
  local.set("token_endpoint", "http://id.example/token");
  EXPECT_FALSE(read_discovery(local, issuer));
}

TEST(Confidential, is_https_or_this_host_by_a_name_that_is_nobody_elses) {
  for (const char* url :
       {"https://id.example", "https://id.example:8443/main?x=1", "http://localhost",
        "http://localhost:80/x", "http://127.0.0.1:1", "http://[::1]/x", "http://[::1]:8080"}) {
    EXPECT_TRUE(is_confidential(url)) << url;
  }
  for (const char* url : {"http://id.example",
                          "http://localhost.evil.example",
                          "http://localhost@evil.example",
                          "http://localhost:80@evil.example/",
                          "http://127.0.0.1.evil.example",
                          "http://127.0.0.10",
                          "http://localhost:",
                          "http://localhost:8o",
                          "http://[::1].evil.example",
                          "https://a@b",
                          "https://",
                          "https:///x",
                          "http://",
                          "ftp://localhost",
                          "//localhost",
                          "localhost",
                          "",
                          "HTTP://localhost",
                          "http://LOCALHOST.evil.example",
                          "http://0.0.0.0",
                          "http://[::]"}) {
    EXPECT_FALSE(is_confidential(url)) << url;
  }
}

}  // namespace
}  // namespace lw::server::oidc
