// SPDX-License-Identifier: Apache-2.0
#include "server/server.h"

#include <fmt/core.h>

#include <charconv>
#include <memory>

#include "base/files.h"
#include "base/log.h"
#include "base/signals.h"
#include "server/api/services.h"
#include "server/authority.h"
#include "server/control.h"
#include "server/credentials.h"
#include "server/fleet_service.h"
#include "server/history.h"
#include "server/store_process.h"
#include "store/round_writer.h"
#include "store/schema.h"

namespace lw::server {
namespace {

constexpr Milliseconds kSuperviseEvery{100};
constexpr int kHttpThreads = 2;

/// What HTTP threads need before the rest is up: routes and credentials, swapped in when ready.
struct Front {
  api::Router router;
  Credentials credentials;
};

io::HttpResponse plain(int status, const std::string& text) {
  return {.status = status, .headers = {{"Content-Type", "text/plain"}}, .body = text + "\n"};
}

/// /healthz says that the process lives, /readyz that it serves; the rest waits for the routes.
void serve(const Guarded<std::shared_ptr<const Front>>& front, io::HttpRequest request,
           io::HttpResponder responder) {
  const auto ready = front.with([](const auto& pointer) { return pointer; });
  if (request.path == "/healthz") {
    responder.send(plain(200, "ok"));
  } else if (request.path == "/readyz") {
    responder.send(ready ? plain(200, "ready") : plain(503, "waiting for the store"));
  } else if (!ready) {
    api::answer_error(
        responder,
        {ErrorCode::Unavailable, "the server is starting and waits for its store; try again soon"});
  } else {
    const auto role = ready->credentials.role_of(request.header("Authorization"));
    ready->router.dispatch(std::move(request), std::move(responder), role);
  }
}

std::string url_of(const ListenAddress& listen, std::uint16_t port) {
  const bool is_any = listen.host == "0.0.0.0" || listen.host == "::" || listen.host.empty();
  const std::string host = is_any ? "localhost" : listen.host;
  const bool is_v6 = host.find(':') != std::string::npos;
  return fmt::format("https://{}{}{}:{}", is_v6 ? "[" : "", host, is_v6 ? "]" : "", port);
}

std::string address_text(const ListenAddress& listen) {
  const bool is_v6 = listen.host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", is_v6 ? "[" : "", listen.host, is_v6 ? "]" : "", listen.port);
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

Result<std::unique_ptr<io::HttpServer>> start_http(
    const ServerConfig& config, const Authority& authority,
    const Guarded<std::shared_ptr<const Front>>& front) {
  io::HttpServerConfig http;
  http.address = config.listen.host;
  http.port = config.listen.port;
  http.threads = kHttpThreads;
  http.certificate_chain_pem = authority.server_chain_pem();
  http.private_key_pem = authority.server_key_pem();
  return io::HttpServer::start(http,
                               [&front](io::HttpRequest request, io::HttpResponder responder) {
                                 serve(front, std::move(request), std::move(responder));
                               });
}

std::shared_ptr<const Front> make_front(api::Services& services, Credentials credentials) {
  auto front = std::make_shared<Front>();
  front->credentials = std::move(credentials);
  api::add_status_routes(front->router, services);
  api::add_monitor_routes(front->router, services);
  api::add_test_routes(front->router, services);
  api::add_history_routes(front->router, services);
  api::add_agent_routes(front->router, services);
  api::add_metrics_routes(front->router, services);
  return front;
}

/// What `linewatch up` and people on this machine need to know, written beside the data: a join
/// token good for one agent, and server.json with the addresses and ids.
Result<void> announce(Control& control, const std::string& folder, const std::string& url,
                      std::uint16_t agent_port) {
  // Shared: push still touches the channel when pop has returned already.
  const auto answer = std::make_shared<Channel<Result<std::string>>>(1, WhenFull::Refuse);
  control.post([&, answer] { answer->push(control.create_join_token(std::chrono::hours(24), 1)); });
  const std::string token = TRY(*answer->pop());
  TRY(write_file_atomically(folder + "/local-agent.token", token + "\n", 0600));
  Value facts;
  facts.set("url", url);
  facts.set("agentPort", static_cast<int>(agent_port));
  facts.set("subscriptionId", control.subscription_id());
  facts.set("workspaceId", control.workspace_id());
  return write_file_atomically(folder + "/server.json", to_json(facts, 2) + "\n", 0644);
}

std::vector<std::string> certificate_names(const ServerConfig& config) {
  std::vector<std::string> names = config.names;
  for (const std::string& host : {config.listen.host, config.agent_listen.host}) {
    const bool is_any = host.empty() || host == "0.0.0.0" || host == "::";
    if (!is_any) names.push_back(host);
  }
  return names;
}

}  // namespace

Result<ListenAddress> parse_listen(const std::string& text) {
  const auto refusal = fail(
      ErrorCode::InvalidInput,
      fmt::format("`{}` is no address to listen on; write HOST:PORT, like 127.0.0.1:8443", text));
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return refusal;
  ListenAddress listen;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, listen.port);
  if (error != std::errc() || stop != end) return refusal;
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
  const SystemClock clock;
  const std::string& folder = config.data_directory;
  TRY(make_directories(folder));
  const DirectoryLock lock = TRY(DirectoryLock::acquire(folder));
  const Authority authority =
      TRY(Authority::open(folder, certificate_names(config), clock.wall_now()));
  registry::Registry registry = TRY(registry::Registry::open(folder + "/registry.sqlite"));
  TRY(ensure_admin_token(folder, registry));
  const Credentials credentials(TRY(registry.api_tokens()));
  // server.json says that everything is up, so an old one must not.
  if (file_exists(folder + "/server.json")) TRY(remove_file(folder + "/server.json"));
  const std::unique_ptr<StoreProcess> store = TRY(StoreProcess::create(config));

