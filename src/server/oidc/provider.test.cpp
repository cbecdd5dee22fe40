// SPDX-License-Identifier: Apache-2.0
// Asking a provider, over real HTTP on this host: what is kept, what is asked for anew, and how the
// client says who it is.
#include "server/oidc/provider.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>

#include "base/base64.h"
#include "base/files.h"
#include "base/guarded.h"
#include "io/http_server.h"
#include "io/test_signing_key.h"

namespace lw::server::oidc {
namespace {

/// Signs with one key and shows another id for it if told to.
class ProviderTest : public testing::Test {
 protected:
  ProviderTest() {
    char name[] = "/tmp/lw_oidc_XXXXXX";
    folder_ = ::mkdtemp(name);
    server_ = io::HttpServer::start({}, [this](const io::HttpRequest& request,
                                               const io::HttpResponder& responder) {
                responder.send(state_.with([&](State& state) { return answer(state, request); }));
              }).value();
    settings_.issuer = "http://127.0.0.1:" + std::to_string(server_->port());
    settings_.client_id = "linewatch";
    settings_.public_url = "https://linewatch.example";
    provider_ = std::make_unique<Provider>(settings_, clock_, [] { return false; });
  }

  ~ProviderTest() override { std::filesystem::remove_all(folder_); }

  struct State {
    std::map<std::string, int> asked;  ///< how often, by path
    std::string shown_key = "k1", signing_key = "k1";
    std::string token_methods = R"(["client_secret_basic"])";
    std::string authorization, form;  ///< of the last request for a token
    int status = 200;
  };

  io::HttpResponse answer(State& state, const io::HttpRequest& request) const {
    ++state.asked[request.path];
    if (state.status != 200) {
      return {.status = state.status, .headers = {{"Location", "/keys"}}, .body = "{}"};
    }
    if (request.path == "/keys") return with_body(keys(state));
    if (request.path != "/token") return with_body(discovery(state));
    state.authorization = request.header("Authorization");
    state.form = request.body;
    return with_body(to_json(Value::object({{"id_token", token(state)}})));
  }
  static io::HttpResponse with_body(std::string body) {
    return {.status = 200, .headers = {}, .body = std::move(body)};
  }
  [[nodiscard]] std::string discovery(const State& state) const {
    return R"({"issuer":")" + settings_.issuer + R"(","authorization_endpoint":")" +
           settings_.issuer + R"(/authorize","token_endpoint":")" + settings_.issuer +
           R"(/token","jwks_uri":")" + settings_.issuer +
           R"(/keys","token_endpoint_auth_methods_supported":)" + state.token_methods + "}";
  }
  [[nodiscard]] std::string keys(const State& state) const {
    const Value jwk = Value::object({{"kty", "EC"},
                                     {"crv", "P-256"},
                                     {"kid", state.shown_key},
                                     {"x", to_base64url(key_.first())},
                                     {"y", to_base64url(key_.second())}});
    return to_json(Value::object({{"keys", Value(Value::Array{jwk})}}));
  }
  [[nodiscard]] std::string token(const State& state) const {
    const std::int64_t now = to_unix_us(clock_.wall_now()) / 1'000'000;
    const Value header = Value::object({{"alg", "ES256"}, {"kid", state.signing_key}});
    const Value claims = Value::object({{"iss", settings_.issuer},
                                        {"sub", "u-1"},
                                        {"aud", "linewatch"},
                                        {"exp", now + 300},
                                        {"iat", now},
                                        {"nonce", "n"}});
    const std::string data = to_base64url(to_json(header)) + "." + to_base64url(to_json(claims));
    return data + "." + to_base64url(key_.sign(data));
  }

  Result<Value> claims() {
    return provider_->claims_for({.code = "c&d", .verifier = "v", .nonce = "n"});
  }
  template <class Change>
  void change(Change how) {
    state_.with(how);
  }
  int asked(const std::string& path) {
    return state_.with([&](State& state) { return state.asked[path]; });
  }
  /// What the provider got to know the client by: the header and the form.
  std::pair<std::string, std::string> credentials() {
    return state_.with([](State& state) { return std::pair(state.authorization, state.form); });
  }
  void use_secret(const std::string& secret) {
    settings_.client_secret_file = folder_ + "/secret";
    ASSERT_TRUE(write_file_atomically(settings_.client_secret_file, secret + "\n", 0600));
  }

  std::string folder_;
  ManualClock clock_;
  const io::TestSigningKey key_ = io::TestSigningKey::p256();
  Settings settings_;
  Guarded<State> state_;
  std::unique_ptr<io::HttpServer> server_;
  std::unique_ptr<Provider> provider_;
};

