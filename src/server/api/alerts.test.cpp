// SPDX-License-Identifier: Apache-2.0
// Alerts, alert rules and action groups over real HTTP. The store pretends to have nothing, so
// windows are judged here by hand.
#include "server/alerts/alerts.h"

#include <gtest/gtest.h>

#include "base/test_times.h"
#include "model/resource_id.h"
#include "notify/notifier.h"
#include "server/alerts/evaluator.h"
#include "server/api/routes_fixture.h"
#include "server/arm/arm.h"

namespace lw::server::api {
namespace {

constexpr const char* kShopAndBank = R"({"connectionMonitors": [
  {"name": "shop", "endpoints": [{"name": "a", "type": "Agent", "linewatch": {"agent": "a"}},
    {"name": "x", "type": "ExternalAddress", "address": "192.0.2.2"},
    {"name": "y", "type": "ExternalAddress", "address": "192.0.2.3"}],
   "testConfigurations": [{"name": "ping", "protocol": "Icmp", "testFrequencySec": 30}],
   "testGroups": [{"name": "g", "sources": ["a"], "destinations": ["x", "y"],
                   "testConfigurations": ["ping"]}]},
  {"name": "bank", "endpoints": [{"name": "a", "type": "Agent", "linewatch": {"agent": "a"}},
    {"name": "x", "type": "ExternalAddress", "address": "192.0.2.2"}],
   "testConfigurations": [{"name": "ping", "protocol": "Icmp", "testFrequencySec": 30}],
   "testGroups": [{"name": "g", "sources": ["a"], "destinations": ["x"],
                   "testConfigurations": ["ping"]}]}]})";

class AlertRoutesTest : public RoutesTest {
 protected:
  AlertRoutesTest() {
    open_alerts();
    for (const auto add : {add_alert_routes, add_alert_rule_routes, add_action_group_routes,
                           arm::add_alert_routes, arm::add_action_group_routes}) {
      add(router_, *services_);
    }
    receiver_ = io::HttpServer::start({}, [this](const io::HttpRequest& request,
                                                 const io::HttpResponder& answer) {
                  answer.send({.status = 204, .headers = {}, .body = ""});
                  told_.push(parse_json(request.body).value_or(Value()));
                }).value();
    const Answer applied = call("POST", "/api/v1/apply", kShopAndBank, "application/json");
    EXPECT_EQ(applied.status, 200) << applied.text;
  }
  ~AlertRoutesTest() override {
    server_.reset();
    notifier_.reset();
    control_->stop();
  }

  /// As a server does that starts.
  void open_alerts() {
    on_control([&] { alerts_.reset(); });
    notifier_.emplace(clock_, [this](std::int64_t number) {
      control_->post([this, number] { alerts_->settled(number); });
    });
    alerts_.emplace(registry::AlertRecords::open(folder_ + "/registry.sqlite").value(), *control_,
                    *notifier_, clock_, "https://here");
    services_->alerts = &*alerts_;
    services_->notifier = &*notifier_;
    on_control([&] { EXPECT_TRUE(alerts_->load().has_value()); });
  }

  /// Runs it on the control thread and waits.
  void on_control(const std::function<void()>& work) {
    // Shared: push still touches the channel when pop has returned already.
    const auto done = std::make_shared<Channel<int>>(1, WhenFull::Refuse);
    control_->post([&work, done] {
      work();
      done->push(1);
    });
    ASSERT_TRUE(done->pop_for(kPatience).has_value());
  }

