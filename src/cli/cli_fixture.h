// SPDX-License-Identifier: Apache-2.0
// What tests of whole command lines share.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/files.h"
#include "cli/program.h"
#include "io/http_server.h"

namespace lw::cli {

struct Outcome {
  int code = 0;
  std::string out;
  std::string err;
};

inline Outcome run_with(std::vector<std::string> arguments,
                        const Program& program = full_program()) {
  arguments.insert(arguments.begin(), "linewatch");
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Outcome outcome;
  outcome.code = run(program, static_cast<int>(arguments.size()), argv.data());
  std::fflush(stdout);
  outcome.out = testing::internal::GetCapturedStdout();
  outcome.err = testing::internal::GetCapturedStderr();
  return outcome;
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
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

}  // namespace lw::cli
