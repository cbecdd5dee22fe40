// SPDX-License-Identifier: Apache-2.0
#include "agent/identity.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

#include "base/document.h"
#include "base/files.h"
#include "io/host.h"
#include "io/http_server.h"
#include "io/pki.h"
#include "wire/join_token.h"

namespace lw::agent {
namespace {

TEST(ParseServer, reads_names_addresses_and_ports) {
  struct Case {
    std::string text, host;
    int port;
  };
  const std::vector<Case> cases = {
      {"lw.example", "lw.example", 8444},
      {"lw.example:9000", "lw.example", 9000},
      {"192.0.2.1", "192.0.2.1", 8444},
      {"192.0.2.1:1", "192.0.2.1", 1},
      {"[2001:db8::1]:65535", "2001:db8::1", 65535},
      {"[2001:db8::1]", "2001:db8::1", 8444},
      {"2001:db8::1", "2001:db8::1", 8444},
      {"::1", "::1", 8444},
  };
  for (const Case& one : cases) {
    const auto read = parse_server(one.text);
    ASSERT_TRUE(read.has_value()) << one.text << ": " << read.error().message;
    EXPECT_EQ(read->host, one.host) << one.text;
    EXPECT_EQ(read->port, one.port) << one.text;
  }
}

TEST(ParseServer, refuses_what_is_no_address_and_says_how_one_looks) {
  for (const std::string text : {"", ":", ":8444", "host:", "host:0", "host:65536", "host:x",
                                 "host:80 ", "[::1]:x", "[]:80", "https://host:8444", "host:-1"}) {
    const auto refused = parse_server(text);
    ASSERT_FALSE(refused.has_value()) << "`" << text << "` gave " << refused->host;
    EXPECT_EQ(refused.error().code, ErrorCode::InvalidInput);
    EXPECT_NE(refused.error().message.find("HOST:PORT"), std::string::npos);
  }
}

class IdentityTest : public testing::Test {
 protected:
  IdentityTest() {
    char name[] = "/tmp/lw-identity-XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~IdentityTest() override { std::filesystem::remove_all(folder_); }
  [[nodiscard]] std::string path() const { return folder_ + "/identity.json"; }

  std::string folder_;
  const Identity identity_{.id = AgentId{0xfedcba9876543210},
                           .server = "lw.example:8444",
                           .private_key_pem = "key\npem",
                           .certificate_pem = "certificate",
                           .authority_pem = "authority",
                           .name = "web1",
                           .labels = {{"site", "b"}},
                           .resource_id = "/subscriptions/x"};
};

TEST_F(IdentityTest, there_is_none_before_joining) {
  const auto none = load_identity(folder_);
  ASSERT_TRUE(none.has_value());
  EXPECT_FALSE(none->has_value());
}

TEST_F(IdentityTest, comes_back_as_it_was_saved_and_is_for_the_owner_only) {
  ASSERT_TRUE(save_identity(folder_, identity_).has_value());
  struct stat facts {};
  ASSERT_EQ(::stat(path().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
  const auto loaded = load_identity(folder_);
  ASSERT_TRUE(loaded.has_value() && loaded->has_value());
  EXPECT_EQ((*loaded)->id, identity_.id);
  EXPECT_EQ((*loaded)->server, identity_.server);
  EXPECT_EQ((*loaded)->private_key_pem, identity_.private_key_pem);
  EXPECT_EQ((*loaded)->certificate_pem, identity_.certificate_pem);
  EXPECT_EQ((*loaded)->authority_pem, identity_.authority_pem);
  EXPECT_EQ((*loaded)->name, identity_.name);
  EXPECT_EQ((*loaded)->labels, identity_.labels);
  EXPECT_EQ((*loaded)->resource_id, identity_.resource_id);
}

TEST_F(IdentityTest, a_damaged_file_is_an_error_with_its_path_and_not_a_new_agent) {
  ASSERT_TRUE(save_identity(folder_, identity_).has_value());
  const std::string whole = read_file(path()).value();
  std::vector<std::string> damaged = {"", "{}", "[]", "null", whole.substr(0, whole.size() / 2)};
  for (const std::string member : {"agentId", "privateKey", "certificate", "authority"}) {
    Value document = parse_json(whole).value();
    document.erase(member);
    damaged.push_back(to_json(document));
  }
  for (const std::string& content : damaged) {
    ASSERT_TRUE(write_file_atomically(path(), content, 0600).has_value());
    const auto refused = load_identity(folder_);
    ASSERT_FALSE(refused.has_value()) << content;
    EXPECT_NE(refused.error().message.find(path()), std::string::npos) << refused.error().message;
  }
}

TEST(Join, a_server_that_did_not_make_the_token_is_not_told_the_secret) {
  const Timestamp now = SystemClock().wall_now();
  const auto authority = io::create_certificate_authority("another CA", now).value();
  const auto pair = io::issue_server_certificate(authority, {.common_name = "linewatch-server",
                                                             .dns_names = {"linewatch-server"},
                                                             .ip_addresses = {},
                                                             .not_before = now - Seconds(60),
                                                             .not_after = now + Seconds(3600)})
                        .value();
  io::HttpServerConfig config;
  config.certificate_chain_pem = pair.certificate_pem + authority.certificate_pem;
  config.private_key_pem = pair.private_key_pem;
  const auto server = io::HttpServer::start(config, [](io::HttpRequest, io::HttpResponder) {
                        ADD_FAILURE() << "nothing must be sent to it";
                      }).value();
  const std::string token = wire::to_string({std::string(32, 'a'), std::string(64, 'b')});
  const auto refused = join("127.0.0.1:" + std::to_string(server->port()), token, Agent{});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::Unauthenticated) << "trying again does not help";
  EXPECT_NE(refused.error().message.find("is not the one that made this join token"),
            std::string::npos);
}

TEST(Join, nobody_there_is_worth_another_try_and_a_torn_token_is_not) {
  const std::string nobody = "127.0.0.1:" + std::to_string(io::free_loopback_port().value());
  const std::string token = wire::to_string({std::string(32, 'a'), std::string(64, 'b')});
  const auto away = join(nobody, token, Agent{});
  ASSERT_FALSE(away.has_value());
  EXPECT_EQ(away.error().code, ErrorCode::Unavailable) << away.error().message;
  const auto torn = join(nobody, token.substr(0, 50), Agent{});
  ASSERT_FALSE(torn.has_value());
  EXPECT_EQ(torn.error().code, ErrorCode::InvalidInput);
}

}  // namespace
}  // namespace lw::agent
