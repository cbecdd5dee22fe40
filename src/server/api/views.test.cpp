// SPDX-License-Identifier: Apache-2.0
// The web UI's routes over real HTTP: snapshots, the stream, charts, previews.
#include <cstring>

#include "io/pki.h"
#include "io/test_http_server.h"
#include "server/api/routes_fixture.h"

namespace lw::server::api {
namespace {

constexpr const char* kItem =
    "name: web eu\n"
    "endpoints:\n"
    "  - {name: here, type: Agent, address: web1}\n"
    "  - {name: there, address: 192.0.2.7}\n"
    "  - {name: other, address: 192.0.2.8}\n"
    "testConfigurations: [{name: ping, protocol: Icmp, testFrequencySec: 30}]\n"
    "testGroups:\n"
    "  - {name: g, sources: [here], destinations: [there, other], testConfigurations: [ping]}\n";

class ViewsTest : public RoutesTest {
 protected:
  ViewsTest() {
    // Streams go on for those only who may still call.
    credentials_.replace({{.name = "ann",
                           .role = registry::Role::Reader,
                           .sha256 = io::sha256("ann-secret"),
                           .created = {},
                           .expires = {}}});
  }
  io::HttpClientResponse ask(const std::string& target,
                             std::vector<std::pair<std::string, std::string>> headers = {}) {
    io::HttpClientRequest request;
    request.url = "http://127.0.0.1:" + std::to_string(server_->port()) + target;
    request.headers = std::move(headers);
    auto response = client_.request(request);
    EXPECT_TRUE(response.has_value()) << response.error().message;
    return response.value_or(io::HttpClientResponse{});
  }
  /// The header of a binary snapshot.
  static Value header_of(const std::string& bytes) {
    EXPECT_TRUE(bytes.starts_with("LWS1")) << bytes.substr(0, 200);
    if (bytes.size() < 8) return {};
    std::uint32_t length = 0;
    std::memcpy(&length, bytes.data() + 4, sizeof length);
    return parse_json(bytes.substr(8, length)).value_or(Value());
  }
  std::string revision() { return header_of(ask("/api/v1/snapshot").body).text("revision"); }
  static std::string stream_request(const std::string& query, const std::string& header = "") {
    return "GET /api/v1/stream" + query +
           " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ann-secret\r\n" + header + "\r\n";
  }
  /// The data of the first event of that name; null if there is none.
  static Value event_data(const std::string& stream, const std::string& name) {
    const auto begin = stream.find("event: " + name + "\ndata: ");
    if (begin == std::string::npos) return {};
    const auto data = stream.find("data: ", begin) + 6;
    return parse_json(stream.substr(data, stream.find('\n', data) - data)).value_or(Value());
  }
};

TEST_F(ViewsTest, the_snapshot_has_all_tests_and_is_sent_once_per_revision) {
  ASSERT_EQ(call("POST", "/api/v1/apply", kMonitor).status, 200);
  const auto first = ask("/api/v1/snapshot");
  EXPECT_EQ(first.header("Content-Type"), "application/octet-stream");
  const Value header = header_of(first.body);
  EXPECT_EQ(header.number("rows"), 2);
  EXPECT_TRUE(header.flag("live"));
  const std::string tag = first.header("ETag");
  EXPECT_NE(tag.find(header.text("revision")), std::string::npos);
  const auto again = ask("/api/v1/snapshot", {{"If-None-Match", tag}});
  EXPECT_EQ(again.status, 304);
  const auto json = ask("/api/v1/snapshot", {{"Accept", "application/json"}});
  EXPECT_EQ(json.header("Content-Type"), "application/json");
  EXPECT_NE(json.header("ETag"), tag) << "another form is another thing";
  EXPECT_EQ(parse_json(json.body)->number("rows"), 2);
  ASSERT_EQ(call("DELETE", "/api/v1/connection-monitors/web%20eu").status, 204);
  const auto later = ask("/api/v1/snapshot", {{"If-None-Match", tag}});
  EXPECT_EQ(later.status, 200);
  EXPECT_EQ(header_of(later.body).number("rows"), 0);
}

TEST_F(ViewsTest, who_cannot_wait_gets_the_first_rows_and_the_numbers_of_all) {
  ASSERT_EQ(call("POST", "/api/v1/apply", kMonitor).status, 200);
  const auto part = ask("/api/v1/snapshot?first=1");
  const Value header = header_of(part.body);
  EXPECT_LE(header.number("rows"), 2) << "one, and the one that its monitor's state is of";
  EXPECT_EQ(header.number("of"), 2);
  EXPECT_EQ(header.find("monitors")->as_array().size(), 1U);
  EXPECT_EQ(header.find("states")->as_array().size(), 5U);
  EXPECT_EQ(header.text("revision"), revision());
  EXPECT_EQ(part.header("ETag"), "") << "it is not the snapshot of that revision";
  EXPECT_EQ(part.header("Cache-Control"), "no-store");
  // Those who ask for as many as there are, or more, get all.
  const auto all = ask("/api/v1/snapshot?first=2");
  EXPECT_EQ(header_of(all.body).number("rows"), 2);
  EXPECT_EQ(header_of(all.body).find("of"), nullptr);
  EXPECT_NE(all.header("ETag"), "");
}

TEST_F(ViewsTest, a_snapshot_of_the_past_is_not_live) {
  ASSERT_EQ(call("POST", "/api/v1/apply", kMonitor).status, 200);
  const auto past = ask("/api/v1/snapshot?at=2026-01-01T00:00:00Z");
  EXPECT_EQ(past.status, 200) << past.body;
  const Value header = header_of(past.body);
  EXPECT_FALSE(header.flag("live", true));
  EXPECT_EQ(header.number("rows"), 0) << "the store knows nothing of then";
  EXPECT_EQ(header.text("at"), "2026-01-01T00:00:00.000000Z");
}

TEST_F(ViewsTest, the_stream_says_hello_then_the_plan_then_the_rows) {
  io::RawClient client(*server_);
  client.send(stream_request(""));
  const std::string hello = client.receive_until("\n\n\r\n");
  EXPECT_NE(hello.find("text/event-stream"), std::string::npos);
  EXPECT_EQ(event_data(hello, "hello").number("rows", -1), 0);
  ASSERT_EQ(call("POST", "/api/v1/apply", kMonitor).status, 200);
  const std::string stream = client.receive_until("]}\n\n\r\n");
  EXPECT_LT(stream.find("event: plan"), stream.find("event: rows"));
  const Value rows = event_data(stream, "rows");
  ASSERT_TRUE(rows.find("id") != nullptr) << stream;
  EXPECT_EQ(rows.find("id")->as_array().size(), 2U);
  const std::string reasons = to_json(*rows.find("reasonCode"));
  const bool is_disabled_first = reasons == R"(["TestGroupDisabled","NoAgent"])";
  EXPECT_TRUE(is_disabled_first || reasons == R"(["NoAgent","TestGroupDisabled"])") << reasons;
  EXPECT_EQ(to_json(*rows.find("state")), is_disabled_first ? "[4,3]" : "[3,4]")
      << "Not Running, Indeterminate";
  for (const char* name : {"observed", "limit", "since", "lastRound", "checksFailedPercent",
                           "rttMs", "rttMinMs", "rttMaxMs", "jitterMs", "pathIssue"}) {
    const Value* const column = rows.find(name);
    ASSERT_TRUE(column != nullptr && column->is_array()) << name;
    EXPECT_EQ(column->as_array().size(), 2U) << name;
  }
  EXPECT_EQ(rows.text("revision"), revision()) << "nothing changed since";
  EXPECT_NE(stream.find("id: " + rows.text("revision") + "\n"), std::string::npos);
}

TEST_F(ViewsTest, a_stream_goes_on_where_the_client_was_or_tells_it_to_begin_anew) {
  ASSERT_EQ(call("POST", "/api/v1/apply", kMonitor).status, 200);
  const std::string now = revision();
  for (const auto& [query, header, begins_anew] :
       std::vector<std::tuple<std::string, std::string, bool>>{
           {"?since=" + now, "", false},
           {"", "Last-Event-ID: " + now + "\r\n", false},
           {"?since=" + now, "Last-Event-ID: 17\r\n", true},
           {"", "Last-Event-ID: nonsense\r\n", true},
           {"?since=99999999999999999", "", true},
           {"", "", false}}) {
    io::RawClient client(*server_);
    client.send(stream_request(query, header));
    const std::string hello = client.receive_until("\n\n\r\n");
    EXPECT_EQ(event_data(hello, "hello").text("revision"), now) << query << header;
    EXPECT_EQ(event_data(hello, "plan").is_null(), !begins_anew) << query << header;
  }
  EXPECT_EQ(get("/api/v1/stream?since=x").status, 400);
}

TEST_F(ViewsTest, streams_end_with_the_server_and_never_hold_it_up) {
  io::RawClient reading(*server_);
  reading.send(stream_request(""));
  reading.receive_until("\n\n\r\n");
  io::RawClient silent(*server_);
  silent.send(stream_request(""));
  streams_->stop();
  EXPECT_TRUE(reading.receive_until("0\r\n\r\n").ends_with("0\r\n\r\n")) << "a clean end";
}

TEST_F(ViewsTest, questions_about_an_empty_past_have_empty_answers) {
  ASSERT_EQ(call("POST", "/api/v1/apply", kMonitor).status, 200);
  const std::string span = "from=2026-01-01T00:00:00Z&to=2026-01-01T01:00:00Z";
  const Answer band = get("/api/v1/band?steps=4&" + span);
  EXPECT_EQ(band.status, 200) << band.text;
  EXPECT_EQ(band.body.number("stepSec"), 900);
  EXPECT_EQ(to_json(*band.body.find("pass")), "[0,0,0,0]");
  EXPECT_TRUE(list("/api/v1/state-changes?" + span).empty());
  EXPECT_TRUE(list("/api/v1/state-changes?source=nobody&" + span).empty());
  const Answer chart = get("/api/v1/tests/17/quantiles?points=60&" + span);
  EXPECT_EQ(chart.status, 200) << chart.text;
  EXPECT_EQ(chart.body.find("quantiles")->as_array().size(), 10U);
  const Answer lines = get("/api/v1/aggregate?by=testGroup&points=6&" + span);
  EXPECT_EQ(lines.status, 200) << lines.text;
  EXPECT_EQ(lines.body.find("time")->as_array().size(), 6U);
  const auto& series = lines.body.find("series")->as_array();
  ASSERT_EQ(series.size(), 2U);
  EXPECT_EQ(series[1].text("name"), "off");
  EXPECT_EQ(series[1].number("tests"), 1);
  EXPECT_EQ(to_json(*series[1].find("rttMs")), "[null,null,null,null,null,null]");
  const Answer verdict = get("/api/v1/verdict?destination=THERE&points=6&" + span);
  EXPECT_EQ(verdict.status, 200) << verdict.text;
  EXPECT_EQ(verdict.body.text("issue"), "unknown");
  EXPECT_EQ(verdict.body.text("text"), "Nothing was measured lately.");
  EXPECT_EQ(verdict.body.find("latency")->number("tests"), 2);
  EXPECT_EQ(verdict.body.find("response")->number("tests"), 0);
  EXPECT_TRUE(verdict.body.find("latency")->find("nowMs")->is_null());
  const Answer graph = get("/api/v1/topology?connectionMonitor=WEB%20EU");
  EXPECT_EQ(graph.status, 200) << graph.text;
  EXPECT_TRUE(graph.body.find("nodes")->as_array().empty());
}

TEST_F(ViewsTest, rows_that_are_looked_at_have_their_sentences) {
  ASSERT_EQ(call("POST", "/api/v1/apply", kMonitor).status, 200);
  const std::string id = list("/api/v1/tests").front().text("id");
  const auto rows = list("/api/v1/test-rows?points=3&ids=" + id + ",17");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].text("id"), id);
  EXPECT_EQ(rows[0].text("reason"), "no agent named `web1` has joined");
  EXPECT_TRUE(rows[0].find("pathIssue")->is_null());
  EXPECT_EQ(rows[0].find("rttMs")->as_array().size(), 3U);
  EXPECT_TRUE(rows[1].find("reason")->is_null()) << "nobody knows that test";
}

