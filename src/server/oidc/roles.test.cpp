// SPDX-License-Identifier: Apache-2.0
#include "server/oidc/roles.h"

#include <gtest/gtest.h>

namespace lw::server::oidc {
namespace {

const std::string kSubscription = "11111111-2222-3333-4444-555555555555";

Roles roles_of(const std::string& rules, const std::string& more = "") {
  const auto settings = read_settings(
      parse_yaml("issuer: https://id.example\nclientId: c\npublicUrl: https://lw.example\n" + more +
                 "roles:\n" + rules)
          .value());
  EXPECT_TRUE(settings) << settings.error().message;
  auto roles = Roles::make(*settings, kSubscription);
  EXPECT_TRUE(roles) << roles.error().message;
  return *roles;
}

Value claims_of(const std::string& json) { return parse_json(json).value(); }

std::optional<Caller> caller_by(const Roles& roles, const std::string& claims) {
  return roles.caller_of(roles.identity_of(claims_of(claims)));
}

TEST(OidcRoles, the_first_rule_that_fits_decides) {
  const Roles roles = roles_of(
      "  - {group: interns, role: reader}\n"
      "  - {group: netops, role: administrator}\n"
      "  - {group: staff, role: operator}\n");
  const auto ops =
      caller_by(roles, R"({"sub":"1","preferred_username":"ann","groups":["staff","netops"]})");
  ASSERT_TRUE(ops);
  EXPECT_EQ(ops->name, "oidc:ann");
  EXPECT_EQ(ops->role, registry::Role::Administrator);
  EXPECT_TRUE(ops->scope->covers_all());
  const auto intern = caller_by(roles, R"({"sub":"1","groups":["netops","interns"]})");
  ASSERT_TRUE(intern);
  EXPECT_EQ(intern->role, registry::Role::Reader);
  EXPECT_EQ(intern->name, "oidc:1") << "the subject, for want of a name";
}

TEST(OidcRoles, who_fits_no_rule_is_nobody) {
  const Roles roles = roles_of("  - {group: netops, role: reader}\n");
  for (const char* claims :
       {R"({"sub":"1"})", R"({"sub":"1","groups":[]})", R"({"sub":"1","groups":["Netops"]})",
        R"({"sub":"1","groups":["net","ops"]})", R"({"sub":"1","groups":{"netops":true}})",
        R"({"sub":"1","groups":[["netops"]]})", R"({"sub":"netops","roles":["netops"]})"}) {
    EXPECT_FALSE(caller_by(roles, claims)) << claims;
  }
  EXPECT_TRUE(caller_by(roles, R"({"sub":"1","groups":"netops"})")) << "one text is a list of one";
}

TEST(OidcRoles, a_rule_may_be_about_any_claim_and_inside_one) {
  const Roles keycloak =
      roles_of("  - {group: viewer, role: reader}\n", "groupsClaim: realm_access.roles\n");
  EXPECT_TRUE(caller_by(keycloak, R"({"sub":"1","realm_access":{"roles":["viewer"]}})"));
  EXPECT_TRUE(caller_by(keycloak, R"({"sub":"1","realm_access.roles":["viewer"]})"));
  EXPECT_FALSE(caller_by(keycloak, R"({"sub":"1","realm_access":["viewer"]})"));
  const Roles by_subject = roles_of("  - {claim: sub, value: u-7, role: operator}\n");
  EXPECT_TRUE(caller_by(by_subject, R"({"sub":"u-7"})"));
  EXPECT_FALSE(caller_by(by_subject, R"({"sub":"u-8"})"));
}

TEST(OidcRoles, an_address_that_nobody_has_verified_is_nobodys) {
  const Roles roles = roles_of("  - {claim: email, value: ann@example.org, role: operator}\n");
  EXPECT_TRUE(caller_by(roles, R"({"sub":"1","email":"ann@example.org","email_verified":true})"));
  EXPECT_FALSE(caller_by(roles, R"({"sub":"1","email":"ann@example.org","email_verified":false})"));
  EXPECT_FALSE(caller_by(roles, R"({"sub":"1","email":"ann@example.org"})"));
}

TEST(OidcRoles, a_rule_may_be_for_some_resources_only) {
  const Roles roles =
      roles_of("  - {group: team, role: operator, scopes: [connectionMonitors/alpha]}\n");
  const auto caller = caller_by(roles, R"({"sub":"1","groups":["team"]})");
  ASSERT_TRUE(caller);
  EXPECT_FALSE(caller->scope->covers_all());
  EXPECT_TRUE(caller->scope->covers_monitor("alpha"));
  EXPECT_FALSE(caller->scope->covers_monitor("omega"));
}

TEST(OidcRoles, a_scope_that_is_none_is_refused_at_the_start) {
  Settings settings;
  settings.rules = {{.claim = "groups",
                     .value = "team",
                     .role = registry::Role::Reader,
                     .scopes = std::vector<std::string>{"monitors/alpha"}}};
  const auto roles = Roles::make(settings, kSubscription);
  ASSERT_FALSE(roles);
  EXPECT_NE(roles.error().message.find("monitors/alpha"), std::string::npos);
}

TEST(OidcRoles, are_those_in_force_and_not_those_at_sign_in) {
  const Roles before = roles_of("  - {group: netops, role: administrator}\n");
  const Identity identity = before.identity_of(claims_of(R"({"sub":"1","groups":["netops"]})"));
  EXPECT_TRUE(before.caller_of(identity));
  EXPECT_FALSE(roles_of("  - {group: others, role: reader}\n").caller_of(identity));
  // What was not looked at then is not known now.
  EXPECT_FALSE(roles_of("  - {claim: sub, value: '1', role: reader}\n").caller_of(identity));
  Identity elsewhere = identity;
  elsewhere.issuer = "https://other.example";
  EXPECT_FALSE(before.caller_of(elsewhere));
}

}  // namespace
}  // namespace lw::server::oidc
