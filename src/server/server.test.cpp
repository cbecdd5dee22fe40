// SPDX-License-Identifier: Apache-2.0
#include "server/server.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

#include "base/files.h"
#include "base/text.h"
#include "base/thread.h"
#include "io/http_client.h"
#include "io/http_server.h"

namespace lw::server {
namespace {

/// "host port" of what was read, or "" if it is refused.
std::string read(const std::string& text) {
  const auto listen = parse_listen(text);
  return listen ? listen->host + " " + std::to_string(listen->port) : "";
}

TEST(ParseListen, reads_names_addresses_and_any) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"127.0.0.1:8443", "127.0.0.1 8443"},
      {"localhost:0", "localhost 0"},
      {"[::1]:8443", "::1 8443"},
      {"[::]:65535", ":: 65535"},
      {":8443", "0.0.0.0 8443"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(read(text), expected) << text;
}

TEST(ParseListen, refuses_what_has_no_clear_port) {
  for (const std::string text :
       {"", ":", "host", "host:", "host:x", "host:80x", "host:65536", "host:-1", "8443", "::1:8443",
        "::1", "[::1]", "[::1", "[::1:8443", "host:80:90", "http://host:80", "[]:80"}) {
    const auto refused = parse_listen(text);
    ASSERT_FALSE(refused.has_value()) << text << " gave " << refused->host;
    EXPECT_NE(refused.error().message.find("HOST:PORT"), std::string::npos);
    EXPECT_EQ(refused.error().code, ErrorCode::InvalidInput);
  }
}

/// A folder for a server, and a ClickHouse that takes everything and has nothing.
class RunServerTest : public testing::Test {
 protected:
  RunServerTest() {
    char name[] = "/tmp/lw-server-XXXXXX";
    config_.data_directory = ::mkdtemp(name);
    store_ = io::HttpServer::start({}, [](const io::HttpRequest& request,
                                          const io::HttpResponder& answer) {
               const bool asks_version = request.body.find("max(version)") != std::string::npos;
               answer.send({.status = 200, .headers = {}, .body = asks_version ? "0\n" : ""});
             }).value();
    config_.store_url = "http://127.0.0.1:" + std::to_string(store_->port());
    config_.listen.port = 0;
    config_.agent_listen.port = 0;
  }
  ~RunServerTest() override { std::filesystem::remove_all(config_.data_directory); }

  ServerConfig config_;
  std::unique_ptr<io::HttpServer> store_;
};

TEST_F(RunServerTest, a_start_that_fails_late_ends_in_words_while_clients_call) {
  config_.agent_listen.port = store_->port();  // in use
  Flag done;
  Thread client("client", [&] {
    const std::string folder = config_.data_directory;
    io::HttpClient http;
    while (!done.is_raised()) {
      const auto url = read_file(folder + "/server.url");
      const auto token = read_file(folder + "/admin.token");
      const auto ca = read_file(folder + "/ca.pem");
      if (!url || !token || !ca) continue;
      io::HttpClientRequest request;
      request.url = std::string(trim(*url)) + "/api/v1/status";
      request.ca_pem = *ca;
      request.headers = {{"Authorization", "Bearer " + std::string(trim(*token))}};
      const auto answer = http.request(request);
      if (answer) {
        EXPECT_EQ(answer->status, 503);
      }
    }
  });
  const auto refused = run_server(config_);
  done.raise();
  client.join();
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("--agent-listen"), std::string::npos)
      << refused.error().message;
  EXPECT_FALSE(file_exists(config_.data_directory + "/server.json")) << "it never was up";
}

TEST_F(RunServerTest, secrets_are_for_the_owner_and_notes_for_all_whatever_the_umask) {
  config_.agent_listen.port = store_->port();
  const mode_t before = ::umask(0);
  EXPECT_FALSE(run_server(config_).has_value());
  ::umask(077);
  ASSERT_TRUE(remove_file(config_.data_directory + "/ca.pem").has_value());
  EXPECT_FALSE(run_server(config_).has_value());
  ::umask(before);
  const auto mode = [&](const std::string& name) {
    struct stat facts {};
    EXPECT_EQ(::stat((config_.data_directory + "/" + name).c_str(), &facts), 0) << name;
    return facts.st_mode & 0777U;
  };
  for (const char* name : {"ca.pem", "server.url", "server.pem"})
    EXPECT_EQ(mode(name), 0644U) << name;
  for (const char* name : {"ca.key", "server.key", "admin.token", "registry.sqlite"}) {
    EXPECT_EQ(mode(name), 0600U) << name;
  }
}

}  // namespace
}  // namespace lw::server
