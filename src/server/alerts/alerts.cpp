// SPDX-License-Identifier: Apache-2.0
#include "server/alerts/alerts.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "evaluate/alert_sentences.h"
#include "model/resource_id.h"
#include "notify/common_alert.h"

namespace lw::server::alerts {
namespace {

/// It was valid when it was stored; a newer release may be stricter and must still start.
std::string faults_text(const std::vector<Diagnostic>& faults) {
  if (faults.empty()) return {};
  return "this release cannot read the rule: " + to_string(faults.front());
}

const Value& properties_of(const Value& document) {
  static const Value kNone = Value::object();
  const Value* const properties = document.find("properties");
  return properties != nullptr ? *properties : kNone;
}

}  // namespace

Alerts::Alerts(registry::AlertRecords records, Control& control, notify::Notifier& notifier,
               const Clock& clock, std::string url)
    : records_(std::move(records)),
      control_(control),
      notifier_(notifier),
      clock_(clock),
      url_(std::move(url)) {}

Result<TokenScope> Alerts::scope_of(const AlertRule& rule) const {
  TokenScope scope = TRY(TokenScope::parse(rule.scopes, control_.subscription_id()));
  for (const std::string& text : scope.texts()) {
    if (text.find("/Microsoft.OperationalInsights/") == std::string::npos) continue;
    return fail(ErrorCode::InvalidInput,
                fmt::format("{} is a workspace; rules are about connection monitors", text));
  }
  return scope;
}

Result<void> Alerts::load() {
  for (registry::StoredAlertRule& stored : TRY(records_.rules())) {
    auto rule = std::make_unique<Rule>();
    AlertRuleRead read = read_alert_rule(properties_of(stored.resource.document), "properties");
    rule->problem = faults_text(read.faults);
    rule->model = std::move(read.rule);
    // Rules that cannot be read are judged by nobody.
    if (!rule->problem.empty()) rule->model.is_enabled = false;
    rule->scope = scope_of(rule->model).value_or(TokenScope::of_texts({}));
    rule->evaluated = stored.evaluated;
    rule->stored = std::move(stored.resource);
    const std::string key = to_lower(rule->key());
    rules_[key] = std::move(rule);
  }
  for (registry::StoredResource& stored : TRY(records_.action_groups())) {
    ActionGroup model = read_action_group(properties_of(stored.document), "properties").group;
    const std::string key = to_lower(stored.name);
    groups_[key] = std::make_unique<Group>(Group{std::move(stored), std::move(model)});
  }
  for (Alert& alert : TRY(records_.firing())) {
    Rule* const rule = find_own(alert.rule);
    if (rule == nullptr) continue;
    count(alert, 1);
    const Combination combination{alert.monitor, alert.dimensions, {}, {}};
    rule->firing[combination.key()] = {AlertTrack::firing(), std::move(alert)};
  }
  unsent_ = TRY(records_.unsent_changes());
  for (const registry::Notification& notification : TRY(records_.notifications())) {
    give_to_notifier(notification);
  }
  for (const auto& [key, rule] : rules_) {
    for (const auto& [of, firing] : rule->firing) show(firing.alert.tests);
    // It was disabled, and the server ended before it could follow.
    if (!rule->model.is_enabled && rule->problem.empty()) {
      TRY(end_all(*rule, AlertEnd::RuleDisabled));
    }
  }
  return {};
}

// --- rules ------------------------------------------------------------------------------------

std::vector<const Rule*> Alerts::rules() const {
  std::vector<const Rule*> all;
  all.reserve(rules_.size());
  for (const auto& [key, rule] : rules_) all.push_back(rule.get());
  return all;
}

Rule* Alerts::find_own(std::string_view key) {
  const auto found = rules_.find(to_lower(key));
  return found == rules_.end() ? nullptr : found->second.get();
}

const Rule* Alerts::find_rule(std::string_view key) const {
  const auto found = rules_.find(to_lower(key));
  return found == rules_.end() ? nullptr : found->second.get();
}

Result<const Rule*> Alerts::put_rule(const std::string& key, const Value& document,
                                     AlertRule model) {
  TokenScope scope = TRY(scope_of(model));
  Rule* rule = find_own(key);
  if (rule == nullptr && rules_.size() >= kRulesMax) {
    return fail(ErrorCode::LimitExceeded,
                fmt::format("there are {} alert rules already; remove some", kRulesMax));
  }
  registry::StoredResource stored = TRY(records_.put_rule(key, document, clock_.wall_now()));
  if (rule == nullptr) {
    rule = (rules_[to_lower(key)] = std::make_unique<Rule>()).get();
  }
  rule->stored = std::move(stored);
  rule->model = std::move(model);
  rule->scope = std::move(scope);
  rule->problem.clear();
  rule->has_changed = true;
  rule->plan.reset();
  // The newest window is judged at once, by what the rule says now.
  rule->evaluated.reset();
  if (!rule->model.is_enabled) TRY(end_all(*rule, AlertEnd::RuleDisabled));
  return rule;
}

Result<void> Alerts::remove_rule(std::string_view key) {
  Rule* const rule = find_own(key);
  if (rule == nullptr) {
    return fail(ErrorCode::NotFound, fmt::format("there is no alert rule `{}`", key));
  }
  TRY(end_all(*rule, AlertEnd::RuleGone));
  rules_.erase(to_lower(key));
  return {};
}

std::vector<std::string> Alerts::not_served(const AlertRule& rule) const {
  std::vector<std::string> sentences;
  for (const AlertAction& action : rule.actions) {
    const auto key =
        parse_insights_id(control_.subscription_id(), "actionGroups", action.action_group);
    const Group* const group = key ? find_group(*key) : nullptr;
    if (group == nullptr) {
      sentences.push_back(fmt::format("There is no action group {}; nobody is told by it.",
                                      printable(action.action_group, 300)));
    } else if (!group->model.is_enabled) {
      sentences.push_back(
          fmt::format("The action group {} is disabled; nobody is told by it.", *key));
    } else if (group->model.webhooks.empty()) {
      sentences.push_back(fmt::format("The action group {} has no webhook that is called.", *key));
    }
  }
  return sentences;
}

// --- action groups ----------------------------------------------------------------------------

std::vector<const Group*> Alerts::groups() const {
  std::vector<const Group*> all;
  all.reserve(groups_.size());
  for (const auto& [key, group] : groups_) all.push_back(group.get());
  return all;
}

const Group* Alerts::find_group(std::string_view key) const {
  const auto found = groups_.find(to_lower(key));
  return found == groups_.end() ? nullptr : found->second.get();
}

Result<const Group*> Alerts::put_group(const std::string& key, const Value& document,
                                       ActionGroup model) {
  if (find_group(key) == nullptr && groups_.size() >= kGroupsMax) {
    return fail(ErrorCode::LimitExceeded,
                fmt::format("there are {} action groups already; remove some", kGroupsMax));
  }
  registry::StoredResource stored =
      TRY(records_.put_action_group(key, document, clock_.wall_now()));
  auto& group = groups_[to_lower(key)];
  group = std::make_unique<Group>(Group{std::move(stored), std::move(model)});
  return group.get();
}

Result<void> Alerts::remove_group(std::string_view key) {
  const Group* const group = find_group(key);
  if (group == nullptr) {
    return fail(ErrorCode::NotFound, fmt::format("there is no action group `{}`", key));
  }
  TRY(records_.remove_action_group(group->stored.name));
  groups_.erase(to_lower(key));
  return {};
}

std::string Alerts::test_body(const Group& group) const {
  Alert alert;
  alert.id = random_uuid();
  alert.rule = "test-" + group.stored.name;
  alert.severity = 4;
  alert.fired = clock_.wall_now();
  alert.monitor = "test";
  alert.dimensions = {{"SourceName", "test"}};
  alert.window = Seconds(300);
  alert.conditions = {{.metric = AlertMetric::TestResult,
                       .aggregation = AlertAggregation::Maximum,
                       .comparison = AlertOperator::GreaterThan,
                       .threshold = 2,
                       .fired_value = 3,
                       .value = 3}};
  alert.sentence =
      fmt::format("A test of the action group {}: nothing is wrong.", group.stored.name);
  notify::AlertContext context;
  context.subscription = control_.subscription_id();
  context.rule_id = insights_id(control_.subscription_id(), "metricAlerts", alert.rule);
  context.description = alert.sentence;
  context.monitor_id = monitor_id(control_.subscription_id(), place_of(alert.monitor));
  return to_json(notify::common_alert(alert, context));
}

// --- alerts -----------------------------------------------------------------------------------

std::vector<const Alert*> Alerts::firing() const {
  std::vector<const Alert*> all;
  for (const auto& [key, rule] : rules_) {
    for (const auto& [of, firing] : rule->firing) all.push_back(&firing.alert);
  }
  std::ranges::stable_sort(all, [](const Alert* a, const Alert* b) { return a->fired > b->fired; });
  return all;
}

Result<Alert> Alerts::resolve(std::string_view id) {
  for (const auto& [key, rule] : rules_) {
    for (const auto& [of, firing] : rule->firing) {
      if (firing.alert.id != id) continue;
      Changes changes;
      end_alert(*rule, of, clock_.wall_now(), AlertEnd::Hand, changes);
      Alert resolved = changes.outcome.resolved.front();
      TRY(commit(*rule, changes));
      return resolved;
    }
  }
  return fail(ErrorCode::NotFound, fmt::format("there is no firing alert `{}`", id));
}

void Alerts::sent(const std::vector<std::int64_t>& numbers) {
  if (numbers.empty()) return;
  std::erase_if(unsent_, [&](const registry::UnsentChange& change) {
    return std::ranges::find(numbers, change.number) != numbers.end();
  });
  if (const auto done = records_.forget_changes(numbers); !done) {
    // They are sent again after a restart, which changes nothing.
    log::warning("alerts", done.error().message);
  }
}

void Alerts::settled(std::int64_t notification) {
  if (const auto done = records_.forget_notifications({notification}); !done) {
    log::warning("alerts",
                 "a notification may be sent again after a restart: " + done.error().message);
  }
}

bool Alerts::give_to_notifier(const registry::Notification& notification) {
  if (notifier_.send({.number = notification.number,
                      .uri = notification.uri,
                      .body = notification.body,
                      .created = notification.created})) {
    return true;
  }
  log::warning("alerts", "too many notifications wait; some go out after a restart only");
  return false;
}

// --- evaluation -------------------------------------------------------------------------------

std::vector<Job> Alerts::take_due() {
  std::vector<Job> jobs;
  const Timestamp now = clock_.wall_now();
  const std::uint64_t plan_revision = control_.live().plan_revision();
  for (const auto& [key, rule] : rules_) {
    if (!rule->model.is_enabled || rule->is_under_way) continue;
    auto ends = due_evaluations(rule->model.frequency, rule->evaluated, now);
    if (ends.empty()) continue;
    rule->is_under_way = true;
    const bool is_good = rule->plan && rule->plan_revision == plan_revision &&
                         !asks_for_silence(rule->model) && !has_passing_dimensions(rule->model);
    jobs.push_back({.rule = rule->key(),
                    .etag = rule->stored.etag,
                    .model = rule->model,
                    .plan = is_good ? rule->plan : nullptr,
                    .scope = rule->scope,
                    .ends = std::move(ends)});
  }
  return jobs;
}

void Alerts::done(const std::string& rule) {
  if (Rule* const known = find_own(rule)) known->is_under_way = false;
}

void Alerts::failed(const std::string& rule, const std::string& etag, const std::string& problem) {
  Rule* const known = find_own(rule);
  if (known == nullptr || known->stored.etag != etag) return;
  if (known->problem.empty()) log::warning("alerts", fmt::format("rule {}: {}", rule, problem));
  known->problem = problem;
}

Alert Alerts::new_alert(const Rule& rule, const Combination& combination,
                        const std::vector<std::optional<double>>& values, Timestamp end) const {
  Alert alert;
  alert.id = random_uuid();
  alert.rule = rule.key();
  alert.severity = rule.model.severity;
  alert.fired = end;
  alert.monitor = combination.monitor;
  alert.dimensions = combination.dimensions;
  alert.tests = combination.tests;
  alert.window = rule.model.window;
  std::vector<double> numbers;
  for (std::size_t i = 0; i < rule.model.criteria.size(); ++i) {
    const AlertCriterion& criterion = rule.model.criteria[i];
    numbers.push_back(values[i].value_or(0));
    alert.conditions.push_back({.metric = criterion.metric,
                                .aggregation = criterion.aggregation,
                                .comparison = criterion.comparison,
                                .threshold = criterion.threshold,
                                .fired_value = numbers.back(),
                                .value = numbers.back()});
  }
  alert.sentence = alert_sentence(rule.model, numbers, alert.monitor, alert.dimensions);
  return alert;
}

void Alerts::end_alert(Rule& rule, const std::string& key, Timestamp at, AlertEnd by,
                       Changes& changes) {
  Alert alert = rule.firing.at(key).alert;
  // An alert lasts a moment at least, so that its end does not come before its beginning.
  alert.resolved = std::max(at, alert.fired + Microseconds(1));
  alert.ended_by = by;
  add_notifications(rule, alert, changes.outcome);
  changes.outcome.rule = rule.key();
  changes.outcome.resolved.push_back(std::move(alert));
  changes.resolved.push_back(key);
}

Result<void> Alerts::end_all(Rule& rule, AlertEnd by) {
  Changes changes;
  changes.outcome.rule = rule.key();
  changes.outcome.removes_rule = by == AlertEnd::RuleGone;
  for (const auto& [key, firing] : rule.firing) {
    end_alert(rule, key, clock_.wall_now(), by, changes);
  }
  return commit(rule, changes);
}

void Alerts::add_notifications(const Rule& rule, const Alert& alert,
                               registry::AlertOutcome& outcome) {
  const std::string& subscription = control_.subscription_id();
  for (const AlertAction& action : rule.model.actions) {
    const auto key = parse_insights_id(subscription, "actionGroups", action.action_group);
    const Group* const group = key ? find_group(*key) : nullptr;
    if (group == nullptr || !group->model.is_enabled) continue;
    const notify::AlertContext context{
        .subscription = subscription,
        .rule_id = insights_id(subscription, "metricAlerts", alert.rule),
        .description = rule.model.description,
        .is_of_many = rule.model.scopes.size() > 1,
        .monitor_id = monitor_id(subscription, place_of(alert.monitor)),
        .link = url_ + "/alerts?sel=" + alert.id,
        .webhook_properties = action.properties,
        .custom_properties = rule.model.custom_properties};
    const std::string body = to_json(notify::common_alert(alert, context));
    for (const Webhook& webhook : group->model.webhooks) {
      outcome.notifications.push_back({.number = 0,
                                       .alert_id = alert.id,
                                       .action_group = group->stored.name,
                                       .receiver = webhook.name,
                                       .uri = webhook.uri,
                                       .body = body,
                                       .created = clock_.wall_now()});
    }
  }
}

void Alerts::judged(const std::string& rule_key, const std::string& etag, Timestamp end,
                    std::shared_ptr<const Plan> plan, std::uint64_t plan_revision,
                    const Values& values) {
  Rule* const found = find_own(rule_key);
  if (found == nullptr || found->stored.etag != etag || !found->model.is_enabled) return;
  Rule& rule = *found;
  Changes changes;
  changes.outcome.rule = rule.key();
  changes.outcome.evaluated = end;
  std::map<std::string, const Combination*> present;
  for (std::size_t i = 0; i < plan->combinations.size(); ++i) {
    const Combination& combination = plan->combinations[i];
    const std::string key = combination.key();
    present[key] = &combination;
    judge(rule, combination, key, values[i], end, changes);
  }
  for (const auto& [key, firing] : rule.firing) {
    if (present.contains(key)) continue;
    end_alert(rule, key, clock_.wall_now(),
              rule.has_changed ? AlertEnd::RuleChanged : AlertEnd::TestsGone, changes);
  }
  if (!changes.fired.empty() || !changes.resolved.empty()) {
    if (const auto written = commit(rule, changes); !written) {
      // Nothing is taken over: the window is judged again.
      return failed(rule_key, etag, "cannot be kept: " + written.error().message);
    }
  }
  for (const auto& [key, track] : changes.tracks) rule.firing.at(key).track = track;
  for (auto& [key, firing] : rule.firing) follow(firing, *present.at(key));
  rule.evaluated = end;
  rule.has_changed = false;
  rule.problem = plan->combinations.empty()
                     ? "it looks at no test: none of its scopes has tests that run and that its "
                       "conditions let in"
                     : "";
  rule.plan = std::move(plan);
  rule.plan_revision = plan_revision;
}

void Alerts::judge(Rule& rule, const Combination& combination, const std::string& key,
                   const std::vector<std::optional<double>>& values, Timestamp end,
                   Changes& changes) {
  const auto known = rule.firing.find(key);
  AlertTrack track = known != rule.firing.end() ? known->second.track : AlertTrack();
  if (known != rule.firing.end()) {
    auto& conditions = known->second.alert.conditions;
    for (std::size_t i = 0; i < std::min(values.size(), conditions.size()); ++i) {
      if (values[i]) conditions[i].value = *values[i];
    }
  }
  switch (track.evaluate(find_breach(rule.model, values), rule.model.auto_mitigate)) {
    case AlertTrack::Change::Fires:
      changes.outcome.fired.push_back(new_alert(rule, combination, values, end));
      add_notifications(rule, changes.outcome.fired.back(), changes.outcome);
      changes.fired.emplace_back(key, Firing{track, changes.outcome.fired.back()});
      break;
    case AlertTrack::Change::Resolves:
      end_alert(rule, key, end, AlertEnd::NoBreach, changes);
      break;
    case AlertTrack::Change::None:
      if (known != rule.firing.end()) changes.tracks.emplace_back(key, track);
      break;
  }
}

// --- what follows -----------------------------------------------------------------------------

Result<void> Alerts::commit(Rule& rule, Changes& changes) {
  auto unsent = TRY(records_.write(changes.outcome));
  std::ranges::move(unsent, std::back_inserter(unsent_));
  if (unsent_.size() > static_cast<std::size_t>(registry::AlertRecords::kUnsentMax)) {
    const auto excess =
        unsent_.size() - static_cast<std::size_t>(registry::AlertRecords::kUnsentMax);
    unsent_.erase(unsent_.begin(), unsent_.begin() + static_cast<std::ptrdiff_t>(excess));
  }
  for (const std::string& key : changes.resolved) {
    const auto node = rule.firing.extract(key);
    count(node.mapped().alert, -1);
    show(node.mapped().alert.tests);
  }
  for (auto& [key, firing] : changes.fired) {
    count(firing.alert, 1);
    const auto place = rule.firing.insert_or_assign(key, std::move(firing)).first;
    show(place->second.alert.tests);
  }
  for (const registry::Notification& notification : changes.outcome.notifications) {
    give_to_notifier(notification);
  }
  return {};
}

void Alerts::count(const Alert& alert, int by) {
  for (const TestId test : alert.tests) {
    auto& counts = counts_[test];
    auto& number = counts.at(static_cast<std::size_t>(alert.severity));
    number = static_cast<std::uint32_t>(static_cast<int>(number) + by);
    if (std::ranges::all_of(counts, [](std::uint32_t each) { return each == 0; })) {
      counts_.erase(test);
    }
  }
}

void Alerts::show(const std::vector<TestId>& tests) {
  for (const TestId test : tests) {
    AlertCode code = 0;
    if (const auto counts = counts_.find(test); counts != counts_.end()) {
      const auto* const worst =
          std::ranges::find_if(counts->second, [](std::uint32_t each) { return each > 0; });
      code = alert_code(static_cast<int>(worst - counts->second.begin()));
    }
    control_.set_alert(test, code);
  }
}

void Alerts::follow(Firing& firing, const Combination& combination) {
  Alert& alert = firing.alert;
  if (alert.tests != combination.tests) {
    const std::vector<TestId> before = alert.tests;
    count(alert, -1);
    alert.tests = combination.tests;
    count(alert, 1);
    show(before);
  }
  show(alert.tests);
}

}  // namespace lw::server::alerts
