// SPDX-License-Identifier: Apache-2.0
#include "server/arm/shapes.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/text.h"
#include "model/resource_id.h"

namespace lw::server::arm {
namespace {

/// What stands beside `properties`, and what only the service says.
constexpr std::array<std::string_view, 7> kFrame{"name", "id",       "etag",      "type",
                                                 "tags", "location", "apiVersion"};
constexpr std::array<std::string_view, 6> kServiceProperties{
    "provisioningState",     "startTime",    "monitoringStatus",
    "connectionMonitorType", "resourceGuid", "probes"};
/// Old clients send these with the new form as well, where they mean nothing.
constexpr std::array<std::string_view, 2> kClassicSettings{"autoStart",
                                                           "monitoringIntervalInSeconds"};

bool is_one_of(std::string_view key, std::span<const std::string_view> keys) {
  return std::ranges::find(keys, key) != keys.end();
}

/// Fixed words that may come in any case and leave in Azure's.
struct Spelling {
  std::string_view key;
  std::span<const std::string_view> words;
};

constexpr std::array<std::string_view, 3> kProtocols{"Tcp", "Http", "Icmp"};
constexpr std::array<std::string_view, 3> kMethods{"Get", "Post", "Head"};
constexpr std::array<std::string_view, 2> kIpVersions{"IPv4", "IPv6"};
constexpr std::array<std::string_view, 2> kPortBehaviors{"None", "ListenIfAvailable"};
constexpr std::array<std::string_view, 6> kCoverageLevels{"Default", "Low",          "BelowAverage",
                                                          "Average", "AboveAverage", "Full"};
constexpr std::array<std::string_view, 14> kTypeWords{
    "AzureVM",         "AzureVNet",           "AzureSubnet",
    "AzureVMSS",       "AzureArcVM",          "AzureArcNetwork",
    "ExternalAddress", "MMAWorkspaceMachine", "MMAWorkspaceNetwork",
    "Agent",           "AgentGroup",          "Workspace",
    "Include",         "AgentAddress"};
constexpr std::array<Spelling, 6> kSpellings{{{"protocol", kProtocols},
                                              {"method", kMethods},
                                              {"preferredIPVersion", kIpVersions},
                                              {"destinationPortBehavior", kPortBehaviors},
                                              {"coverageLevel", kCoverageLevels},
                                              {"type", kTypeWords}}};

Value spelled(std::string_view key, const Value& value) {
  if (!value.is_string()) return value;
  const auto* const spelling = std::ranges::find(kSpellings, key, &Spelling::key);
  if (spelling == kSpellings.end()) return value;
  for (const std::string_view word : spelling->words) {
    if (equals_ignoring_case(word, value.as_string())) return word;
  }
  return value;
}

/// Without the members that are null: clients send them for what is not set, Azure answers none.
Value tidy(const Value& value) {
  if (value.is_array()) {
    Value list = Value::array();
    for (const Value& item : value.as_array()) list.push(tidy(item));
    return list;
  }
  if (!value.is_object()) return value;
  Value object = Value::object();
  for (const Value::Member& member : value.as_object()) {
    if (member.value.is_null()) continue;
    // What is behind these keys is its owner's text, not Azure's words.
    const bool is_text = member.key == "requestHeaders" || member.key == "linewatch";
    object.set(member.key, is_text ? member.value : spelled(member.key, tidy(member.value)));
  }
  return object;
}

void set_default(Value& object, const char* key, Value value) {
  if (object.find(key) == nullptr) object.set(key, std::move(value));
}

/// The same list with `change` done to each object in it; an empty one if there is none.
template <class Change>
Value each(const Value* list, Change change) {
  Value changed = Value::array();
  if (list == nullptr || !list->is_array()) return changed;
  for (Value item : list->as_array()) {
    change(item);
    changed.push(std::move(item));
  }
  return changed;
}

/// `{disableTraceRoute: false}` and the like, in blocks that are there.
void fill_block(Value& configuration, const char* block, const char* key) {
  const Value* const found = configuration.find(block);
  if (found == nullptr || !found->is_object()) return;
  Value filled = *found;
  set_default(filled, key, false);
  configuration.set(block, std::move(filled));
}

void fill_configuration(Value& configuration) {
  fill_block(configuration, "tcpConfiguration", "disableTraceRoute");
  fill_block(configuration, "icmpConfiguration", "disableTraceRoute");
  fill_block(configuration, "httpConfiguration", "preferHTTPS");
}

void fill_group(Value& group) {
  set_default(group, "disable", false);
  for (const char* const key : {"testConfigurations", "sources", "destinations"}) {
    set_default(group, key, Value::array());
  }
}

/// What the owner wrote as properties, wherever it stands in the document.
Value own_properties(const Value& document) {
  if (const Value* const nested = document.find("properties")) return tidy(*nested);
  Value properties = Value::object();
  const Value all = tidy(document);
  for (const Value::Member& member : all.as_object()) {
    if (!is_one_of(member.key, kFrame)) properties.set(member.key, member.value);
  }
  return properties;
}

void add_multi_endpoint(Value& properties, const Value& own) {
  for (const Value::Member& member : own.as_object()) {
    const bool is_left_out =
        is_one_of(member.key, kServiceProperties) || is_one_of(member.key, kClassicSettings);
    if (!is_left_out) properties.set(member.key, member.value);
  }
  properties.set("endpoints", each(own.find("endpoints"), [](Value&) {}));
  properties.set("testConfigurations", each(own.find("testConfigurations"), fill_configuration));
  properties.set("testGroups", each(own.find("testGroups"), fill_group));
  properties.set("outputs", each(own.find("outputs"), [](Value&) {}));
}

void add_classic(Value& properties, const Value& own) {
  for (const char* const side : {"source", "destination"}) {
    Value end = own.find(side) != nullptr ? *own.find(side) : Value::object();
    set_default(end, "port", 0);
    properties.set(side, std::move(end));
  }
  if (const Value* const notes = own.find("notes")) properties.set("notes", *notes);
  properties.set("endpoints", Value::array());
  properties.set("probes", Value::array());
  properties.set("monitoringIntervalInSeconds", own.find("monitoringIntervalInSeconds") != nullptr
                                                    ? *own.find("monitoringIntervalInSeconds")
                                                    : Value(60));
  properties.set("autoStart", own.flag("autoStart", true));
}

std::string_view status_of(const registry::StoredMonitor& stored) {
  if (!stored.is_stopped) return "Running";
  return stored.started ? "Stopped" : "NotStarted";
}

}  // namespace

std::string_view to_text(MonitorForm form) {
  return form == MonitorForm::MultiEndpoint ? "MultiEndpoint" : "SingleSourceDestination";
}

std::string azure_time(Timestamp time) {
  std::string text = to_iso8601(time);
  const auto dot = text.find('.');
  if (!text.empty() && text.back() == 'Z') text.pop_back();
  if (dot == std::string::npos) text += '.';
  const std::size_t digits = dot == std::string::npos ? 0 : text.size() - dot - 1;
  return text + std::string(7 - std::min<std::size_t>(7, digits), '0') + "Z";
}

Value monitor_resource(std::string_view subscription, const registry::StoredMonitor& stored,
                       const ConnectionMonitor& model, std::string_view watcher_location,
                       std::string_view provisioning_state) {
  const MonitorPlace place = place_of(stored.name);
  const Value own = own_properties(stored.document);
  Value properties;
  properties.set("provisioningState", provisioning_state);
  properties.set("resourceGuid", stored.resource_guid);
  if (model.form == MonitorForm::MultiEndpoint) {
    add_multi_endpoint(properties, own);
    // The real ones tell no status of this form; ours can be stopped, and says so.
    if (stored.is_stopped) properties.set("monitoringStatus", status_of(stored));
  } else {
    add_classic(properties, own);
    properties.set("monitoringStatus", status_of(stored));
  }
  if (stored.started) properties.set("startTime", azure_time(*stored.started));
  properties.set("connectionMonitorType", to_text(model.form));
  Value resource;
  resource.set("name", place.monitor);
  resource.set("id", monitor_id(subscription, place));
  resource.set("etag", stored.etag);
  if (const Value* const tags = stored.document.find("tags");
      tags != nullptr && tags->is_object()) {
    resource.set("tags", *tags);
  }
  resource.set("properties", std::move(properties));
  resource.set("type", "Microsoft.Network/networkWatchers/connectionMonitors");
  resource.set("location", stored.document.text("location", std::string(watcher_location)));
  return resource;
}

Value watcher_resource(std::string_view subscription, const registry::NetworkWatcher& watcher) {
  Value resource;
  resource.set("name", watcher.name);
  resource.set("id", watcher_id(subscription, watcher.resource_group, watcher.name));
  resource.set("etag", watcher.etag);
  resource.set("type", "Microsoft.Network/networkWatchers");
  resource.set("location", watcher.location);
  if (watcher.tags.is_object()) resource.set("tags", watcher.tags);
  resource.set("properties", Value::object({{"provisioningState", "Succeeded"},
                                            {"runningOperationIds", Value::array()}}));
  return resource;
}

}  // namespace lw::server::arm
