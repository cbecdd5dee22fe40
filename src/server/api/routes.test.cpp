// SPDX-License-Identifier: Apache-2.0
// The routes over real HTTP, with the control loop behind them and a ClickHouse that only pretends.
#include "server/api/routes_fixture.h"
#include "wire/join_token.h"

namespace lw::server::api {
namespace {

TEST_F(RoutesTest, plan_says_what_apply_then_does) {
  const Value planned = first_change(call("POST", "/api/v1/plan", kMonitor));
  EXPECT_EQ(planned.text("change"), "created");
  EXPECT_EQ(planned.number("testsAdded"), 2);
  EXPECT_TRUE(list("/api/v1/connection-monitors").empty()) << "a plan changes nothing";
  const Value applied = first_change(call("POST", "/api/v1/apply", kMonitor));
  EXPECT_EQ(applied, planned);
  EXPECT_EQ(list("/api/v1/connection-monitors").size(), 1U);
  const std::string etag = list("/api/v1/connection-monitors").front().text("etag");
  EXPECT_EQ(first_change(call("POST", "/api/v1/apply", kMonitor)).text("change"), "unchanged");
  EXPECT_EQ(list("/api/v1/connection-monitors").front().text("etag"), etag);
}

TEST_F(RoutesTest, a_token_is_good_from_its_making_to_its_removal) {
  const Answer made =
      call("POST", "/api/v1/tokens", R"({"name": "ann", "role": "operator", "expiresInDays": 7})");
  ASSERT_EQ(made.status, 201) << made.text;
  const std::string header = "Bearer " + made.body.text("token");
  const auto caller = credentials_.caller_of(header, clock_.wall_now());
  ASSERT_TRUE(caller.has_value());
  EXPECT_EQ(caller->name, "ann");
  EXPECT_EQ(caller->role, registry::Role::Operator);
  EXPECT_FALSE(credentials_.caller_of(header, clock_.wall_now() + std::chrono::days(8)));
  EXPECT_EQ(list("/api/v1/tokens").front().text("role"), "operator");
  EXPECT_EQ(get("/api/v1/tokens").text.find(made.body.text("token")), std::string::npos);
  EXPECT_EQ(error_code(call("POST", "/api/v1/tokens", R"({"name": "ann"})")), "Conflict");
  EXPECT_EQ(call("DELETE", "/api/v1/tokens/ann").status, 204);
  EXPECT_FALSE(credentials_.caller_of(header, clock_.wall_now()));
  EXPECT_EQ(call("DELETE", "/api/v1/tokens/ann").status, 404);
  EXPECT_EQ(call("DELETE", "/api/v1/tokens/admin").status, 409);
}

TEST_F(RoutesTest, wrong_wishes_for_tokens_are_refused) {
  for (const char* const body :
       {"", "[]", "{}", R"({"name": ""})", R"({"name": "a/b"})", R"({"name": "a", "role": "root"})",
        R"({"name": "a", "expiresInDays": 0})", R"({"name": "a", "expiresInDays": "7"})"}) {
    EXPECT_EQ(call("POST", "/api/v1/tokens", body).status, 400) << body;
  }
  EXPECT_TRUE(list("/api/v1/tokens").empty());
}

TEST_F(RoutesTest, an_update_names_the_fields_that_differ) {
  call("POST", "/api/v1/apply", kMonitor);
  std::string changed = kMonitor;
  changed.replace(changed.find("FrequencySec: 30"), 16, "FrequencySec: 60");
  const Value change = first_change(call("POST", "/api/v1/apply", changed));
  EXPECT_EQ(change.text("change"), "updated");
  EXPECT_EQ(change.number("testsAdded", -1), 0);
  ASSERT_EQ(change.find("differences")->as_array().size(), 1U) << to_json(change);
  const Value& difference = change.find("differences")->as_array().front();
  EXPECT_EQ(difference.text("path"), "testConfigurations.ping.testFrequencySec");
  EXPECT_EQ(difference.number("from"), 30);
  EXPECT_EQ(difference.number("to"), 60);
}

TEST_F(RoutesTest, agents_that_nobody_has_heard_of_are_warned_of_in_plan_and_apply) {
  for (const std::string verb : {"plan", "apply"}) {
    const Answer answer = call("POST", "/api/v1/" + verb, kMonitor);
    EXPECT_EQ(answer.status, 200) << answer.text;
    const Value* const warnings = answer.body.find("warnings");
    ASSERT_TRUE(warnings != nullptr && warnings->is_array()) << answer.text;
    ASSERT_EQ(warnings->as_array().size(), 1U) << "two groups use it: " << answer.text;
    EXPECT_EQ(warnings->as_array().front().as_string(), "no agent named `web1` has joined yet");
  }
}

TEST_F(RoutesTest, a_file_with_faults_is_refused_whole_with_each_fault_and_its_place) {
  call("POST", "/api/v1/apply", kMonitor);
  const std::string faulty = std::string(kMonitor) + "  - {name: other, endpoint: []}\n";
  const Answer refused = call("POST", "/api/v1/apply?file=my.yaml", faulty);
  EXPECT_EQ(refused.status, 400);
  const Value* const details = refused.body.find("error")->find("details");
  ASSERT_NE(details, nullptr);
  ASSERT_FALSE(details->as_array().empty());
  EXPECT_EQ(details->as_array().front().text("file"), "my.yaml");
  EXPECT_EQ(details->as_array().front().number("line"), 11);
  EXPECT_EQ(list("/api/v1/connection-monitors").size(), 1U);
  EXPECT_EQ(call("POST", "/api/v1/apply", "a: [").status, 400);
  EXPECT_EQ(call("POST", "/api/v1/apply", "a: b", "application/json").status, 400)
      << "what says JSON is read as JSON";
}

TEST_F(RoutesTest, one_monitor_is_put_read_and_deleted_under_any_name) {
  const std::string item =
      R"({"endpoints":[{"name":"here","type":"Agent"},{"name":"x","address":"192.0.2.1"}],)"
      R"("testConfigurations":[{"name":"p","protocol":"Icmp"}],"testGroups":[{"name":"g",)"
      R"("sources":["here"],"destinations":["x"],"testConfigurations":["p"]}]})";
  const std::string path = "/api/v1/connection-monitors/a%20%C3%BC";
  EXPECT_EQ(get(path).status, 404);
  const Value change = first_change(call("PUT", path, item, "application/json"));
  EXPECT_EQ(change.text("name"), "a ü");
  const Answer read = get(path);
  EXPECT_EQ(read.body.text("name"), "a ü");
  EXPECT_EQ(read.body.find("document")->text("name"), "a ü");
  EXPECT_EQ(read.body.number("testsIndeterminate"), 1);
  EXPECT_EQ(call("PUT", path, "{}", "application/json").status, 400);
  EXPECT_EQ(call("PUT", "/api/v1/connection-monitors/a%2Fb", item, "application/json").status, 400)
      << "a slash separates names in paths";
  EXPECT_EQ(call("PUT", path, "[]", "application/json").status, 400);
  const Answer gone = call("DELETE", path);
  EXPECT_EQ(gone.status, 204);
  EXPECT_EQ(gone.text, "");
  EXPECT_EQ(error_code(call("DELETE", path)), "NotFound");
  EXPECT_TRUE(list("/api/v1/tests").empty());
}

TEST_F(RoutesTest, tests_are_filtered_and_paged) {
  call("POST", "/api/v1/apply", kMonitor);
  const std::vector<std::pair<std::string, std::size_t>> cases = {
      {"", 2},
      {"?state=Indeterminate", 1},
      {"?state=not-running", 1},
      {"?state=NotRunning,indeterminate", 2},
      {"?state=Pass", 0},
      {"?testGroup=OFF", 1},
      {"?testGroup=of", 0},
      {"?connectionMonitor=web%20eu&source=here&destination=there&testConfiguration=ping", 2},
      {"?search=192.0.2.7", 2},
      {"?search=IS+DISABLED", 1},
      {"?limit=1", 1},
      {"?limit=1&offset=1", 1},
      {"?offset=2", 0},
      {"?limit=0", 0},
  };
  for (const auto& [query, count] : cases) {
    EXPECT_EQ(list("/api/v1/tests" + query).size(), count) << query;
  }
  EXPECT_EQ(get("/api/v1/tests?limit=1").body.number("total"), 2);
  for (const std::string query : {"?limit=x", "?limit=-1", "?limit=100001", "?state=Broken"}) {
    EXPECT_EQ(error_code(get("/api/v1/tests" + query)), "InvalidInput") << query;
  }
  const std::string id = list("/api/v1/tests").front().text("id");
  EXPECT_EQ(get("/api/v1/tests/" + id).body, list("/api/v1/tests").front());
  for (const std::string wrong : {"0000000000000001", "x", "00000000000000000"}) {
    EXPECT_EQ(get("/api/v1/tests/" + wrong).status, 404) << wrong;
  }
}

TEST_F(RoutesTest, groups_show_the_worst_of_their_tests) {
  call("POST", "/api/v1/apply", kMonitor);
  const std::vector<Value> groups = list("/api/v1/test-groups");
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].text("state"), "Indeterminate");
  EXPECT_EQ(groups[0].text("worstTest"), "web eu/g/here/there/ping");
  EXPECT_EQ(groups[1].text("state"), "Not Running");
  EXPECT_EQ(groups[1].number("testsNotRunning"), 1);
  EXPECT_EQ(list("/api/v1/test-groups?state=NotRunning").size(), 1U);
}