TEST_F(ViewsTest, what_makes_no_sense_is_refused_in_words) {
  std::string many = "1";
  for (int i = 0; i < 200; ++i) many += ",1";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"/api/v1/snapshot?at=yesterday", "`at`"},
      {"/api/v1/snapshot?first=0", "`first`"},
      {"/api/v1/snapshot?first=many", "`first`"},
      {"/api/v1/snapshot?at=2999-01-01T00:00:00Z", "future"},
      {"/api/v1/test-rows", "`ids`"},
      {"/api/v1/test-rows?ids=xyz", "hexadecimal"},
      {"/api/v1/test-rows?ids=" + many, "at most 200"},
      {"/api/v1/band?steps=0", "`steps`"},
      {"/api/v1/band?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "before"},
      {"/api/v1/band?from=1970-01-01T00:00:00Z", "two years"},
      {"/api/v1/state-changes?limit=x", "`limit`"},
      {"/api/v1/aggregate?by=colour", "`by`"},
      {"/api/v1/verdict", "`destination`"},
      {"/api/v1/verdict?destination=there&points=0", "`points`"},
      {"/api/v1/tests/1/quantiles?points=9999", "`points`"},
      {"/api/v1/topology?at=x", "`at`"}};
  for (const auto& [target, word] : cases) {
    const Answer refused = get(target);
    EXPECT_EQ(refused.status, 400) << target;
    EXPECT_NE(refused.text.find(word), std::string::npos) << target << ": " << refused.text;
  }
}

