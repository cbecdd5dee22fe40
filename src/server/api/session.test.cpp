// SPDX-License-Identifier: Apache-2.0
// Signing in, over real HTTP and through the gate.
#include "io/pki.h"
#include "server/api/routes_fixture.h"
#include "server/oidc/settings.h"

namespace lw::server::api {
namespace {

class SessionTest : public RoutesTest {
 protected:
  SessionTest() {
    has_gate_ = true;
    credentials_.replace({token("ann", registry::Role::Operator, "ann-secret"),
                          token("bob", registry::Role::Reader, "bob-secret")});
  }
  static registry::ApiToken token(const std::string& name, registry::Role role,
                                  const std::string& secret) {
    return {.name = name, .role = role, .sha256 = io::sha256(secret)};
  }
  using Headers = std::vector<std::pair<std::string, std::string>>;
  io::HttpClientResponse ask(const std::string& method, const std::string& target, Headers headers,
                             const std::string& body = "") {
    io::HttpClientRequest request;
    request.method = method;
    request.url = "http://127.0.0.1:" + std::to_string(server_->port()) + target;
    request.headers = std::move(headers);
    request.body = body;
    auto response = client_.request(request);
    EXPECT_TRUE(response.has_value()) << response.error().message;
    return response.value_or(io::HttpClientResponse{});
  }
  io::HttpClientResponse sign_in(const std::string& secret) {
    return ask("POST", "/api/v1/session", {{"Content-Type", "application/json"}},
               R"({"token":")" + secret + "\"}");
  }
  /// "linewatch_session=…", as a browser sends it back.
  std::string cookie_for(const std::string& secret) {
    const std::string header = sign_in(secret).header("Set-Cookie");
    return header.substr(0, header.find(';'));
  }
};

TEST_F(SessionTest, a_token_is_exchanged_for_a_cookie_that_scripts_cannot_read) {
  const auto signed_in = sign_in("ann-secret");
  EXPECT_EQ(signed_in.status, 200) << signed_in.body;
  const std::string cookie = signed_in.header("Set-Cookie");
  EXPECT_TRUE(cookie.starts_with("linewatch_session=")) << cookie;
  for (const char* part : {"HttpOnly", "Secure", "SameSite=Strict", "Path=/", "Max-Age=604800"}) {
    EXPECT_NE(cookie.find(part), std::string::npos) << part;
  }
  const auto told = ask("GET", "/api/v1/session", {{"Cookie", cookie.substr(0, cookie.find(';'))}});
  EXPECT_EQ(told.status, 200);
  const Value session = parse_json(told.body).value();
  EXPECT_EQ(session.text("name"), "ann");
  EXPECT_EQ(session.text("role"), "operator");
  EXPECT_EQ(session.text("version"), LW_VERSION);
  EXPECT_EQ(session.text("subscription"), control_->subscription_id());
  EXPECT_EQ(session.text("workspace"), control_->workspace_id());
  EXPECT_FALSE(session.text("host").empty());
  EXPECT_TRUE(parse_iso8601(session.text("expires")));
  EXPECT_TRUE(parse_iso8601(session.text("serverTime")));
}

TEST_F(SessionTest, a_cookie_opens_what_its_token_opens) {
  const std::string bob = cookie_for("bob-secret");
  EXPECT_EQ(ask("GET", "/api/v1/tests", {{"Cookie", bob}}).status, 200);
  EXPECT_EQ(ask("GET", "/api/v1/tests", {}).status, 401);
  EXPECT_EQ(ask("GET", "/api/v1/tests", {{"Cookie", bob + "x"}}).status, 401);
  EXPECT_EQ(ask("GET", "/api/v1/tokens", {{"Cookie", bob}}).status, 403);
  EXPECT_EQ(ask("GET", "/api/v1/session", {{"Authorization", "Bearer ann-secret"}}).status, 200);
}

TEST_F(SessionTest, a_change_needs_the_header_that_other_sites_cannot_send) {
  const std::string ann = cookie_for("ann-secret");
  const std::string target = "/api/v1/connection-monitors/none";
  EXPECT_EQ(ask("DELETE", target, {{"Cookie", ann}}).status, 403);
  EXPECT_EQ(ask("DELETE", target, {{"Cookie", ann}, {"X-Linewatch", "1"}}).status, 404);
  EXPECT_EQ(ask("DELETE", target, {{"Authorization", "Bearer ann-secret"}}).status, 404)
      << "a bearer token is sent on purpose";
  const auto by_form =
      ask("POST", "/api/v1/session", {{"Content-Type", "text/plain"}}, R"({"token":"ann-secret"})");
  EXPECT_EQ(by_form.status, 403);
  EXPECT_EQ(by_form.header("Set-Cookie"), "");
}

TEST_F(SessionTest, signing_out_ends_the_session_for_whoever_has_the_cookie) {
  const std::string ann = cookie_for("ann-secret");
  const auto out = ask("DELETE", "/api/v1/session", {{"Cookie", ann}, {"X-Linewatch", "1"}});
  EXPECT_EQ(out.status, 204);
  EXPECT_NE(out.header("Set-Cookie").find("Max-Age=0"), std::string::npos);
  EXPECT_EQ(ask("GET", "/api/v1/session", {{"Cookie", ann}}).status, 401);
}

TEST_F(SessionTest, a_token_that_is_removed_ends_what_it_opened) {
  const std::string ann = cookie_for("ann-secret");
  credentials_.replace({token("bob", registry::Role::Reader, "bob-secret")});
  EXPECT_EQ(ask("GET", "/api/v1/session", {{"Cookie", ann}}).status, 401);
}

TEST_F(SessionTest, guessing_is_slowed_down_and_a_good_token_still_heard) {
  EXPECT_EQ(sign_in("wrong").status, 401);
  int refused = 0;
  for (int i = 0; i < 40; ++i) refused += sign_in("wrong").status == 429 ? 1 : 0;
  EXPECT_GT(refused, 10);
  EXPECT_EQ(sign_in("ann-secret").status, 200);
  EXPECT_EQ(ask("POST", "/api/v1/session", {{"Content-Type", "application/json"}}, "{}").status,
            400);
  EXPECT_EQ(ask("POST", "/api/v1/session", {{"Content-Type", "application/json"}}, "x").status,
            400);
}

/// Rules by which people of a provider are let in.
std::shared_ptr<const oidc::Roles> rules(const std::string& role) {
  const Value file =
      parse_yaml(
          "{issuer: 'https://id.example', clientId: c, publicUrl: 'https://lw.example', "
          "roles: [{group: staff, role: " +
          role + "}]}")
          .value();
  return std::make_shared<const oidc::Roles>(
      oidc::Roles::make(oidc::read_settings(file).value(), "").value());
}

TEST_F(SessionTest, of_a_provider_goes_by_the_rules_in_force) {
  const oidc::Identity carl{.issuer = "https://id.example",
                            .subject = "u-7",
                            .name = "carl",
                            .claims = {{"groups", {"staff"}}}};
  const Timestamp now = clock_.wall_now();
  const std::string cookie =
      "linewatch_session=" + sessions_.open(carl, now + std::chrono::hours(1), now).value();
  const auto status = [&] { return ask("GET", "/api/v1/session", {{"Cookie", cookie}}).status; };
  EXPECT_EQ(status(), 401) << "no provider is configured";
  gate_.set_roles(rules("reader"));
  const Value session =
      parse_json(ask("GET", "/api/v1/session", {{"Cookie", cookie}}).body).value();
  EXPECT_EQ(session.text("name"), "oidc:carl");
  EXPECT_EQ(session.text("role"), "reader");
  EXPECT_EQ(ask("GET", "/api/v1/tokens", {{"Cookie", cookie}}).status, 403);
  gate_.set_roles(rules("administrator"));
  EXPECT_EQ(ask("GET", "/api/v1/tokens", {{"Cookie", cookie}}).status, 200);
  EXPECT_EQ(ask("DELETE", "/api/v1/tokens/x", {{"Cookie", cookie}}).status, 403)
      << "other sites can send the cookie";
  gate_.set_roles(nullptr);
  EXPECT_EQ(status(), 401);
  gate_.set_roles(rules("reader"));
  const auto out = ask("DELETE", "/api/v1/session", {{"Cookie", cookie}, {"X-Linewatch", "1"}});
  EXPECT_EQ(out.status, 204);
  EXPECT_EQ(status(), 401);
}

TEST_F(SessionTest, the_page_learns_that_there_is_no_provider) {
  const auto told = ask("GET", "/api/v1/sign-in", {});
  EXPECT_EQ(told.status, 200);
  EXPECT_TRUE(parse_json(told.body).value().find("provider")->is_null()) << told.body;
  EXPECT_EQ(ask("GET", "/api/v1/oidc/login", {}).status, 404);
  EXPECT_EQ(ask("GET", "/api/v1/oidc/callback?state=x&code=y", {}).status, 404);
}

TEST_F(SessionTest, signing_in_and_out_is_in_the_audit_log) {
  const std::string ann = cookie_for("ann-secret");
  ask("DELETE", "/api/v1/session", {{"Cookie", ann}, {"X-Linewatch", "1"}});
  has_gate_ = false;
  const auto entries = list("/api/v1/audit");
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].text("method") + " " + entries[0].text("caller"), "DELETE ann");
  EXPECT_EQ(entries[1].text("method") + " " + entries[1].text("caller"), "POST ann");
}

}  // namespace
}  // namespace lw::server::api
