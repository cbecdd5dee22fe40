// SPDX-License-Identifier: Apache-2.0
// How an agent gets onto a host: a script and an archive (server/agent_package.h).
#include "server/agent_package.h"
#include "server/api/services.h"

namespace lw::server::api {

void add_install_routes(Router& router, AgentPackage& package) {
  router.add("GET", "/install.sh", Access::Everybody, [&](const Call& call) {
    auto script = package.install_script(call.request.header("Host"));
    if (!script) return answer_error(call.responder, script.error());
    answer_text(call, std::move(*script), "text/x-shellscript; charset=utf-8");
  });
  router.add("GET", "/agent/linewatch-agent-linux-x86_64.tar.gz", Access::Everybody,
             [&](const Call& call) { package.send_archive(call.responder); });
}

}  // namespace lw::server::api
