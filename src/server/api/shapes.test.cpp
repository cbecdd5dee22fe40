// SPDX-License-Identifier: Apache-2.0
#include "server/api/shapes.h"

#include <gtest/gtest.h>

namespace lw::server::api {
namespace {

std::string differ(const std::string& from, const std::string& to) {
  return to_json(differences(parse_yaml(from).value(), parse_yaml(to).value()));
}

TEST(Differences, name_the_field_with_what_it_was_and_what_it_becomes) {
  const std::vector<std::array<std::string, 3>> cases = {
      {"{a: 1}", "{a: 1}", "[]"},
      {"{a: 1}", "{a: 2}", R"([{"path":"a","from":1,"to":2}])"},
      {"{a: 1}", "{}", R"([{"path":"a","from":1,"to":null}])"},
      {"{}", "{a: x}", R"([{"path":"a","from":null,"to":"x"}])"},
      {"{a: {b: {c: 1}}}", "{a: {b: {c: 2}}}", R"([{"path":"a.b.c","from":1,"to":2}])"},
      {"{a: {b: 1}}", "{a: 7}", R"([{"path":"a","from":{"b":1},"to":7}])"},
      {"{a: [1, 2]}", "{a: [1, 3]}", R"([{"path":"a.1","from":2,"to":3}])"},
      {"{a: [1]}", "{a: [1, 2]}", R"([{"path":"a.1","from":null,"to":2}])"},
      {"{a: []}", "{a: [x]}", R"([{"path":"a.0","from":null,"to":"x"}])"},
      {"{a: 1, b: 2}", "{a: 3, b: 4}",
       R"([{"path":"a","from":1,"to":3},{"path":"b","from":2,"to":4}])"},
  };
  for (const auto& [from, to, expected] : cases) EXPECT_EQ(differ(from, to), expected) << from;
}

TEST(Differences, things_in_lists_are_compared_by_name) {
  EXPECT_EQ(differ("{e: [{name: a, x: 1}, {name: b, x: 2}]}",
                   "{e: [{name: new, x: 9}, {name: a, x: 1}, {name: b, x: 3}]}"),
            R"([{"path":"e.b.x","from":2,"to":3},)"
            R"({"path":"e.new","from":null,"to":{"name":"new","x":9}}])");
}

TEST(Shapes, what_is_missing_is_null_and_never_zero) {
  EXPECT_TRUE(ms_value(std::nullopt).is_null());
  EXPECT_TRUE(time_value(std::nullopt).is_null());
  EXPECT_EQ(to_json(ms_value(Microseconds(12'345))), "12.345");
  EXPECT_EQ(time_value(from_unix_us(1'000'000)), Value("1970-01-01T00:00:01.000000Z"));
}

LiveTest live_test() {
  auto configuration = std::make_shared<TestConfiguration>();
  configuration->name = "ping";
  LiveTest live;
  live.test.id = TestId{0xab};
  live.test.configuration = std::move(configuration);
  return live;
}

TEST(Shapes, a_test_that_never_ran_has_no_numbers) {
  const Value value = test_value(live_test(), "");
  for (const std::string key : {"port", "lastRound", "checksFailedPercent", "roundTripTimeMs",
                                "jitterMs", "httpStatus", "certificateExpires"}) {
    ASSERT_NE(value.find(key), nullptr) << key;
    EXPECT_TRUE(value.find(key)->is_null()) << key;
  }
  EXPECT_EQ(value.text("id"), "00000000000000ab");
  EXPECT_EQ(value.text("state"), "Indeterminate");
}

TEST(Shapes, a_reason_carries_what_was_seen_and_the_limit) {
  const Value value =
      reason_value({ReasonCode::RoundTripThreshold, 81.5, 80.0, "average … is above the limit"});
  EXPECT_EQ(value.number("observed"), 81.5);
  EXPECT_EQ(value.number("limit"), 80.0);
  EXPECT_EQ(value.text("code"), to_string(ReasonCode::RoundTripThreshold));
}

TEST(Shapes, an_agent_that_is_away_shows_no_connection) {
  AgentView view;
  view.agent.id = AgentId{1};
  view.agent.name = "web1";
  view.agent.labels = {{"site", "b"}};
  const Value away = agent_value(view);
  EXPECT_FALSE(away.flag("connected", true));
  EXPECT_EQ(away.find("connectedSince"), nullptr);
  EXPECT_TRUE(away.find("lastSeen")->is_null());
  view.connection.emplace();
  view.connection->assigned_version = 5;
  view.connection->running_version = 4;
  EXPECT_FALSE(agent_value(view).flag("assignmentInForce", true));
  view.connection->running_version = 5;
  EXPECT_TRUE(agent_value(view).flag("assignmentInForce"));
  EXPECT_EQ(agent_value(view).find("labels")->text("site"), "b");
}

}  // namespace
}  // namespace lw::server::api