  static std::string rule_json(const std::string& scope, const std::string& more = "") {
    return R"({"properties": {"severity": 1, "enabled": true, "scopes": [")" + scope +
           R"("], "evaluationFrequency": "PT1M", "windowSize": "PT5M", "criteria": {
           "odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria", "allOf": [{
           "name": "c", "metricName": "TestResult", "timeAggregation": "Maximum", "operator":
           "GreaterThan", "threshold": 2, "dimensions": [{"name": "DestinationName", "operator":
           "Include", "values": ["*"]}]}]})" +
           more + "}}";
  }
  Answer put(const std::string& target, const std::string& body) {
    return call("PUT", target, body, "application/json");
  }
  std::string group_id() const {
    return insights_id(control_->subscription_id(), "actionGroups", "ops");
  }
  void put_group() {
    const std::string uri = "http://127.0.0.1:" + std::to_string(receiver_->port()) + "/hook";
    ASSERT_EQ(put("/api/v1/action-groups/ops",
                  R"({"properties": {"groupShortName": "ops", "enabled": true, "webhookReceivers": [
                  {"name": "hook", "serviceUri": ")" +
                      uri + R"("}]}})")
                  .status,
              200);
  }

  /// The rule's next window says that the tests towards these destinations have that result.
  void judge(const std::string& rule, const std::map<std::string, double>& results) {
    end_ += Seconds(60);
    on_control([&] {
      const alerts::Rule* const known = alerts_->find_rule(rule);
      ASSERT_NE(known, nullptr);
      const std::string etag = known->stored.etag;
      alerts::make_plan(
          *control_, known->model, known->scope, end_,
          [&](const alerts::Plan& plan, std::uint64_t revision) {
            alerts::Values values;
            for (const alerts::Combination& each : plan.combinations) {
              const auto result = results.find(each.dimensions.front().second);
              values.push_back(
                  {result == results.end() ? std::nullopt : std::optional(result->second)});
            }
            alerts_->judged(rule, etag, end_, std::make_shared<const alerts::Plan>(plan), revision,
                            values);
          });
    });
  }
  /// "Fired y; …" of what the receiver is told next.
  std::string next_told() {
    const auto body = told_.pop_for(kPatience);
    if (!body) return "nothing";
    const Value& data = *body->find("data");
    const Value& condition = *data.find("alertContext")->find("condition");
    const Value& first = condition.find("allOf")->as_array().front();
    return data.find("essentials")->text("monitorCondition") + " " +
           first.find("dimensions")->as_array().front().text("value");
  }
  /// The alert codes of the tests in the snapshot, in their order.
  std::string codes() {
    io::HttpClientRequest request;
    request.url = "http://127.0.0.1:" + std::to_string(server_->port()) + "/api/v1/snapshot";
    request.headers = {{"Accept", "application/json"}};
    const auto answer = client_.request(request);
    const Value body = parse_json(answer.value().body).value();
    for (const Value& column : body.find("columns")->as_array()) {
      if (column.text("name") == "alert") return to_json(*column.find("values"));
    }
    return "no column";
  }

  std::optional<notify::Notifier> notifier_;
  std::optional<alerts::Alerts> alerts_;
  Channel<Value> told_{100, WhenFull::Refuse};
  std::unique_ptr<io::HttpServer> receiver_;
  Timestamp end_ = std::chrono::floor<std::chrono::minutes>(clock_.wall_now());
};

TEST_F(AlertRoutesTest, RulesAreMadeSeenAndRemoved) {
  const Answer made = put("/api/v1/alert-rules/down", rule_json("connectionMonitors/shop"));
  ASSERT_EQ(made.status, 200) << made.text;
  EXPECT_EQ(made.body.text("sentence"),
            "Maximum of TestResult over 5 minutes above 2, for each DestinationName, looked at "
            "each minute.");
  EXPECT_EQ(to_json(*made.body.find("monitors")), R"(["shop"])");
  EXPECT_TRUE(made.body.find("lastEvaluated")->is_null());
  EXPECT_EQ(list("/api/v1/alert-rules").size(), 1U);
  // Over Azure's interface it is the same, as it was sent.
  const std::string arm =
      insights_id(control_->subscription_id(), "metricAlerts", "DOWN") + "?api-version=2026-01-01";
  const Answer seen = get(arm);
  ASSERT_EQ(seen.status, 200) << seen.text;
  EXPECT_EQ(seen.body.text("name"), "down");
  EXPECT_EQ(to_json(*seen.body.find("properties")->find("scopes")),
            R"(["connectionMonitors/shop"])");
  EXPECT_EQ(call("DELETE", "/api/v1/alert-rules/down").status, 204);
  EXPECT_EQ(get(arm).status, 404);
  EXPECT_EQ(get("/api/v1/alert-rules/down").status, 404);
}

