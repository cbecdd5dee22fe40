// SPDX-License-Identifier: Apache-2.0
// /api/v1/alert-rules: rules with how they are doing, and what a rule would have done.
#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "evaluate/alert_sentences.h"
#include "model/resource_id.h"
#include "server/alerts/access.h"
#include "server/alerts/back_test.h"
#include "server/alerts/evaluator.h"
#include "server/alerts/submission.h"
#include "server/api/alert_shapes.h"
#include "server/api/services.h"
#include "server/arm/arm.h"

namespace lw::server::api {
namespace {

constexpr std::size_t kPreviewAlertsMax = 1'000;
constexpr auto kPreviewSpan = std::chrono::hours(24);

const alerts::Rule* visible_rule(const Services& services, const Call& call) {
  const alerts::Rule* const rule = services.alerts->find_rule(call.path.at("name"));
  return rule != nullptr && alerts::is_covered(*call.scope, *rule) ? rule : nullptr;
}

void no_rule(const Call& call) {
  answer_error(call.responder,
               {ErrorCode::NotFound,
                fmt::format("there is no alert rule `{}`", printable(call.path.at("name"), 300))});
}

void answer_rule(const Services& services, const Call& call, const alerts::Rule& rule) {
  call.responder.send({.status = 200,
                       .headers = {{"Content-Type", "application/json"},
                                   {"ETag", rule.stored.etag},
                                   {"Cache-Control", "no-store"}},
                       .body = to_json(rule_value(services.control, *services.alerts, rule))});
}

void list_rules(Services& services, const Call& call) {
  Value list = Value::array();
  for (const alerts::Rule* const rule : services.alerts->rules()) {
    if (!alerts::is_covered(*call.scope, *rule)) continue;
    list.push(rule_value(services.control, *services.alerts, *rule));
  }
  answer(call, Value::object({{"value", std::move(list)}}));
}

void get_rule(Services& services, const Call& call) {
  const alerts::Rule* const rule = visible_rule(services, call);
  if (rule == nullptr) return no_rule(call);
  answer_rule(services, call, *rule);
}

void answer_rule_faults(const Call& call, const std::vector<Diagnostic>& faults) {
  answer_error(call.responder,
               {ErrorCode::InvalidInput,
                fmt::format("{} in the alert rule; nothing was changed: {}",
                            counted(faults.size(), "fault"), to_string(faults.front()))},
               alerts::fault_list(faults));
}

/// The key that the path means, in a resource group that is there; refuses the request otherwise.
std::optional<std::string> new_key(const Services& services, const Call& call) {
  const InsightsPlace place = insights_place_of(call.path.at("name"));
  if (const auto refusal = alerts::refuse_name(place.name)) {
    answer_error(call.responder, {ErrorCode::InvalidInput, *refusal});
    return std::nullopt;
  }
  const auto& watchers = services.control.watchers();
  const bool is_there = std::ranges::any_of(watchers, [&](const registry::NetworkWatcher& each) {
    return equals_ignoring_case(each.resource_group, place.resource_group);
  });
  if (is_there) return insights_key(place);
  answer_error(call.responder,
               {ErrorCode::InvalidInput,
                fmt::format("there is no resource group `{}`; name the rule without "
                            "a group, or make a network watcher in that group first",
                            printable(place.resource_group, 100))});
  return std::nullopt;
}

void put_rule(Services& services, const Call& call,
              const alerts::Submission<AlertRule>& submission) {
  const auto scope = services.alerts->scope_of(submission.model);
  if (!scope) {
    return answer_rule_faults(
        call,
        {{.file = {}, .at = {}, .path = "properties.scopes", .message = scope.error().message}});
  }
  if (!call.scope->covers_scope(*scope)) return refuse_scope(call);
  const auto key = new_key(services, call);
  if (!key) return;
  const alerts::Rule* const before = services.alerts->find_rule(*key);
  if (before != nullptr && !alerts::is_covered(*call.scope, *before)) return refuse_scope(call);
  if (const auto refusal = arm::check_preconditions(
          call.request, before != nullptr ? before->stored.etag : std::string())) {
    return arm::refuse(call, *refusal);
  }
  const auto rule = services.alerts->put_rule(before != nullptr ? before->key() : *key,
                                              submission.document, submission.model);
  if (!rule) return answer_error(call.responder, rule.error());
  *call.audit_detail = sentence_of((*rule)->model);
  answer_rule(services, call, **rule);
}

void remove_rule(Services& services, const Call& call) {
  const alerts::Rule* const rule = visible_rule(services, call);
  if (rule == nullptr) return no_rule(call);
  if (const auto refusal = arm::check_preconditions(call.request, rule->stored.etag)) {
    return arm::refuse(call, *refusal);
  }
  const auto done = services.alerts->remove_rule(call.path.at("name"));
  if (!done) return answer_error(call.responder, done.error());
  call.responder.send({.status = 204, .headers = {}, .body = ""});
}

// --- preview ----------------------------------------------------------------------------------

struct Preview {
  AlertRule rule;
  Timestamp from{}, to{};
};

Value preview_faults(const std::vector<Diagnostic>& faults, const Preview& preview) {
  return Value::object({{"faults", alerts::fault_list(faults)},
                        {"warnings", Value::array()},
                        {"from", to_iso8601(preview.from)},
                        {"to", to_iso8601(preview.to)},
                        {"sentence", ""},
                        {"monitors", Value::array()},
                        {"testCount", 0},
                        {"evaluations", 0},
                        {"combinations", 0},
                        {"fired", 0},
                        {"alerts", Value::array()},
                        {"more", false}});
}

/// What may be a slip, though it is no fault.
Value preview_warnings(const AlertRule& rule, const alerts::Plan& plan,
                       const std::vector<std::string>& not_served) {
  Value warnings = Value::array();
  if (plan.combinations.empty()) {
    warnings.push(
        "No test that runs is looked at: none lies in the scopes, or the dimensions let "
        "none in.");
  }
  if (alerts::asks_for_silence(rule)) {
    warnings.push(
        "The rule is about tests without data as well (Indeterminate). When such tests "
        "were silent in the past is not counted here.");
  }
  for (const std::string& sentence : not_served) warnings.push(sentence);
  return warnings;
}

Value preview_value(const Preview& preview, const alerts::Plan& plan, const alerts::BackTest& test,
                    const alerts::BackTestResult& result) {
  Value list = Value::array();
  for (const alerts::BackTestAlert& alert : result.alerts) {
    if (list.as_array().size() == kPreviewAlertsMax) break;
    const alerts::Combination& combination = plan.combinations.at(alert.combination);
    list.push(
        Value::object({{"monitor", combination.monitor},
                       {"dimensions", dimension_list(combination.dimensions)},
                       {"fired", to_iso8601(alert.fired)},
                       {"resolved", alert.resolved ? Value(to_iso8601(*alert.resolved)) : Value()},
                       {"value", alert.values.empty() ? 0.0 : alert.values.front()},
                       {"sentence", alert_sentence(preview.rule, alert.values, combination.monitor,
                                                   combination.dimensions)},
                       {"testCount", std::uint64_t{combination.tests.size()}}}));
  }
  return Value::object({{"evaluations", std::uint64_t{test.evaluations}},
                        {"combinations", std::uint64_t{result.with_data}},
                        {"fired", std::uint64_t{result.alerts.size()}},
                        {"more", result.alerts.size() > kPreviewAlertsMax},
                        {"alerts", std::move(list)}});
}

/// On the control thread, with the tests of now; the rest is the store's.
void run_preview(Services& services, const Call& call, const Preview& preview,
                 const std::vector<std::string>& monitors,
                 const std::shared_ptr<const alerts::Plan>& plan) {
  const auto test = alerts::plan_back_test(preview.rule, *plan, preview.from, preview.to);
  if (!test) return answer_error(call.responder, test.error());
  Value head = preview_faults({}, preview);
  head.set("sentence", sentence_of(preview.rule));
  head.set("monitors", text_list(monitors));
  head.set("testCount", std::uint64_t{plan->question.members.size()});
  head.set("warnings",
           preview_warnings(preview.rule, *plan, services.alerts->not_served(preview.rule)));
  const bool is_taken = services.history.query(
      [call, preview, plan, test = *test, head = std::move(head)](store::Client& client) {
        const auto steps = store::metric_steps(client, test.question);
        if (!steps) return answer_error(call.responder, steps.error());
        Value value = head;
        const auto result = alerts::back_test(preview.rule, *plan, test, *steps);
        // Kept until its members are copied.
        const Value found = preview_value(preview, *plan, test, result);
        for (const Value::Member& member : found.as_object()) value.set(member.key, member.value);
        answer(call, value);
      });
  if (is_taken) return;
  answer_error(call.responder,
               {ErrorCode::Unavailable, "too many queries at once; try again soon"});
}

void start_preview(Services& services, const Call& call, const Preview& preview) {
  const auto scope = services.alerts->scope_of(preview.rule);
  if (!scope) {
    return answer(
        call,
        preview_faults(
            {{.file = {}, .at = {}, .path = "properties.scopes", .message = scope.error().message}},
            preview));
  }
  if (!call.scope->covers_scope(*scope)) return refuse_scope(call);
  auto monitors = monitors_in(services.control, preview.rule, *scope);
  alerts::make_plan(
      services.control, preview.rule, *scope, services.clock.wall_now(),
      [&services, call, preview, monitors = std::move(monitors)](alerts::Plan plan, std::uint64_t) {
        run_preview(services, call, preview, monitors,
                    std::make_shared<const alerts::Plan>(std::move(plan)));
      });
}

/// A time of the body; `otherwise` if it is missing.
Result<Timestamp> time_in(const Value& body, const char* key, Timestamp otherwise) {
  const Value* const value = body.find(key);
  if (value == nullptr || value->is_null()) return otherwise;
  const auto time = value->is_string() ? parse_iso8601(value->as_string()) : std::nullopt;
  if (time) return *time;
  return fail(ErrorCode::InvalidInput,
              fmt::format("`{}` must be a UTC time like 2026-01-31T12:00:00Z", key));
}

Result<Value> json_body(const Call& call) {
  auto body = parse_json(call.request.body);
  if (body && body->is_object()) return body;
  return fail(ErrorCode::InvalidInput, body ? std::string("send a JSON object with `properties`")
                                            : "the body is no JSON: " + body.error().message);
}

void preview_rule(Services& services, Call call) {
  const auto body = json_body(call);
  if (!body) return answer_error(call.responder, body.error());
  Preview preview;
  const auto to = time_in(*body, "to", services.clock.wall_now());
  if (!to) return answer_error(call.responder, to.error());
  const auto from = time_in(*body, "from", *to - kPreviewSpan);
  if (!from) return answer_error(call.responder, from.error());
  preview.from = *from;
  preview.to = *to;
  Value resource = Value::object();
  if (const Value* const properties = body->find("properties")) {
    resource.set("properties", *properties);
  }
  alerts::Submission<AlertRule> submission = alerts::read_rule_body(resource);
  if (!submission.faults.empty()) return answer(call, preview_faults(submission.faults, preview));
  preview.rule = std::move(submission.model);
  on_control(services, std::move(call),
             [&services, preview](const Call& inner) { start_preview(services, inner, preview); });
}

}  // namespace

void add_alert_rule_routes(Router& router, Services& services) {
  router.add("GET", "/api/v1/alert-rules", {Access::Reader, Reach::Own}, [&](Call call) {
    on_control(services, std::move(call), [&](const Call& inner) { list_rules(services, inner); });
  });
  router.add("POST", "/api/v1/alert-rules/preview", {Access::Reader, Reach::Own},
             [&](Call call) { preview_rule(services, std::move(call)); });
  router.add("GET", "/api/v1/alert-rules/{name}", {Access::Reader, Reach::Own}, [&](Call call) {
    on_control(services, std::move(call), [&](const Call& inner) { get_rule(services, inner); });
  });
  router.add("PUT", "/api/v1/alert-rules/{name}", {Access::Operator, Reach::Own}, [&](Call call) {
    const auto body = json_body(call);
    if (!body) return answer_error(call.responder, body.error());
    auto submission = alerts::read_rule_body(*body);
    if (!submission.faults.empty()) return answer_rule_faults(call, submission.faults);
    on_control(services, std::move(call),
               [&services, submission = std::move(submission)](const Call& inner) {
                 put_rule(services, inner, submission);
               });
  });
  router.add("DELETE", "/api/v1/alert-rules/{name}", {Access::Operator, Reach::Own},
             [&](Call call) {
               on_control(services, std::move(call),
                          [&](const Call& inner) { remove_rule(services, inner); });
             });
}

}  // namespace lw::server::api
