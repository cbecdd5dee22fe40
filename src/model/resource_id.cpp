// SPDX-License-Identifier: Apache-2.0
#include "model/resource_id.h"

#include <fmt/core.h>

#include "base/text.h"

namespace lw {

bool MonitorPlace::is_in(std::string_view group, std::string_view watcher_name) const {
  return equals_ignoring_case(resource_group, group) && equals_ignoring_case(watcher, watcher_name);
}

std::string monitor_key(const MonitorPlace& place) {
  if (place.is_in(kDefaultResourceGroup, kDefaultWatcher)) return place.monitor;
  if (equals_ignoring_case(place.resource_group, kDefaultResourceGroup)) {
    return fmt::format("{}/{}", place.watcher, place.monitor);
  }
  return fmt::format("{}/{}/{}", place.resource_group, place.watcher, place.monitor);
}

MonitorPlace place_of(std::string_view monitor_key) {
  MonitorPlace place;
  const auto parts = split(monitor_key, '/');
  place.monitor = parts.back();
  if (parts.size() >= 2) place.watcher = parts[parts.size() - 2];
  if (parts.size() >= 3) place.resource_group = parts[parts.size() - 3];
  return place;
}

std::string watcher_id(std::string_view subscription, std::string_view resource_group,
                       std::string_view watcher) {
  return fmt::format(
      "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Network/networkWatchers/{}",
      subscription, resource_group, watcher);
}

std::string monitor_id(std::string_view subscription, const MonitorPlace& place) {
  return fmt::format("{}/connectionMonitors/{}",
                     watcher_id(subscription, place.resource_group, place.watcher), place.monitor);
}

}  // namespace lw
