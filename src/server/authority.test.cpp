// SPDX-License-Identifier: Apache-2.0
#include "server/authority.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/files.h"
#include "base/test_times.h"
#include "wire/protocol.h"

namespace lw::server {
namespace {

class AuthorityTest : public testing::Test {
 protected:
  AuthorityTest() {
    char name[] = "/tmp/lw-authority-XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~AuthorityTest() override { std::filesystem::remove_all(folder_); }

  Authority open(const std::vector<std::string>& names = {}, Timestamp now = kNow) {
    auto opened = Authority::open(folder_, names, now);
    EXPECT_TRUE(opened.has_value()) << opened.error().message;
    return std::move(*opened);
  }
  static std::string server_pem(const Authority& authority) {
    const std::string chain = authority.server_chain_pem();
    EXPECT_TRUE(chain.ends_with(authority.authority_pem())) << "leaf first, then the CA";
    return chain.substr(0, chain.size() - authority.authority_pem().size());
  }
  unsigned mode_of(const std::string& file) const {
    struct stat facts {};
    EXPECT_EQ(::stat((folder_ + "/" + file).c_str(), &facts), 0) << file;
    return facts.st_mode & 0777U;
  }

  std::string folder_;
};

bool holds(const std::vector<std::string>& list, const std::string& item) {
  return std::ranges::find(list, item) != list.end();
}

TEST_F(AuthorityTest, keys_are_for_the_owner_only_and_the_ca_is_for_everybody) {
  const Authority authority = open();
  EXPECT_EQ(mode_of("ca.key"), 0600U);
  EXPECT_EQ(mode_of("server.key"), 0600U);
  EXPECT_EQ(mode_of("ca.pem"), 0644U);
  EXPECT_EQ(read_file(folder_ + "/ca.pem").value(), authority.authority_pem());
  EXPECT_EQ(io::read_certificate(authority.authority_pem())->sha256_hex,
            authority.authority_sha256_hex());
}

TEST_F(AuthorityTest, the_next_start_finds_the_same_ca_and_certificate) {
  const Authority first = open({"lw.example", "192.0.2.5"});
  const Authority second = open({"lw.example", "192.0.2.5"}, kNow + std::chrono::days(30));
  EXPECT_EQ(second.authority_pem(), first.authority_pem());
  EXPECT_EQ(second.server_chain_pem(), first.server_chain_pem());
  EXPECT_EQ(second.server_key_pem(), first.server_key_pem());
  const Authority fewer = open({}, kNow);
  EXPECT_EQ(fewer.server_chain_pem(), first.server_chain_pem()) << "a name too many does no harm";
}

TEST_F(AuthorityTest, the_server_certificate_covers_this_machine_and_the_names_asked_for) {
  const auto info = io::read_certificate(server_pem(open({"lw.example", "192.0.2.5", "::1"})));
  ASSERT_TRUE(info.has_value());
  for (const std::string name : {"linewatch-server", "localhost", "lw.example"}) {
    EXPECT_TRUE(holds(info->dns_names, name)) << name;
  }
  for (const std::string address : {"127.0.0.1", "192.0.2.5", "::1"}) {
    EXPECT_TRUE(holds(info->ip_addresses, address)) << address;
  }
  EXPECT_LE(info->not_after - info->not_before, std::chrono::days(825))
      << "TLS libraries refuse longer ones";
  EXPECT_LT(info->not_before, kNow) << "clocks differ";
}

TEST_F(AuthorityTest, a_further_name_makes_a_new_server_certificate_under_the_same_ca) {
  const Authority first = open();
  const Authority second = open({"new.example"});
  EXPECT_EQ(second.authority_pem(), first.authority_pem());
  EXPECT_TRUE(holds(io::read_certificate(server_pem(second))->dns_names, "new.example"));
  EXPECT_EQ(open({"new.example"}).server_chain_pem(), second.server_chain_pem());
}

TEST_F(AuthorityTest, names_are_compared_as_addresses_where_they_are_addresses) {
  const Authority first = open({"2001:db8:0:0::5"});
  EXPECT_EQ(open({"2001:db8:0:0::5"}).server_chain_pem(), first.server_chain_pem());
}

TEST_F(AuthorityTest, a_server_certificate_is_made_anew_before_it_expires) {
  const Authority first = open();
  const Timestamp expires = io::read_certificate(server_pem(first))->not_after;
  // It lives 397 days; its last third is 132.
  EXPECT_EQ(open({}, expires - std::chrono::days(133)).server_chain_pem(),
            first.server_chain_pem());
  const Timestamp later = expires - std::chrono::days(132);
  const auto renewed = io::read_certificate(server_pem(open({}, later)));
  EXPECT_GT(renewed->not_after, later + std::chrono::days(300));
}

TEST_F(AuthorityTest, a_running_server_gets_a_new_certificate_when_it_is_due_and_not_before) {
  Authority authority = open();
  const std::string first = authority.server_chain_pem();
  const Timestamp expires = io::read_certificate(server_pem(authority))->not_after;
  EXPECT_FALSE(authority.renew_if_due({}, expires - std::chrono::days(133)).value());
  EXPECT_EQ(authority.server_chain_pem(), first);
  const Timestamp later = expires - std::chrono::days(132);
  EXPECT_TRUE(authority.renew_if_due({}, later).value());
  EXPECT_NE(authority.server_chain_pem(), first);
  EXPECT_EQ(authority.expiry_warning(expires), "") << "the old one's end does not matter any more";
  EXPECT_FALSE(authority.renew_if_due({}, later).value());
  EXPECT_TRUE(authority.renew_if_due({"new.example"}, later).value());
  EXPECT_TRUE(holds(io::read_certificate(server_pem(authority))->dns_names, "new.example"));
  EXPECT_EQ(open({"new.example"}, later).server_chain_pem(), authority.server_chain_pem());
}

TEST_F(AuthorityTest, key_and_chain_stand_together_in_one_private_file) {
  Authority authority = open();
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(read_file(authority.server_identity_path()).value(),
              authority.server_key_pem() + authority.server_chain_pem());
    EXPECT_EQ(mode_of("server-identity.pem"), 0600U);
    if (round == 0) {
      ASSERT_TRUE(authority.renew_if_due({"new.example"}, kNow).value());
    }
    // A release before this one left none.
    if (round == 1) {
      ASSERT_TRUE(remove_file(authority.server_identity_path()).has_value());
      authority = open({"new.example"});
    }
  }
}

TEST_F(AuthorityTest, a_renewal_that_fails_leaves_the_old_certificate_in_use) {
  Authority authority = open();
  const std::string first = authority.server_chain_pem();
  ASSERT_TRUE(remove_file(authority.server_identity_path()).has_value());
  std::filesystem::create_directories(authority.server_identity_path() + "/in the way");
  EXPECT_FALSE(authority.renew_if_due({"new.example"}, kNow).has_value());
  EXPECT_EQ(authority.server_chain_pem(), first);
  std::filesystem::remove_all(authority.server_identity_path());
  EXPECT_TRUE(authority.renew_if_due({"new.example"}, kNow).value()) << "it is tried again";
}

TEST_F(AuthorityTest, a_server_certificate_is_warned_of_from_thirty_days_before_its_end) {
  for (const bool is_fresh : {true, false}) {
    const Authority authority = open();  // The second time it is read and not made.
    const Timestamp expires = io::read_certificate(server_pem(authority))->not_after;
    EXPECT_EQ(authority.expiry_warning(expires - std::chrono::days(31)), "") << is_fresh;
    EXPECT_EQ(authority.expiry_warning(expires - std::chrono::days(29)),
              "the server's certificate ends on " + to_iso8601(expires).substr(0, 10) +
                  " and could not be renewed so far; see the server's log");
    EXPECT_NE(authority.expiry_warning(expires).find("has ended"), std::string::npos);
  }
}

TEST_F(AuthorityTest, a_server_certificate_from_a_time_to_come_is_made_anew) {
  const Authority first = open({}, kNow + std::chrono::days(100));
  EXPECT_NE(open({}, kNow).server_chain_pem(), first.server_chain_pem());
}

TEST_F(AuthorityTest, a_new_ca_makes_a_new_server_certificate) {
  const Authority first = open();
  ASSERT_TRUE(remove_file(folder_ + "/ca.pem").has_value());
  const Authority second = open();
  EXPECT_NE(second.authority_sha256_hex(), first.authority_sha256_hex());
  EXPECT_NE(server_pem(second), server_pem(first)) << "it would not verify against the new CA";
}

TEST_F(AuthorityTest, an_agent_certificate_names_the_agent_whatever_the_request_says) {
  const Authority authority = open();
  const auto signing = io::create_signing_request("linewatch-agent/0000000000000001");
  const auto pem = authority.sign_agent(signing->request_pem, AgentId{0xab}, kNow);
  ASSERT_TRUE(pem.has_value()) << pem.error().message;
  const auto info = io::read_certificate(*pem);
  EXPECT_EQ(info->subject_common_name, wire::agent_common_name(0xab));
  EXPECT_EQ(info->issuer_common_name,
            io::read_certificate(authority.authority_pem())->subject_common_name);
  EXPECT_EQ(info->not_after, kNow + std::chrono::days(365));
  EXPECT_FALSE(authority.sign_agent("no request", AgentId{1}, kNow).has_value());
}

TEST_F(AuthorityTest, a_damaged_ca_is_refused_and_not_replaced) {
  open();
  ASSERT_TRUE(write_file_atomically(folder_ + "/ca.pem", "damaged", 0644).has_value());
  EXPECT_FALSE(Authority::open(folder_, {}, kNow).has_value());
  EXPECT_EQ(read_file(folder_ + "/ca.pem").value(), "damaged");
}

}  // namespace
}  // namespace lw::server
