// SPDX-License-Identifier: Apache-2.0
#include "server/api/visibility.h"

#include <fmt/core.h>

#include <algorithm>
#include <unordered_set>

#include "base/text.h"
#include "model/resource_id.h"

namespace lw::server::api {
namespace {

const std::string* part(const Call& call, const char* name) {
  const auto found = call.path.find(name);
  return found == call.path.end() ? nullptr : &found->second;
}

/// Azure's paths name a watcher, and perhaps a monitor of it.
bool covers_resource(const Call& call, const std::string& group, const std::string& watcher) {
  const std::string* const monitor = part(call, "monitor");
  return monitor != nullptr ? call.scope->covers_monitor(MonitorPlace{group, watcher, *monitor})
                            : call.scope->covers_watcher(group, watcher);
}

void guard_monitor(const Call& call, const std::string& name, const Router::Handler& handler) {
  if (call.scope->covers_monitor(name)) return handler(call);
  if (call.request.method != "GET") return refuse_scope(call);
  // As if it were not there, whether it is or not.
  answer_error(call.responder,
               {ErrorCode::NotFound, fmt::format("there is no connection monitor `{}`", name)});
}

}  // namespace

void guard(Services& services, Call call, const Router::Handler& handler) {
  const std::string* const group = part(call, "group");
  const std::string* const watcher = part(call, "watcher");
  if (group != nullptr && watcher != nullptr) {
    return covers_resource(call, *group, *watcher) ? handler(std::move(call)) : refuse_scope(call);
  }
  if (const std::string* const name = part(call, "name"))
    return guard_monitor(call, *name, handler);
  const std::string* const id = part(call, "id");
  if (id == nullptr) return refuse_scope(call);
  on_control(services, std::move(call), [&services, handler](const Call& inner) {
    const std::string& text = inner.path.at("id");
    const auto test = parse_hex(text);
    if (test && is_visible(services.control, *inner.scope, TestId{*test})) return handler(inner);
    answer_error(inner.responder,
                 {ErrorCode::NotFound, fmt::format("there is no test `{}`", text)});
  });
}

bool is_visible(const Control& control, const TokenScope& scope, TestId test) {
  if (scope.covers_all()) return true;
  const LiveTest* const live = control.live().find(test);
  return live != nullptr && scope.covers_monitor(live->test.connection_monitor);
}

std::vector<AgentView> visible_agents(const Control& control, const TokenScope& scope) {
  std::vector<AgentView> agents = control.agents();
  if (scope.covers_all()) return agents;
  std::unordered_set<AgentId> seen;
  for_visible_tests(control, scope, [&](const LiveTest& live) { seen.insert(live.test.agent); });
  std::erase_if(agents, [&](const AgentView& view) { return !seen.contains(view.agent.id); });
  return agents;
}

std::vector<std::size_t> visible_rows(const SnapshotNames& names, const TokenScope& scope) {
  // One look for each monitor, not for each test.
  std::vector<bool> is_covered;
  for (const std::string& monitor : names.monitor.dictionary.texts()) {
    is_covered.push_back(scope.covers_monitor(monitor));
  }
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < names.ids.size(); ++row) {
    const std::uint32_t monitor = names.monitor.numbers[row];
    if (monitor != Dictionary::kMissing && is_covered.at(monitor)) rows.push_back(row);
  }
  return rows;
}

std::shared_ptr<const SnapshotNames> visible_names(Services& services, const Call& call) {
  auto names = services.live_snapshot.names(services.control);
  if (call.scope->covers_all()) return names;
  return std::make_shared<const SnapshotNames>(select(*names, visible_rows(*names, *call.scope)));
}

std::shared_ptr<const Snapshot> visible_part(std::shared_ptr<const Snapshot> snapshot,
                                             const TokenScope& scope) {
  if (scope.covers_all()) return snapshot;
  const auto rows = visible_rows(*snapshot->names, scope);
  return std::make_shared<const Snapshot>(select(*snapshot, rows));
}

std::string visible_workspace(const Services& services, const TokenScope& scope) {
  const std::string& id = services.control.workspace_id();
  return scope.covers_workspace("default", id) ? id : std::string();
}

std::string scope_text(const std::optional<std::vector<std::string>>& scopes) {
  if (!scopes) return "everything";
  return scopes->empty() ? "nothing" : join(*scopes, ", ");
}

}  // namespace lw::server::api
