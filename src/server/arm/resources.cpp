// SPDX-License-Identifier: Apache-2.0
#include "server/arm/resources.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace lw::server::arm {

MonitorPlace place_in(const Call& call) {
  return {.resource_group = call.path.at("group"),
          .watcher = call.path.at("watcher"),
          .monitor = call.path.at("monitor")};
}

std::optional<MonitorPlace> parse_monitor_id(std::string_view subscription, std::string_view id) {
  static constexpr std::array<std::string_view, 10> kParts{
      "subscriptions",   "", "resourceGroups",     "", "providers", "Microsoft.Network",
      "networkWatchers", "", "connectionMonitors", ""};
  std::vector<std::string> parts = split(id, '/');
  std::erase(parts, std::string());
  if (parts.size() != kParts.size()) return std::nullopt;
  for (std::size_t i = 0; i < kParts.size(); ++i) {
    if (!kParts.at(i).empty() && !equals_ignoring_case(kParts.at(i), parts[i])) return std::nullopt;
  }
  if (!equals_ignoring_case(parts[1], subscription)) return std::nullopt;
  return MonitorPlace{.resource_group = parts[3], .watcher = parts[7], .monitor = parts[9]};
}

std::optional<FoundMonitor> find_monitor(const Control& control, const MonitorPlace& place) {
  const auto* const watcher = control.find_watcher(place.resource_group, place.watcher);
  const auto* const stored = control.find_monitor(monitor_key(place));
  if (watcher == nullptr || stored == nullptr) return std::nullopt;
  const auto model = std::ranges::find(control.models(), stored->name, &ConnectionMonitor::name);
  if (model == control.models().end()) return std::nullopt;
  return FoundMonitor{stored, &*model, watcher};
}

Refusal monitor_not_found(const MonitorPlace& place) {
  return resource_not_found(
      fmt::format("Microsoft.Network/networkWatchers/{}/connectionMonitors/{}", place.watcher,
                  place.monitor),
      place.resource_group);
}

}  // namespace lw::server::arm
