// SPDX-License-Identifier: Apache-2.0
#include "server/token_scope.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"

namespace lw::server {
namespace {

constexpr std::size_t kEntriesMax = 100;

Error no_scope(std::string_view text) {
  return {ErrorCode::InvalidInput,
          fmt::format("`{}` is no scope; write the resource id of this server's subscription, of a "
                      "resource group, network watcher, connection monitor or workspace below it, "
                      "or resourceGroups/NAME, connectionMonitors/NAME, workspaces/NAME",
                      printable(text, 200))};
}

/// "A/B/c" → {"A", "B", "c"} without what is empty.
std::vector<std::string> parts_of(std::string_view text) {
  auto parts = split(text, '/');
  std::erase(parts, std::string());
  return parts;
}

bool is(const std::vector<std::string>& parts, std::size_t place, std::string_view word) {
  return place < parts.size() && equals_ignoring_case(parts[place], word);
}

}  // namespace

Result<TokenScope::Entry> TokenScope::parse_entry(std::string_view text,
                                                  std::string_view subscription) {
  const auto parts = parts_of(text);
  const std::size_t size = parts.size();
  const bool is_full = text.starts_with('/');
  if (!is_full) {
    if (size == 2 && is(parts, 0, "resourceGroups")) return Entry{.resource_group = parts[1]};
    if (size == 2 && is(parts, 0, "workspaces")) return Entry{.workspace = parts[1]};
    if (size >= 2 && size <= 4 && is(parts, 0, "connectionMonitors")) {
      const MonitorPlace place = place_of(text.substr(text.find('/') + 1));
      return Entry{.resource_group = place.resource_group,
                   .watcher = place.watcher,
                   .monitor = place.monitor};
    }
    return std::unexpected(no_scope(text));
  }
  // A foreign subscription's id would never cover anything, so it is a slip of the pen.
  const bool is_own = subscription.empty()
                          ? is(parts, 0, "subscriptions") && size > 1
                          : is(parts, 0, "subscriptions") && is(parts, 1, subscription);
  if (!is_own) return std::unexpected(no_scope(text));
  if (size == 2) return Entry{};
  if (!is(parts, 2, "resourceGroups") || size < 4) return std::unexpected(no_scope(text));
  if (size == 4) return Entry{.resource_group = parts[3]};
  if (!is(parts, 4, "providers")) return std::unexpected(no_scope(text));
  if (size == 8 && is(parts, 5, "Microsoft.OperationalInsights") && is(parts, 6, "workspaces")) {
    return Entry{.workspace = parts[7]};
  }
  const bool is_watcher = is(parts, 5, "Microsoft.Network") && is(parts, 6, "networkWatchers");
  if (is_watcher && size == 8) return Entry{.resource_group = parts[3], .watcher = parts[7]};
  if (is_watcher && size == 10 && is(parts, 8, "connectionMonitors")) {
    return Entry{.resource_group = parts[3], .watcher = parts[7], .monitor = parts[9]};
  }
  return std::unexpected(no_scope(text));
}

std::string TokenScope::text_of(const Entry& entry, std::string_view subscription) {
  if (!entry.workspace.empty()) {
    return fmt::format(
        "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.OperationalInsights/workspaces/{}",
        subscription, kDefaultResourceGroup, entry.workspace);
  }
  if (entry.resource_group.empty()) return fmt::format("/subscriptions/{}", subscription);
  if (entry.watcher.empty()) {
    return fmt::format("/subscriptions/{}/resourceGroups/{}", subscription, entry.resource_group);
  }
  if (entry.monitor.empty()) return watcher_id(subscription, entry.resource_group, entry.watcher);
  return monitor_id(subscription, {entry.resource_group, entry.watcher, entry.monitor});
}

Result<TokenScope> TokenScope::parse(const std::vector<std::string>& texts,
                                     std::string_view subscription) {
  if (texts.size() > kEntriesMax) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("a token has at most {} scopes; name resource groups or watchers "
                            "instead of single monitors",
                            kEntriesMax));
  }
  TokenScope scope;
  scope.covers_all_ = false;
  for (const std::string& text : texts) {
    scope.entries_.push_back(TRY(parse_entry(text, subscription)));
    scope.texts_.push_back(text_of(scope.entries_.back(), subscription));
  }
  return scope;
}

