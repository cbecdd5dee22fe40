// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "model/resource_id.h"
#include "server/arm/arm.h"

/// Connection monitors by their places: what the routes of several subjects share.
namespace lw::server::arm {

/// The path of one monitor, with {subscription}, {group}, {watcher} and {monitor}.
inline constexpr std::string_view kMonitorPath =
    "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/"
    "networkWatchers/{watcher}/connectionMonitors/{monitor}";

/// What a path with {group}, {watcher} and {monitor} names.
MonitorPlace place_in(const Call& call);
/// What a resource id of this subscription's monitors names.
std::optional<MonitorPlace> parse_monitor_id(std::string_view subscription, std::string_view id);

/// What is there of a monitor. Good until the control thread's next change.
struct FoundMonitor {
  const registry::StoredMonitor* stored;
  const ConnectionMonitor* model;
  const registry::NetworkWatcher* watcher;
};
/// On the control thread.
std::optional<FoundMonitor> find_monitor(const Control& control, const MonitorPlace& place);

Refusal monitor_not_found(const MonitorPlace& place);

}  // namespace lw::server::arm
