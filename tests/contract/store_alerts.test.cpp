// SPDX-License-Identifier: Apache-2.0
// Alerts of the past in the real store.
#include <gtest/gtest.h>

#include "store/alert_changes.h"
#include "store_fixture.h"

namespace lw::store {
namespace {

const SystemClock kClock;
// Recent, or retention would drop the rows; whole seconds, to be told apart easily.
const Timestamp kAt = std::chrono::floor<Seconds>(kClock.wall_now() - std::chrono::hours(3));
constexpr std::uint16_t kKeepDays = 30;

Alert alert(const std::string& id, Timestamp fired) {
  return {.id = id,
          .rule = "ops/down",
          .severity = 1,
          .fired = fired,
          .resolved = std::nullopt,
          .ended_by = AlertEnd::NoBreach,
          .monitor = "shop",
          .dimensions = {{"SourceName", "web \"1\""}, {"DestinationName", ""}},
          .tests = {TestId{7}, TestId{0xFFFF'FFFF'FFFF'FFFF}},
          .window = Seconds(300),
          .conditions = {{.metric = AlertMetric::TestResult,
                          .aggregation = AlertAggregation::Maximum,
                          .comparison = AlertOperator::GreaterThan,
                          .threshold = 2,
                          .fired_value = 3,
                          .value = 3},
                         {.metric = AlertMetric::RoundTripTimeMs,
                          .aggregation = AlertAggregation::Average,
                          .comparison = AlertOperator::LessThanOrEqual,
                          .threshold = 0.25,
                          .fired_value = 0.125,
                          .value = 0.5}},
          .sentence = "It fails."};
}

Alert resolved(Alert alert, Timestamp at, AlertEnd by) {
  alert.resolved = at;
  alert.ended_by = by;
  return alert;
}

class StoreAlerts : public StoreSuite {
 protected:
  StoreAlerts() { EXPECT_TRUE(client_.query("TRUNCATE TABLE alert_changes").has_value()); }
  void record(const std::vector<Alert>& alerts) {
    const auto done = record_alert_changes(client_, alerts, kKeepDays);
    ASSERT_TRUE(done.has_value()) << done.error().message;
  }
  /// The ids of those that fired within so many seconds around kAt, in their order.
  std::string ids(int from, int to, std::size_t most = 100) {
    const auto found = alerts_between(client_, kAt + Seconds(from), kAt + Seconds(to), most);
    EXPECT_TRUE(found.has_value()) << found.error().message;
    std::string text;
    if (found) {
      for (const PastAlert& past : *found) text += past.alert.id + " ";
    }
    return text;
  }
  std::size_t count_at(int seconds) {
    const auto found = alerts_at(client_, kAt + Seconds(seconds));
    EXPECT_TRUE(found.has_value()) << found.error().message;
    return found ? found->size() : 0;
  }
  Client client_{store_->config()};
};

TEST_F(StoreAlerts, are_read_as_they_were_written) {
  const Alert ended = resolved(alert("a", kAt), kAt + Seconds(180), AlertEnd::TestsGone);
  record({alert("a", kAt), alert("b", kAt + Seconds(1))});
  record({ended});
  const auto found = alerts_between(client_, kAt, kAt + Seconds(600), 10);
  ASSERT_TRUE(found.has_value()) << found.error().message;
  ASSERT_EQ(found->size(), 2U);
  EXPECT_EQ((*found)[0].alert, alert("b", kAt + Seconds(1)));
  EXPECT_EQ((*found)[1].alert, ended);
  EXPECT_EQ((*found)[1].test_count, 2U);
}

TEST_F(StoreAlerts, are_of_a_span_if_they_fired_at_any_time_of_it) {
  record({alert("old", kAt), alert("new", kAt + Seconds(100)), alert("open", kAt + Seconds(50))});
  record({resolved(alert("old", kAt), kAt + Seconds(60), AlertEnd::NoBreach),
          resolved(alert("new", kAt + Seconds(100)), kAt + Seconds(160), AlertEnd::Hand)});
  EXPECT_EQ(ids(-10, 0), "");
  EXPECT_EQ(ids(-10, 1), "old ");
  EXPECT_EQ(ids(60, 61), "open old ");
  EXPECT_EQ(ids(61, 100), "open ");
  EXPECT_EQ(ids(0, 200), "new open old ");
  EXPECT_EQ(ids(0, 200, 2), "new open ");
  EXPECT_EQ(ids(1'000, 2'000), "open ");
}

TEST_F(StoreAlerts, are_of_an_instant_if_they_fired_then) {
  record({alert("a", kAt)});
  record({resolved(alert("a", kAt), kAt + Seconds(60), AlertEnd::NoBreach)});
  EXPECT_EQ(count_at(-1), 0U);
  EXPECT_EQ(count_at(0), 1U);
  EXPECT_EQ(count_at(59), 1U);
  EXPECT_EQ(count_at(60), 0U);
  const auto then = alerts_at(client_, kAt);
  ASSERT_TRUE(then.has_value());
  EXPECT_EQ(then->front().severity, 1);
  EXPECT_EQ(then->front().tests, alert("a", kAt).tests);
}

TEST_F(StoreAlerts, count_once_however_often_they_are_written) {
  for (int i = 0; i < 3; ++i) record({alert("a", kAt)});
  EXPECT_EQ(ids(0, 10), "a ");
  EXPECT_EQ(count_at(5), 1U);
}

}  // namespace
}  // namespace lw::store
