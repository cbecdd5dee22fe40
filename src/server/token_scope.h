// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/resource_id.h"

namespace lw::server {

/// What of a server a caller may see and change: everything, or only what lies at or below some of
/// Azure's resources. A connection monitor, and with it its tests, is covered by its own id, its
/// watcher's, its resource group's and the subscription's; a workspace by its own id and the
/// subscription's only, since it holds rows of monitors of every group. An empty list covers
/// nothing. Names are compared without case.
///
/// Pure and never changed once made; any thread.
class TokenScope {
 public:
  /// Covers everything.
  TokenScope() = default;
  /// `texts` are resource ids of that subscription, or in short `resourceGroups/GROUP`,
  /// `connectionMonitors/KEY` (model/resource_id.h, monitor_key) and `workspaces/NAME`.
  /// InvalidInput names the first that is none of these.
  static Result<TokenScope> parse(const std::vector<std::string>& texts,
                                  std::string_view subscription);
  /// What parse() made once: texts() of it. What cannot be understood any more covers nothing.
  static TokenScope of_texts(const std::vector<std::string>& texts);

  [[nodiscard]] bool covers_all() const { return covers_all_; }
  /// By the monitor's key.
  [[nodiscard]] bool covers_monitor(std::string_view key) const;
  [[nodiscard]] bool covers_monitor(const MonitorPlace& place) const;
  [[nodiscard]] bool covers_watcher(std::string_view resource_group,
                                    std::string_view watcher) const;
  /// All of a resource group.
  [[nodiscard]] bool covers_group(std::string_view resource_group) const;
  /// Everything that `inner` covers of connection monitors.
  [[nodiscard]] bool covers_scope(const TokenScope& inner) const;
  [[nodiscard]] bool covers_workspace(std::string_view name, std::string_view id) const;
  /// Whether anything at or below it is covered, so that it may be named in lists.
  [[nodiscard]] bool reaches_subscription() const { return covers_all_ || !entries_.empty(); }
  [[nodiscard]] bool reaches_group(std::string_view resource_group) const;
  [[nodiscard]] bool reaches_watcher(std::string_view resource_group,
                                     std::string_view watcher) const;

  /// Full resource ids, as they are kept; empty for one that covers everything, too.
  [[nodiscard]] const std::vector<std::string>& texts() const { return texts_; }

 private:
  /// What is named down to its level; the empty rest is whatever lies below.
  struct Entry {
    std::string resource_group = {};
    std::string watcher = {};
    std::string monitor = {};
    std::string workspace = {};
    [[nodiscard]] bool is_subscription() const {
      return resource_group.empty() && workspace.empty();
    }
  };
  static Result<Entry> parse_entry(std::string_view text, std::string_view subscription);
  static std::string text_of(const Entry& entry, std::string_view subscription);
  [[nodiscard]] static bool covers(const Entry& entry, const MonitorPlace& place);

  bool covers_all_ = true;
  std::vector<Entry> entries_;
  std::vector<std::string> texts_;
};

/// Shared by all callers that may see everything; never null.
std::shared_ptr<const TokenScope> unlimited_scope();

/// covers_monitor() for many tests in a row: those of one monitor stand together.
class ScopedMonitors {
 public:
  /// `scope` must outlive it.
  explicit ScopedMonitors(const TokenScope& scope) : scope_(scope) {}
  bool covers(std::string_view monitor_key);

 private:
  const TokenScope& scope_;
  std::string last_;
  bool is_known_ = false;
  bool is_covered_ = false;
};

}  // namespace lw::server
