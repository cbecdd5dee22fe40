// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/guarded.h"
#include "base/result.h"
#include "base/time.h"
#include "io/http_server.h"
#include "notify/notifier.h"
#include "registry/bookmarks.h"
#include "server/agent_package.h"
#include "server/alerts/alerts.h"
#include "server/alerts/evaluator.h"
#include "server/api/router.h"
#include "server/api/services.h"
#include "server/authority.h"
#include "server/control.h"
#include "server/credentials.h"
#include "server/fleet_service.h"
#include "server/gate.h"
#include "server/history.h"
#include "server/live_snapshot.h"
#include "server/logs/recorder.h"
#include "server/logs/service.h"
#include "server/oidc/sign_in.h"
#include "server/remote_write/remote_write.h"
#include "server/server.h"
#include "server/sessions.h"
#include "server/sql/service.h"
#include "server/store_process.h"
#include "server/streams.h"
#include "store/path_writer.h"
#include "store/round_writer.h"

namespace lw::server {

/// The routes, swapped in when what they work with is there.
using Front = Guarded<std::shared_ptr<const api::Router>>;

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

/// All that needs the store and starts when it is there. Each member uses only those above it, and
/// what was there before; who calls whom on which thread is said beside it.
class Serving {
 public:
  Serving(const Ground& ground, History& history, Control& control, store::RoundWriter& writer,
          registry::Bookmarks& bookmarks);
  Serving(const Serving&) = delete;
  Serving& operator=(const Serving&) = delete;
  /// Takes down what calls each other in an order in which nobody meets what is gone, at the end as
  /// well as when the start fails half way.
  ~Serving();

  /// Call once. Waits for the control loop's answers; until the last step, requests are told that
  /// the server is starting. An error ends the server: it says what to change.
  Result<void> start();

 private:
  const Ground& ground_;
  History& history_;
  Control& control_;
  store::PathWriter path_writer_;  // control → store, store → control → agent
  AgentPackage package_;
  Streams streams_;  // HTTP, control → streams → HTTP
  LiveSnapshot live_snapshot_;
  api::Services services_;
  logs::Service logs_;
  sql::Service sql_;
  std::unique_ptr<logs::Recorder> recorder_;                 // control → store
  std::unique_ptr<FleetService> fleet_;                      // agents → control
  std::unique_ptr<remote_write::RemoteWrite> remote_write_;  // control → other systems
  std::unique_ptr<oidc::SignIn> sign_in_;                    // HTTP → provider, → control
  Alerting alerting_;
};

}  // namespace lw::server
