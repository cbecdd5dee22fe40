// SPDX-License-Identifier: Apache-2.0
// Microsoft.Insights/metricAlerts.
#include <fmt/core.h>

#include <algorithm>

#include "base/hash.h"
#include "base/ids.h"
#include "base/text.h"
#include "evaluate/alert_sentences.h"
#include "server/alerts/access.h"
#include "server/alerts/submission.h"
#include "server/arm/arm.h"
#include "server/arm/insights.h"
#include "server/arm/shapes.h"

namespace lw::server::arm {
namespace {

using AlertsRule = alerts::Rule;

constexpr std::string_view kRuleType = "metricAlerts";
constexpr std::size_t kStatusesMax = 1'000;

Value rule_resource(const Services& services, const AlertsRule& rule) {
  Value resource = insights_resource(services, rule.stored, kRuleType, "global");
  Value properties = *resource.find("properties");
  if (properties.find("autoMitigate") == nullptr) properties.set("autoMitigate", true);
  properties.set("lastUpdatedTime", azure_time(rule.stored.updated));
  resource.set("properties", std::move(properties));
  return resource;
}

const AlertsRule* rule_in(const Services& services, const Call& call) {
  return services.alerts->find_rule(insights_key(insights_place_in(call)));
}

/// The rule of the path if the caller may see it; refuses the request otherwise.
const AlertsRule* visible_rule(const Services& services, const Call& call) {
  const AlertsRule* const rule = rule_in(services, call);
  if (rule != nullptr && alerts::is_covered(*call.scope, *rule)) return rule;
  if (call.scope->covers_all()) {
    refuse(call, insights_not_found(kRuleType, insights_place_in(call)));
  } else {
    api::refuse_scope(call);
  }
  return nullptr;
}

void get_rule(Services& services, const Call& call) {
  const AlertsRule* const rule = visible_rule(services, call);
  if (rule == nullptr) return;
  reply(call, rule_resource(services, *rule), 200, {{"ETag", rule->stored.etag}});
}

void list_rules(Services& services, const Call& call) {
  Value resources = Value::array();
  const auto group = call.path.find("group");
  for (const AlertsRule* const rule : services.alerts->rules()) {
    const bool is_wanted =
        group == call.path.end() ||
        equals_ignoring_case(insights_place_of(rule->key()).resource_group, group->second);
    if (is_wanted && alerts::is_covered(*call.scope, *rule)) {
      resources.push(rule_resource(services, *rule));
    }
  }
  reply(call, Value::object({{"value", std::move(resources)}}));
}

void keep_rule(Services& services, const Call& call,
               const alerts::Submission<AlertRule>& submission) {
  if (!submission.faults.empty()) return refuse(call, insights_faults(submission.faults));
  const auto scope = services.alerts->scope_of(submission.model);
  if (!scope) {
    return refuse(call, insights_faults({{.file = {},
                                          .at = {},
                                          .path = "properties.scopes",
                                          .message = scope.error().message}}));
  }
  if (!call.scope->covers_scope(*scope)) return api::refuse_scope(call);
  const InsightsPlace place = insights_place_in(call);
  if (const auto refusal = refuse_place(services, place)) return refuse(call, *refusal);
  const AlertsRule* const before = rule_in(services, call);
  if (before != nullptr && !alerts::is_covered(*call.scope, *before)) {
    return api::refuse_scope(call);
  }
  if (auto refusal = check_preconditions(call.request,
                                         before != nullptr ? before->stored.etag : std::string())) {
    return refuse(call, *refusal);
  }
  const auto rule =
      services.alerts->put_rule(before != nullptr ? before->key() : insights_key(place),
                                submission.document, submission.model);
  if (!rule) return refuse(call, to_refusal(rule.error()));
  *call.audit_detail = sentence_of((*rule)->model);
  Headers headers = not_served_header(services.alerts->not_served((*rule)->model));
  headers.emplace_back("ETag", (*rule)->stored.etag);
  reply(call, rule_resource(services, **rule), 200, std::move(headers));
}

void patch_rule(Services& services, const Call& call, const Value& body) {
  const AlertsRule* const rule = visible_rule(services, call);
  if (rule == nullptr) return;
  keep_rule(services, call, alerts::read_rule_body(alerts::patched(rule->stored.document, body)));
}

void remove_rule(Services& services, const Call& call) {
  const AlertsRule* const rule = rule_in(services, call);
  if (rule == nullptr && call.scope->covers_all()) return reply_empty(call, 204);
  if (rule == nullptr || !alerts::is_covered(*call.scope, *rule)) return api::refuse_scope(call);
  if (auto refusal = check_preconditions(call.request, rule->stored.etag)) {
    return refuse(call, *refusal);
  }
  const auto done = services.alerts->remove_rule(rule->key());
  if (!done) return refuse(call, to_refusal(done.error()));
  reply_empty(call, 200);
}

// --- status -----------------------------------------------------------------------------------

Value status_value(const Services& services, const AlertsRule& rule,
                   const alerts::Combination& combination) {
  const std::string key = combination.key();
  const std::string name = to_hex(stable_hash({rule.key(), key}));
  Value dimensions = Value::object();
  for (const auto& [dimension, value] : combination.dimensions) dimensions.set(dimension, value);
  const std::string id = insights_id(services.control.subscription_id(), kRuleType, rule.key());
  return Value::object(
      {{"name", name},
       {"id", fmt::format("{}/status/{}", id, name)},
       {"type", "Microsoft.Insights/metricAlerts/status"},
       {"properties",
        Value::object({{"dimensions", std::move(dimensions)},
                       {"status", rule.firing.contains(key) ? "Unhealthy" : "Healthy"},
                       {"timestamp", azure_time(rule.evaluated.value_or(rule.stored.updated))}})}});
}

/// Those of all combinations, or the one that the path names.
void list_statuses(Services& services, const Call& call) {
  const AlertsRule* const rule = visible_rule(services, call);
  if (rule == nullptr) return;
  const auto wanted = call.path.find("status");
  Value statuses = Value::array();
  if (rule->plan) {
    for (const alerts::Combination& combination : rule->plan->combinations) {
      if (statuses.as_array().size() == kStatusesMax) break;
      Value status = status_value(services, *rule, combination);
      if (wanted != call.path.end() && status.text("name") != wanted->second) continue;
      statuses.push(std::move(status));
    }
  }
  reply(call, Value::object({{"value", std::move(statuses)}}));
}

}  // namespace

void add_alert_routes(Router& router, Services& services) {
  add_insights_routes<AlertRule>(router, services, kRuleType,
                                 {.list = list_rules,
                                  .get = get_rule,
                                  .remove = remove_rule,
                                  .read = alerts::read_rule_body,
                                  .put = keep_rule,
                                  .patch = patch_rule});
  const std::string statuses = insights_pattern(kRuleType) + "/status";
  for (const std::string& pattern : {statuses, statuses + "/{status}"}) {
    add_insights_route(router, services, "GET", pattern, Access::Reader, list_statuses);
  }
}

}  // namespace lw::server::arm
