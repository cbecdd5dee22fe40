// SPDX-License-Identifier: Apache-2.0
#include "server/logs/workspaces.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "base/document.h"
#include "base/hash.h"
#include "base/ids.h"
#include "base/text.h"
#include "server/logs/kept.h"

namespace lw::server::logs {
namespace {

constexpr std::string_view kDefaultName = "default";
constexpr int kKeepDaysMax = 730;

/// An id of the usual form that is the same for ever, in every process.
std::string id_of(const std::string& subscription, const std::string& name) {
  const std::string digits = to_hex(stable_hash({"workspace", subscription, name})) +
                             to_hex(stable_hash({"workspace again", subscription, name}));
  return digits.substr(0, 8) + "-" + digits.substr(8, 4) + "-" + digits.substr(12, 4) + "-" +
         digits.substr(16, 4) + "-" + digits.substr(20, 12);
}

bool is_name(std::string_view name) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
  return !name.empty() && name.size() <= 63 &&
         name.find_first_not_of(kAllowed) == std::string_view::npos;
}

}  // namespace

std::vector<std::string> workspaces_of(const ConnectionMonitor& monitor) {
  std::set<std::string> names;
  for (const Output& output : monitor.outputs) {
    const std::string& id = output.workspace_resource_id;
    const auto slash = id.rfind('/');
    const std::string name = to_lower(slash == std::string::npos ? id : id.substr(slash + 1));
    // The default workspace has everything without being told.
    if (!name.empty() && name != kDefaultName) names.insert(name);
  }
  return {names.begin(), names.end()};
}

Result<void> Workspaces::open(Guarded<std::optional<registry::Documents>>& documents,
                              std::string subscription, std::string default_id) {
  documents_ = &documents;
  subscription_ = std::move(subscription);
  default_id_ = std::move(default_id);
  const auto all = TRY(documents.with([](auto& kept) { return kept->all(kWorkspaceKind); }));
  state_.with([&](State& state) {
    for (const auto& [name, document] : all) {
      state.declared[name] = static_cast<int>(document.number("retentionDays"));
    }
  });
  return {};
}

void Workspaces::set_outputs(std::vector<std::string> names) {
  state_.with([&](State& state) { state.outputs = std::move(names); });
}

Result<void> Workspaces::declare(const std::string& name, int keep_days) {
  if (!is_name(name) || name == kDefaultName) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("`{}` cannot be a workspace's name: up to 63 lower-case letters, "
                            "digits, -, _ and ., and not `default`",
                            name.substr(0, 100)));
  }
  if (keep_days < 1 || keep_days > kKeepDaysMax) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("`retentionDays` must be from 1 to {}", kKeepDaysMax));
  }
  return state_.with([&](State& state) -> Result<void> {
    const Value document = Value::object({{"name", name}, {"retentionDays", keep_days}});
    TRY(documents_->with([&](auto& kept) { return kept->put(kWorkspaceKind, name, document); }));
    state.declared[name] = keep_days;
    return {};
  });
}

Result<void> Workspaces::forget(const std::string& name) {
  return state_.with([&](State& state) -> Result<void> {
    if (!state.declared.contains(name)) {
      return fail(ErrorCode::NotFound,
                  fmt::format("no workspace `{}` was declared", name.substr(0, 100)));
    }
    TRY(documents_->with([&](auto& kept) { return kept->remove(kWorkspaceKind, name); }));
    state.declared.erase(name);
    return {};
  });
}

WorkspaceView Workspaces::view_of(const std::string& name, int keep_days) const {
  return {.id = id_of(subscription_, name), .name = name, .keep_days = keep_days};
}

std::vector<WorkspaceView> Workspaces::all() const {
  const State state = state_.with([](const State& known) { return known; });
  std::map<std::string, int> days = state.declared;
  for (const std::string& name : state.outputs) days.try_emplace(name, 0);
  std::vector<WorkspaceView> views{
      {.id = default_id_, .name = std::string(kDefaultName), .is_default = true}};
  for (const auto& [name, keep] : days) views.push_back(view_of(name, keep));
  return views;
}

std::optional<WorkspaceView> Workspaces::find(std::string_view name) const {
  // "/subscriptions/…/workspaces/NAME" means NAME.
  if (const auto slash = name.rfind('/'); slash != std::string_view::npos) {
    name.remove_prefix(slash + 1);
  }
  for (WorkspaceView& view : all()) {
    if (equals_ignoring_case(view.id, name) || equals_ignoring_case(view.name, name)) return view;
  }
  return std::nullopt;
}

}  // namespace lw::server::logs
