// SPDX-License-Identifier: Apache-2.0
#include "model/codec.h"

#include <fmt/core.h>

#include <array>
#include <charconv>
#include <map>
#include <utility>

#include "model/read_parts.h"
#include "model/validate.h"

namespace lw {
namespace {

/// Properties that the service writes, or old clients always send, and that mean nothing here.
constexpr std::array<std::string_view, 8> kServiceProperties{
    "autoStart",        "monitoringIntervalInSeconds", "provisioningState", "startTime",
    "monitoringStatus", "connectionMonitorType",       "resourceGuid",      "probes"};

/// Whether `properties` come from an API client or an export, with what the service adds to them.
enum class Origin { File, Api };

/// The location of the value at `path` below `root`, or of the last value on the way that exists:
/// a missing key is shown at the object that should have it.
Location locate(const Value& root, std::string_view path) {
  const Value* value = &root;
  while (!path.empty()) {
    if (path.front() == '.') path.remove_prefix(1);
    const Value* next = nullptr;
    if (path.front() == '[') {
      std::size_t index = 0;
      const auto close = path.find(']');
      std::from_chars(path.data() + 1, path.data() + close, index);
      const bool exists = value->is_array() && index < value->as_array().size();
      next = exists ? &value->as_array()[index] : nullptr;
      path.remove_prefix(close + 1);
    } else {
      const auto end = path.find_first_of(".[");
      next = value->find(path.substr(0, end));
      path.remove_prefix(std::min(end, path.size()));
    }
    if (next == nullptr) break;
    value = next;
  }
  return value->location();
}

TestGroup read_test_group(const Place& place, Diagnostics& faults) {
  TestGroup group;
  ObjectReader reader(place, faults);
  if (!reader.is_object()) return group;
  group.name = reader.required_text("name", "it is shown with each of its tests");
  group.disable = reader.flag("disable").value_or(false);
  group.sources = reader.texts("sources");
  group.destinations = reader.texts("destinations");
  group.test_configurations = reader.texts("testConfigurations");
  reader.finish();
  return group;
}

Output read_output(const Place& place, Diagnostics& faults) {
  static const std::vector<std::string> kTypes{"Workspace"};
  Output output;
  ObjectReader reader(place, faults);
  if (!reader.is_object()) return output;
  static_cast<void>(reader.choice("type", kTypes));
  if (const auto settings_place = reader.object("workspaceSettings")) {
    ObjectReader settings(*settings_place, faults);
    output.workspace_resource_id = settings.text("workspaceResourceId");
    settings.finish();
  }
  reader.finish();
  return output;
}

void read_properties(ObjectReader& reader, Origin origin, ConnectionMonitor& monitor,
                     Diagnostics& faults) {
  monitor.notes = reader.text("notes");
  if (origin == Origin::Api) {
    for (const auto property : kServiceProperties) reader.ignore(property);
    if (is_classic(reader)) return read_classic(reader, monitor, faults);
    // Clients with one model for both forms send these as null.
    for (const std::string_view key : {"source", "destination"}) reader.ignore(key);
  }
  for (const Place& item : reader.list("endpoints")) {
    monitor.endpoints.push_back(read_endpoint(item, faults));
  }
  for (const Place& item : reader.list("testConfigurations")) {
    monitor.test_configurations.push_back(read_test_configuration(item, faults));
  }
  for (const Place& item : reader.list("testGroups")) {
    monitor.test_groups.push_back(read_test_group(item, faults));
  }
  for (const Place& item : reader.list("outputs")) {
    monitor.outputs.push_back(read_output(item, faults));
  }
}

/// Adds the broken rules, except where the reader has found fault already.
void add_broken_rules(const ConnectionMonitor& monitor, const Place& place, Diagnostics& faults) {
  const bool is_classic = monitor.form == MonitorForm::SingleSourceDestination;
  if (is_classic && monitor.test_groups.empty()) return;  // A part is missing, as was said.
  for (Fault& fault : validate(monitor)) {
    if (is_classic) fault.path = classic_path(std::move(fault.path));
    const std::string path =
        place.path.empty() ? fault.path : fmt::format("{}.{}", place.path, fault.path);
    if (faults.is_full() || faults.covers(path)) continue;
    faults.add(locate(*place.value, fault.path), path, std::move(fault.message),
               std::move(fault.code));
  }
}

/// What stands beside `properties` in a file's item.
void read_frame(ObjectReader& reader, ConnectionMonitor& monitor) {
  monitor.name = reader.required_text("name", "give each connection monitor its own");
  monitor.location = reader.text("location");
  monitor.tags = reader.text_map("tags");
}

ConnectionMonitor read_item(const Place& place, Diagnostics& faults) {
  ConnectionMonitor monitor;
  ObjectReader reader(place, faults);
  if (!reader.is_object()) return monitor;
  read_frame(reader, monitor);
  if (!reader.has("properties")) {
    read_properties(reader, Origin::File, monitor, faults);
    reader.finish();
    add_broken_rules(monitor, place, faults);
    return monitor;
  }
  for (const std::string_view key : {"id", "type", "etag", "apiVersion"}) reader.ignore(key);
  const auto properties_place = reader.object("properties");
  reader.finish();
  if (!properties_place) return monitor;
  ObjectReader properties(*properties_place, faults);
  read_properties(properties, Origin::Api, monitor, faults);
  properties.finish();
  add_broken_rules(monitor, *properties_place, faults);
  return monitor;
}

void refuse_equal_names(const std::vector<ConnectionMonitor>& monitors, const Value& document,
                        Diagnostics& faults) {
  std::map<std::string_view, std::size_t> first_by_name;
  for (std::size_t i = 0; i < monitors.size(); ++i) {
    const auto [first, is_new] = first_by_name.emplace(monitors[i].name, i);
    if (is_new || monitors[i].name.empty()) continue;
    const std::string path = fmt::format("connectionMonitors[{}].name", i);
    faults.add(locate(document, path), path,
               fmt::format("the name `{}` is taken by connectionMonitors[{}]; give each its own",
                           monitors[i].name, first->second));
  }
}

}  // namespace

MonitorsRead read_monitor_file(const Value& document, std::string_view file) {
  MonitorsRead read;
  Diagnostics faults(file);
  if (document.is_null()) {
    faults.add({}, {}, "the file is empty; it needs a list under `connectionMonitors:`");
    return {{}, faults.take()};
  }
  ObjectReader reader({&document, ""}, faults);
  for (const Place& item : reader.list("connectionMonitors")) {
    read.monitors.push_back(read_item(item, faults));
  }
  if (reader.is_object() && !reader.has("connectionMonitors")) {
    faults.add(document.location(), "", "there is no `connectionMonitors:` list; add one");
  }
  reader.finish();
  refuse_equal_names(read.monitors, document, faults);
  read.faults = faults.take();
  return read;
}

MonitorRead read_monitor_item(const Value& item, std::string_view file, std::string_view path) {
  MonitorRead read;
  Diagnostics faults(file);
  read.monitor = read_item({&item, std::string(path)}, faults);
  read.faults = faults.take();
  return read;
}

MonitorRead read_connection_monitor(const Value& properties, std::string_view name,
                                    std::string_view file, std::string_view path) {
  MonitorRead read;
  read.monitor.name = name;
  Diagnostics faults(file);
  const Place place{&properties, std::string(path)};
  ObjectReader reader(place, faults);
  if (reader.is_object()) {
    read_properties(reader, Origin::Api, read.monitor, faults);
    reader.finish();
    add_broken_rules(read.monitor, place, faults);
  }
  read.faults = faults.take();
  return read;
}

}  // namespace lw
