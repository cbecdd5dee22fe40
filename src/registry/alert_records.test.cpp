// SPDX-License-Identifier: Apache-2.0
#include "registry/alert_records.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "registry/registry.h"

namespace lw::registry {
namespace {

const Timestamp kStart = from_unix_us(1'790'000'000'000'000);

Alert some_alert(const std::string& id) {
  return {.id = id,
          .rule = "down",
          .severity = 1,
          .fired = kStart,
          .resolved = std::nullopt,
          .ended_by = AlertEnd::NoBreach,
          .monitor = "shop",
          .dimensions = {{"SourceName", "web \"1\""}, {"DestinationName", ""}},
          .tests = {TestId{1}, TestId{0xFFFF'FFFF'FFFF'FFFF}},
          .window = Seconds(300),
          .conditions = {{.metric = AlertMetric::RoundTripTimeMs,
                          .aggregation = AlertAggregation::Minimum,
                          .comparison = AlertOperator::LessThanOrEqual,
                          .threshold = -2.5,
                          .fired_value = 1e-9,
                          .value = 4}},
          .sentence = "A sentence."};
}

class AlertRecordsTest : public testing::Test {
 protected:
  AlertRecordsTest() {
    char name[] = "/tmp/lw-alert-records-XXXXXX";
    folder_ = ::mkdtemp(name);
    // Both are open at once, as in the server.
    registry_.emplace(Registry::open(folder_ + "/registry.sqlite").value());
    reopen();
  }
  ~AlertRecordsTest() override { std::filesystem::remove_all(folder_); }
  void reopen() {
    records_.reset();
    records_.emplace(AlertRecords::open(folder_ + "/registry.sqlite").value());
  }

  std::string folder_;
  std::optional<Registry> registry_;
  std::optional<AlertRecords> records_;
};

TEST_F(AlertRecordsTest, KeepsRulesUnderNamesWithoutCase) {
  const StoredResource first =
      records_->put_rule("Down", Value::object({{"a", 1}}), kStart).value();
  const StoredResource second =
      records_->put_rule("DOWN", Value::object({{"a", 2}}), kStart + Seconds(1)).value();
  EXPECT_NE(first.etag, second.etag);
  EXPECT_EQ(second.name, "Down");
  EXPECT_EQ(second.created, kStart);
  reopen();
  const auto rules = records_->rules().value();
  ASSERT_EQ(rules.size(), 1U);
  EXPECT_EQ(rules[0].resource.document, Value::object({{"a", 2}}));
  EXPECT_EQ(rules[0].resource.updated, kStart + Seconds(1));
  EXPECT_EQ(rules[0].resource.etag, second.etag);
  EXPECT_EQ(rules[0].evaluated, std::nullopt);
}

TEST_F(AlertRecordsTest, KeepsActionGroups) {
  ASSERT_TRUE(records_->put_action_group("ops/ag", Value::object({{"b", 1}}), kStart));
  reopen();
  EXPECT_EQ(records_->action_groups().value().at(0).name, "ops/ag");
  EXPECT_TRUE(records_->remove_action_group("OPS/AG"));
  EXPECT_EQ(records_->remove_action_group("ops/ag").error().code, ErrorCode::NotFound);
  EXPECT_TRUE(records_->action_groups().value().empty());
}

TEST_F(AlertRecordsTest, KeepsWhatFiresUntilItIsResolved) {
  ASSERT_TRUE(records_->put_rule("down", Value::object(), kStart));
  AlertOutcome outcome{.rule = "down", .evaluated = kStart, .fired = {some_alert("a")}};
  const auto changes = records_->write(outcome).value();
  ASSERT_EQ(changes.size(), 1U);
  reopen();
  EXPECT_EQ(records_->firing().value(), std::vector{some_alert("a")});
  EXPECT_EQ(records_->rules().value().at(0).evaluated, kStart);

  Alert resolved = some_alert("a");
  resolved.resolved = kStart + Seconds(180);
  resolved.ended_by = AlertEnd::TestsGone;
  AlertOutcome end{.rule = "down", .evaluated = kStart + Seconds(180), .resolved = {resolved}};
  ASSERT_TRUE(records_->write(end));
  reopen();
  EXPECT_TRUE(records_->firing().value().empty());
  const auto unsent = records_->unsent_changes().value();
  ASSERT_EQ(unsent.size(), 2U);
  EXPECT_EQ(unsent[0].alert, some_alert("a"));
  EXPECT_EQ(unsent[1].alert, resolved);
  ASSERT_TRUE(records_->forget_changes({unsent[0].number}));
  EXPECT_EQ(records_->unsent_changes().value().at(0).number, unsent[1].number);
}

TEST_F(AlertRecordsTest, NumbersNotificationsAndNeverTheSameTwice) {
  const Notification said{.number = 0,
                          .alert_id = "a",
                          .action_group = "ag",
                          .receiver = "hook",
                          .uri = "https://example.org/",
                          .body = "{}",
                          .created = kStart};
  AlertOutcome outcome{.rule = "down", .notifications = {said, said}};
  ASSERT_TRUE(records_->write(outcome));
  const std::int64_t last = outcome.notifications[1].number;
  EXPECT_NE(outcome.notifications[0].number, last);
  reopen();
  const auto waiting = records_->notifications().value();
  ASSERT_EQ(waiting.size(), 2U);
  EXPECT_EQ(waiting[1].number, last);
  EXPECT_EQ(waiting[1].uri, said.uri);
  ASSERT_TRUE(records_->forget_notifications({waiting[0].number, last}));
  reopen();
  EXPECT_TRUE(records_->notifications().value().empty());
  AlertOutcome more{.rule = "down", .notifications = {said}};
  ASSERT_TRUE(records_->write(more));
  EXPECT_GT(more.notifications[0].number, last);
}

TEST_F(AlertRecordsTest, RemovesARuleWithWhatItsEndBrings) {
  ASSERT_TRUE(records_->put_rule("down", Value::object(), kStart));
  AlertOutcome fires{.rule = "down", .fired = {some_alert("a")}};
  ASSERT_TRUE(records_->write(fires));
  Alert resolved = some_alert("a");
  resolved.resolved = kStart + Seconds(1);
  resolved.ended_by = AlertEnd::RuleGone;
  AlertOutcome end{.rule = "DOWN", .resolved = {resolved}, .removes_rule = true};
  ASSERT_TRUE(records_->write(end));
  reopen();
  EXPECT_TRUE(records_->rules().value().empty());
  EXPECT_TRUE(records_->firing().value().empty());
}

}  // namespace
}  // namespace lw::registry