TEST_F(RoutesTest, a_span_that_makes_no_sense_is_refused_before_the_store_is_asked) {
  const std::string test = "/api/v1/tests/00000000000000ab";
  EXPECT_TRUE(list(test + "/rounds").empty());
  EXPECT_TRUE(list(test + "/changes?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z").empty());
  for (const std::string target :
       {"/rounds?from=yesterday", "/rounds?limit=0", "/rounds?limit=20001", "/series?step=59",
        "/rounds?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
        "/rounds?from=2026-01-02T00:00:00Z&to=2026-01-02T00:00:00Z",
        "/series?step=60&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z"}) {
    EXPECT_EQ(error_code(get(test + target)), "InvalidInput") << target;
  }
  EXPECT_EQ(get("/api/v1/tests/nothex/rounds").status, 404);
}

TEST_F(RoutesTest, a_join_token_is_made_as_wished_within_limits) {
  const Answer made = call("POST", "/api/v1/join-tokens", R"({"lifeSeconds":60,"uses":5})");
  EXPECT_EQ(made.status, 201) << made.text;
  EXPECT_TRUE(wire::parse_join_token(made.body.text("token")).has_value());
  EXPECT_EQ(made.body.number("uses"), 5);
  EXPECT_LT(*parse_iso8601(made.body.text("expires")), clock_.wall_now() + Seconds(61));
  EXPECT_EQ(call("POST", "/api/v1/join-tokens").body.number("uses"), 1);
  for (const std::string body :
       {R"({"uses":0})", R"({"uses":10001})", R"({"uses":"5"})", R"({"uses":1.5})",
        R"({"lifeSeconds":0})", R"({"lifeSeconds":31536001})", "{", "[]"}) {
    EXPECT_EQ(call("POST", "/api/v1/join-tokens", body).status, 400) << body;
  }
}

