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

std::string insights_key(const InsightsPlace& place) {
  if (equals_ignoring_case(place.resource_group, kDefaultResourceGroup)) return place.name;
  return fmt::format("{}/{}", place.resource_group, place.name);
}

InsightsPlace insights_place_of(std::string_view key) {
  const auto slash = key.find('/');
  if (slash == std::string_view::npos) return {.name = std::string(key)};
  return {std::string(key.substr(0, slash)), std::string(key.substr(slash + 1))};
}

std::string insights_id(std::string_view subscription, std::string_view type,
                        std::string_view key) {
  const InsightsPlace place = insights_place_of(key);
  return fmt::format("/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Insights/{}/{}",
                     subscription, place.resource_group, type, place.name);
}

std::optional<std::string> parse_insights_id(std::string_view subscription, std::string_view type,
                                             std::string_view id) {
  // Tools write two slashes here and there.
  auto parts = split(id, '/');
  std::erase(parts, std::string());
  const auto is = [&](std::size_t place, std::string_view word) {
    return equals_ignoring_case(parts[place], word);
  };
  if (parts.size() != 8 || !is(0, "subscriptions") || !is(1, subscription) ||
      !is(2, "resourceGroups") || !is(4, "providers") || !is(5, "Microsoft.Insights") ||
      !is(6, type)) {
    return std::nullopt;
  }
  return insights_key({parts[3], parts[7]});
}

}  // namespace lw
