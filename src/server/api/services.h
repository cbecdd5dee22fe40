// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "base/guarded.h"
#include "base/thread.h"
#include "base/time.h"
#include "server/api/router.h"
#include "server/control.h"
#include "server/credentials.h"
#include "server/gate.h"
#include "server/history.h"
#include "server/live_snapshot.h"
#include "server/sessions.h"
#include "server/streams.h"
#include "store/path_writer.h"
#include "store/round_writer.h"

namespace lw::registry {
class Bookmarks;
}
namespace lw::server {
class AgentPackage;
}
namespace lw::server::alerts {
class Alerts;
}
namespace lw::notify {
class Notifier;
}
namespace lw::server::oidc {
class SignIn;
}
namespace lw::server::remote_write {
class RemoteWrite;
}

namespace lw::server::api {

/// What the routes work with; all of it outlives the HTTP server. Handlers run on HTTP threads and
/// must not block: state is read by work posted to `control`, history by work handed to `history`.
struct Services {
  Control& control;
  History& history;
  store::RoundWriter& writer;
  store::PathWriter& path_writer;
  Credentials& credentials;
  Sessions& sessions;
  Gate& gate;
  Streams& streams;
  LiveSnapshot& live_snapshot;  ///< on the control thread
  const Clock& clock;
  std::string data_directory;
  std::string authority_pem;
  std::string store_description;               ///< "embedded" or the URL without credentials
  std::function<std::string()> store_problem;  ///< in words; empty when all is well
  std::function<std::string()> certificate_problem = {};  ///< likewise; may be missing
  AgentPackage* agent_package = nullptr;                  ///< likewise
  remote_write::RemoteWrite* remote_write = nullptr;      ///< likewise
  registry::Bookmarks* bookmarks = nullptr;               ///< on the control thread
  oidc::SignIn* oidc = nullptr;                           ///< likewise
  alerts::Alerts* alerts = nullptr;                       ///< on the control thread
  notify::Notifier* notifier = nullptr;
};

/// Runs `work(call)` on the control thread.
template <class Work>
void on_control(Services& services, Call call, Work work) {
  services.control.post([call = std::move(call), work = std::move(work)] { work(call); });
}

// Each adds the routes of one subject (api/openapi.yaml).
void add_status_routes(Router& router, Services& services);
void add_monitor_routes(Router& router, Services& services);
void add_test_routes(Router& router, Services& services);
void add_history_routes(Router& router, Services& services);
void add_path_routes(Router& router, Services& services);
void add_agent_routes(Router& router, Services& services);
void add_token_routes(Router& router, Services& services);
void add_metrics_routes(Router& router, Services& services);
void add_session_routes(Router& router, Services& services);
void add_sign_in_routes(Router& router, Services& services);
void add_snapshot_routes(Router& router, Services& services);
void add_stream_routes(Router& router, Services& services);
void add_chart_routes(Router& router, Services& services);
void add_verdict_routes(Router& router, Services& services);
void add_band_routes(Router& router, Services& services);
void add_topology_routes(Router& router, Services& services);
void add_preview_routes(Router& router, Services& services);
void add_bookmark_routes(Router& router, Services& services);
void add_alert_routes(Router& router, Services& services);
void add_alert_rule_routes(Router& router, Services& services);
void add_action_group_routes(Router& router, Services& services);
void add_install_routes(Router& router, AgentPackage& package);

}  // namespace lw::server::api
