// SPDX-License-Identifier: Apache-2.0
// Microsoft.Network/networkWatchers/connectionMonitors.
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "model/codec.h"
#include "model/resource_id.h"
#include "server/arm/arm.h"
#include "server/arm/classic.h"
#include "server/arm/operations.h"
#include "server/arm/resources.h"
#include "server/arm/shapes.h"

namespace lw::server::arm {
namespace {

const registry::NetworkWatcher* watcher_in(const Services& services, const Call& call) {
  return services.control.find_watcher(call.path.at("group"), call.path.at("watcher"));
}

Value resource_of(const Services& services, const FoundMonitor& found,
                  std::string_view provisioning_state = "Succeeded") {
  return monitor_resource(services.control.subscription_id(), *found.stored, *found.model,
                          found.watcher->location, provisioning_state);
}

void get_monitor(Services& services, const Call& call) {
  const auto found = find_monitor(services.control, place_in(call));
  if (!found) return refuse(call, monitor_not_found(place_in(call)));
  reply(call, resource_of(services, *found), 200, {{"ETag", found->stored->etag}});
}

void list_monitors(Services& services, const Call& call) {
  if (!call.scope->reaches_watcher(call.path.at("group"), call.path.at("watcher"))) {
    return api::refuse_scope(call);
  }
  const auto* const watcher = watcher_in(services, call);
  if (watcher == nullptr) {
    return refuse(call, resource_not_found(fmt::format("Microsoft.Network/networkWatchers/{}",
                                                       call.path.at("watcher")),
                                           call.path.at("group")));
  }
  Value resources = Value::array();
  for (const registry::StoredMonitor& stored : services.control.monitors()) {
    const MonitorPlace place = place_of(stored.name);
    if (!call.scope->covers_monitor(place)) continue;
    if (!place.is_in(watcher->resource_group, watcher->name)) continue;
    if (const auto found = find_monitor(services.control, place))
      resources.push(resource_of(services, *found));
  }
  reply(call, Value::object({{"value", std::move(resources)}}));
}

// --- PUT --------------------------------------------------------------------------------------

/// The faults whose code is not public share one.
std::string code_of(const Diagnostic& fault) {
  return fault.code.empty() ? "InvalidRequestFormat" : fault.code;
}

std::string message_of(const Diagnostic& fault) {
  return fault.path.empty() ? fault.message : fmt::format("{}: {}", fault.path, fault.message);
}

Refusal refusal_of(const std::vector<Diagnostic>& faults) {
  Refusal refusal{.code = code_of(faults.front()), .message = message_of(faults.front())};
  if (faults.size() > 1) {
    refusal.message += fmt::format(" ({} in all, see details)", counted(faults.size(), "fault"));
  }
  for (const Diagnostic& fault : faults) {
    refusal.details.push(Value::object(
        {{"code", code_of(fault)}, {"target", fault.path}, {"message", fault.message}}));
  }
  return refusal;
}

/// What a PUT wants, checked.
struct Wanted {
  ConnectionMonitor model;
  Value document;
};

void add_fault(std::vector<Diagnostic>& faults, std::string path, std::string message) {
  faults.push_back({.file = {}, .at = {}, .path = std::move(path), .message = std::move(message)});
}

/// The parts beside `properties`. What names the resource comes from the address.
void read_frame(const Value& body, ConnectionMonitor& model, std::vector<Diagnostic>& faults) {
  static constexpr std::array<std::string_view, 8> kKnown{
      "name", "id", "type", "etag", "location", "tags", "properties", "apiVersion"};
  for (const Value::Member& member : body.as_object()) {
    if (std::ranges::find(kKnown, member.key) == kKnown.end()) {
      add_fault(faults, member.key,
                fmt::format("there is no such member; known are: {}", fmt::join(kKnown, ", ")));
    }
  }
  const Value* const location = body.find("location");
  if (location != nullptr && location->is_string()) {
    model.location = location->as_string();
  } else if (location != nullptr && !location->is_null()) {
    add_fault(faults, "location", "expected text");
  }
  const Value* const tags = body.find("tags");
  if (tags == nullptr || tags->is_null()) return;
  if (!tags->is_object()) return add_fault(faults, "tags", "expected an object");
  for (const Value::Member& tag : tags->as_object()) {
    if (tag.value.is_string()) {
      model.tags.emplace_back(tag.key, tag.value.as_string());
    } else {
      add_fault(faults, "tags." + tag.key, "expected text");
    }
  }
}

/// Reads the body, refusing the request if it is wrong.
std::optional<Wanted> read_wanted(const Call& call) {
  auto body = read_body(call);
  if (!body) return std::nullopt;
  std::vector<Diagnostic> faults;
  const Value* const properties = body->find("properties");
  const Value none = Value::object();
  MonitorRead read = read_connection_monitor(properties != nullptr ? *properties : none,
                                             call.path.at("monitor"), "", "properties");
  read_frame(*body, read.monitor, faults);
  faults.insert(faults.end(), read.faults.begin(), read.faults.end());
  if (properties == nullptr) {
    faults.clear();
    add_fault(faults, "properties", "the resource has no `properties`; add them");
  }
  if (!faults.empty()) {
    refuse(call, refusal_of(faults));
    return std::nullopt;
  }
  Value document;
  document.set("name", call.path.at("monitor"));
  for (const char* const key : {"location", "tags", "properties"}) {
    const Value* const value = body->find(key);
    if (value != nullptr && !value->is_null()) document.set(key, *value);
  }
  return Wanted{std::move(read.monitor), std::move(document)};
}

void put_monitor(Services& services, const Call& call, const Wanted& wanted) {
  const auto* const watcher = watcher_in(services, call);
  if (watcher == nullptr) {
    return refuse(call, {.status = 404,
                         .code = "ParentResourceNotFound",
                         .message = fmt::format("Can not perform requested operation on nested "
                                                "resource. Parent resource '{}' not found.",
                                                call.path.at("watcher"))});
  }
  const MonitorPlace place{.resource_group = watcher->resource_group,
                           .watcher = watcher->name,
                           .monitor = call.path.at("monitor")};
  const auto before = find_monitor(services.control, place);
  if (auto refusal = check_preconditions(call.request, before ? before->stored->etag : "")) {
    return refuse(call, *refusal);
  }
  ConnectionMonitor model = wanted.model;
  model.name = monitor_key(place);
  const auto kind = services.control.put_monitor(std::move(model), wanted.document);
  if (!kind) return refuse(call, to_refusal(kind.error()));
  const auto found = find_monitor(services.control, place);
  if (!found) return refuse(call, to_refusal({ErrorCode::Internal, "the monitor is gone again"}));
  const Value resource = resource_of(services, *found, "Updating");
  reply(call, resource, *kind == MonitorChange::Kind::Created ? 201 : 200,
        operation_headers(services, call, OperationKind::Put, resource.text("location")));
}

// --- the others -------------------------------------------------------------------------------

void patch_monitor(Services& services, const Call& call, const Value& body) {
  const auto found = find_monitor(services.control, place_in(call));
  if (!found) return refuse(call, monitor_not_found(place_in(call)));
  if (auto refusal = check_preconditions(call.request, found->stored->etag)) {
    return refuse(call, *refusal);
  }
  ConnectionMonitor model = *found->model;
  model.tags.clear();
  std::vector<Diagnostic> faults;
  const Value* const tags = body.find("tags");
  if (tags == nullptr || !tags->is_object()) {
    add_fault(faults, "tags", "PATCH changes tags only; send an object of them");
  } else {
    read_frame(Value::object({{"tags", *tags}}), model, faults);
  }
  if (!faults.empty()) return refuse(call, refusal_of(faults));
  Value document = found->stored->document;
  document.set("tags", *tags);
  const auto done = services.control.put_monitor(std::move(model), std::move(document));
  if (!done) return refuse(call, to_refusal(done.error()));
  get_monitor(services, call);
}

void remove_monitor(Services& services, const Call& call) {
  const auto found = find_monitor(services.control, place_in(call));
  if (!found) return reply_empty(call, 204);
  if (auto refusal = check_preconditions(call.request, found->stored->etag)) {
    return refuse(call, *refusal);
  }
  const std::string location = resource_of(services, *found).text("location");
  const auto removed = services.control.remove_monitor(found->stored->name);
  if (!removed) return refuse(call, to_refusal(removed.error()));
  reply_empty(call, 202, operation_headers(services, call, OperationKind::Delete, location));
}

void set_stopped(Services& services, const Call& call, bool is_stopped) {
  const MonitorPlace place = place_in(call);
  const auto found = find_monitor(services.control, place);
  if (!found) {
    return refuse(call, provider_not_found(monitor_id(services.control.subscription_id(), place)));
  }
  if (found->stored->is_stopped == is_stopped) return reply_empty(call, 200);
  const std::string location = resource_of(services, *found).text("location");
  const auto done = services.control.set_monitor_stopped(found->stored->name, is_stopped);
  if (!done) return refuse(call, to_refusal(done.error()));
  reply_empty(call, 202, operation_headers(services, call, OperationKind::StopOrStart, location));
}

void query(Services& services, const Call& call) {
  const MonitorPlace place = place_in(call);
  const auto found = find_monitor(services.control, place);
  if (!found) {
    return refuse(call, provider_not_found(monitor_id(services.control.subscription_id(), place)));
  }
  if (found->model->form != MonitorForm::SingleSourceDestination) {
    return refuse(call, {.code = "OperationNotSupported",
                         .message = "`query` belongs to classic connection monitors. Ask the "
                                    "metrics or the logs of this one."});
  }
  reply(call,
        classic_query_result(services.control, found->stored->name, services.clock.wall_now()));
}

}  // namespace

void add_monitor_routes(Router& router, Services& services) {
  const std::string one(kMonitorPath);
  const std::string all = one.substr(0, one.rfind('/'));
  const auto add = [&](const char* method, const std::string& pattern, api::Admission access,
                       void (*handle)(Services&, const Call&)) {
    router.add(method, pattern, access, [&services, handle](Call call) {
      on_subscription(services, std::move(call),
                      [&services, handle](const Call& inner) { handle(services, inner); });
    });
  };
  add("GET", all, {Access::Reader, Reach::Own}, list_monitors);
  add("GET", one, {Access::Reader, Reach::Path}, get_monitor);
  add("DELETE", one, {Access::Operator, Reach::Path}, remove_monitor);
  add("POST", one + "/query", {Access::Reader, Reach::Path}, query);
  add("POST", one + "/stop", {Access::Operator, Reach::Path},
      [](Services& inner, const Call& call) { set_stopped(inner, call, true); });
  add("POST", one + "/start", {Access::Operator, Reach::Path},
      [](Services& inner, const Call& call) { set_stopped(inner, call, false); });
  // Bodies are read on the HTTP threads.
  router.add("PUT", one, {Access::Operator, Reach::Path}, [&services](Call call) {
    auto wanted = read_wanted(call);
    if (!wanted) return;
    on_subscription(services, std::move(call),
                    [&services, wanted = std::move(*wanted)](const Call& inner) {
                      put_monitor(services, inner, wanted);
                    });
  });
  router.add("PATCH", one, {Access::Operator, Reach::Path}, [&services](Call call) {
    auto body = read_body(call);
    if (!body) return;
    on_subscription(services, std::move(call),
                    [&services, body = std::move(*body)](const Call& inner) {
                      patch_monitor(services, inner, body);
                    });
  });
}

}  // namespace lw::server::arm
