// SPDX-License-Identifier: Apache-2.0
#include "server/server.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <memory>

#include "base/descriptor_limit.h"
#include "base/environment.h"
#include "base/files.h"
#include "base/log.h"
#include "base/number.h"
#include "base/signals.h"
#include "io/host.h"
#include "notify/notifier.h"
#include "registry/alert_records.h"
#include "registry/bookmarks.h"
#include "server/agent_package.h"
#include "server/alerts/alerts.h"
#include "server/alerts/evaluator.h"
#include "server/api/services.h"
#include "server/api/visibility.h"
#include "server/arm/arm.h"
#include "server/assets.h"
#include "server/authority.h"
#include "server/control.h"
#include "server/credentials.h"
#include "server/fleet_service.h"
#include "server/gate.h"
#include "server/history.h"
#include "server/logs/recorder.h"
#include "server/logs/routes.h"
#include "server/oidc/sign_in.h"
#include "server/remote_write/remote_write.h"
#include "server/sessions.h"
#include "server/sql/routes.h"
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

/// The routes, swapped in when what they work with is there.
using Front = Guarded<std::shared_ptr<const api::Router>>;

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

std::shared_ptr<const api::Router> make_routes(api::Services& services, logs::Service& logs,
                                               sql::Service& sql) {
  auto router = std::make_shared<api::Router>();
  router->set_audit([&services](registry::AuditEntry entry) {
    services.control.post([&services, entry = std::move(entry)] { services.control.audit(entry); });
  });
  router->set_guard([&services](api::Call call, const api::Router::Handler& handler) {
    api::guard(services, std::move(call), handler);
  });
  api::add_status_routes(*router, services);
  api::add_monitor_routes(*router, services);
  api::add_test_routes(*router, services);
  api::add_history_routes(*router, services);
  api::add_path_routes(*router, services);
  api::add_agent_routes(*router, services);
  api::add_token_routes(*router, services);
  api::add_metrics_routes(*router, services);
  api::add_session_routes(*router, services);
  api::add_sign_in_routes(*router, services);
  api::add_snapshot_routes(*router, services);
  api::add_stream_routes(*router, services);
  api::add_chart_routes(*router, services);
  api::add_verdict_routes(*router, services);
  api::add_band_routes(*router, services);
  api::add_topology_routes(*router, services);
  api::add_preview_routes(*router, services);
  api::add_bookmark_routes(*router, services);
  api::add_alert_routes(*router, services);
  api::add_alert_rule_routes(*router, services);
  api::add_action_group_routes(*router, services);
  api::add_install_routes(*router, *services.agent_package);
  arm::add_provider_routes(*router, services);
  arm::add_watcher_routes(*router, services);
  arm::add_monitor_routes(*router, services);
  arm::add_diagnostic_routes(*router, services);
  arm::add_metric_routes(*router, services);
  arm::add_alert_routes(*router, services);
  arm::add_action_group_routes(*router, services);
  arm::add_operation_routes(*router, services);
  logs::add_routes(*router, services, logs);
  sql::add_routes(*router, sql);
  return router;
}

/// Writes a file that others look for. A full disk must not keep the server from starting, so it
/// only warns, and an old file of the same content will do.
void leave_note(const std::string& path, const std::string& content, mode_t mode) {
  if (const auto old = read_file(path); old && *old == content) return;
  if (const auto written = write_file_atomically(path, content, mode); !written) {
    log::warning("server", written.error().message);
  }
}

