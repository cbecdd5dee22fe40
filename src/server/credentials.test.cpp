// SPDX-License-Identifier: Apache-2.0
#include "server/credentials.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

#include "base/files.h"
#include "base/test_times.h"
#include "io/pki.h"

namespace lw::server {
namespace {

using registry::Role;

registry::ApiToken token(const std::string& name, Role role, const std::string& secret) {
  return {.name = name, .role = role, .sha256 = io::sha256(secret)};
}

TEST(Credentials, a_bearer_token_gives_its_role_and_nothing_else_does) {
  const Credentials credentials(
      {token("ann", Role::Operator, "secret"), token("bob", Role::Reader, "reads")});
  const std::vector<std::pair<std::string, std::optional<Role>>> cases = {
      {"Bearer secret", Role::Operator},
      {"bearer secret", Role::Operator},
      {"BEARER   secret ", Role::Operator},
      {"Bearer reads", Role::Reader},
      {"Bearer Secret", std::nullopt},
      {"Bearer secret2", std::nullopt},
      {"Bearer secre", std::nullopt},
      {"Bearer", std::nullopt},
      {"Bearer ", std::nullopt},
      {"Basic secret", std::nullopt},
      {"secret", std::nullopt},
      {"Bearersecret", std::nullopt},
      {"Bearer " + io::sha256("secret"), std::nullopt},
      {"", std::nullopt},
  };
  for (const auto& [header, role] : cases) {
    const auto caller = credentials.caller_of(header, kNow);
    EXPECT_EQ(caller ? std::optional(caller->role) : std::nullopt, role) << header;
  }
  EXPECT_EQ(credentials.caller_of("Bearer reads", kNow)->name, "bob");
}

TEST(Credentials, a_token_is_good_until_it_expires_or_is_replaced) {
  registry::ApiToken short_lived = token("ann", Role::Operator, "secret");
  short_lived.expires = kNow + Seconds(60);
  Credentials credentials({short_lived});
  EXPECT_TRUE(credentials.caller_of("Bearer secret", kNow + Seconds(59)));
  EXPECT_FALSE(credentials.caller_of("Bearer secret", kNow + Seconds(60)));
  credentials.replace({token("bob", Role::Reader, "reads")});
  EXPECT_FALSE(credentials.caller_of("Bearer secret", kNow));
  EXPECT_TRUE(credentials.caller_of("Bearer reads", kNow));
}

class AdminTokenTest : public testing::Test {
 protected:
  AdminTokenTest() {
    char name[] = "/tmp/lw-credentials-XXXXXX";
    folder_ = ::mkdtemp(name);
    registry_.emplace(registry::Registry::open(folder_ + "/registry.sqlite").value());
  }
  ~AdminTokenTest() override { std::filesystem::remove_all(folder_); }

  std::optional<Role> role_of(const std::string& token) {
    const auto caller =
        Credentials(registry_->api_tokens().value()).caller_of("Bearer " + token, kNow);
    return caller ? std::optional(caller->role) : std::nullopt;
  }

  std::string folder_;
  std::optional<registry::Registry> registry_;
};

TEST_F(AdminTokenTest, the_first_start_makes_an_administrators_token_for_the_owner_only) {
  const auto token = ensure_admin_token(folder_, *registry_, kNow);
  ASSERT_TRUE(token.has_value());
  EXPECT_EQ(read_file(folder_ + "/admin.token").value(), *token + "\n");
  struct stat facts {};
  ASSERT_EQ(::stat((folder_ + "/admin.token").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
  EXPECT_EQ(role_of(*token), Role::Administrator);
  EXPECT_EQ(ensure_admin_token(folder_, *registry_, kNow).value(), *token) << "the next keeps it";
}

TEST_F(AdminTokenTest, a_token_whose_file_was_removed_is_good_no_more) {
  const std::string leaked = ensure_admin_token(folder_, *registry_, kNow).value();
  ASSERT_TRUE(remove_file(folder_ + "/admin.token").has_value());
  const std::string fresh = ensure_admin_token(folder_, *registry_, kNow).value();
  EXPECT_NE(fresh, leaked);
  EXPECT_EQ(role_of(leaked), std::nullopt);
  EXPECT_EQ(role_of(fresh), Role::Administrator);
}

TEST_F(AdminTokenTest, an_empty_or_short_token_file_lets_nobody_in) {
  for (const std::string text : {"", "\n", "short\n"}) {
    ASSERT_TRUE(write_file_atomically(folder_ + "/admin.token", text, 0600).has_value());
    const auto refused = ensure_admin_token(folder_, *registry_, kNow);
    ASSERT_FALSE(refused.has_value()) << "`" << text << "`";
    EXPECT_NE(refused.error().message.find("admin.token"), std::string::npos);
  }
  EXPECT_TRUE(registry_->api_tokens()->empty());
}

}  // namespace
}  // namespace lw::server
