// SPDX-License-Identifier: Apache-2.0
// /api/v1/action-groups: who is told of alerts.
#include <fmt/core.h>

#include <algorithm>
#include <memory>

#include "base/guarded.h"
#include "base/text.h"
#include "model/resource_id.h"
#include "notify/notifier.h"
#include "server/alerts/access.h"
#include "server/alerts/submission.h"
#include "server/api/alert_shapes.h"
#include "server/api/services.h"
#include "server/api/shapes.h"
#include "server/arm/arm.h"

namespace lw::server::api {
namespace {

Value webhook_value(const Webhook& webhook, const notify::NotifierStats& stats,
                    bool sees_addresses) {
  const auto known = std::ranges::find(stats.addresses, webhook.uri, &notify::AddressStatus::uri);
  const bool is_known = known != stats.addresses.end();
  return Value::object({{"name", webhook.name},
                        {"uri", sees_addresses ? webhook.uri : masked_address(webhook.uri)},
                        {"problem", is_known ? known->problem : std::string()},
                        {"restsUntil", is_known ? time_value(known->rests_until) : Value()},
                        {"lastDelivered", is_known ? time_value(known->last_delivered) : Value()}});
}

/// The rules that name it and that the caller sees.
std::vector<std::string> users_of(const Services& services, const Call& call,
                                  const alerts::Group& group) {
  std::vector<std::string> names;
  for (const alerts::Rule* const rule : services.alerts->rules()) {
    if (!alerts::is_covered(*call.scope, *rule)) continue;
    const bool names_it = std::ranges::any_of(rule->model.actions, [&](const AlertAction& action) {
      const auto key = parse_insights_id(services.control.subscription_id(), "actionGroups",
                                         action.action_group);
      return key && equals_ignoring_case(*key, group.stored.name);
    });
    if (names_it) names.push_back(rule->key());
  }
  return names;
}

Value group_value(const Services& services, const Call& call, const alerts::Group& group) {
  const notify::NotifierStats stats = services.notifier->stats();
  const bool sees_addresses = alerts::sees_addresses(call.role);
  Value webhooks = Value::array();
  std::size_t waiting = 0;
  for (const Webhook& webhook : group.model.webhooks) {
    webhooks.push(webhook_value(webhook, stats, sees_addresses));
    const auto known = std::ranges::find(stats.addresses, webhook.uri, &notify::AddressStatus::uri);
    if (known != stats.addresses.end()) waiting += known->waiting;
  }
  return Value::object(
      {{"name", group.stored.name},
       {"id", insights_id(services.control.subscription_id(), "actionGroups", group.stored.name)},
       {"etag", group.stored.etag},
       {"shortName", group.model.short_name},
       {"enabled", group.model.is_enabled},
       {"webhooks", std::move(webhooks)},
       {"notServed", text_list(group.model.not_served)},
       {"waiting", std::uint64_t{waiting}},
       {"usedBy", text_list(users_of(services, call, group))},
       {"created", to_iso8601(group.stored.created)},
       {"updated", to_iso8601(group.stored.updated)},
       {"document",
        sees_addresses ? group.stored.document : with_masked_addresses(group.stored.document)}});
}

void answer_group(const Services& services, const Call& call, const alerts::Group& group) {
  call.responder.send({.status = 200,
                       .headers = {{"Content-Type", "application/json"},
                                   {"ETag", group.stored.etag},
                                   {"Cache-Control", "no-store"}},
                       .body = to_json(group_value(services, call, group))});
}

/// The group that the path names, if the caller may see it; refuses the request otherwise.
const alerts::Group* named_group(const Services& services, const Call& call) {
  const std::string& key = call.path.at("name");
  const alerts::Group* const group = services.alerts->find_group(key);
  if (group != nullptr && alerts::covers_group_of(*call.scope, group->stored.name)) return group;
  answer_error(call.responder, {ErrorCode::NotFound,
                                fmt::format("there is no action group `{}`", printable(key, 300))});
  return nullptr;
}

void list_groups(Services& services, const Call& call) {
  Value list = Value::array();
  for (const alerts::Group* const group : services.alerts->groups()) {
    if (!alerts::covers_group_of(*call.scope, group->stored.name)) continue;
    list.push(group_value(services, call, *group));
  }
  answer(call, Value::object({{"value", std::move(list)}}));
}

void put_group(Services& services, const Call& call,
               const alerts::Submission<ActionGroup>& submission) {
  const InsightsPlace place = insights_place_of(call.path.at("name"));
  const std::string key = insights_key(place);
  if (const auto refusal = alerts::refuse_name(place.name)) {
    return answer_error(call.responder, {ErrorCode::InvalidInput, *refusal});
  }
  if (!alerts::covers_group_of(*call.scope, key)) return refuse_scope(call);
  const auto& watchers = services.control.watchers();
  if (std::ranges::none_of(watchers, [&](const registry::NetworkWatcher& each) {
        return equals_ignoring_case(each.resource_group, place.resource_group);
      })) {
    return answer_error(
        call.responder,
        {ErrorCode::InvalidInput,
         fmt::format("there is no resource group `{}`; name the action group without "
                     "a group, or make a network watcher in that group first",
                     printable(place.resource_group, 100))});
  }
  const alerts::Group* const before = services.alerts->find_group(key);
  if (const auto refusal = arm::check_preconditions(
          call.request, before != nullptr ? before->stored.etag : std::string())) {
    return arm::refuse(call, *refusal);
  }
  const auto group = services.alerts->put_group(before != nullptr ? before->stored.name : key,
                                                submission.document, submission.model);
  if (!group) return answer_error(call.responder, group.error());
  answer_group(services, call, **group);
}

void remove_group(Services& services, const Call& call) {
  const alerts::Group* const group = named_group(services, call);
  if (group == nullptr) return;
  if (const auto refusal = arm::check_preconditions(call.request, group->stored.etag)) {
    return arm::refuse(call, *refusal);
  }
  const auto done = services.alerts->remove_group(call.path.at("name"));
  if (!done) return answer_error(call.responder, done.error());
  call.responder.send({.status = 204, .headers = {}, .body = ""});
}

// --- trying it out ----------------------------------------------------------------------------

/// The webhooks of a group, one after the other, and what came of them.
struct Trial {
  Call call;
  notify::Notifier* notifier = nullptr;
  const Clock* clock = nullptr;
  std::vector<Webhook> webhooks;
  std::string body;
  std::size_t next = 0;
  Instant began = {};
  Value results = Value::array();
};

void try_next(const std::shared_ptr<Trial>& trial);

void note_attempt(const std::shared_ptr<Trial>& trial, const notify::Attempted& attempt) {
  const Webhook& webhook = trial->webhooks[trial->next++];
  const std::chrono::duration<double, std::milli> took = trial->clock->now() - trial->began;
  trial->results.push(
      Value::object({{"receiver", webhook.name},
                     {"uri", webhook.uri},
                     {"delivered", attempt.outcome == notify::Attempted::Outcome::Delivered},
                     {"status", attempt.status ? Value(*attempt.status) : Value()},
                     {"outcome", attempt.words},
                     {"tookMs", took.count()}}));
  try_next(trial);
}

void try_next(const std::shared_ptr<Trial>& trial) {
  if (trial->next >= trial->webhooks.size()) {
    return answer(trial->call, Value::object({{"value", trial->results}}));
  }
  trial->began = trial->clock->now();
  const bool is_taken = trial->notifier->try_once(
      trial->webhooks[trial->next].uri, trial->body,
      [trial](const notify::Attempted& attempt) { note_attempt(trial, attempt); });
  if (is_taken) return;
  answer_error(trial->call.responder,
               {ErrorCode::Unavailable, "too many groups are being tried; try again soon"});
}

void test_group(Services& services, const Call& call) {
  const alerts::Group* const group = named_group(services, call);
  if (group == nullptr) return;
  try_next(std::make_shared<Trial>(Trial{.call = call,
                                         .notifier = services.notifier,
                                         .clock = &services.clock,
                                         .webhooks = group->model.webhooks,
                                         .body = services.alerts->test_body(*group)}));
}

}  // namespace

void add_action_group_routes(Router& router, Services& services) {
  router.add("GET", "/api/v1/action-groups", {Access::Reader, Reach::Own}, [&](Call call) {
    on_control(services, std::move(call), [&](const Call& inner) { list_groups(services, inner); });
  });
  router.add("GET", "/api/v1/action-groups/{name}", {Access::Reader, Reach::Own}, [&](Call call) {
    on_control(services, std::move(call), [&](const Call& inner) {
      if (const auto* const group = named_group(services, inner)) {
        answer_group(services, inner, *group);
      }
    });
  });
  router.add("PUT", "/api/v1/action-groups/{name}", {Access::Operator, Reach::Own}, [&](Call call) {
    const auto body = parse_json(call.request.body);
    if (!body || !body->is_object()) {
      return answer_error(call.responder,
                          {ErrorCode::InvalidInput, "send a JSON object with `properties`"});
    }
    auto submission = alerts::read_group_body(*body);
    if (!submission.faults.empty()) {
      return answer_error(
          call.responder,
          {ErrorCode::InvalidInput, fmt::format("{} in the action group; nothing was changed: {}",
                                                counted(submission.faults.size(), "fault"),
                                                to_string(submission.faults.front()))},
          alerts::fault_list(submission.faults));
    }
    on_control(services, std::move(call),
               [&services, submission = std::move(submission)](const Call& inner) {
                 put_group(services, inner, submission);
               });
  });
  router.add("DELETE", "/api/v1/action-groups/{name}", {Access::Operator, Reach::Own},
             [&](Call call) {
               on_control(services, std::move(call),
                          [&](const Call& inner) { remove_group(services, inner); });
             });
  router.add("POST", "/api/v1/action-groups/{name}/test", {Access::Operator, Reach::Own},
             [&](Call call) {
               on_control(services, std::move(call),
                          [&](const Call& inner) { test_group(services, inner); });
             });
}

}  // namespace lw::server::api
