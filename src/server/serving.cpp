// SPDX-License-Identifier: Apache-2.0
#include "server/serving.h"

#include <fmt/core.h>

#include <chrono>
#include <utility>

#include "base/channel.h"
#include "base/environment.h"
#include "base/log.h"
#include "registry/alert_records.h"
#include "server/api/visibility.h"
#include "server/arm/arm.h"
#include "server/logs/routes.h"
#include "server/note.h"
#include "server/sql/routes.h"

namespace lw::server {
namespace {

std::string address_text(const ListenAddress& listen) {
  const bool is_v6 = listen.host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", is_v6 ? "[" : "", listen.host, is_v6 ? "]" : "", listen.port);
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

}  // namespace

Serving::Serving(const Ground& ground, History& history, Control& control,
                 store::RoundWriter& writer, registry::Bookmarks& bookmarks)
    : ground_(ground),
      history_(history),
      control_(control),
      path_writer_({}, ground.store.client(), ground.clock,
                   [&control](AgentId agent, SpoolId spool, std::uint64_t sequence) {
                     control.on_durable(agent, spool, sequence);
                   }),
      package_(AgentPackage::folder_of(executable_path()), ground.authority.authority_pem()),
      streams_(control, ground.clock),
      services_{.control = control,
                .history = history,
                .writer = writer,
                .path_writer = path_writer_,
                .credentials = ground.credentials,
                .sessions = ground.sessions,
                .gate = ground.gate,
                .streams = streams_,
                .live_snapshot = live_snapshot_,
                .clock = ground.clock,
                .data_directory = ground.config.data_directory,
                .authority_pem = ground.authority.authority_pem(),
                .store_description = ground.store.description(),
                .store_problem = [&ground] { return ground.store.problem(); },
                .certificate_problem =
                    [&ground] { return ground.authority.expiry_warning(ground.clock.wall_now()); },
                .agent_package = &package_,
                .bookmarks = &bookmarks},
      logs_(ground.store.reader(), ground.store.reader_settings(), ground.clock),
      sql_(ground.store.client(), ground.store.reader(), ground.store.reader_settings(), logs_,
           ground.clock),
      alerting_(control, ground.clock) {}

Result<void> Serving::start() {
  const std::string& folder = ground_.config.data_directory;
  TRY(control_.start(services_.writer, path_writer_));
  history_.start();
  streams_.start();
  TRY(logs_.start(folder, control_.subscription_id(), control_.workspace_id()));
  TRY(start_alerting(ground_, control_, services_, alerting_));
  recorder_ = std::make_unique<logs::Recorder>(control_, logs_.workspaces(), ground_.store.client(),
                                               ground_.clock);
  remote_write_ = TRY(start_remote_write(ground_, control_));
  services_.remote_write = remote_write_.get();
  sign_in_ = TRY(start_sign_in(ground_, control_));
  services_.oidc = sign_in_.get();
  const ListenAddress& listen = ground_.config.agent_listen;
  fleet_ = TRY(FleetService::start(address_text(listen), ground_.authority, control_));
  log::info("server", fmt::format("agents on {}:{}", listen.host, fleet_->port()));
  package_.set_agent_port(fleet_->port());
  // Last, since nobody may call what is not there.
  ground_.front.with([&](auto& pointer) { pointer = make_routes(services_, logs_, sql_); });
  announce(control_, folder, ground_.url, fleet_->port());
  return {};
}

Serving::~Serving() {
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

}  // namespace lw::server
