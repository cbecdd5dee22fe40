// SPDX-License-Identifier: Apache-2.0
// Control, as Azure's interface needs it: single resources, and the watchers that hold them.
#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "model/resource_id.h"
#include "model/validate.h"
#include "server/control.h"
#include "server/plan.h"

namespace lw::server {

const registry::StoredMonitor* Control::find_monitor(std::string_view name) const {
  const auto found = std::ranges::find_if(stored_, [name](const registry::StoredMonitor& stored) {
    return equals_ignoring_case(stored.name, name);
  });
  return found == stored_.end() ? nullptr : &*found;
}

Result<MonitorChange::Kind> Control::put_monitor(ConnectionMonitor model, Value document) {
  const bool is_new = find_monitor(model.name) == nullptr;
  if (is_new) {
    const MonitorPlace place = place_of(model.name);
    const auto beside = std::ranges::count_if(models_, [&](const ConnectionMonitor& other) {
      return place_of(other.name).is_in(place.resource_group, place.watcher);
    });
    if (auto refusal = check_monitor_count(static_cast<std::size_t>(beside))) {
      return fail(ErrorCode::LimitExceeded, *refusal);
    }
  }
  TRY(check_room({model}));
  TRY(registry_.write_monitors({{model.name, std::move(document), model.auto_start}}, {},
                               clock_.wall_now()));
  TRY(reload_monitors());
  return is_new ? MonitorChange::Kind::Created : MonitorChange::Kind::Updated;
}

Result<void> Control::remove_monitor(const std::string& name) {
  TRY(registry_.write_monitors({}, {name}, clock_.wall_now()));
  return reload_monitors();
}

Result<void> Control::set_monitor_stopped(const std::string& name, bool is_stopped) {
  TRY(registry_.set_monitor_stopped(name, is_stopped, clock_.wall_now()));
  return reload_monitors();
}

// --- watchers ---------------------------------------------------------------------------------

Result<void> Control::load_watchers() {
  watchers_ = TRY(registry_.network_watchers());
  // Monitors of files need a home, so the default one comes back, empty, when it was removed.
  if (find_watcher(kDefaultResourceGroup, kDefaultWatcher) != nullptr) return {};
  TRY(registry_.put_network_watcher({.resource_group = std::string(kDefaultResourceGroup),
                                     .name = std::string(kDefaultWatcher),
                                     .location = std::string(kDefaultLocation),
                                     .tags = {},
                                     .etag = {}},
                                    clock_.wall_now()));
  watchers_ = TRY(registry_.network_watchers());
  return {};
}

const registry::NetworkWatcher* Control::find_watcher(std::string_view resource_group,
                                                      std::string_view name) const {
  const auto found = std::ranges::find_if(watchers_, [&](const registry::NetworkWatcher& watcher) {
    return equals_ignoring_case(watcher.resource_group, resource_group) &&
           equals_ignoring_case(watcher.name, name);
  });
  return found == watchers_.end() ? nullptr : &*found;
}

Result<void> Control::put_watcher(const registry::NetworkWatcher& watcher) {
  TRY(registry_.put_network_watcher(watcher, clock_.wall_now()));
  return load_watchers();
}

Result<void> Control::remove_watcher(const registry::NetworkWatcher& watcher) {
  std::vector<std::string> monitors;
  for (const registry::StoredMonitor& stored : stored_) {
    if (place_of(stored.name).is_in(watcher.resource_group, watcher.name)) {
      monitors.push_back(stored.name);
    }
  }
  TRY(registry_.remove_network_watcher(watcher, monitors));
  TRY(load_watchers());
  return reload_monitors();
}

}  // namespace lw::server