TEST_F(ProviderTest, what_it_says_of_itself_and_its_keys_are_kept_for_an_hour) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(claims());
  EXPECT_EQ(asked("/.well-known/openid-configuration"), 1);
  EXPECT_EQ(asked("/keys"), 1);
  EXPECT_EQ(asked("/token"), 3);
  clock_.advance(std::chrono::hours(1));
  ASSERT_TRUE(claims());
  EXPECT_EQ(asked("/.well-known/openid-configuration"), 2);
  EXPECT_EQ(asked("/keys"), 2);
}

TEST_F(ProviderTest, a_new_key_is_found_at_once) {
  ASSERT_TRUE(claims());
  change([](State& state) { state.shown_key = state.signing_key = "k2"; });
  const auto found = claims();
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(asked("/keys"), 2);
}

TEST_F(ProviderTest, a_key_that_is_not_shown_is_not_asked_for_over_and_over) {
  ASSERT_TRUE(claims());
  change([](State& state) { state.signing_key = "hidden"; });
  for (int i = 0; i < 20; ++i) {
    const auto refused = claims();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::Unauthenticated);
    EXPECT_NE(refused.error().message.find("hidden"), std::string::npos);
  }
  EXPECT_EQ(asked("/keys"), 1 + 5) << "some at once, for keys that change twice";
  clock_.advance(std::chrono::minutes(1));
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(claims());
  EXPECT_EQ(asked("/keys"), 1 + 5 + 1) << "then one a minute";
  change([](State& state) { state.shown_key = "hidden"; });
  clock_.advance(std::chrono::minutes(1));
  EXPECT_TRUE(claims()) << "and once it is shown it is believed";
}

TEST_F(ProviderTest, that_is_away_is_found_again) {
  change([](State& state) { state.status = 503; });
  EXPECT_EQ(claims().error().code, ErrorCode::Unavailable);
  change([](State& state) { state.status = 200; });
  EXPECT_TRUE(claims());
}

TEST_F(ProviderTest, leads_nowhere_else) {
  ASSERT_TRUE(claims());
  for (const int status : {301, 302, 307, 308}) {
    change([&](State& state) { state.status = status; });
    const auto refused = claims();
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find(std::to_string(status)), std::string::npos);
  }
  EXPECT_EQ(asked("/keys"), 1) << "where it wanted to lead";
}

TEST_F(ProviderTest, is_told_who_asks_in_the_header) {
  use_secret("secret-1");
  ASSERT_TRUE(claims());
  const auto [header, form] = credentials();
  EXPECT_EQ(header, "Basic " + to_base64("linewatch:secret-1"));
  EXPECT_EQ(form,
            "grant_type=authorization_code&code=c%26d&redirect_uri=https%3A%2F%2Flinewatch.example"
            "%2Fapi%2Fv1%2Foidc%2Fcallback&code_verifier=v");
}

TEST_F(ProviderTest, is_told_a_secret_with_signs_in_the_body_if_it_may_be_there) {
  use_secret("a:b %");
  ASSERT_TRUE(claims());
  EXPECT_EQ(credentials().first, "Basic " + to_base64("linewatch:a%3Ab%20%25"))
      << "RFC 6749 2.3.1, where the header is the only way";
  clock_.advance(std::chrono::hours(1));
  change([](State& state) {
    state.token_methods = R"(["client_secret_basic","client_secret_post"])";
  });
  ASSERT_TRUE(claims());
  const auto [header, form] = credentials();
  EXPECT_EQ(header, "");
  EXPECT_NE(form.find("&client_id=linewatch&client_secret=a%3Ab%20%25"), std::string::npos) << form;
}

TEST_F(ProviderTest, is_told_the_name_of_a_public_client_and_no_secret) {
  ASSERT_TRUE(claims());
  const auto [header, form] = credentials();
  EXPECT_EQ(header, "");
  EXPECT_TRUE(form.ends_with("&client_id=linewatch")) << form;
}

TEST_F(ProviderTest, gives_nothing_without_the_secret_that_is_to_be_told) {
  settings_.client_secret_file = folder_ + "/none";
  EXPECT_FALSE(claims());
  EXPECT_EQ(asked("/token"), 0);
}

}  // namespace
}  // namespace lw::server::oidc