TEST_F(AlertRoutesTest, WrongRulesAreRefusedWithTheirFaults) {
  const Answer wrong = put("/api/v1/alert-rules/down", R"({"properties": {"severity": 9}})");
  EXPECT_EQ(wrong.status, 400);
  const Value* const details = wrong.body.find("error")->find("details");
  ASSERT_NE(details, nullptr) << wrong.text;
  EXPECT_GE(details->as_array().size(), 5U);
  EXPECT_EQ(details->as_array().front().text("path"), "properties.severity");
  const Answer nowhere = put("/api/v1/alert-rules/down", rule_json("somewhere"));
  EXPECT_EQ(nowhere.status, 400);
  EXPECT_NE(nowhere.text.find("properties.scopes"), std::string::npos);
  EXPECT_NE(
      put("/api/v1/alert-rules/down", rule_json("workspaces/team")).text.find("is a workspace"),
      std::string::npos);
  EXPECT_EQ(put("/api/v1/alert-rules/a%2Fdown", rule_json("connectionMonitors/shop")).status, 400);
  EXPECT_EQ(put("/api/v1/alert-rules/a%3Ab", rule_json("connectionMonitors/shop")).status, 400);
  EXPECT_TRUE(list("/api/v1/alert-rules").empty());
}

TEST_F(AlertRoutesTest, AnAlertFiresIsShownToldAndResolved) {
  put_group();
  ASSERT_EQ(put("/api/v1/alert-rules/down",
                rule_json("connectionMonitors/shop",
                          R"(, "actions": [{"actionGroupId": ")" + group_id() + R"("}])"))
                .status,
            200);
  judge("down", {{"x", 1}, {"y", 3}});
  EXPECT_EQ(next_told(), "Fired y");
  const auto firing = list("/api/v1/alerts");
  ASSERT_EQ(firing.size(), 1U);
  EXPECT_EQ(firing[0].text("state"), "Fired");
  EXPECT_EQ(firing[0].text("sentence"),
            "TestResult was 3 (Fail), its maximum over 5 minutes, above 2: shop, DestinationName "
            "y.");
  EXPECT_EQ(firing[0].find("tests")->as_array().size(), 1U);
  EXPECT_EQ(codes(), "[0,0,2]");
  EXPECT_TRUE(list("/api/v1/alerts?connectionMonitor=bank").empty());

  // Neither goes on telling, nor begins anew after a restart.
  judge("down", {{"x", 1}, {"y", 3}});
  notifier_->stop();
  open_alerts();
  EXPECT_EQ(codes(), "[0,0,2]");
  judge("down", {{"x", 1}, {"y", 3}});
  judge("down", {{"x", 1}, {"y", 1}});
  judge("down", {{"x", 1}, {"y", 1}});
  EXPECT_EQ(list("/api/v1/alerts").size(), 1U);
  judge("down", {{"x", 1}, {"y", 1}});
  EXPECT_EQ(next_told(), "Resolved y");
  EXPECT_TRUE(list("/api/v1/alerts").empty());
  EXPECT_EQ(codes(), "[0,0,0]");
  const auto resolved =
      list("/api/v1/alerts?state=resolved&from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z");
  ASSERT_EQ(resolved.size(), 1U);
  EXPECT_EQ(resolved[0].text("resolvedBy"), "NoBreach");
  EXPECT_EQ(resolved[0].text("id"), firing[0].text("id"));
}

