// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "model/connection_monitor.h"
#include "registry/documents.h"
#include "server/logs/log_table.h"

namespace lw::server::logs {

/// The names of the workspaces that a monitor's outputs lead to, in lower case, beside the default
/// one; sorted.
std::vector<std::string> workspaces_of(const ConnectionMonitor& monitor);

/// The workspaces that there are: the default one, those that monitors' outputs name, and those
/// that somebody declared with a retention of their own (kept in the registry). Any thread.
class Workspaces {
 public:
  /// All are read at once. `documents` must outlive this.
  Result<void> open(Guarded<std::optional<registry::Documents>>& documents,
                    std::string subscription, std::string default_id);

  /// All names that outputs lead to.
  void set_outputs(std::vector<std::string> names);
  /// Rows older than `keep_days` are not shown in it any more.
  Result<void> declare(const std::string& name, int keep_days);
  /// NotFound if it was not declared. One that outputs name stays, with the default's retention.
  Result<void> forget(const std::string& name);

  /// The default one first, then by name.
  [[nodiscard]] std::vector<WorkspaceView> all() const;
  /// The one with that id, name, or resource id, whatever the case.
  [[nodiscard]] std::optional<WorkspaceView> find(std::string_view name) const;

 private:
  struct State {
    std::vector<std::string> outputs;
    std::map<std::string, int> declared;  ///< name → days
  };
  [[nodiscard]] WorkspaceView view_of(const std::string& name, int keep_days) const;

  Guarded<std::optional<registry::Documents>>* documents_ = nullptr;
  std::string subscription_;
  std::string default_id_;
  Guarded<State> state_;
};

}  // namespace lw::server::logs
