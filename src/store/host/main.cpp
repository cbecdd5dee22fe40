// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/environment.h"
#include "base/files.h"
#include "base/log.h"
#include "io/http_server.h"
#include "store/host/engine.h"
#include "store/host/http_front.h"
#include "store/host/options.h"
#include "store/host/pool.h"
#include "store/host/upkeep.h"

/// linewatch-store: hosts libchdb in a process of its own, since the library is large, its memory
/// is hard to bound, and its crash must not take the server along.
namespace lw::store::host {
namespace {

constexpr Seconds kLockPatience{15};
constexpr Milliseconds kStopPatience{10'000};
constexpr std::size_t kQueueMax = 256;

/// The signals that end us are taken by sigwait in main; blocked before any thread starts.
sigset_t block_end_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  return signals;
}

/// A store that was killed a moment ago may still be going, so a held lock is tried for a while.
Result<DirectoryLock> lock_patiently(const std::string& data) {
  const SystemClock clock;
  const Instant deadline = clock.now() + kLockPatience;
  while (true) {
    auto lock = DirectoryLock::acquire(data);
    if (lock || lock.error().code != ErrorCode::Conflict || clock.now() >= deadline) return lock;
    ::usleep(100'000);
  }
}

struct Parts {
  std::unique_ptr<Engine> engine;
  Channel<bool> memory_failures{1, WhenFull::Conflate};
  std::optional<Reaper> reaper;
  std::optional<Pool> pool;
  std::optional<HttpFront> front;
  std::unique_ptr<io::HttpServer> server;
  std::optional<Upkeep> upkeep;
};

Result<FrontConfig> front_config(const Options& options) {
  FrontConfig config;
  config.database = options.database;
  config.user = options.user;
  config.password = environment_variable("LINEWATCH_STORE_PASSWORD").value_or("");
  config.reader_password = environment_variable("LINEWATCH_STORE_READER_PASSWORD").value_or("");
  if (config.password.empty()) {
    return fail(ErrorCode::InvalidInput, "LINEWATCH_STORE_PASSWORD is not set");
  }
  return config;
}

Result<std::string> absolute_path(const std::string& path) {
  char resolved[PATH_MAX] = {};
  if (::realpath(path.c_str(), resolved) == nullptr) return fail_errno("find " + path, errno);
  return std::string(resolved);
}

std::size_t worker_count() {
  const long cores = ::sysconf(_SC_NPROCESSORS_ONLN);
  return static_cast<std::size_t>(std::clamp(2 * cores, 4L, 64L));
}

Result<void> start(const Options& options, const std::string& data, const FrontConfig& front,
                   Parts& parts) {
  const std::string library = TRY(find_chdb(
      options.library, environment_variable("LINEWATCH_CHDB").value_or(""), executable_path()));
  parts.engine = TRY(Engine::start({library, data, options.database}));
  parts.pool.emplace(*parts.engine, worker_count(), kQueueMax);
  parts.reaper.emplace(*parts.engine);
  parts.front.emplace(front, *parts.pool, parts.memory_failures, &*parts.reaper);
  parts.upkeep.emplace(parts.engine->control(), *parts.pool, parts.memory_failures,
                       options.memory_max_mb << 20, [] { ::kill(::getpid(), SIGTERM); });
  io::HttpServerConfig http;
  http.address = options.address;
  http.port = options.port;
  http.body_bytes_max = std::size_t{256} << 20;
  http.answer_timeout = Seconds(3600);
  parts.server = TRY(io::HttpServer::start(
      http, [&front = *parts.front](io::HttpRequest request, const io::HttpResponder& responder) {
        front.handle(std::move(request), responder);
      }));
  const bool is_v6 = options.address.find(':') != std::string::npos;
  const std::string url = "http://" + (is_v6 ? "[" + options.address + "]" : options.address) +
                          ":" + std::to_string(parts.server->port());
  if (!options.port_file.empty()) {
    TRY(write_file_atomically(options.port_file, url + "\n", 0600));
  }
  log::info("store", "engine " + parts.engine->version() + " answers on " + url);
  return {};
}

/// Ends every connection before the process: leaving with one open aborts inside the engine.
void stop(Parts& parts) {
  parts.upkeep.reset();
  if (!parts.pool->stop(kStopPatience)) {
    log::warning("store", "queries run for too long; cancelling them");
    parts.engine->control().query({"KILL QUERY WHERE 1 ASYNC", "Null", {}});
    parts.pool->stop(kStopPatience / 5);
  }
  // Only now: the answers of the last queries go out through it.
  parts.server.reset();
  parts.reaper.reset();
  parts.engine->close();
}

int run(const std::vector<std::string>& arguments) {
  const auto complain = [](const Error& error) {
    std::fprintf(stderr, "linewatch-store: %s\n", error.message.c_str());
    return error.code == ErrorCode::InvalidInput ? 2 : 1;
  };
  const sigset_t end_signals = block_end_signals();
  const auto options = read_options(arguments);
  if (!options) return complain(options.error());
  if (options->help) return std::fputs(usage().c_str(), stdout), 0;
  const auto front = front_config(*options);
  if (!front) return complain(front.error());
  if (!options->port_file.empty()) ::unlink(options->port_file.c_str());
  if (auto made = make_directories(options->data); !made) return complain(made.error());
  const auto data = absolute_path(options->data);
  if (!data) return complain(data.error());
  const auto lock = lock_patiently(*data);
  if (!lock) return complain(lock.error());
  Parts parts;
  const auto started = start(*options, *data, *front, parts);
  if (!started) {
    complain(started.error());
    ::_exit(1);
  }
  int signal = 0;
  ::sigwait(&end_signals, &signal);
  log::info("store", "stopping");
  stop(parts);
  // Not exit(): the engine's global destructors race with threads it has left.
  ::_exit(0);
}

}  // namespace
}  // namespace lw::store::host

int main(int argc, char** argv) {
  // What the engine writes is for its owner only.
  ::umask(077);
  return lw::store::host::run(std::vector<std::string>(argv + 1, argv + argc));
}
