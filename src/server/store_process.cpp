// SPDX-License-Identifier: Apache-2.0
#include "server/store_process.h"

#include <fmt/core.h>

#include "base/environment.h"
#include "base/files.h"
#include "base/log.h"
#include "io/host.h"
#include "store/local.h"

namespace lw::server {
namespace {

constexpr const char* kName = "linewatch-store";

}  // namespace

StoreProcess::StoreProcess()
    : supervisor_([this](std::string_view name, std::string_view how) {
        log::error("store", fmt::format("{} ended: {}; starting it again", name, how));
        problem_.with([&](std::string& text) {
          text = fmt::format("linewatch-store ended ({}) and is being started again", how);
        });
      }) {}

Result<std::unique_ptr<StoreProcess>> StoreProcess::create(const ServerConfig& config) {
  std::unique_ptr<StoreProcess> process(new StoreProcess());
  process->client_.database = config.store_database;
  if (!config.store_url.empty()) {
    process->client_.url = config.store_url;
    process->client_.user = config.store_user.empty() ? "default" : config.store_user;
    process->client_.password = config.store_password;
    process->description_ = config.store_url;
    return process;
  }
  store::LocalStore local{.executable = store::sibling_store(executable_path()),
                          .data = config.data_directory + "/store",
                          .library = config.store_library,
                          .password = store::make_password(),
                          .reader_password = store::make_password()};
  TRY(make_directories(local.data));
  // A fixed port for this server's life, so that a restarted store is found where it was.
  const std::uint16_t port = TRY(io::free_loopback_port());
  local.listen = fmt::format("127.0.0.1:{}", port);
  process->client_.url = "http://" + local.listen;
  process->client_.user = "linewatch";
  process->client_.password = local.password;
  process->reader_password_ = local.reader_password;
  process->description_ = "embedded";
  process->supervisor_.add({.name = kName,
                            .arguments = store::arguments_of(local),
                            .environment = store::environment_of(local),
                            .options = {},
                            .grace = Seconds(15)});
  return process;
}

void StoreProcess::step(Instant now) {
  supervisor_.step(now);
  if (supervisor_.is_running(kName)) problem_.with([](std::string& text) { text.clear(); });
}

store::ClientConfig StoreProcess::reader() const {
  store::ClientConfig config = client_;
  if (!reader_password_.empty()) {
    config.user = "reader";
    config.password = reader_password_;
  }
  return config;
}

store::NamedValues StoreProcess::reader_settings() const {
  if (!reader_password_.empty()) return {};
  // 2: no writing and no DDL, but settings may go along. Our own store's reader has such limits.
  return {{"readonly", "2"}, {"max_memory_usage", "1000000000"}, {"result_overflow_mode", "throw"}};
}

std::string StoreProcess::problem() const {
  return problem_.with([](const std::string& text) { return text; });
}

}  // namespace lw::server
