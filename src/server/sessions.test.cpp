// SPDX-License-Identifier: Apache-2.0
#include "server/sessions.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

#include "base/files.h"
#include "base/test_times.h"
#include "io/pki.h"

namespace lw::server {
namespace {

const std::string kToken = io::sha256("token");

TEST(Sessions, a_cookie_finds_its_session_and_nothing_else_does) {
  Sessions sessions;
  const std::string cookie = sessions.open(kToken, std::nullopt, kNow).value();
  EXPECT_EQ(cookie.size(), 64U) << "256 bits in hexadecimal";
  const auto session = sessions.find(cookie, kNow);
  ASSERT_TRUE(session);
  EXPECT_EQ(session->token_sha256, kToken);
  EXPECT_EQ(session->ends, kNow + Sessions::kLifeMax);
  EXPECT_FALSE(sessions.find("", kNow));
  EXPECT_FALSE(sessions.find(cookie.substr(1), kNow));
  EXPECT_FALSE(sessions.find(io::sha256(cookie), kNow));
  EXPECT_NE(sessions.open(kToken, std::nullopt, kNow).value(), cookie);
}

TEST(Sessions, end_when_idle_for_half_a_day_and_after_a_week_in_any_case) {
  Sessions sessions;
  const std::string idle = sessions.open(kToken, std::nullopt, kNow).value();
  EXPECT_FALSE(sessions.find(idle, kNow + Sessions::kIdleMax));
  const std::string used = sessions.open(kToken, std::nullopt, kNow).value();
  Timestamp now = kNow;
  for (; now < kNow + Sessions::kLifeMax; now += std::chrono::hours(11)) {
    ASSERT_TRUE(sessions.find(used, now));
  }
  EXPECT_FALSE(sessions.find(used, kNow + Sessions::kLifeMax));
}

TEST(Sessions, end_with_the_token_that_opened_them) {
  Sessions sessions;
  const std::string cookie = sessions.open(kToken, kNow + Seconds(60), kNow).value();
  EXPECT_TRUE(sessions.find(cookie, kNow + Seconds(59)));
  EXPECT_FALSE(sessions.find(cookie, kNow + Seconds(60)));
}

TEST(Sessions, are_bounded_and_the_one_idle_for_longest_goes) {
  Sessions sessions;
  const std::string first = sessions.open(kToken, std::nullopt, kNow).value();
  const std::string second = sessions.open(kToken, std::nullopt, kNow).value();
  for (std::size_t i = 2; i < Sessions::kSessionsMax; ++i) {
    ASSERT_TRUE(sessions.open(kToken, std::nullopt, kNow + Seconds(2)).has_value());
  }
  EXPECT_TRUE(sessions.find(first, kNow + Seconds(2)));
  ASSERT_TRUE(sessions.open(kToken, std::nullopt, kNow + Seconds(3)).has_value());
  EXPECT_EQ(sessions.size(), Sessions::kSessionsMax);
  EXPECT_TRUE(sessions.find(first, kNow + Seconds(3)));
  EXPECT_FALSE(sessions.find(second, kNow + Seconds(3)));
}

TEST(SessionCookie, is_found_among_others) {
  EXPECT_EQ(session_cookie_of("linewatch_session=ab"), "ab");
  EXPECT_EQ(session_cookie_of("a=b; linewatch_session=ab ;c=d"), "ab");
  EXPECT_EQ(session_cookie_of("xlinewatch_session=ab; linewatch_sessionx=cd; linewatch_session"),
            "");
  EXPECT_EQ(session_cookie_of(""), "");
}

class SessionFileTest : public testing::Test {
 protected:
  SessionFileTest() {
    char name[] = "/tmp/lw-sessions-XXXXXX";
    folder_ = ::mkdtemp(name);
    path_ = folder_ + "/sessions.json";
  }
  ~SessionFileTest() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
  std::string path_;
};

TEST_F(SessionFileTest, sessions_outlive_a_restart_but_not_their_end) {
  std::string open, closed;
  {
    Sessions sessions(path_);
    ASSERT_TRUE(sessions.load(kNow).has_value()) << "no file yet";
    open = sessions.open(kToken, std::nullopt, kNow).value();
    closed = sessions.open(kToken, std::nullopt, kNow).value();
    ASSERT_TRUE(sessions.close(closed, kNow).has_value());
  }
  struct stat facts {};
  ASSERT_EQ(::stat(path_.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
  EXPECT_EQ(read_file(path_)->find(open), std::string::npos) << "the file must not let anybody in";
  Sessions next(path_);
  ASSERT_TRUE(next.load(kNow + Seconds(1)).has_value());
  EXPECT_TRUE(next.find(open, kNow + Seconds(1)));
  EXPECT_FALSE(next.find(closed, kNow + Seconds(1)));
  Sessions later(path_);
  ASSERT_TRUE(later.load(kNow + Sessions::kIdleMax).has_value());
  EXPECT_FALSE(later.find(open, kNow + Sessions::kIdleMax));
}

TEST_F(SessionFileTest, the_time_of_use_outlives_a_restart_too) {
  Sessions sessions(path_);
  const std::string cookie = sessions.open(kToken, std::nullopt, kNow).value();
  const Timestamp used = kNow + std::chrono::hours(10);
  ASSERT_TRUE(sessions.find(cookie, used));
  ASSERT_TRUE(sessions.save_if_due(used).has_value());
  Sessions next(path_);
  const Timestamp later = used + std::chrono::hours(10);
  ASSERT_TRUE(next.load(later).has_value());
  EXPECT_TRUE(next.find(cookie, later));
}

TEST_F(SessionFileTest, whom_a_provider_named_outlives_a_restart_with_what_it_said) {
  const oidc::Identity ann{.issuer = "https://id.example",
                           .subject = "u-1",
                           .name = "ann",
                           .claims = {{"groups", {"a", "b"}}, {"email", {}}}};
  Sessions sessions(path_);
  const std::string cookie = sessions.open(ann, kNow + std::chrono::hours(8), kNow).value();
  const std::string by_token = sessions.open(kToken, std::nullopt, kNow).value();
  Sessions next(path_);
  ASSERT_TRUE(next.load(kNow).has_value());
  const auto found = next.find(cookie, kNow);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->identity, ann);
  EXPECT_EQ(found->token_sha256, "");
  EXPECT_FALSE(next.find(by_token, kNow)->identity);
  for (int hours = 1; hours < 8; ++hours) {
    EXPECT_TRUE(next.find(cookie, kNow + std::chrono::hours(hours))) << hours;
  }
  EXPECT_FALSE(next.find(cookie, kNow + std::chrono::hours(8))) << "however much it is used";
}

TEST_F(SessionFileTest, a_broken_file_is_said_and_signs_everybody_out) {
  for (const std::string text : {"", "{", "[]", "{\"sessions\": 1}"}) {
    ASSERT_TRUE(write_file_atomically(path_, text, 0600).has_value());
    Sessions sessions(path_);
    EXPECT_FALSE(sessions.load(kNow).has_value()) << text;
    EXPECT_TRUE(sessions.open(kToken, std::nullopt, kNow).has_value());
  }
  ASSERT_TRUE(write_file_atomically(path_, R"({"sessions":[{"used":"x"}]})", 0600).has_value());
  Sessions sessions(path_);
  EXPECT_TRUE(sessions.load(kNow).has_value());
  EXPECT_EQ(sessions.size(), 0U);
}

}  // namespace
}  // namespace lw::server