TokenScope TokenScope::of_texts(const std::vector<std::string>& texts) {
  TokenScope scope;
  scope.covers_all_ = false;
  scope.texts_ = texts;
  for (const std::string& text : texts) {
    if (auto entry = parse_entry(text, "")) scope.entries_.push_back(std::move(*entry));
  }
  return scope;
}

bool TokenScope::covers(const Entry& entry, const MonitorPlace& place) {
  if (!entry.workspace.empty()) return false;
  const auto fits = [](const std::string& wanted, const std::string& name) {
    return wanted.empty() || equals_ignoring_case(wanted, name);
  };
  return fits(entry.resource_group, place.resource_group) && fits(entry.watcher, place.watcher) &&
         fits(entry.monitor, place.monitor);
}

bool TokenScope::covers_monitor(const MonitorPlace& place) const {
  return covers_all_ ||
         std::ranges::any_of(entries_, [&](const Entry& entry) { return covers(entry, place); });
}

bool TokenScope::covers_monitor(std::string_view key) const {
  return covers_all_ || (!entries_.empty() && covers_monitor(place_of(key)));
}

bool TokenScope::covers_watcher(std::string_view resource_group, std::string_view watcher) const {
  if (covers_all_) return true;
  const MonitorPlace place{std::string(resource_group), std::string(watcher), ""};
  return std::ranges::any_of(
      entries_, [&](const Entry& entry) { return entry.monitor.empty() && covers(entry, place); });
}

bool TokenScope::covers_group(std::string_view resource_group) const {
  if (covers_all_) return true;
  const MonitorPlace place{std::string(resource_group), "", ""};
  return std::ranges::any_of(entries_, [&](const Entry& entry) {
    return entry.watcher.empty() && entry.monitor.empty() && covers(entry, place);
  });
}

bool TokenScope::covers_scope(const TokenScope& inner) const {
  if (covers_all_) return true;
  if (inner.covers_all_ || inner.entries_.empty()) return false;
  // What an entry leaves open, only an entry that leaves it open as well covers.
  return std::ranges::all_of(inner.entries_, [&](const Entry& wanted) {
    const MonitorPlace place{wanted.resource_group, wanted.watcher, wanted.monitor};
    return std::ranges::any_of(entries_, [&](const Entry& entry) {
      return wanted.workspace.empty() && covers(entry, place);
    });
  });
}

bool TokenScope::covers_workspace(std::string_view name, std::string_view id) const {
  return covers_all_ || std::ranges::any_of(entries_, [&](const Entry& entry) {
           return entry.is_subscription() || equals_ignoring_case(entry.workspace, name) ||
                  equals_ignoring_case(entry.workspace, id);
         });
}

bool TokenScope::reaches_group(std::string_view resource_group) const {
  return covers_all_ || std::ranges::any_of(entries_, [&](const Entry& entry) {
           return entry.is_subscription() ||
                  equals_ignoring_case(entry.resource_group, resource_group);
         });
}

bool TokenScope::reaches_watcher(std::string_view resource_group, std::string_view watcher) const {
  return covers_all_ || std::ranges::any_of(entries_, [&](const Entry& entry) {
           const MonitorPlace place{std::string(resource_group), std::string(watcher),
                                    entry.monitor};
           return covers(entry, place);
         });
}

std::shared_ptr<const TokenScope> unlimited_scope() {
  static const auto kScope = std::make_shared<const TokenScope>();
  return kScope;
}

bool ScopedMonitors::covers(std::string_view monitor_key) {
  if (scope_.covers_all()) return true;
  if (is_known_ && last_ == monitor_key) return is_covered_;
  last_ = monitor_key;
  is_known_ = true;
  is_covered_ = scope_.covers_monitor(monitor_key);
  return is_covered_;
}

}  // namespace lw::server
