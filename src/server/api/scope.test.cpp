// SPDX-License-Identifier: Apache-2.0
// What callers see whose tokens are good for some resources only.
#include "server/api/routes_fixture.h"

namespace lw::server::api {
namespace {

constexpr const char* kMineAndTheirs =
    "connectionMonitors:\n"
    "  - name: mine\n"
    "    endpoints:\n"
    "      - {name: here, type: Agent, address: web1}\n"
    "      - {name: there, address: 192.0.2.7}\n"
    "    testConfigurations: [{name: ping, protocol: Icmp, testFrequencySec: 30}]\n"
    "    testGroups:\n"
    "      - {name: g, sources: [here], destinations: [there], testConfigurations: [ping]}\n"
    "  - name: theirs\n"
    "    endpoints:\n"
    "      - {name: secret-source, type: Agent, address: web1}\n"
    "      - {name: secret-place, address: 192.0.2.8}\n"
    "    testConfigurations: [{name: secret-ping, protocol: Icmp, testFrequencySec: 30}]\n"
    "    testGroups:\n"
    "      - {name: secret-group, sources: [secret-source], destinations: [secret-place],\n"
    "         testConfigurations: [secret-ping]}\n";

class ScopeTest : public RoutesTest {
 protected:
  ScopeTest() {
    EXPECT_EQ(call("POST", "/api/v1/apply", kMineAndTheirs).status, 200);
    for (const Value& test : list("/api/v1/tests")) {
      ids_[test.text("connectionMonitor")] = test.text("id");
    }
    EXPECT_EQ(ids_.size(), 2U);
  }
  void limit_to(const std::vector<std::string>& scopes) {
    scope_ = std::make_shared<const TokenScope>(
        TokenScope::parse(scopes, control_->subscription_id()).value());
  }
  static bool tells_of_theirs(const Answer& answer) {
    return answer.text.find("theirs") != std::string::npos ||
           answer.text.find("secret") != std::string::npos;
  }
  std::map<std::string, std::string> ids_;  ///< of tests, by monitor
};

TEST_F(ScopeTest, lists_hold_what_is_covered_only) {
  limit_to({"connectionMonitors/mine"});
  for (const std::string path : {"connection-monitors", "tests", "test-groups"}) {
    const Answer answer = get("/api/v1/" + path);
    EXPECT_EQ(answer.status, 200) << path;
    EXPECT_NE(answer.text.find("mine"), std::string::npos) << path << answer.text;
    EXPECT_FALSE(tells_of_theirs(answer)) << answer.text;
    EXPECT_EQ(list("/api/v1/" + path).size(), 1U) << path;
  }
  const Answer status = get("/api/v1/status");
  EXPECT_EQ(status.body.number("tests"), 1);
  EXPECT_EQ(status.body.number("connectionMonitors"), 1);
  EXPECT_EQ(status.body.find("states")->number("Indeterminate"), 1);
}

TEST_F(ScopeTest, a_test_or_monitor_of_others_is_as_if_it_were_not_there) {
  limit_to({"connectionMonitors/mine"});
  EXPECT_EQ(get("/api/v1/tests/" + ids_.at("mine")).status, 200);
  EXPECT_EQ(get("/api/v1/connection-monitors/mine").status, 200);
  const Answer theirs = get("/api/v1/tests/" + ids_.at("theirs"));
  EXPECT_EQ(theirs.status, 404);
  Answer missing = get("/api/v1/tests/00000000000000ff");
  const auto at = missing.text.find("00000000000000ff");
  ASSERT_NE(at, std::string::npos);
  missing.text.replace(at, 16, ids_.at("theirs"));
  EXPECT_EQ(theirs.text, missing.text);
  for (const std::string path : {"/rounds", "/series", "/changes", "/paths", "/path-reports",
                                 "/path-changes", "/quantiles"}) {
    EXPECT_EQ(get("/api/v1/tests/" + ids_.at("theirs") + path).status, 404) << path;
  }
  EXPECT_EQ(call("POST", "/api/v1/tests/" + ids_.at("theirs") + "/trace").status, 404);
  EXPECT_EQ(get("/api/v1/connection-monitors/theirs").status, 404);
}

TEST_F(ScopeTest, nothing_of_others_can_be_changed) {
  limit_to({"connectionMonitors/mine"});
  EXPECT_EQ(call("DELETE", "/api/v1/connection-monitors/theirs").status, 403);
  EXPECT_EQ(call("PUT", "/api/v1/connection-monitors/new", "{}", "application/json").status, 403);
  EXPECT_EQ(call("POST", "/api/v1/apply", kMineAndTheirs).status, 403)
      << "one of two is not covered";
  EXPECT_EQ(call("POST", "/api/v1/plan", kMineAndTheirs).status, 403);
  EXPECT_EQ(call("DELETE", "/api/v1/connection-monitors/mine").status, 204);
  scope_ = unlimited_scope();
  EXPECT_EQ(list("/api/v1/connection-monitors").size(), 1U);
}

TEST_F(ScopeTest, snapshots_hold_covered_rows_and_are_not_taken_for_those_of_others) {
  io::HttpClientRequest request;
  request.url = "http://127.0.0.1:" + std::to_string(server_->port()) + "/api/v1/snapshot";
  request.headers = {{"Accept", "application/json"}};
  const auto all = client_.request(request).value();
  limit_to({"connectionMonitors/mine"});
  const auto part = client_.request(request).value();
  EXPECT_NE(all.body.find("secret-place"), std::string::npos);
  EXPECT_EQ(part.body.find("secret"), std::string::npos) << part.body;
  EXPECT_EQ(parse_json(part.body)->number("rows"), 1);
  request.headers.emplace_back("If-None-Match", all.header("ETag"));
  EXPECT_EQ(client_.request(request)->status, 200) << "somebody else signed in to the browser";
  request.headers.back().second = part.header("ETag");
  EXPECT_EQ(client_.request(request)->status, 304);
}

TEST_F(ScopeTest, what_is_about_the_server_as_a_whole_is_refused) {
  limit_to({"connectionMonitors/mine"});
  for (const std::string path :
       {"/api/v1/tokens", "/api/v1/audit", "/metrics", "/api/v1/agents/x"}) {
    const Answer answer = call(path.ends_with("x") ? "DELETE" : "GET", path);
    EXPECT_EQ(answer.status, 403) << path;
    EXPECT_EQ(error_code(answer), "PermissionDenied") << path;
  }
  EXPECT_EQ(call("POST", "/api/v1/preview", "{}").status, 403);
}

TEST_F(ScopeTest, a_route_that_says_nothing_of_scopes_is_closed_to_them) {
  bool is_called = false;
  router_.add("GET", "/careless/{id}", Access::Reader, [&](const Call& inner) {
    is_called = true;
    answer(inner, Value::object({}));
  });
  limit_to({});
  EXPECT_EQ(get("/careless/1").status, 403);
  EXPECT_FALSE(is_called);
  scope_ = unlimited_scope();
  EXPECT_EQ(get("/careless/1").status, 200);
}

TEST_F(ScopeTest, tokens_with_scopes_are_made_shown_and_entered_in_the_audit_log) {
  std::vector<registry::AuditEntry> entries;
  router_.set_audit([&](const registry::AuditEntry& entry) { entries.push_back(entry); });
  const Answer made =
      call("POST", "/api/v1/tokens", R"({"name":"ann","scopes":["connectionMonitors/mine"]})");
  ASSERT_EQ(made.status, 201) << made.text;
  const std::string id = made.body.find("scopes")->as_array().front().as_string();
  EXPECT_TRUE(id.starts_with("/subscriptions/" + control_->subscription_id())) << id;
  EXPECT_EQ(list("/api/v1/tokens").front().find("scopes")->as_array().front().as_string(), id);
  const auto caller =
      credentials_.caller_of("Bearer " + made.body.text("token"), clock_.wall_now());
  ASSERT_TRUE(caller.has_value());
  EXPECT_TRUE(caller->scope->covers_monitor("mine"));
  EXPECT_FALSE(caller->scope->covers_monitor("theirs"));
  EXPECT_EQ(call("DELETE", "/api/v1/tokens/ann").status, 204);
  ASSERT_EQ(entries.size(), 3U) << "made, listed, removed";
  EXPECT_NE(entries.front().detail.find("ann"), std::string::npos) << entries.front().detail;
  EXPECT_NE(entries.front().detail.find(id), std::string::npos) << entries.front().detail;
  EXPECT_EQ(entries.back().detail, "removed token `ann`");
}

TEST_F(ScopeTest, wrong_scopes_are_refused) {
  for (const char* const body : {R"({"name":"a","scopes":"x"})", R"({"name":"a","scopes":[1]})",
                                 R"({"name":"a","scopes":["/subscriptions/of-others"]})",
                                 R"({"name":"a","role":"administrator","scopes":[]})"}) {
    EXPECT_EQ(call("POST", "/api/v1/tokens", body).status, 400) << body;
  }
}

TEST_F(ScopeTest, a_session_has_its_tokens_scope) {
  const Answer made = call("POST", "/api/v1/tokens", R"({"name":"ann","scopes":[]})");
  has_gate_ = true;
  io::HttpClientRequest request;
  const std::string base = "http://127.0.0.1:" + std::to_string(server_->port());
  request.method = "POST";
  request.url = base + "/api/v1/session";
  request.headers = {{"Content-Type", "application/json"}};
  request.body = R"({"token":")" + made.body.text("token") + "\"}";
  const auto signed_in = client_.request(request).value();
  ASSERT_EQ(signed_in.status, 200) << signed_in.body;
  EXPECT_TRUE(parse_json(signed_in.body)->find("scopes")->as_array().empty());
  const std::string cookie = signed_in.header("Set-Cookie");
  request = {};
  request.url = base + "/api/v1/tests";
  request.headers = {{"Cookie", cookie.substr(0, cookie.find(';'))}};
  const auto tests = client_.request(request).value();
  EXPECT_EQ(tests.status, 200);
  EXPECT_EQ(parse_json(tests.body)->number("total", -1), 0) << tests.body;
}

TEST_F(ScopeTest, test_metrics_tell_of_covered_tests_only) {
  limit_to({"connectionMonitors/mine"});
  const Answer page = get("/metrics/tests");
  EXPECT_EQ(page.status, 200);
  EXPECT_NE(page.text.find("mine"), std::string::npos) << page.text;
  EXPECT_FALSE(tells_of_theirs(page)) << page.text;
}

}  // namespace
}  // namespace lw::server::api