/// What `linewatch up` and people on this machine need to know, written beside the data: a join
/// token good for one agent, and server.json with the addresses and ids.
void announce(Control& control, const std::string& folder, const std::string& url,
              std::uint16_t agent_port) {
  // Shared: push still touches the channel when pop has returned already.
  const auto answer = std::make_shared<Channel<Result<std::string>>>(1, WhenFull::Refuse);
  control.post([&, answer] { answer->push(control.create_join_token(std::chrono::hours(24), 1)); });
  const Result<std::string> token = answer->pop().value_or(
      Result<std::string>(fail(ErrorCode::Unavailable, "the server is stopping")));
  if (token) {
    leave_note(folder + "/local-agent.token", *token + "\n", 0600);
  } else {
    log::warning("server", "no join token for this machine's agent: " + token.error().message);
  }
  Value facts;
  facts.set("url", url);
  facts.set("agentPort", static_cast<int>(agent_port));
  facts.set("subscriptionId", control.subscription_id());
  facts.set("workspaceId", control.workspace_id());
  leave_note(folder + "/server.json", to_json(facts, 2) + "\n", 0644);
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

/// What is there before the store is; all of it outlives the rest.
struct Ground {
  const ServerConfig& config;
  const Clock& clock;
  Authority& authority;
  Credentials& credentials;
  Sessions& sessions;
  Gate& gate;
  StoreProcess& store;
  Front& front;
  std::unique_ptr<io::HttpServer>& http;
  std::string url;
};

/// What judges alert rules and tells of alerts.
struct Alerting {
  std::unique_ptr<alerts::Alerts> alerts;        // of the control loop
  notify::Notifier notifier;                     // control → receivers
  std::unique_ptr<alerts::Evaluator> evaluator;  // control → store → control

  Alerting(Control& control, const Clock& clock)
      : notifier(clock, [this, &control](std::int64_t number) {  // receivers → control
          control.post([this, number] { alerts->settled(number); });
        }) {}
};

/// Reads what there was, on the control thread, which owns it from then on.
Result<void> start_alerting(const Ground& ground, Control& control, api::Services& services,
                            Alerting& alerting) {
  auto records =
      TRY(registry::AlertRecords::open(ground.config.data_directory + "/registry.sqlite"));
  alerting.alerts = std::make_unique<alerts::Alerts>(std::move(records), control, alerting.notifier,
                                                     ground.clock, ground.url);
  // Shared: push still touches the channel when pop has returned already.
  const auto loaded = std::make_shared<Channel<Result<void>>>(1, WhenFull::Refuse);
  control.post([&alerts = *alerting.alerts, loaded] { loaded->push(alerts.load()); });
  TRY(loaded->pop().value_or(Result<void>(fail(ErrorCode::Unavailable, "the server is stopping"))));
  alerting.evaluator = std::make_unique<alerts::Evaluator>(control, *alerting.alerts,
                                                           ground.store.client(), ground.clock);
  services.alerts = alerting.alerts.get();
  services.notifier = &alerting.notifier;
  return {};
}

/// Takes down what calls each other in an order in which nobody meets what is gone, at the end as
/// well as when the start fails half way. Declared after all that it takes down.
class Teardown {
 public:
  Teardown(const Ground& ground, History& history, Control& control, Streams& streams,
           logs::Service& logs, sql::Service& sql, std::unique_ptr<logs::Recorder>& recorder,
           std::unique_ptr<FleetService>& fleet, std::unique_ptr<oidc::SignIn>& sign_in,
           Alerting& alerting)
      : ground_(ground),
        history_(history),
        control_(control),
        streams_(streams),
        logs_(logs),
        sql_(sql),
        recorder_(recorder),
        fleet_(fleet),
        sign_in_(sign_in),
        alerting_(alerting) {}
  Teardown(const Teardown&) = delete;
  Teardown& operator=(const Teardown&) = delete;
  ~Teardown() {
    // Its calls are answered by the control loop, which still runs.
    fleet_.reset();
    ground_.front.with([](auto& pointer) { pointer.reset(); });
    recorder_.reset();
    alerting_.evaluator.reset();
    // Whoever still waits for an answer gets it, or an error, before the server that carries it
    // goes; the routes are in use until then.
    control_.stop();
    alerting_.notifier.stop();
    streams_.stop();
    history_.stop();
    logs_.stop();
    if (sign_in_) sign_in_->stop();
    sql_.stop();
    ground_.http.reset();
  }

 private:
  const Ground& ground_;
  History& history_;
  Control& control_;
  Streams& streams_;
  logs::Service& logs_;
  sql::Service& sql_;
  std::unique_ptr<logs::Recorder>& recorder_;
  std::unique_ptr<FleetService>& fleet_;
  std::unique_ptr<oidc::SignIn>& sign_in_;
  Alerting& alerting_;
};

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

/// Null if nothing is pushed to other systems.
Result<std::unique_ptr<remote_write::RemoteWrite>> start_remote_write(const Ground& ground,
                                                                      Control& control) {
  if (ground.config.remote_write_file.empty()) return nullptr;
  return remote_write::RemoteWrite::start(
      TRY(remote_write::read_settings_file(ground.config.remote_write_file)), control,
      ground.clock);
}

/// Null if people sign in with tokens only.
Result<std::unique_ptr<oidc::SignIn>> start_sign_in(const Ground& ground, Control& control) {
  if (ground.config.oidc_file.empty()) return nullptr;
  auto settings = TRY(oidc::read_settings_file(ground.config.oidc_file));
  auto sign_in =
      TRY(oidc::SignIn::start(std::move(settings), ground.sessions, control, ground.clock));
  ground.gate.set_roles(sign_in->roles());
  return sign_in;
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
  store::PathWriter path_writer(  // control → store
      {}, ground.store.client(), ground.clock,
      [&](AgentId agent, SpoolId spool, std::uint64_t sequence) {  // store → control → agent
        control.on_durable(agent, spool, sequence);
      });
  AgentPackage package(AgentPackage::folder_of(executable_path()),
                       ground.authority.authority_pem());
  Streams streams(control, ground.clock);  // HTTP, control → streams → HTTP
  LiveSnapshot live_snapshot;
  auto bookmarks = TRY(registry::Bookmarks::open(folder + "/registry.sqlite"));
  api::Services services{
      .control = control,
      .history = history,
      .writer = *writer,
      .path_writer = path_writer,
      .credentials = ground.credentials,
      .sessions = ground.sessions,
      .gate = ground.gate,
      .streams = streams,
      .live_snapshot = live_snapshot,
      .clock = ground.clock,
      .data_directory = folder,
      .authority_pem = ground.authority.authority_pem(),
      .store_description = ground.store.description(),
      .store_problem = [&] { return ground.store.problem(); },
      .certificate_problem =
          [&] { return ground.authority.expiry_warning(ground.clock.wall_now()); },
      .agent_package = &package,
      .bookmarks = &bookmarks};
  logs::Service logs(ground.store.reader(), ground.store.reader_settings(), ground.clock);
  sql::Service sql(ground.store.client(), ground.store.reader(), ground.store.reader_settings(),
                   logs, ground.clock);
  std::unique_ptr<logs::Recorder> recorder;                 // control → store
  std::unique_ptr<FleetService> fleet;                      // agents → control
  std::unique_ptr<remote_write::RemoteWrite> remote_write;  // control → other systems
  std::unique_ptr<oidc::SignIn> sign_in;  // HTTP → provider; sign_in → control
  Alerting alerting(control, ground.clock);
  const Teardown teardown(ground, history, control, streams, logs, sql, recorder, fleet, sign_in,
                          alerting);
  TRY(control.start(*writer, path_writer));
  history.start();
  streams.start();
  TRY(logs.start(folder, control.subscription_id(), control.workspace_id()));
  TRY(start_alerting(ground, control, services, alerting));
  recorder = std::make_unique<logs::Recorder>(control, logs.workspaces(), ground.store.client(),
                                              ground.clock);
  remote_write = TRY(start_remote_write(ground, control));
  services.remote_write = remote_write.get();
  sign_in = TRY(start_sign_in(ground, control));
  services.oidc = sign_in.get();
  const ListenAddress& listen = ground.config.agent_listen;
  fleet = TRY(FleetService::start(address_text(listen), ground.authority, control));
  log::info("server", fmt::format("agents on {}:{}", listen.host, fleet->port()));
  package.set_agent_port(fleet->port());
  // Last, since nobody may call what is not there.
  ground.front.with([&](auto& pointer) { pointer = make_routes(services, logs, sql); });
  announce(control, folder, ground.url, fleet->port());
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
