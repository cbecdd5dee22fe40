// SPDX-License-Identifier: Apache-2.0
#include "server/oidc/settings.h"

#include <gtest/gtest.h>

namespace lw::server::oidc {
namespace {

const std::string kLeast =
    "issuer: https://id.example.org/realms/main\n"
    "clientId: linewatch\n"
    "publicUrl: https://linewatch.example.org:8443\n"
    "roles: [{group: netops, role: administrator}]\n";

Result<Settings> read(const std::string& text) { return read_settings(parse_yaml(text).value()); }

TEST(OidcSettings, need_four_things) {
  const auto settings = read(kLeast);
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->name, "id.example.org");
  EXPECT_EQ(settings->redirect_uri(), "https://linewatch.example.org:8443/api/v1/oidc/callback");
  EXPECT_EQ(settings->scopes, (std::vector<std::string>{"openid", "profile", "email"}));
  EXPECT_EQ(settings->clock_skew, Seconds(60));
  EXPECT_EQ(settings->session_life, std::chrono::hours(8));
  EXPECT_FALSE(settings->signs_out_of_provider);
  ASSERT_EQ(settings->rules.size(), 1U);
  EXPECT_EQ(settings->rules[0].claim, "groups");
  EXPECT_FALSE(settings->rules[0].scopes);
}

TEST(OidcSettings, may_have_more) {
  const auto settings = read(
      "issuer: https://id.example.org\n"
      "name: Example\n"
      "clientId: linewatch\n"
      "clientSecretFile: /etc/linewatch/oidc.secret\n"
      "publicUrl: https://linewatch.example.org/\n"
      "caFile: /etc/linewatch/roots.pem\n"
      "scopes: [openid, groups]\n"
      "nameClaim: email\n"
      "groupsClaim: realm_access.roles\n"
      "roles:\n"
      "  - {group: team-a, role: operator, scopes: [connectionMonitors/a]}\n"
      "  - {claim: email, value: ann@example.org, role: reader}\n"
      "clockSkewSec: 10\n"
      "sessionHours: 1\n"
      "signOutOfProvider: true\n");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->public_url, "https://linewatch.example.org");
  EXPECT_EQ(settings->client_secret_file, "/etc/linewatch/oidc.secret");
  EXPECT_EQ(settings->authority_file, "/etc/linewatch/roots.pem");
  EXPECT_EQ(settings->name_claim, "email");
  EXPECT_EQ(settings->rules[0].claim, "realm_access.roles");
  EXPECT_EQ(settings->rules[0].role, registry::Role::Operator);
  EXPECT_EQ(settings->rules[0].scopes, (std::vector<std::string>{"connectionMonitors/a"}));
  EXPECT_EQ(settings->rules[1].value, "ann@example.org");
  EXPECT_EQ(settings->session_life, std::chrono::hours(1));
  EXPECT_TRUE(settings->signs_out_of_provider);
}

TEST(OidcSettings, may_name_a_provider_on_this_host_without_tls) {
  const auto settings = read(
      "issuer: http://localhost:8080/realms/main\nclientId: linewatch\n"
      "publicUrl: https://localhost:8443\nroles: [{group: netops, role: reader}]\n");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->name, "localhost:8080");
}

TEST(OidcSettings, say_what_is_wrong_and_where) {
  const auto with = [](const std::string& line) {
    const std::string key = line.substr(0, line.find(':'));
    std::string text;
    for (std::size_t at = 0; at < kLeast.size();) {
      const auto end = kLeast.find('\n', at) + 1;
      const std::string old = kLeast.substr(at, end - at);
      if (!old.starts_with(key + ":")) text += old;
      at = end;
    }
    return text + line + "\n";
  };
  for (const auto& [line, word] : std::vector<std::pair<std::string, std::string>>{
           {"issuer: http://id.example.org", "issuer"},
           {"issuer: http://localhost.example.org", "issuer"},
           {"issuer: https://", "issuer"},
           {"issuer: https:///x", "issuer"},
           {"issuer: https://id.example.org?x=1", "issuer"},
           {"issuer: https://ann@id.example.org", "issuer"},
           {"clientId: ''", "clientId"},
           {"publicUrl: https://linewatch.example.org/ui", "publicUrl"},
           {"publicUrl: http://linewatch.example.org", "publicUrl"},
           {"publicUrl: http://localhost:8443", "publicUrl"},
           {"roles: []", "roles"},
           {"roles: [{group: a, role: root}]", "roles[0]: `role`"},
           {"roles: [{role: reader}]", "roles[0]"},
           {"roles: [{group: a, claim: b, value: c, role: reader}]", "roles[0]"},
           {"roles: [{claim: b, role: reader}]", "roles[0]"},
           {"roles: [{group: a, role: administrator, scopes: [workspaces/w]}]", "scopes"},
           {"roles: [{group: a, role: reader, scopes: x}]", "scopes"},
           {"roles: [{group: a, rule: reader}]", "rule"},
           {"scopes: [profile]", "openid"},
           {"clockSkewSec: 6000", "clockSkewSec"},
           {"sessionHours: 0", "sessionHours"},
           {"signOutOfProvider: yes please", "signOutOfProvider"},
           {"secret: x", "secret"}}) {
    const auto settings = read(with(line));
    ASSERT_FALSE(settings) << line;
    EXPECT_EQ(settings.error().code, ErrorCode::InvalidInput);
    EXPECT_NE(settings.error().message.find(word), std::string::npos) << settings.error().message;
  }
}

}  // namespace
}  // namespace lw::server::oidc
