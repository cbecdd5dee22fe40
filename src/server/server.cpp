// SPDX-License-Identifier: Apache-2.0
#include "server/server.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <memory>

#include "base/descriptor_limit.h"
#include "base/files.h"
#include "base/log.h"
#include "base/number.h"
#include "base/signals.h"
#include "io/host.h"
#include "registry/bookmarks.h"
#include "server/api/router.h"
#include "server/assets.h"
#include "server/authority.h"
#include "server/control.h"
#include "server/credentials.h"
#include "server/gate.h"
#include "server/history.h"
#include "server/logs/service.h"
#include "server/note.h"
#include "server/serving.h"
#include "server/sessions.h"
#include "server/store_process.h"
#include "store/round_writer.h"
#include "store/schema.h"

namespace lw::server {
namespace {

constexpr Milliseconds kSuperviseEvery{100};
constexpr int kHttpThreads = 2;

/// TLS handshakes and idle connections of strangers cost memory as well.
constexpr std::size_t kConnectionsMax = 1'000;
/// Enough for any request that needs no token. A connection may make us hold this much.
constexpr std::size_t kStrangerBodyBytesMax = std::size_t{64} << 10;
/// The certificate is looked at so often: it may be due for renewal, or this host may have got a
/// further address.
constexpr auto kCertificateCheckEvery = std::chrono::hours(1);

io::HttpResponse plain(int status, const std::string& text) {
  return {.status = status, .headers = {{"Content-Type", "text/plain"}}, .body = text + "\n"};
}

/// What a request meets first.
struct Door {
  Gate& gate;
  const Assets& assets;
};

/// /healthz says that the process lives, /readyz that it serves; the web UI's files are always
/// there, and the rest waits for the routes.
void serve(const Front& front, const Door& door, io::HttpRequest request,
           io::HttpResponder responder) {
  const auto router = front.with([](const auto& pointer) { return pointer; });
  if (request.path == "/healthz") {
    responder.send(plain(200, "ok"));
  } else if (request.path == "/readyz") {
    responder.send(router ? plain(200, "ready") : plain(503, "waiting for the store"));
  } else if (auto file = door.assets.answer(request)) {
    responder.send(std::move(*file));
  } else if (!router) {
    api::answer_error(
        responder,
        {ErrorCode::Unavailable, "the server is starting and waits for its store; try again soon"});
  } else {
    const auto caller = door.gate.caller_of(request);
    if (!caller) return refuse_at_gate(responder, caller.error());
    router->dispatch(std::move(request), std::move(responder), *caller);
  }
}

std::string url_of(const ListenAddress& listen, std::uint16_t port) {
  const bool is_any = listen.host == "0.0.0.0" || listen.host == "::" || listen.host.empty();
  const std::string host = is_any ? "localhost" : listen.host;
  const bool is_v6 = host.find(':') != std::string::npos;
  return fmt::format("https://{}{}{}:{}", is_v6 ? "[" : "", host, is_v6 ? "]" : "", port);
}

/// Runs `wait` on a thread of its own while this one supervises the store and watches for signals.
/// True if it is time to go.
bool supervise_until(StoreProcess& store, const Clock& clock,
                     const std::function<bool()>& is_done) {
  while (!is_done()) {
    store.step(clock.now());
    if (wait_for_termination(kSuperviseEvery) != 0) return true;
  }
  return false;
}

/// Waits for the store with its schema in place, supervising it meanwhile.
Result<bool> prepare_store(History& history, StoreProcess& store, const Clock& clock) {
  Flag done;
  Flag give_up;
  Result<void> outcome;
  Thread thread("prepare", [&] {
    outcome = history.prepare([&] { return give_up.is_raised(); });
    done.raise();
  });
  const bool must_stop = supervise_until(store, clock, [&] { return done.is_raised(); });
  give_up.raise();
  thread.join();
  if (must_stop) return false;
  if (!outcome) return std::unexpected(outcome.error());
  return true;
}

Result<std::unique_ptr<io::HttpServer>> start_http(const ServerConfig& config,
                                                   const Authority& authority, const Door& door,
                                                   std::size_t descriptors, const Front& front) {
  io::HttpServerConfig http;
  http.address = config.listen.host;
  http.port = config.listen.port;
  http.threads = kHttpThreads;
  // Agents, the store's connections and files need descriptors as well.
  http.connections_max = std::min(kConnectionsMax, descriptors / 2);
  // A query of the logs ends by itself before.
  http.answer_timeout = logs::kWaitMax + Seconds(60);
  http.body_bytes_for = [&door, known = http.body_bytes_max](const io::HttpRequest& head) {
    return door.gate.knows(head) ? known : kStrangerBodyBytesMax;
  };
  http.certificate_chain_pem = authority.server_chain_pem();
  http.private_key_pem = authority.server_key_pem();
  return io::HttpServer::start(
      http, [&front, &door](io::HttpRequest request, io::HttpResponder responder) {
        serve(front, door, std::move(request), std::move(responder));
      });
}

std::vector<std::string> certificate_names(const ServerConfig& config) {
  std::vector<std::string> names = config.names;
  for (const std::string& host : {config.listen.host, config.agent_listen.host}) {
    const bool is_any = host.empty() || host == "0.0.0.0" || host == "::";
    if (!is_any) names.push_back(host);
    // Listening everywhere means being reached by any address of this host.
    if (is_any) std::ranges::copy(io::local_addresses(), std::back_inserter(names));
  }
  return names;
}

/// Renews the server's certificate if that is due. The fleet service reads the files by itself.
Result<void> care_for_certificate(const Ground& ground) {
  Authority& authority = ground.authority;
  const bool is_new =
      TRY(authority.renew_if_due(certificate_names(ground.config), ground.clock.wall_now()));
  if (!is_new) return {};
  return ground.http->use_certificate(authority.server_chain_pem(), authority.server_key_pem());
}

/// Runs until it is time to go, with an eye on the certificate.
void watch(const Ground& ground) {
  Instant check_at{};
  supervise_until(ground.store, ground.clock, [&] {
    if (ground.clock.now() < check_at) return false;
    check_at = ground.clock.now() + kCertificateCheckEvery;
    if (const auto done = care_for_certificate(ground); !done) {
      log::warning("authority",
                   "the server's certificate was not renewed; trying again in an "
                   "hour: " +
                       done.error().message);
    }
    return false;
  });
}

/// The part that needs the store: waits for it, then serves until it is time to go.
Result<void> serve_with_store(const Ground& ground, registry::Registry registry) {
  const std::string& folder = ground.config.data_directory;
  const std::uint16_t keep_days = store::keep_days_class(ground.config.keep_days);
  History history(ground.store.client(), ground.clock, keep_days);  // control → history → store
  if (!TRY(prepare_store(history, ground.store, ground.clock))) return {};
  Control control(std::move(registry), ground.authority, ground.clock, history,
                  keep_days);  // all → control
  const std::unique_ptr<store::RoundWriter> writer =
      TRY(store::RoundWriter::open(  // control → store
          {.directory = folder + "/ingest"}, ground.store.client(), ground.clock,
          [&](AgentId agent, SpoolId spool, std::uint64_t sequence) {  // store → control → agent
            control.on_durable(agent, spool, sequence);
          }));
  auto bookmarks = TRY(registry::Bookmarks::open(folder + "/registry.sqlite"));
  Serving serving(ground, history, control, *writer, bookmarks);
  TRY(serving.start());
  watch(ground);
  log::info("server", "stopping");
  return {};
}

}  // namespace

Result<ListenAddress> parse_listen(const std::string& text) {
  const auto refusal = fail(
      ErrorCode::InvalidInput,
      fmt::format("`{}` is no address to listen on; write HOST:PORT, like 127.0.0.1:8443", text));
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return refusal;
  ListenAddress listen;
  const auto port = parse_number<std::uint16_t>(std::string_view(text).substr(colon + 1));
  if (!port) return refusal;
  listen.port = *port;
  listen.host = text.substr(0, colon);
  if (listen.host.starts_with('[') && listen.host.ends_with(']')) {
    listen.host = listen.host.substr(1, listen.host.size() - 2);
    if (listen.host.empty()) return refusal;
  } else if (listen.host.find_first_of(":[]/") != std::string::npos) {
    // "::1:8443" could be an address without a port as well.
    return refusal;
  }
  if (listen.host.empty()) listen.host = "0.0.0.0";
  return listen;
}

Result<void> run_server(const ServerConfig& config) {
  const std::size_t descriptors = raise_descriptor_limit();
  const SystemClock clock;
  const std::string& folder = config.data_directory;
  TRY(make_directories(folder));
  const DirectoryLock lock = TRY(DirectoryLock::acquire(folder));
  Authority authority = TRY(Authority::open(folder, certificate_names(config), clock.wall_now()));
  registry::Registry registry = TRY(registry::Registry::open(folder + "/registry.sqlite"));
  TRY(ensure_admin_token(folder, registry, clock.wall_now()));
  Credentials credentials(TRY(registry.api_tokens()));
  Sessions sessions(folder + "/sessions.json");
  if (const auto loaded = sessions.load(clock.wall_now()); !loaded) {
    log::warning("server", "everybody must sign in again: " + loaded.error().message);
  }
  Gate gate(credentials, sessions, clock);
  const Assets assets(embedded_assets());
  const Door door{.gate = gate, .assets = assets};
  // server.json says that everything is up, so an old one must not.
  if (file_exists(folder + "/server.json")) TRY(remove_file(folder + "/server.json"));
  const std::unique_ptr<StoreProcess> store = TRY(StoreProcess::create(config));

  Front front;
  std::unique_ptr<io::HttpServer> http =
      TRY(start_http(config, authority, door, descriptors, front));
  const std::string url = url_of(config.listen, http->port());
  leave_note(folder + "/server.url", url + "\n", 0644);
  log::info("server", fmt::format("API on {}", url));
  return serve_with_store({.config = config,
                           .clock = clock,
                           .authority = authority,
                           .credentials = credentials,
                           .sessions = sessions,
                           .gate = gate,
                           .store = *store,
                           .front = front,
                           .http = http,
                           .url = url},
                          std::move(registry));
}

}  // namespace lw::server
