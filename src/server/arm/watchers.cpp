// SPDX-License-Identifier: Apache-2.0
// Microsoft.Network/networkWatchers.
#include <fmt/core.h>

#include "base/text.h"
#include "model/resource_id.h"
#include "server/arm/arm.h"
#include "server/arm/operations.h"
#include "server/arm/shapes.h"

namespace lw::server::arm {
namespace {

const registry::NetworkWatcher* find(const Services& services, const Call& call) {
  return services.control.find_watcher(call.path.at("group"), call.path.at("watcher"));
}

Refusal not_found(const Call& call) {
  return resource_not_found(
      fmt::format("Microsoft.Network/networkWatchers/{}", call.path.at("watcher")),
      call.path.at("group"));
}

Value resource_of(const Services& services, const registry::NetworkWatcher& watcher) {
  return watcher_resource(services.control.subscription_id(), watcher);
}

void get_watcher(Services& services, const Call& call) {
  const auto* const watcher = find(services, call);
  if (watcher == nullptr) return refuse(call, not_found(call));
  reply(call, resource_of(services, *watcher), 200, {{"ETag", watcher->etag}});
}

/// Those of the path's resource group, or all if it names none.
void list_watchers(Services& services, const Call& call) {
  Value resources = Value::array();
  const auto group = call.path.find("group");
  for (const registry::NetworkWatcher& watcher : services.control.watchers()) {
    const bool is_wanted =
        group == call.path.end() || equals_ignoring_case(watcher.resource_group, group->second);
    const bool is_seen = call.scope->covers_watcher(watcher.resource_group, watcher.name);
    if (is_wanted && is_seen) resources.push(resource_of(services, watcher));
  }
  reply(call, Value::object({{"value", std::move(resources)}}));
}

/// A name is one segment of paths, and of the keys of monitors.
std::optional<Refusal> check_name(const std::string& name) {
  constexpr std::size_t kNameBytesMax = 90;
  const bool has_odd = name.find('/') != std::string::npos || std::ranges::any_of(name, [](char c) {
                         return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
                       });
  if (!has_odd && name.size() <= kNameBytesMax) return std::nullopt;
  return Refusal{
      .code = "InvalidResourceName",
      .message = "Names have at most 90 characters, without '/' and control characters."};
}

std::optional<Refusal> check_tags(const Value& tags) {
  const bool is_map = tags.is_null() || (tags.is_object() &&
                                         std::ranges::all_of(tags.as_object(), [](const auto& tag) {
                                           return tag.value.is_string();
                                         }));
  if (is_map) return std::nullopt;
  return Refusal{.code = "InvalidRequestContent",
                 .message = "tags: expected an object whose values are texts."};
}

void put_watcher(Services& services, const Call& call, const Value& body) {
  const auto* const before = find(services, call);
  registry::NetworkWatcher watcher;
  if (before != nullptr) {
    watcher = *before;
  } else {
    watcher.resource_group = call.path.at("group");
    watcher.name = call.path.at("watcher");
  }
  for (const std::string& name : {watcher.resource_group, watcher.name}) {
    if (const auto refusal = check_name(name)) return refuse(call, *refusal);
  }
  const bool is_new = before == nullptr;
  if (const auto refusal = check_preconditions(call.request, is_new ? "" : before->etag)) {
    return refuse(call, *refusal);
  }
  watcher.location = body.text("location", watcher.location);
  if (watcher.location.empty()) {
    return refuse(call, {.code = "LocationRequired",
                         .message = "The location property is required for this definition."});
  }
  const Value* const tags = body.find("tags");
  watcher.tags = tags != nullptr ? *tags : Value();
  if (const auto refusal = check_tags(watcher.tags)) return refuse(call, *refusal);
  if (const auto done = services.control.put_watcher(watcher); !done) {
    return refuse(call, to_refusal(done.error()));
  }
  const auto* const after = find(services, call);
  if (after == nullptr) return refuse(call, not_found(call));
  reply(call, resource_of(services, *after), is_new ? 201 : 200);
}

void patch_watcher(Services& services, const Call& call, const Value& body) {
  const auto* const found = find(services, call);
  if (found == nullptr) return refuse(call, not_found(call));
  registry::NetworkWatcher watcher = *found;
  const Value* const tags = body.find("tags");
  watcher.tags = tags != nullptr ? *tags : Value();
  if (const auto refusal = check_tags(watcher.tags)) return refuse(call, *refusal);
  if (const auto done = services.control.put_watcher(watcher); !done) {
    return refuse(call, to_refusal(done.error()));
  }
  get_watcher(services, call);
}

void remove_watcher(Services& services, const Call& call) {
  const auto* const found = find(services, call);
  if (found == nullptr) return reply_empty(call, 204);
  const registry::NetworkWatcher watcher = *found;
  if (const auto done = services.control.remove_watcher(watcher); !done) {
    return refuse(call, to_refusal(done.error()));
  }
  reply_empty(call, 202,
              operation_headers(services, call, OperationKind::Delete, watcher.location));
}

}  // namespace

void add_watcher_routes(Router& router, Services& services) {
  const std::string type = "/providers/Microsoft.Network/networkWatchers";
  const std::string in_group = "/subscriptions/{subscription}/resourceGroups/{group}" + type;
  const std::string one = in_group + "/{watcher}";
  const auto add = [&](const char* method, const std::string& pattern, api::Admission access,
                       void (*handle)(Services&, const Call&)) {
    router.add(method, pattern, access, [&services, handle](Call call) {
      on_subscription(services, std::move(call),
                      [&services, handle](const Call& inner) { handle(services, inner); });
    });
  };
  const auto add_with_body = [&](const char* method,
                                 void (*handle)(Services&, const Call&, const Value&)) {
    router.add(method, one, {Access::Operator, Reach::Path}, [&services, handle](Call call) {
      auto body = read_body(call);
      if (!body) return;
      on_subscription(services, std::move(call),
                      [&services, handle, body = std::move(*body)](const Call& inner) {
                        handle(services, inner, body);
                      });
    });
  };
  add("GET", "/subscriptions/{subscription}" + type, {Access::Reader, Reach::Own}, list_watchers);
  add("GET", in_group, {Access::Reader, Reach::Own}, list_watchers);
  add("GET", one, {Access::Reader, Reach::Path}, get_watcher);
  add("DELETE", one, {Access::Operator, Reach::Path}, remove_watcher);
  add_with_body("PUT", put_watcher);
  add_with_body("PATCH", patch_watcher);
}

}  // namespace lw::server::arm
