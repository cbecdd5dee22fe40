// SPDX-License-Identifier: Apache-2.0
// The command line as a whole: verbs, misuse, completion, and the way to a server.
#include "cli/cli.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>

#include "base/files.h"
#include "base/text.h"
#include "cli/api_client.h"
#include "io/host.h"
#include "io/http_server.h"

namespace lw::cli {
namespace {

const std::vector<std::string> kVerbs = {"up",    "status", "get",    "apply",      "delete",
                                         "check", "agent",  "server", "completion", "selftest"};

struct Outcome {
  int code = 0;
  std::string out;
  std::string err;
};

Outcome run_with(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "linewatch");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Outcome outcome;
  outcome.code = run(static_cast<int>(arguments.size()), argv.data());
  std::fflush(stdout);
  outcome.out = testing::internal::GetCapturedStdout();
  outcome.err = testing::internal::GetCapturedStderr();
  return outcome;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Cli, help_names_every_verb) {
  const Outcome help = run_with({"--help"});
  EXPECT_EQ(help.code, 0);
  for (const std::string& verb : kVerbs) EXPECT_TRUE(contains(help.out, "\n  " + verb)) << verb;
  EXPECT_EQ(run_with({}).code, 2);
  EXPECT_TRUE(contains(run_with({"--version"}).out, "linewatch "));
}

TEST(Cli, misuse_is_said_in_one_line_with_the_verb_that_was_meant) {
  const Outcome typo = run_with({"stauts"});
  EXPECT_EQ(typo.code, 2);
  EXPECT_TRUE(contains(typo.err, "did you mean `status`?")) << typo.err;
  const Outcome option = run_with({"status", "--colour"});
  EXPECT_EQ(option.code, 2);
  EXPECT_TRUE(contains(option.err, "--colour")) << option.err;
  EXPECT_EQ(run_with({"get", "tests", "-o", "xml"}).code, 2);
  EXPECT_EQ(run_with({"check", "tcp", "host"}).code, 2);
}

/// The words that bash offers after `words` when the last one is to be completed.
std::vector<std::string> completed(const std::string& script,
                                   const std::vector<std::string>& words) {
  std::string command = script + "\nCOMP_WORDS=(linewatch";
  for (const std::string& word : words) command += " '" + word + "'";
  command += "); COMP_CWORD=" + std::to_string(words.size()) + "; _linewatch\n" +
             "printf '%s\\n' \"${COMPREPLY[@]}\"\n";
  char path[] = "/tmp/lw-completion-XXXXXX";
  const FileDescriptor file(::mkstemp(path));
  EXPECT_TRUE(write_all(file.get(), command, path).has_value());
  FILE* const pipe = ::popen(("bash " + std::string(path) + " 2>&1").c_str(), "r");
  std::string output;
  char buffer[4096];
  while (const std::size_t got = std::fread(buffer, 1, sizeof buffer, pipe)) {
    output.append(buffer, got);
  }
  EXPECT_EQ(::pclose(pipe), 0) << output;
  EXPECT_TRUE(remove_file(path).has_value());
  return split(trim(output), '\n');
}

bool holds(const std::vector<std::string>& words, const std::string& word) {
  return std::ranges::find(words, word) != words.end();
}

TEST(Completion, bash_offers_every_verb_and_what_is_below_it) {
  const std::string script = run_with({"completion", "bash"}).out;
  const auto verbs = completed(script, {""});
  for (const std::string& verb : kVerbs) EXPECT_TRUE(holds(verbs, verb)) << verb;
  EXPECT_EQ(completed(script, {"sta"}), std::vector<std::string>{"status"});
  EXPECT_TRUE(holds(completed(script, {"get", "te"}), "test-groups"));
  EXPECT_TRUE(holds(completed(script, {"agent", "token", ""}), "create"));
  EXPECT_TRUE(holds(completed(script, {"get", "tests", "--st"}), "--state"));
  EXPECT_FALSE(holds(completed(script, {"get", "tests", ""}), "up"));
}

TEST(Completion, zsh_gets_the_same_by_its_emulation) {
  const std::string zsh = run_with({"completion", "zsh"}).out;
  EXPECT_TRUE(contains(zsh, "bashcompinit"));
  EXPECT_TRUE(zsh.ends_with(run_with({"completion", "bash"}).out));
  EXPECT_EQ(run_with({"completion", "fish"}).code, 2);
}

/// A server that answers as told, and a data folder as a server on this machine leaves it.
class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    char name[] = "/tmp/lw-cli-XXXXXX";
    folder_ = ::mkdtemp(name);
    server_ = io::HttpServer::start({}, [this](const io::HttpRequest& request,
                                               const io::HttpResponder& responder) {
                responder.send(answer_(request));
              }).value();
    url_ = "http://127.0.0.1:" + std::to_string(server_->port());
    write("server.url", url_ + "\n");
    write("admin.token", "lwt-secret\n");
  }
  ~ServerTest() override {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }
  void write(const std::string& file, const std::string& content) {
    EXPECT_TRUE(write_file_atomically(folder_ + "/" + file, content, 0600).has_value());
  }
  Outcome linewatch(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--data", folder_});
    return run_with(std::move(arguments));
  }

  std::string folder_;
  std::string url_;
  std::function<io::HttpResponse(const io::HttpRequest&)> answer_ = [](const io::HttpRequest&) {
    return io::HttpResponse{.status = 200, .headers = {}, .body = R"({"value":[]})"};
  };
  std::unique_ptr<io::HttpServer> server_;
};