TEST_F(RoutesTest, agents_that_are_not_there_cannot_be_removed) {
  EXPECT_TRUE(list("/api/v1/agents").empty());
  EXPECT_EQ(call("DELETE", "/api/v1/agents/web1").status, 404);
}

TEST_F(RoutesTest, status_and_metrics_count_what_is_there_and_say_what_is_wrong) {
  call("POST", "/api/v1/apply", kMonitor);
  const Value status = get("/api/v1/status").body;
  EXPECT_EQ(status.number("connectionMonitors"), 1);
  EXPECT_EQ(status.number("tests"), 2);
  EXPECT_EQ(status.find("states")->number("Not Running"), 1);
  EXPECT_EQ(status.find("problems")->as_array().front(), Value("store: on fire"));
  const std::string metrics = get("/metrics").text;
  EXPECT_NE(metrics.find("linewatch_tests{state=\"Not Running\"} 1\n"), std::string::npos);
  EXPECT_EQ(get("/ca.pem").text, authority_->authority_pem());
}

TEST_F(RoutesTest, more_tests_than_a_server_runs_are_refused_with_the_numbers) {
  std::string endpoints;
  std::string destinations;
  for (int i = 0; i < 99; ++i) {
    endpoints += "      - {name: e" + std::to_string(i) + ", address: 192.0.2.7}\n";
    destinations += (i > 0 ? ", e" : "e") + std::to_string(i);
  }
  std::string configurations;
  std::string names;
  for (int i = 0; i < 20; ++i) {
    configurations += "      - {name: c" + std::to_string(i) + ", protocol: Icmp}\n";
    names += (i > 0 ? ", c" : "c") + std::to_string(i);
  }
  std::string groups;
  for (int i = 0; i < 20; ++i) {
    groups += "      - {name: g" + std::to_string(i) + ", sources: [here], destinations: [" +
              destinations + "], testConfigurations: [" + names + "]}\n";
  }
  std::string file = "connectionMonitors:\n";
  for (int i = 0; i < 6; ++i) {  // 20 × 99 × 20 = 39,600 each
    file += "  - name: m" + std::to_string(i) +
            "\n    endpoints:\n      - {name: here, type: Agent, "
            "address: web1}\n" +
            endpoints + "    testConfigurations:\n" + configurations + "    testGroups:\n" + groups;
  }
  const Answer refused = call("POST", "/api/v1/plan", file);
  EXPECT_EQ(refused.status, 422) << refused.text;
  EXPECT_EQ(error_code(refused), "LimitExceeded");
  EXPECT_NE(refused.text.find("237600"), std::string::npos) << refused.text;
  EXPECT_NE(refused.text.find("200000"), std::string::npos) << refused.text;
  EXPECT_EQ(call("POST", "/api/v1/apply", file).status, 422);
  EXPECT_TRUE(list("/api/v1/connection-monitors").empty());
}

TEST_F(RoutesTest, a_trace_is_asked_for_with_or_without_the_mtu) {
  const std::string path = "/api/v1/tests/0000000000000001/trace";
  EXPECT_EQ(error_code(call("POST", path + "?mtu=maybe")), "InvalidInput");
  for (const char* query : {"", "?mtu=true", "?mtu=false"}) {
    EXPECT_EQ(error_code(call("POST", path + query)), "NotFound") << query;
  }
}

}  // namespace
}  // namespace lw::server::api
