// SPDX-License-Identifier: Apache-2.0
// Over real HTTP on loopback.
#include "notify/notifier.h"

#include <gtest/gtest.h>

#include "io/http_server.h"
#include "notify/common_alert.h"

namespace lw::notify {
namespace {

constexpr Seconds kPatience{30};

class NotifierTest : public testing::Test {
 protected:
  NotifierTest() {
    server_ =
        io::HttpServer::start({}, [this](const io::HttpRequest& request,
                                         const io::HttpResponder& answer) {
          answer.send({.status = request.path == "/gone" ? 410 : 204, .headers = {}, .body = ""});
          bodies_.push(request.path + " " + request.body);
        }).value();
  }
  std::string uri(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(server_->port()) + path;
  }

  SystemClock clock_;
  Channel<std::string> bodies_{100, WhenFull::Refuse};
  Channel<std::int64_t> settled_{100, WhenFull::Refuse};
  std::unique_ptr<io::HttpServer> server_;
};

TEST_F(NotifierTest, DeliversAndSaysSo) {
  Notifier notifier(clock_, [this](std::int64_t number) { settled_.push(number); });
  ASSERT_TRUE(notifier.send({7, uri("/hook"), R"({"a":1})", clock_.wall_now()}));
  EXPECT_EQ(bodies_.pop_for(kPatience), R"(/hook {"a":1})");
  EXPECT_EQ(settled_.pop_for(kPatience), 7);
  ASSERT_TRUE(notifier.send({8, uri("/gone"), "{}", clock_.wall_now()}));
  EXPECT_EQ(settled_.pop_for(kPatience), 8);
  const NotifierStats stats = notifier.stats();
  EXPECT_EQ(stats.delivered, 1U);
  EXPECT_EQ(stats.given_up, 1U);
}

TEST_F(NotifierTest, TriesOnceForWhoAsks) {
  Channel<Attempted> done(4, WhenFull::Refuse);  // outlives whose thread pushes
  Notifier notifier(clock_, [](std::int64_t) {});
  const auto tell = [&](const Attempted& attempt) { done.push(attempt); };
  ASSERT_TRUE(notifier.try_once(uri("/hook"), "{}", tell));
  EXPECT_EQ(done.pop_for(kPatience).value().status, 204);
  ASSERT_TRUE(notifier.try_once("http://127.0.0.1:1/", "{}", tell));
  const Attempted attempt = done.pop_for(kPatience).value();
  EXPECT_EQ(attempt.outcome, Attempted::Outcome::TryAgain);
  EXPECT_EQ(attempt.status, std::nullopt);
  EXPECT_FALSE(attempt.words.empty());
}

Alert some_alert() {
  return {.id = "11111111-2222-4333-8444-555555555555",
          .rule = "ops/down",
          .severity = 3,
          .fired = parse_iso8601("2026-01-01T00:05:00Z").value(),
          .resolved = std::nullopt,
          .ended_by = AlertEnd::NoBreach,
          .monitor = "cm1",
          .dimensions = {{"SourceName", "vm1"}},
          .tests = {TestId{0x1F}},
          .window = Seconds(300),
          .conditions = {{.metric = AlertMetric::TestResult,
                          .aggregation = AlertAggregation::Maximum,
                          .comparison = AlertOperator::GreaterThan,
                          .threshold = 2,
                          .fired_value = 3,
                          .value = 3}},
          .sentence = "TestResult was 3."};
}

TEST(CommonAlert, HasTheShapeOfAzuresMessages) {
  const AlertContext context{.subscription = "S",
                             .rule_id = "/R",
                             .description = "about it",
                             .is_of_many = false,
                             .monitor_id = "/Subscriptions/S/CM1",
                             .link = "https://here/alerts?sel=1",
                             .webhook_properties = {{"team", "net"}},
                             .custom_properties = {}};
  const Value fired = common_alert(some_alert(), context);
  EXPECT_EQ(
      to_json(fired),
      R"({"schemaId":"azureMonitorCommonAlertSchema","data":{"essentials":{)"
      R"("alertId":"/subscriptions/S/providers/Microsoft.AlertsManagement/alerts/)"
      R"(11111111-2222-4333-8444-555555555555","alertRule":"down","alertRuleID":"/R",)"
      R"("severity":"Sev3","signalType":"Metric","monitorCondition":"Fired",)"
      R"("monitoringService":"Platform","alertTargetIDs":["/subscriptions/s/cm1"],)"
      R"("configurationItems":["cm1"],"originAlertId":"11111111-2222-4333-8444-555555555555",)"
      R"("firedDateTime":"2026-01-01T00:05:00.0000000Z","description":"about it",)"
      R"("investigationLink":"https://here/alerts?sel=1","essentialsVersion":"1.0",)"
      R"("alertContextVersion":"1.0"},"alertContext":{"properties":{"team":"net"},)"
      R"("conditionType":"SingleResourceMultipleMetricCriteria","condition":{)"
      R"("windowSize":"PT5M","allOf":[{"metricName":"TestResult","metricNamespace":)"
      R"("Microsoft.Network/networkWatchers/connectionMonitors","operator":"GreaterThan",)"
      R"("threshold":"2","timeAggregation":"Maximum","dimensions":[{"name":"SourceName",)"
      R"("value":"vm1"}],"metricValue":3.0}],"windowStartTime":)"
      R"("2026-01-01T00:00:00.000000Z","windowEndTime":"2026-01-01T00:05:00.000000Z"}},)"
      R"("customProperties":{},"linewatch":{"sentence":"TestResult was 3.",)"
      R"("connectionMonitor":"cm1","testCount":1,"tests":["000000000000001f"]}}})");
}

TEST(CommonAlert, SaysWhenAndWhyItWasResolved) {
  Alert alert = some_alert();
  alert.resolved = alert.fired + Seconds(600);
  alert.ended_by = AlertEnd::TestsGone;
  const Value message = common_alert(alert, {});
  const Value& data = *message.find("data");
  EXPECT_EQ(data.find("essentials")->text("monitorCondition"), "Resolved");
  EXPECT_EQ(data.find("essentials")->text("resolvedDateTime"), "2026-01-01T00:15:00.0000000Z");
  EXPECT_EQ(data.find("linewatch")->text("resolvedBy"), "TestsGone");
}

}  // namespace
}  // namespace lw::notify
