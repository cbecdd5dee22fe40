// SPDX-License-Identifier: Apache-2.0
// Microsoft.Insights/actionGroups.
#include "base/text.h"
#include "server/alerts/access.h"
#include "server/alerts/submission.h"
#include "server/arm/arm.h"
#include "server/arm/insights.h"

namespace lw::server::arm {
namespace {

constexpr std::string_view kGroupType = "actionGroups";

Value group_resource(const Services& services, const Call& call, const alerts::Group& group) {
  Value resource = insights_resource(services, group.stored, kGroupType, "Global");
  Value properties = *resource.find("properties");
  if (!alerts::sees_addresses(call.role)) properties = with_masked_addresses(properties);
  if (properties.find("enabled") == nullptr) properties.set("enabled", true);
  resource.set("properties", std::move(properties));
  return resource;
}

const alerts::Group* group_in(const Services& services, const Call& call) {
  return services.alerts->find_group(insights_key(insights_place_in(call)));
}

/// Whether the caller may see and change the path's action group, there or not; refuses the request
/// otherwise.
bool may_reach(const Call& call) {
  if (call.scope->covers_group(call.path.at("group"))) return true;
  api::refuse_scope(call);
  return false;
}

/// The path's action group; refuses the request if there is none that the caller may see.
const alerts::Group* visible_group(const Services& services, const Call& call) {
  if (!may_reach(call)) return nullptr;
  const alerts::Group* const group = group_in(services, call);
  if (group == nullptr) refuse(call, insights_not_found(kGroupType, insights_place_in(call)));
  return group;
}

void get_group(Services& services, const Call& call) {
  const alerts::Group* const group = visible_group(services, call);
  if (group == nullptr) return;
  reply(call, group_resource(services, call, *group), 200, {{"ETag", group->stored.etag}});
}

void list_groups(Services& services, const Call& call) {
  Value resources = Value::array();
  const auto wanted = call.path.find("group");
  for (const alerts::Group* const group : services.alerts->groups()) {
    const std::string in = insights_place_of(group->stored.name).resource_group;
    const bool is_wanted = wanted == call.path.end() || equals_ignoring_case(in, wanted->second);
    if (is_wanted && call.scope->covers_group(in)) {
      resources.push(group_resource(services, call, *group));
    }
  }
  reply(call, Value::object({{"value", std::move(resources)}}));
}

void keep_group(Services& services, const Call& call,
                const alerts::Submission<ActionGroup>& submission) {
  if (!may_reach(call)) return;
  if (!submission.faults.empty()) return refuse(call, insights_faults(submission.faults));
  const InsightsPlace place = insights_place_in(call);
  if (const auto refusal = refuse_place(services, place)) return refuse(call, *refusal);
  const alerts::Group* const before = group_in(services, call);
  const bool is_new = before == nullptr;
  if (auto refusal =
          check_preconditions(call.request, is_new ? std::string() : before->stored.etag)) {
    return refuse(call, *refusal);
  }
  const auto group = services.alerts->put_group(is_new ? insights_key(place) : before->stored.name,
                                                submission.document, submission.model);
  if (!group) return refuse(call, to_refusal(group.error()));
  Headers headers = not_served_header((*group)->model.not_served);
  headers.emplace_back("ETag", (*group)->stored.etag);
  reply(call, group_resource(services, call, **group), is_new ? 201 : 200, std::move(headers));
}

void patch_group(Services& services, const Call& call, const Value& body) {
  const alerts::Group* const group = visible_group(services, call);
  if (group == nullptr) return;
  keep_group(services, call,
             alerts::read_group_body(alerts::patched(group->stored.document, body)));
}

void remove_group(Services& services, const Call& call) {
  if (!may_reach(call)) return;
  const alerts::Group* const group = group_in(services, call);
  if (group == nullptr) return reply_empty(call, 204);
  if (auto refusal = check_preconditions(call.request, group->stored.etag)) {
    return refuse(call, *refusal);
  }
  const auto done = services.alerts->remove_group(group->stored.name);
  if (!done) return refuse(call, to_refusal(done.error()));
  reply_empty(call, 200);
}

}  // namespace

void add_action_group_routes(Router& router, Services& services) {
  add_insights_routes<ActionGroup>(router, services, kGroupType,
                                   {.list = list_groups,
                                    .get = get_group,
                                    .remove = remove_group,
                                    .read = alerts::read_group_body,
                                    .put = keep_group,
                                    .patch = patch_group});
}

}  // namespace lw::server::arm
