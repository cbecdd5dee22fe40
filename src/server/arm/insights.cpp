// SPDX-License-Identifier: Apache-2.0
#include "server/arm/insights.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"

namespace lw::server::arm {
namespace {

constexpr std::size_t kHeaderBytesMax = 1'000;

constexpr std::string_view kProvider = "/providers/Microsoft.Insights/";

}  // namespace

InsightsPlace insights_place_in(const Call& call) {
  return {call.path.at("group"), call.path.at("name")};
}

Value insights_resource(const Services& services, const registry::StoredResource& stored,
                        std::string_view type, std::string_view default_location) {
  const Value* const tags = stored.document.find("tags");
  const Value* const properties = stored.document.find("properties");
  return Value::object(
      {{"id", insights_id(services.control.subscription_id(), type, stored.name)},
       {"name", insights_place_of(stored.name).name},
       {"type", fmt::format("Microsoft.Insights/{}", type)},
       {"location", stored.document.text("location", std::string(default_location))},
       {"tags", tags != nullptr ? *tags : Value::object()},
       {"etag", stored.etag},
       {"properties", properties != nullptr ? *properties : Value::object()}});
}

Refusal insights_faults(const std::vector<Diagnostic>& faults) {
  const auto message_of = [](const Diagnostic& fault) {
    return fault.path.empty() ? fault.message : fmt::format("{}: {}", fault.path, fault.message);
  };
  Refusal refusal{.code = "BadRequest", .message = message_of(faults.front())};
  if (faults.size() > 1) {
    refusal.message += fmt::format(" ({} in all, see details)", counted(faults.size(), "fault"));
  }
  for (const Diagnostic& fault : faults) {
    refusal.details.push(Value::object(
        {{"code", "BadRequest"}, {"target", fault.path}, {"message", fault.message}}));
  }
  return refusal;
}

Refusal insights_not_found(std::string_view type, const InsightsPlace& place) {
  return resource_not_found(fmt::format("Microsoft.Insights/{}/{}", type, place.name),
                            place.resource_group);
}

std::optional<Refusal> refuse_place(const Services& services, const InsightsPlace& place) {
  if (const auto refusal = alerts::refuse_name(place.name)) {
    return Refusal{.code = "InvalidResourceName", .message = *refusal};
  }
  const auto& watchers = services.control.watchers();
  const bool is_there = std::ranges::any_of(watchers, [&](const registry::NetworkWatcher& each) {
    return equals_ignoring_case(each.resource_group, place.resource_group);
  });
  if (is_there) return std::nullopt;
  return Refusal{
      .status = 404,
      .code = "ResourceGroupNotFound",
      .message = fmt::format("Resource group '{}' could not be found.", place.resource_group)};
}

Headers not_served_header(const std::vector<std::string>& sentences) {
  if (sentences.empty()) return {};
  std::string text = join(sentences, " ");
  // A header has ASCII only.
  std::ranges::replace_if(
      text, [](char c) { return c < 0x20 || c == 0x7f; }, '?');
  if (text.size() > kHeaderBytesMax) text.resize(kHeaderBytesMax);
  return {{"x-linewatch-not-served", text}};
}

std::string insights_pattern(std::string_view type) {
  return fmt::format("/subscriptions/{{subscription}}/resourceGroups/{{group}}{}{}/{{name}}",
                     kProvider, type);
}

void add_insights_route(Router& router, Services& services, const char* method,
                        const std::string& pattern, Access access, InsightsHandler handle) {
  router.add(method, pattern, {access, Reach::Own}, [&services, handle](Call call) {
    on_subscription(services, std::move(call),
                    [&services, handle](const Call& inner) { handle(services, inner); });
  });
}

void add_insights_reads(Router& router, Services& services, std::string_view type,
                        InsightsHandler list, InsightsHandler get) {
  const std::string in_subscription =
      fmt::format("/subscriptions/{{subscription}}{}{}", kProvider, type);
  const std::string in_group =
      fmt::format("/subscriptions/{{subscription}}/resourceGroups/{{group}}{}{}", kProvider, type);
  add_insights_route(router, services, "GET", in_subscription, Access::Reader, list);
  add_insights_route(router, services, "GET", in_group, Access::Reader, list);
  add_insights_route(router, services, "GET", insights_pattern(type), Access::Reader, get);
}

}  // namespace lw::server::arm
