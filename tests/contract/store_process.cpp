// SPDX-License-Identifier: Apache-2.0
#include "store_process.h"

#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string_view>

#include "base/files.h"

extern char** environ;

namespace lw::store {

Child::Child(const std::vector<std::string>& arguments,
             const std::vector<std::pair<std::string, std::string>>& environment) {
  std::vector<std::string> texts = arguments;
  std::vector<char*> argv, envp;
  for (std::string& text : texts) argv.push_back(text.data());
  argv.push_back(nullptr);
  std::vector<std::string> variables;
  for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
  for (std::string& variable : variables) envp.push_back(variable.data());
  for (char** variable = environ; *variable != nullptr; ++variable) envp.push_back(*variable);
  envp.push_back(nullptr);
  if (::posix_spawn(&pid_, argv[0], nullptr, nullptr, argv.data(), envp.data()) != 0) {
    std::fprintf(stderr, "cannot start %s\n", argv[0]);
    ::abort();
  }
}

Child& Child::operator=(Child&& other) noexcept {
  kill_hard();
  pid_ = std::exchange(other.pid_, -1);
  return *this;
}

int Child::wait() {
  int status = 0;
  ::waitpid(std::exchange(pid_, -1), &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void Child::kill_hard() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  wait();
}

int Child::terminate() {
  ::kill(pid_, SIGTERM);
  return wait();
}

bool Child::is_running() {
  if (pid_ < 0) return false;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) == 0) return true;
  pid_ = -1;
  return false;
}

StoreProcess::StoreProcess(std::string data) {
  local_.executable = LW_STORE_EXECUTABLE;
  local_.data = std::move(data);
  local_.password = make_password();
  local_.reader_password = make_password();
}

void StoreProcess::start() {
  if (file_exists(port_file_of(local_))) ::unlink(port_file_of(local_).c_str());
  child_ = Child(arguments_of(local_), environment_of(local_));
  while (child_.is_running()) {
    if (const auto config = client_of(local_)) {
      // The same again after a crash, so that clients find it as they do a supervised one.
      local_.listen = config->url.substr(std::string_view("http://").size());
      return;
    }
    ::usleep(10'000);
  }
  std::fprintf(stderr, "linewatch-store did not start; is the engine there? See above.\n");
  ::abort();
}

ClientConfig StoreProcess::config() const { return client_of(local_).value(); }

ClientConfig StoreProcess::reader_config() const {
  ClientConfig config = client_of(local_).value();
  config.user = "reader";
  config.password = local_.reader_password;
  return config;
}

std::string temporary_folder() {
  char name[] = "/tmp/lw-contract-XXXXXX";
  const char* const made = ::mkdtemp(name);
  if (made == nullptr) ::abort();
  return made;
}

}  // namespace lw::store
