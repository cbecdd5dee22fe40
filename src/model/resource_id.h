// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lw {

/// What a monitor without an Azure address belongs to; there from the first start.
inline constexpr std::string_view kDefaultResourceGroup = "NetworkWatcherRG";
inline constexpr std::string_view kDefaultWatcher = "NetworkWatcher_local";
inline constexpr std::string_view kDefaultLocation = "local";

/// Where a connection monitor stands in a subscription's tree of resources.
struct MonitorPlace {
  std::string resource_group{kDefaultResourceGroup};
  std::string watcher{kDefaultWatcher};
  std::string monitor;
  bool operator==(const MonitorPlace&) const = default;

  /// Whether both mean one watcher; like all names of resources these are compared without case.
  [[nodiscard]] bool is_in(std::string_view group, std::string_view watcher_name) const;
};

/// What the monitor is called in this server, where all of them share one space of names: its name
/// alone in the default watcher, "WATCHER/NAME" in another, with "GROUP/" before it in another
/// resource group than the default. Names hold no "/".
std::string monitor_key(const MonitorPlace& place);
MonitorPlace place_of(std::string_view monitor_key);

/// "/subscriptions/S/resourceGroups/G/providers/Microsoft.Network/networkWatchers/W".
std::string watcher_id(std::string_view subscription, std::string_view resource_group,
                       std::string_view watcher);
/// The watcher's id and "/connectionMonitors/M".
std::string monitor_id(std::string_view subscription, const MonitorPlace& place);

/// Where an alert rule or an action group stands: in a resource group. Its key is its name alone in
/// the default group, "GROUP/NAME" in another.
struct InsightsPlace {
  std::string resource_group{kDefaultResourceGroup};
  std::string name;
};
std::string insights_key(const InsightsPlace& place);
InsightsPlace insights_place_of(std::string_view key);
/// "/subscriptions/S/resourceGroups/G/providers/Microsoft.Insights/metricAlerts/N", with `type`
/// "metricAlerts" or "actionGroups".
std::string insights_id(std::string_view subscription, std::string_view type, std::string_view key);
/// The key of such an id of that subscription; nothing if it is none.
std::optional<std::string> parse_insights_id(std::string_view subscription, std::string_view type,
                                             std::string_view id);

}  // namespace lw