TEST_F(AlertRoutesTest, WhatARuleFiresEndsWithIt) {
  const std::string rule = rule_json("connectionMonitors/shop");
  const auto ended_by = [&] {
    const auto resolved =
        list("/api/v1/alerts?state=resolved&from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z");
    return resolved.empty() ? std::string("nothing") : resolved.front().text("resolvedBy");
  };
  ASSERT_EQ(put("/api/v1/alert-rules/down", rule).status, 200);
  judge("down", {{"x", 3}});
  std::string disabled = rule;
  disabled.replace(disabled.find(R"("enabled": true)"), 15, R"("enabled": false)");
  ASSERT_EQ(put("/api/v1/alert-rules/down", disabled).status, 200);
  EXPECT_EQ(ended_by(), "RuleDisabled");

  ASSERT_EQ(put("/api/v1/alert-rules/down", rule).status, 200);
  judge("down", {{"y", 3}});
  ASSERT_EQ(call("DELETE", "/api/v1/alert-rules/down").status, 204);
  EXPECT_EQ(ended_by(), "RuleGone");

  ASSERT_EQ(put("/api/v1/alert-rules/down", rule).status, 200);
  judge("down", {{"y", 3}});
  ASSERT_EQ(call("DELETE", "/api/v1/connection-monitors/shop").status, 204);
  judge("down", {});
  EXPECT_EQ(ended_by(), "TestsGone");
  EXPECT_NE(get("/api/v1/alert-rules/down").body.text("problem"), "");
}

TEST_F(AlertRoutesTest, AnAlertThatDoesNotMitigateWaitsForAHand) {
  ASSERT_EQ(put("/api/v1/alert-rules/down",
                rule_json("connectionMonitors/shop", R"(, "autoMitigate": false)"))
                .status,
            200);
  judge("down", {{"x", 3}});
  for (int i = 0; i < 5; ++i) judge("down", {{"x", 1}});
  const auto firing = list("/api/v1/alerts");
  ASSERT_EQ(firing.size(), 1U);
  const std::string target = "/api/v1/alerts/" + firing[0].text("id") + "/resolve";
  const Answer resolved = call("POST", target);
  EXPECT_EQ(resolved.status, 200) << resolved.text;
  EXPECT_EQ(resolved.body.text("resolvedBy"), "Hand");
  EXPECT_EQ(call("POST", target).status, 409);
}

TEST_F(AlertRoutesTest, AScopedTokenSeesAndWritesWhatIsItsOwn) {
  ASSERT_EQ(put("/api/v1/alert-rules/all", rule_json("resourceGroups/NetworkWatcherRG")).status,
            200);
  ASSERT_EQ(put("/api/v1/alert-rules/shop", rule_json("connectionMonitors/shop")).status, 200);
  put_group();
  judge("all", {{"x", 3}});
  EXPECT_EQ(list("/api/v1/alerts").size(), 2U);

  scope_ = std::make_shared<const TokenScope>(
      TokenScope::parse({"connectionMonitors/shop"}, control_->subscription_id()).value());
  const auto alerts = list("/api/v1/alerts");
  ASSERT_EQ(alerts.size(), 1U);
  EXPECT_EQ(to_json(*alerts[0].find("monitors")), R"(["shop"])");
  const auto rules = list("/api/v1/alert-rules");
  ASSERT_EQ(rules.size(), 1U);
  EXPECT_EQ(rules[0].text("name"), "shop");
  EXPECT_EQ(get("/api/v1/alert-rules/all").status, 404);
  EXPECT_EQ(call("DELETE", "/api/v1/alert-rules/all").status, 404);
  // Neither by a wider scope nor under the name of one that is not its own.
  EXPECT_EQ(put("/api/v1/alert-rules/mine", rule_json("connectionMonitors/bank")).status, 403);
  EXPECT_EQ(put("/api/v1/alert-rules/mine", rule_json("resourceGroups/NetworkWatcherRG")).status,
            403);
  EXPECT_EQ(put("/api/v1/alert-rules/all", rule_json("connectionMonitors/shop")).status, 403);
  EXPECT_EQ(put("/api/v1/alert-rules/mine", rule_json("connectionMonitors/shop")).status, 200);
  EXPECT_TRUE(list("/api/v1/action-groups").empty());
  EXPECT_EQ(get("/api/v1/action-groups/ops").status, 404);
  EXPECT_EQ(call("POST", "/api/v1/action-groups/ops/test").status, 404);
  EXPECT_EQ(put("/api/v1/action-groups/mine",
                R"({"properties": {"groupShortName": "m", "enabled": true}})")
                .status,
            403);
  const std::string arm =
      insights_id(control_->subscription_id(), "metricAlerts", "all") + "?api-version=2026-01-01";
  EXPECT_EQ(get(arm).status, 403);
  EXPECT_EQ(call("DELETE", arm).status, 403);
}

