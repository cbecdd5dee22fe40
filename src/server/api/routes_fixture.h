// SPDX-License-Identifier: Apache-2.0
// For tests: the routes over real HTTP, with the control loop behind them and a ClickHouse that
// only pretends.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "io/http_client.h"
#include "registry/bookmarks.h"
#include "server/api/services.h"
#include "server/api/visibility.h"

namespace lw::server::api {

inline constexpr const char* kMonitor =
    "connectionMonitors:\n"
    "  - name: web eu\n"
    "    endpoints:\n"
    "      - {name: here, type: Agent, address: web1}\n"
    "      - {name: there, address: 192.0.2.7}\n"
    "    testConfigurations: [{name: ping, protocol: Icmp, testFrequencySec: 30}]\n"
    "    testGroups:\n"
    "      - {name: g, sources: [here], destinations: [there], testConfigurations: [ping]}\n"
    "      - {name: off, disable: true, sources: [here], destinations: [there],\n"
    "         testConfigurations: [ping]}\n";

class RoutesTest : public testing::Test {
 protected:
  RoutesTest() {
    char name[] = "/tmp/lw-routes-XXXXXX";
    folder_ = ::mkdtemp(name);
    store_ = io::HttpServer::start({}, [](const io::HttpRequest&, const io::HttpResponder& answer) {
               answer.send({});
             }).value();
    store::ClientConfig store;
    store.url = "http://127.0.0.1:" + std::to_string(store_->port());
    authority_.emplace(Authority::open(folder_, {}, clock_.wall_now()).value());
    history_.emplace(store, clock_, std::uint16_t{30});
    control_.emplace(registry::Registry::open(folder_ + "/registry.sqlite").value(), *authority_,
                     clock_, *history_, std::uint16_t{30});
    bookmarks_.emplace(registry::Bookmarks::open(folder_ + "/registry.sqlite").value());
    writer_ = store::RoundWriter::open({.directory = folder_ + "/ingest"}, store, clock_,
                                       [](AgentId, SpoolId, std::uint64_t) {})
                  .value();
    path_writer_.emplace(store::PathWriterConfig{}, store, clock_,
                         [](AgentId, SpoolId, std::uint64_t) {});
    EXPECT_TRUE(control_->start(*writer_, *path_writer_).has_value());
    history_->start();
    streams_.emplace(*control_, clock_);
    streams_->start();
    services_.emplace(Services{.control = *control_,
                               .history = *history_,
                               .writer = *writer_,
                               .path_writer = *path_writer_,
                               .credentials = credentials_,
                               .sessions = sessions_,
                               .gate = gate_,
                               .streams = *streams_,
                               .live_snapshot = live_snapshot_,
                               .clock = clock_,
                               .data_directory = folder_,
                               .authority_pem = authority_->authority_pem(),
                               .store_description = "embedded",
                               .store_problem = [] { return std::string("on fire"); },
                               .bookmarks = &*bookmarks_});
    for (const auto add :
         {add_status_routes, add_monitor_routes, add_test_routes, add_history_routes,
          add_path_routes, add_agent_routes, add_token_routes, add_metrics_routes,
          add_session_routes, add_sign_in_routes, add_snapshot_routes, add_stream_routes,
          add_chart_routes, add_verdict_routes, add_band_routes, add_topology_routes,
          add_preview_routes, add_bookmark_routes}) {
      add(router_, *services_);
    }
    router_.set_guard([this](Call call, const Router::Handler& handler) {
      guard(*services_, std::move(call), handler);
    });
    server_ =
        io::HttpServer::start({}, [this](io::HttpRequest request, io::HttpResponder responder) {
          if (!has_gate_) {
            return router_.dispatch(std::move(request), std::move(responder),
                                    Caller{"root", role_, scope_});
          }
          const auto caller = gate_.caller_of(request);
          if (!caller) return refuse_at_gate(responder, caller.error());
          router_.dispatch(std::move(request), std::move(responder), *caller);
        }).value();
  }
  ~RoutesTest() override {
    server_.reset();
    control_->stop();
    streams_->stop();
    history_->stop();
    path_writer_.reset();
    writer_.reset();
    std::filesystem::remove_all(folder_);
  }

  struct Answer {
    int status = 0;
    Value body;
    std::string text;
  };
  Answer call(const std::string& method, const std::string& target, const std::string& body = "",
              const std::string& type = "application/yaml") {
    io::HttpClientRequest request;
    request.method = method;
    request.url = "http://127.0.0.1:" + std::to_string(server_->port()) + target;
    request.body = body;
    if (!body.empty()) request.headers = {{"Content-Type", type}};
    const auto response = client_.request(request);
    EXPECT_TRUE(response.has_value()) << response.error().message;
    if (!response) return {};
    return {response->status, parse_json(response->body).value_or(Value()), response->body};
  }
  Answer get(const std::string& target) { return call("GET", target); }
  /// The items of a list.
  std::vector<Value> list(const std::string& target) {
    const Answer answer = get(target);
    EXPECT_EQ(answer.status, 200) << target << ": " << answer.text;
    const Value* const items = answer.body.find("value");
    EXPECT_TRUE(items != nullptr && items->is_array()) << answer.text;
    return items != nullptr && items->is_array() ? items->as_array() : std::vector<Value>{};
  }
  static Value first_change(const Answer& answer) {
    EXPECT_EQ(answer.status, 200) << answer.text;
    const Value* const changes = answer.body.find("changes");
    EXPECT_TRUE(changes != nullptr && changes->as_array().size() == 1) << answer.text;
    return changes == nullptr ? Value() : changes->as_array().front();
  }
  static std::string error_code(const Answer& answer) {
    const Value* const error = answer.body.find("error");
    return error == nullptr ? answer.text : error->text("code");
  }

  bool has_gate_ = false;  ///< without, everybody has …
  registry::Role role_ = registry::Role::Administrator;
  std::shared_ptr<const TokenScope> scope_ = unlimited_scope();
  std::string folder_;
  SystemClock clock_;
  std::unique_ptr<io::HttpServer> store_;
  std::optional<Authority> authority_;
  std::optional<History> history_;
  std::optional<registry::Bookmarks> bookmarks_;
  std::optional<Control> control_;
  std::unique_ptr<store::RoundWriter> writer_;
  std::optional<store::PathWriter> path_writer_;
  Credentials credentials_;
  Sessions sessions_;
  Gate gate_{credentials_, sessions_, clock_};
  std::optional<Streams> streams_;
  LiveSnapshot live_snapshot_;
  std::optional<Services> services_;
  Router router_;
  std::unique_ptr<io::HttpServer> server_;
  io::HttpClient client_;
};

}  // namespace lw::server::api