TEST_F(ViewsTest, a_preview_says_what_a_monitor_would_be_and_keeps_nothing) {
  const Answer good = call("POST", "/api/v1/preview", kItem);
  ASSERT_EQ(good.status, 200) << good.text;
  EXPECT_TRUE(good.body.find("faults")->as_array().empty()) << good.text;
  EXPECT_EQ(good.body.number("tests"), 2);
  EXPECT_NE(to_json(*good.body.find("warnings")).find("web1"), std::string::npos);
  EXPECT_GT(good.body.number("checksPerSecond"), 0);
  const auto& matrix = good.body.find("matrix")->as_array();
  ASSERT_EQ(matrix.size(), 1U);
  EXPECT_EQ(to_json(*matrix[0].find("sources")), R"(["here"])");
  EXPECT_EQ(to_json(*matrix[0].find("destinations")), R"(["there","other"])");
  EXPECT_EQ(to_json(*matrix[0].find("configurations")), R"(["ping"])");
  EXPECT_TRUE(list("/api/v1/connection-monitors").empty());
  const Answer bad =
      call("POST", "/api/v1/preview", R"({"name":"x","testGroups":[{}]})", "application/json");
  EXPECT_EQ(bad.status, 200) << bad.text;
  EXPECT_FALSE(bad.body.find("faults")->as_array().empty());
  EXPECT_FALSE(bad.body.find("faults")->as_array().front().text("message").empty());
  EXPECT_EQ(call("POST", "/api/v1/preview", "{").status, 400);
}

TEST_F(ViewsTest, a_test_without_agent_cannot_be_run_now) {
  ASSERT_EQ(call("POST", "/api/v1/apply", kMonitor).status, 200);
  const std::string id = list("/api/v1/tests").front().text("id");
  const Answer refused = call("POST", "/api/v1/tests/" + id + "/run");
  EXPECT_EQ(refused.status, 409);
  EXPECT_NE(refused.text.find("web1"), std::string::npos) << refused.text;
  EXPECT_EQ(call("POST", "/api/v1/tests/17/run").status, 404);
}

}  // namespace
}  // namespace lw::server::api