  Guarded<std::shared_ptr<const Front>> front;
  std::unique_ptr<io::HttpServer> http = TRY(start_http(config, authority, front));
  const std::string url = url_of(config.listen, http->port());
  TRY(write_file_atomically(folder + "/server.url", url + "\n", 0644));
  log::info("server", fmt::format("API on {}", url));

  const std::uint16_t keep_days = store::keep_days_class(config.keep_days);
  History history(store->client(), clock, keep_days);  // control → history → store
  if (!TRY(prepare_store(history, *store, clock))) return {};
  Control control(std::move(registry), authority, clock, history, keep_days);  // all → control
  const std::unique_ptr<store::RoundWriter> writer =
      TRY(store::RoundWriter::open(  // control → store
          {.directory = folder + "/ingest"}, store->client(), clock,
          [&](AgentId agent, SpoolId spool, std::uint64_t sequence) {  // store → control → agent
            control.on_durable(agent, spool, sequence);
          }));
  TRY(control.start(*writer));
  history.start();

  api::Services services{.control = control,
                         .history = history,
                         .writer = *writer,
                         .clock = clock,
                         .data_directory = folder,
                         .authority_pem = authority.authority_pem(),
                         .store_description = store->description(),
                         .store_problem = [&] { return store->problem(); }};
  front.with([&](auto& pointer) { pointer = make_front(services, credentials); });
  {
    const std::unique_ptr<FleetService> fleet =  // agents → control
        TRY(FleetService::start(address_text(config.agent_listen), authority, control));
    log::info("server", fmt::format("agents on {}:{}", config.agent_listen.host, fleet->port()));
    TRY(announce(control, folder, url, fleet->port()));
    supervise_until(*store, clock, [] { return false; });
    log::info("server", "stopping");
  }
  front.with([](auto& pointer) { pointer.reset(); });
  // Whoever still waits for an answer gets it, or an error, before the server that carries it goes.
  control.stop();
  history.stop();
  http.reset();
  return {};
}

}  // namespace lw::server
