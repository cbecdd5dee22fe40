// SPDX-License-Identifier: Apache-2.0
// What tools ask of Azure before they come to the point: subscriptions, locations, resource groups,
// providers.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "model/resource_id.h"
#include "server/arm/arm.h"

namespace lw::server::arm {
namespace {

/// No directory of users stands behind this server; tools want an id all the same.
constexpr std::string_view kTenantId = "00000000-0000-0000-0000-000000000000";

struct ResourceType {
  std::string_view provider;
  std::string_view type;
};

constexpr std::array<ResourceType, 10> kResourceTypes{{
    {"Microsoft.Network", "networkWatchers"},
    {"Microsoft.Network", "networkWatchers/connectionMonitors"},
    {"Microsoft.Network", "locations"},
    {"Microsoft.Network", "locations/operations"},
    {"Microsoft.Network", "locations/operationResults"},
    {"Microsoft.Insights", "metrics"},
    {"Microsoft.Insights", "metricDefinitions"},
    {"Microsoft.Insights", "metricNamespaces"},
    {"Microsoft.Insights", "metricAlerts"},
    {"Microsoft.Insights", "actionGroups"},
}};

/// Any well-formed version is answered alike; tools pick the newest they know from this list.
constexpr std::array<std::string_view, 12> kApiVersions{
    "2026-01-01", "2025-07-01", "2025-05-01", "2025-03-01", "2025-01-01", "2024-10-01",
    "2024-05-01", "2024-03-01", "2023-11-01", "2022-09-01", "2020-11-01", "2019-06-01"};

Value subscription_value(const Control& control) {
  const std::string& id = control.subscription_id();
  return Value::object({{"id", "/subscriptions/" + id},
                        {"subscriptionId", id},
                        {"tenantId", kTenantId},
                        {"displayName", "linewatch"},
                        {"state", "Enabled"},
                        {"authorizationSource", "RoleBased"}});
}

Value list_of(Value items) { return Value::object({{"value", std::move(items)}}); }

std::set<std::string> locations(const Control& control) {
  std::set<std::string> names{std::string(kDefaultLocation)};
  for (const registry::NetworkWatcher& watcher : control.watchers()) names.insert(watcher.location);
  return names;
}

Value location_list(const Control& control) {
  Value list = Value::array();
  for (const std::string& name : locations(control)) {
    list.push(Value::object(
        {{"id", fmt::format("/subscriptions/{}/locations/{}", control.subscription_id(), name)},
         {"name", name},
         {"type", "Region"},
         {"displayName", name},
         {"regionalDisplayName", name},
         {"metadata", Value::object({{"regionType", "Physical"}})}}));
  }
  return list;
}

std::set<std::string> group_names(const Control& control) {
  std::set<std::string> names;
  for (const registry::NetworkWatcher& watcher : control.watchers()) {
    names.insert(watcher.resource_group);
  }
  return names;
}

Value group_value(const Control& control, const std::string& name) {
  return Value::object(
      {{"id", fmt::format("/subscriptions/{}/resourceGroups/{}", control.subscription_id(), name)},
       {"name", name},
       {"type", "Microsoft.Resources/resourceGroups"},
       {"location", kDefaultLocation},
       {"properties", Value::object({{"provisioningState", "Succeeded"}})}});
}

Value type_value(const Control& control, const ResourceType& type) {
  Value places = Value::array();
  for (const std::string& name : locations(control)) places.push(name);
  Value versions = Value::array();
  for (const std::string_view version : kApiVersions) versions.push(version);
  return Value::object({{"resourceType", type.type},
                        {"locations", std::move(places)},
                        {"apiVersions", std::move(versions)},
                        {"capabilities", "SupportsTags, SupportsLocation"}});
}

Value provider_value(const Control& control, std::string_view name) {
  Value types = Value::array();
  for (const ResourceType& type : kResourceTypes) {
    if (equals_ignoring_case(type.provider, name)) types.push(type_value(control, type));
  }
  if (types.as_array().empty()) return {};
  return Value::object(
      {{"id", fmt::format("/subscriptions/{}/providers/{}", control.subscription_id(), name)},
       {"namespace", name},
       {"registrationState", "Registered"},
       {"registrationPolicy", "RegistrationFree"},
       {"resourceTypes", std::move(types)}});
}

void answer_provider(Services& services, const Call& call) {
  for (const std::string_view known : {"Microsoft.Network", "Microsoft.Insights"}) {
    if (!equals_ignoring_case(known, call.path.at("provider"))) continue;
    return reply(call, provider_value(services.control, known));
  }
  refuse(call, {.status = 404,
                .code = "InvalidResourceNamespace",
                .message = fmt::format("The resource namespace '{}' is invalid.",
                                       call.path.at("provider"))});
}

void answer_group(Services& services, const Call& call) {
  for (const std::string& name : group_names(services.control)) {
    if (!equals_ignoring_case(name, call.path.at("group"))) continue;
    if (!call.scope->reaches_group(name)) break;
    return reply(call, group_value(services.control, name));
  }
  if (!call.scope->reaches_group(call.path.at("group"))) return api::refuse_scope(call);
  refuse(call, {.status = 404,
                .code = "ResourceGroupNotFound",
                .message =
                    fmt::format("Resource group '{}' could not be found.", call.path.at("group"))});
}

Value provider_list(const Control& control) {
  Value list = Value::array();
  for (const std::string_view name : {"Microsoft.Network", "Microsoft.Insights"}) {
    list.push(provider_value(control, name));
  }
  return list;
}

Value group_list(const Control& control, const TokenScope& scope) {
  Value list = Value::array();
  for (const std::string& name : group_names(control)) {
    if (scope.reaches_group(name)) list.push(group_value(control, name));
  }
  return list;
}

}  // namespace

void add_provider_routes(Router& router, Services& services) {
  const std::string own = "/subscriptions/{subscription}";
  const auto add = [&](const char* method, const std::string& pattern,
                       void (*handle)(Services&, const Call&)) {
    router.add(method, pattern, {Access::Reader, Reach::Own}, [&services, handle](Call call) {
      if (!call.scope->reaches_subscription()) return api::refuse_scope(call);
      on_subscription(services, std::move(call),
                      [&services, handle](const Call& inner) { handle(services, inner); });
    });
  };
  router.add("GET", "/subscriptions", {Access::Reader, Reach::Own}, [&services](Call call) {
    api::on_control(services, std::move(call), [&services](const Call& inner) {
      Value list = Value::array();
      if (inner.scope->reaches_subscription()) list.push(subscription_value(services.control));
      reply(inner, list_of(std::move(list)));
    });
  });
  router.add("GET", "/tenants", {Access::Reader, Reach::Own}, [](const Call& call) {
    reply(call, list_of(Value(Value::Array{Value::object(
                    {{"id", fmt::format("/tenants/{}", kTenantId)}, {"tenantId", kTenantId}})})));
  });
  add("GET", own,
      [](Services& inner, const Call& call) { reply(call, subscription_value(inner.control)); });
  add("GET", own + "/locations", [](Services& inner, const Call& call) {
    reply(call, list_of(location_list(inner.control)));
  });
  add("GET", own + "/resourceGroups", [](Services& inner, const Call& call) {
    reply(call, list_of(group_list(inner.control, *call.scope)));
  });
  add("GET", own + "/resourceGroups/{group}", answer_group);
  add("GET", own + "/providers", [](Services& inner, const Call& call) {
    reply(call, list_of(provider_list(inner.control)));
  });
  add("GET", own + "/providers/{provider}", answer_provider);
  add("POST", own + "/providers/{provider}/register", answer_provider);
}

}  // namespace lw::server::arm
