// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "server/api/services.h"
#include "server/snapshot.h"
#include "server/token_scope.h"

/// What callers with a scope see: every route that shows tests, agents or workspaces asks here. On
/// the control thread, where nothing else is said.
namespace lw::server::api {

/// Lets a call pass whose path names what the caller's scope covers, and refuses it otherwise
/// (Router::set_guard). Any thread; the handler may be called on the control thread.
void guard(Services& services, Call call, const Router::Handler& handler);

/// Calls `visit(live)` for each test that the scope covers, in their order.
template <class Visit>
void for_visible_tests(const Control& control, const TokenScope& scope, const Visit& visit) {
  ScopedMonitors monitors(scope);
  for (const TestId id : control.live().order()) {
    const LiveTest& live = *control.live().find(id);
    if (monitors.covers(live.test.connection_monitor)) visit(live);
  }
}

/// Whether it is there and covered.
bool is_visible(const Control& control, const TokenScope& scope, TestId test);
/// All agents, or those that run tests which the scope covers.
std::vector<AgentView> visible_agents(const Control& control, const TokenScope& scope);
/// The names of the tests that the caller sees.
std::shared_ptr<const SnapshotNames> visible_names(Services& services, const Call& call);
/// The rows that the scope covers. Pure.
std::vector<std::size_t> visible_rows(const SnapshotNames& names, const TokenScope& scope);
/// `snapshot` itself if all of it is covered. Pure.
std::shared_ptr<const Snapshot> visible_part(std::shared_ptr<const Snapshot> snapshot,
                                             const TokenScope& scope);
/// The id of the default workspace, or nothing if the scope does not cover it. Any thread.
std::string visible_workspace(const Services& services, const TokenScope& scope);
/// Scopes in words, for the audit log: "everything", or the scopes.
std::string scope_text(const std::optional<std::vector<std::string>>& scopes);

}  // namespace lw::server::api