TEST_F(ServerTest, what_a_local_server_left_in_the_data_folder_is_enough) {
  io::HttpRequest seen;
  answer_ = [&](const io::HttpRequest& request) {
    seen = request;
    return io::HttpResponse{.status = 200, .headers = {}, .body = R"({"value":[]})"};
  };
  EXPECT_EQ(linewatch({"get", "tests", "--search", "a b&c=d"}).code, 0);
  EXPECT_EQ(seen.header("Authorization"), "Bearer lwt-secret");
  EXPECT_EQ(seen.path, "/api/v1/tests");
  EXPECT_EQ(seen.parameter("search"), "a b&c=d");
  EXPECT_FALSE(seen.has_parameter("state")) << "what is not asked for is not sent";
}

TEST_F(ServerTest, flags_win_over_the_data_folder) {
  std::string seen;
  answer_ = [&](const io::HttpRequest& request) {
    seen = request.header("Authorization");
    return io::HttpResponse{.status = 200, .headers = {}, .body = R"({"value":[]})"};
  };
  write("server.url", "http://127.0.0.1:1\n");
  EXPECT_EQ(linewatch({"get", "agents", "--server", url_ + "/", "--token", "other"}).code, 0);
  EXPECT_EQ(seen, "Bearer other");
}

TEST_F(ServerTest, an_error_is_shown_in_the_servers_own_words_with_each_fault_on_a_line) {
  answer_ = [](const io::HttpRequest&) {
    return io::HttpResponse{
        .status = 400,
        .headers = {},
        .body = R"({"error":{"code":"InvalidInput","message":"2 faults","details":)"
                R"([{"message":"m","text":"f.yaml:1:2: one"},{"message":"two"}]}})"};
  };
  write("f.yaml", "connectionMonitors: []");
  const Outcome outcome = linewatch({"apply", "-f", folder_ + "/f.yaml"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(contains(outcome.err, "linewatch: 2 faults\n  f.yaml:1:2: one\n  two"))
      << outcome.err;
}

TEST_F(ServerTest, an_answer_that_is_no_answer_of_ours_is_named_with_its_status) {
  answer_ = [](const io::HttpRequest&) {
    return io::HttpResponse{.status = 502, .headers = {}, .body = "<html>Bad Gateway</html>"};
  };
  const Outcome outcome = linewatch({"status"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(contains(outcome.err, url_) && contains(outcome.err, "502")) << outcome.err;
}

TEST_F(ServerTest, without_a_server_it_says_where_it_looked_and_what_to_pass) {
  ASSERT_TRUE(remove_file(folder_ + "/server.url").has_value());
  const Outcome outcome = linewatch({"status"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(contains(outcome.err, "--server URL") &&
              contains(outcome.err, folder_ + "/server.url"))
      << outcome.err;
}

TEST_F(ServerTest, a_server_that_is_away_is_a_failure_and_no_misuse) {
  const auto port = io::free_loopback_port();
  const Outcome outcome =
      linewatch({"status", "--server", "http://127.0.0.1:" + std::to_string(*port)});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_FALSE(outcome.err.empty());
}

TEST_F(ServerTest, a_test_is_found_by_a_part_of_its_name_that_fits_one) {
  std::vector<std::string> paths;
  answer_ = [&](const io::HttpRequest& request) {
    paths.push_back(request.path);
    const bool is_list = request.path == "/api/v1/tests";
    return io::HttpResponse{
        .status = 200,
        .headers = {},
        .body = is_list ? R"({"value":[)"
                          R"({"id":"00000000000000aa","connectionMonitor":"m","testGroup":"g",)"
                          R"("source":"s","destination":"db","testConfiguration":"ping"},)"
                          R"({"id":"00000000000000bb","connectionMonitor":"m","testGroup":"g",)"
                          R"("source":"s","destination":"db","testConfiguration":"ping6"}]})"
                        : R"({"value":[]})"};
  };
  EXPECT_EQ(linewatch({"get", "rounds", "PING6"}).code, 0);
  EXPECT_EQ(paths.back(), "/api/v1/tests/00000000000000bb/rounds");
  EXPECT_EQ(linewatch({"get", "changes", "00000000000000aa"}).code, 0);
  EXPECT_EQ(paths.back(), "/api/v1/tests/00000000000000aa/changes");
  EXPECT_EQ(linewatch({"get", "rounds", "m/g/s/db/ping"}).code, 0) << "its whole name fits it";
  EXPECT_EQ(paths.back(), "/api/v1/tests/00000000000000aa/rounds");
  const Outcome unclear = linewatch({"get", "rounds", "db"});
  EXPECT_EQ(unclear.code, 2);
  EXPECT_TRUE(contains(unclear.err, "00000000000000aa") && contains(unclear.err, "ping6"));
  EXPECT_EQ(linewatch({"get", "rounds", "nowhere"}).code, 1);
}

}  // namespace
}  // namespace lw::cli
