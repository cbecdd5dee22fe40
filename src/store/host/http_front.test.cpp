// SPDX-License-Identifier: Apache-2.0
#include "store/host/http_front.h"

#include <gtest/gtest.h>

#include <optional>
#include <string_view>

#include "base/guarded.h"
#include "io/http_client.h"

/// The real front, pool and engine, over functions in place of the library that fail as told.
namespace lw::store::host {
namespace {

struct Plan {
  int refused_connections = 0;    ///< so many of the next do not open
  bool refuses_settings = false;  ///< those with settings do not open
  int use_code = 0;               ///< USE fails with it
};

Guarded<Plan>& plan() {
  static Guarded<Plan> instance;
  return instance;
}

/// What the engine's opaque results are here: an error text, empty if fine.
std::string* text_of(ChdbResult* result) { return reinterpret_cast<std::string*>(result); }
ChdbResult* result_with(std::string text) {
  return reinterpret_cast<ChdbResult*>(new std::string(std::move(text)));
}

ChdbConnection* connect(int argc, char** argv) {
  bool has_settings = false;
  for (int i = 0; i < argc; ++i) {
    has_settings |= std::string_view(argv[i]).starts_with("--max_threads=");
  }
  const bool refused = plan().with([&](Plan& now) {
    if (now.refused_connections > 0) return --now.refused_connections >= 0;
    return now.refuses_settings && has_settings;
  });
  return refused ? nullptr : new ChdbConnection{};
}

ChdbResult* query(ChdbConnection, const char* sql, std::size_t sql_size, const char*, std::size_t,
                  const char* const*, const std::size_t*, const char* const*, const std::size_t*,
                  std::size_t) {
  const int code = plan().with([](Plan& now) { return now.use_code; });
  if (code == 0 || !std::string_view(sql, sql_size).starts_with("USE")) return result_with("");
  return result_with("Code: " + std::to_string(code) + ". DB::Exception: as planned. (PLANNED)");
}

ChdbApi planned_functions() {
  ChdbApi api{};
  api.connect = connect;
  api.close = [](ChdbConnection* connection) { delete connection; };
  api.query = query;
  api.classify = [](ChdbConnection, const char*, std::size_t, const char*, std::size_t,
                    ChdbAnalysis*) { return 0; };
  api.buffer = [](ChdbResult*) -> char* { return nullptr; };
  api.length = [](ChdbResult*) -> std::size_t { return 0; };
  api.elapsed = [](ChdbResult*) { return 0.0; };
  api.rows = api.bytes = api.storage_rows = api.storage_bytes = api.rows_written =
      api.bytes_written = [](ChdbResult*) -> std::uint64_t { return 0; };
  api.error = [](ChdbResult* result) -> const char* {
    return text_of(result)->empty() ? nullptr : text_of(result)->c_str();
  };
  api.destroy = [](ChdbResult* result) { delete text_of(result); };
  return api;
}

class HttpFrontTest : public testing::Test {
 protected:
  HttpFrontTest() {
    plan().with([](Plan& now) { now = {}; });
    io::HttpServerConfig config;
    config.address = "127.0.0.1";
    server_ = io::HttpServer::start(config, [this](io::HttpRequest request,
                                                   const io::HttpResponder& responder) {
                front_.handle(std::move(request), responder);
              }).value();
  }
  ~HttpFrontTest() override {
    EXPECT_TRUE(pool_.stop(Milliseconds(20'000)));
    server_.reset();
  }

  /// ClickHouse's number for a statement with a setting; empty if it was answered.
  std::string code_of_statement() {
    io::HttpClientRequest request;
    request.method = "POST";
    request.url =
        "http://127.0.0.1:" + std::to_string(server_->port()) + "/?max_threads=1&query=CHECK";
    request.headers = {{"X-ClickHouse-User", "u"}, {"X-ClickHouse-Key", "p"}};
    const auto response = client_.request(request);
    EXPECT_TRUE(response.has_value());
    EXPECT_EQ(response->status == 200, response->header("X-ClickHouse-Exception-Code").empty());
    return response->header("X-ClickHouse-Exception-Code");
  }
  bool has_memory_failure() { return memory_failures_.try_pop().has_value(); }

  Channel<bool> memory_failures_{1, WhenFull::Conflate};
  Engine engine_{planned_functions(), {"store"}, "linewatch"};
  Pool pool_{engine_, 2, 10};
  HttpFront front_{{"linewatch", "u", "p", ""}, pool_, memory_failures_};
  std::unique_ptr<io::HttpServer> server_;
  io::HttpClient client_;
};

TEST_F(HttpFrontTest, a_statement_with_settings_is_answered) {
  EXPECT_EQ(code_of_statement(), "");
  EXPECT_FALSE(has_memory_failure());
}

TEST_F(HttpFrontTest, an_engine_without_memory_for_a_connection_says_so_and_gets_memory_back) {
  plan().with([](Plan& now) { now.use_code = 241; });
  EXPECT_EQ(code_of_statement(), "241");
  EXPECT_TRUE(has_memory_failure());
}

TEST_F(HttpFrontTest, other_trouble_of_a_new_connection_keeps_its_number) {
  plan().with([](Plan& now) { now.use_code = 439; });
  EXPECT_EQ(code_of_statement(), "439");
  EXPECT_FALSE(has_memory_failure());
}

TEST_F(HttpFrontTest, an_engine_that_takes_no_connections_is_no_fault_of_the_settings) {
  plan().with([](Plan& now) { now.refused_connections = 1000; });
  EXPECT_EQ(code_of_statement(), "210");
  EXPECT_TRUE(has_memory_failure());
}

TEST_F(HttpFrontTest, a_connection_that_opens_at_the_second_attempt_is_used) {
  plan().with([](Plan& now) { now.refused_connections = 1; });
  EXPECT_EQ(code_of_statement(), "");
}

TEST_F(HttpFrontTest, settings_that_alone_keep_a_connection_from_opening_are_to_blame) {
  plan().with([](Plan& now) { now.refuses_settings = true; });
  EXPECT_EQ(code_of_statement(), "36");
  EXPECT_FALSE(has_memory_failure());
}

}  // namespace
}  // namespace lw::store::host
