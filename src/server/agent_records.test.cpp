// SPDX-License-Identifier: Apache-2.0
#include "server/agent_records.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/test_times.h"

namespace lw::server {
namespace {

constexpr AgentId kAgent{7};

class AgentRecordsTest : public testing::Test {
 protected:
  AgentRecordsTest() {
    char name[] = "/tmp/lw-agent-records-XXXXXX";
    folder_ = ::mkdtemp(name);
    restart();
    Agent agent;
    agent.id = kAgent;
    agent.name = "web1";
    agent.joined = kNow;
    EXPECT_TRUE(registry_->put_agent(agent).has_value());
  }
  ~AgentRecordsTest() override { std::filesystem::remove_all(folder_); }

  /// As after kill -9: what is in memory only is lost.
  void restart(Timestamp now = kNow + std::chrono::hours(1)) {
    records_.reset();
    registry_.reset();
    registry_.emplace(registry::Registry::open(folder_ + "/registry.sqlite").value());
    records_.emplace(*registry_);
    ASSERT_TRUE(records_->load(now).has_value());
  }
  bool may_show(const std::string& certificate) {
    return records_->check_certificate(kAgent, certificate).has_value();
  }

  std::string folder_;
  Instant start_ = Instant() + std::chrono::hours(1);
  std::optional<registry::Registry> registry_;
  std::optional<AgentRecords> records_;
};

TEST_F(AgentRecordsTest, an_agent_that_has_left_is_remembered_at_the_next_opportunity) {
  records_->write_if_due(start_);
  records_->left(kAgent, kNow);
  records_->write_if_due(start_ + Milliseconds(500));
  restart();
  EXPECT_EQ(records_->last_seen(kAgent), kNow);
}

TEST_F(AgentRecordsTest, agents_that_stay_are_written_once_a_minute) {
  records_->write_if_due(start_);
  records_->saw(kAgent, kNow);
  records_->write_if_due(start_ + Seconds(59));
  restart();
  EXPECT_EQ(records_->last_seen(kAgent), std::nullopt);
  records_->write_if_due(start_);
  records_->saw(kAgent, kNow);
  records_->write_if_due(start_ + Seconds(60));
  restart();
  EXPECT_EQ(records_->last_seen(kAgent), kNow);
}

TEST_F(AgentRecordsTest, nobody_was_seen_in_the_future) {
  records_->saw(kAgent, kNow);
  records_->write();
  restart(kNow - Seconds(5));
  EXPECT_EQ(records_->last_seen(kAgent), kNow - Seconds(5));
}

TEST_F(AgentRecordsTest, an_agent_of_an_older_release_may_show_any_certificate_until_it_renews) {
  EXPECT_TRUE(may_show("any"));
  ASSERT_TRUE(records_->renewed(kAgent, "any", "fresh").has_value());
  for (int round = 0; round < 2; ++round) {
    EXPECT_TRUE(may_show("any"));
    EXPECT_TRUE(may_show("fresh"));
    EXPECT_FALSE(may_show("other"));
    restart();
  }
}

TEST_F(AgentRecordsTest, each_renewal_ends_the_certificate_before_the_last) {
  records_->joined(kAgent, "first");
  ASSERT_TRUE(records_->renewed(kAgent, "first", "second").has_value());
  ASSERT_TRUE(records_->renewed(kAgent, "second", "third").has_value());
  EXPECT_FALSE(may_show("first"));
  EXPECT_TRUE(may_show("second"));
  EXPECT_TRUE(may_show("third"));
}

TEST_F(AgentRecordsTest, who_joins_takes_the_right_from_whoever_had_the_place) {
  ASSERT_TRUE(records_->renewed(kAgent, "old", "renewed").has_value());
  records_->joined(kAgent, "new");
  EXPECT_TRUE(may_show("new"));
  const auto refused = records_->check_certificate(kAgent, "renewed");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::PermissionDenied);
}

}  // namespace
}  // namespace lw::server
