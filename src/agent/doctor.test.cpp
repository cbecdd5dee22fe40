// SPDX-License-Identifier: Apache-2.0
#include "agent/doctor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "agent/identity.h"
#include "io/host.h"
#include "io/pki.h"

namespace lw::agent {
namespace {

/// As in doctor.cpp: the room that a data folder should have.
constexpr std::uintmax_t kSpaceWanted = std::uintmax_t{1} << 30;

class DoctorTest : public testing::Test {
 protected:
  DoctorTest() {
    char name[] = "/tmp/lw-doctor-XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~DoctorTest() override { std::filesystem::remove_all(folder_); }

  Finding finding(const std::string& subject, const std::string& server = "") {
    const auto all = examine({.data_directory = folder_, .server = server}, clock_);
    const auto found = std::ranges::find(all, subject, &Finding::subject);
    if (found == all.end()) return {subject, Health::Good, "nothing said", ""};
    EXPECT_EQ(found->fix.empty(), found->health == Health::Good) << found->text;
    return *found;
  }
  /// As after joining, with a certificate of that span around now.
  void join(Seconds since, Seconds until) {
    const Timestamp now = clock_.wall_now();
    const auto authority = io::create_certificate_authority("test", now).value();
    const auto request = io::create_signing_request("agent").value();
    Identity identity;
    identity.name = "host1";
    identity.server = closed_port();
    identity.private_key_pem = request.private_key_pem;
    identity.certificate_pem = io::sign_client_certificate(authority, request.request_pem, "agent",
                                                           now - since, now + until)
                                   .value();
    identity.authority_pem = authority.certificate_pem;
    ASSERT_TRUE(save_identity(folder_, identity));
  }
  static std::string closed_port() {
    return "127.0.0.1:" + std::to_string(io::free_loopback_port().value());
  }

  std::string folder_;
  SystemClock clock_;
};

TEST_F(DoctorTest, a_host_that_has_not_joined_is_told_how_to) {
  const Finding identity = finding("identity");
  EXPECT_EQ(identity.health, Health::Bad);
  EXPECT_NE(identity.fix.find("agent join"), std::string::npos) << identity.fix;
  EXPECT_EQ(finding("server").text, "nothing said");
}

TEST_F(DoctorTest, a_certificate_is_judged_by_this_hosts_clock) {
  const auto days = [](int count) { return Seconds(std::chrono::days(count)); };
  join(days(1), days(60));
  EXPECT_EQ(finding("identity").health, Health::Good) << finding("identity").text;
  join(days(1), days(3));
  EXPECT_EQ(finding("identity").health, Health::Limited);
  join(days(9), -days(1));
  EXPECT_EQ(finding("identity").health, Health::Bad);
  EXPECT_NE(finding("identity").text.find("past"), std::string::npos);
  join(-days(1), days(60));
  EXPECT_NE(finding("identity").fix.find("clock"), std::string::npos);
}

TEST_F(DoctorTest, a_server_that_does_not_answer_is_named_with_what_happened) {
  const Finding server = finding("server", closed_port());
  EXPECT_EQ(server.health, Health::Bad);
  EXPECT_NE(server.text.find("refused"), std::string::npos) << server.text;
  EXPECT_EQ(finding("server", "a b").health, Health::Bad);
}

TEST_F(DoctorTest, a_folder_that_is_not_there_is_bad) {
  // By the room that this machine has; half and twice of what is wanted lie well apart.
  const auto room = std::filesystem::space(folder_).available;
  const Finding here = finding("data folder");
  EXPECT_NE(here.health, Health::Bad) << here.text;
  if (room > kSpaceWanted * 2) {
    EXPECT_EQ(here.health, Health::Good) << here.text;
  } else if (room < kSpaceWanted / 2) {
    EXPECT_EQ(here.health, Health::Limited) << here.text;
  }
  folder_ += "/missing";
  EXPECT_EQ(finding("data folder").health, Health::Bad);
}

}  // namespace
}  // namespace lw::agent