TEST_F(AlertRoutesTest, ReadersAreShownNoAddressesByWhichAnybodyCanCall) {
  put_group();
  const std::string arm = group_id() + "?api-version=2024-10-01-preview";
  const auto in_subscription = arm.substr(0, arm.find("/resourceGroups/"));
  const std::vector<std::string> targets{
      "/api/v1/action-groups", "/api/v1/action-groups/ops", arm,
      in_subscription +
          "/providers/Microsoft.Insights/actionGroups?api-version=2024-10-01-preview"};
  for (const std::string& target : targets) {
    EXPECT_NE(get(target).text.find("/hook"), std::string::npos) << target;
  }
  role_ = registry::Role::Reader;
  for (const std::string& target : targets) {
    const auto answer = get(target);
    EXPECT_EQ(answer.status, 200) << target;
    EXPECT_EQ(answer.text.find("/hook"), std::string::npos) << answer.text;
    EXPECT_NE(answer.text.find("http://127.0.0.1:"), std::string::npos) << answer.text;
  }
  role_ = registry::Role::Operator;
  EXPECT_NE(get(arm).text.find("/hook"), std::string::npos);
}

TEST_F(AlertRoutesTest, AGroupIsTriedOutAndSaysWhoIsNotServed) {
  put_group();
  const auto results = call("POST", "/api/v1/action-groups/ops/test");
  ASSERT_EQ(results.status, 200) << results.text;
  const Value& first = results.body.find("value")->as_array().front();
  EXPECT_TRUE(first.flag("delivered")) << results.text;
  EXPECT_EQ(first.number("status"), 204);
  EXPECT_EQ(next_told(), "Fired test");
  const std::string arm = group_id() + "?api-version=2024-10-01-preview";
  EXPECT_EQ(put(arm, R"({"location": "Global", "properties": {"groupShortName": "ops",
                "emailReceivers": [{"name": "a", "emailAddress": "a@example.org"}]}})")
                .status,
            200);
  const Answer group = get("/api/v1/action-groups/ops");
  EXPECT_EQ(group.body.find("notServed")->as_array().size(), 1U);
  EXPECT_EQ(call("DELETE", arm).status, 200);
  EXPECT_EQ(call("DELETE", arm).status, 204);
}

TEST_F(AlertRoutesTest, PreviewsAnswerWithFaultsOrWhatWouldHaveBeen) {
  const auto preview = [&](const std::string& body) {
    return call("POST", "/api/v1/alert-rules/preview", body, "application/json");
  };
  const Answer wrong = preview(R"({"properties": {}})");
  EXPECT_EQ(wrong.status, 200);
  EXPECT_GE(wrong.body.find("faults")->as_array().size(), 5U);
  const Answer good = preview(rule_json("connectionMonitors/shop"));
  EXPECT_EQ(good.status, 200) << good.text;
  EXPECT_TRUE(good.body.find("faults")->as_array().empty());
  EXPECT_EQ(good.body.number("testCount"), 2);
  EXPECT_GE(good.body.number("evaluations"), 1'440);
  EXPECT_EQ(good.body.number("fired"), 0);
  std::string long_span = rule_json("connectionMonitors/shop");
  long_span.insert(1, R"("from": "1990-01-01T00:00:00Z", )");
  EXPECT_EQ(preview(long_span).status, 422);
}

}  // namespace
}  // namespace lw::server::api
