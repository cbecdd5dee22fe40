// SPDX-License-Identifier: Apache-2.0
// /api/v1/alerts: what fires, and what fired.
#include <fmt/core.h>

#include <algorithm>
#include <unordered_map>

#include "base/text.h"
#include "server/alerts/access.h"
#include "server/api/alert_shapes.h"
#include "server/api/past.h"
#include "server/api/services.h"
#include "store/alert_changes.h"

namespace lw::server::api {
namespace {

constexpr std::int64_t kLimitDefault = 1'000;
constexpr std::int64_t kLimitMax = 10'000;
constexpr auto kSpanDefault = std::chrono::hours(24);

enum class WantedState { Firing, Resolved, All };

struct AlertQuestion {
  WantedState wanted = WantedState::Firing;
  bool is_now = true;           ///< what fires at this moment, from memory
  std::optional<Timestamp> at;  ///< as it was then
  Timestamp from{}, to{};
  std::string monitor, rule;
  std::size_t limit = 0;
};

Result<AlertQuestion> read_question(const Call& call, const Clock& clock) {
  AlertQuestion question;
  const std::string state = call.request.parameter("state");
  if (equals_ignoring_case(state, "resolved")) {
    question.wanted = WantedState::Resolved;
  } else if (equals_ignoring_case(state, "all")) {
    question.wanted = WantedState::All;
  } else if (!state.empty() && !equals_ignoring_case(state, "firing")) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("`state` must be firing, resolved or all, not `{}`", state));
  }
  const Timestamp now = clock.wall_now();
  const bool has_at = call.request.has_parameter("at");
  const bool has_span = call.request.has_parameter("from") || call.request.has_parameter("to");
  if (has_at) question.at = TRY(read_time(call.request, "at", now));
  // What fires this very moment is within.
  const Timestamp otherwise = has_at ? *question.at + Microseconds(1) : now + Seconds(1);
  question.to = has_at ? otherwise : TRY(read_time(call.request, "to", otherwise));
  question.from = has_at ? *question.at - kSpanDefault
                         : TRY(read_time(call.request, "from", question.to - kSpanDefault));
  if (question.from >= question.to) {
    return fail(ErrorCode::InvalidInput, "`from` must be before `to`");
  }
  question.is_now = question.wanted == WantedState::Firing && !has_at && !has_span;
  question.monitor = call.request.parameter("connectionMonitor");
  question.rule = call.request.parameter("rule");
  question.limit =
      static_cast<std::size_t>(TRY(read_count(call.request, "limit", kLimitDefault, 1, kLimitMax)));
  return question;
}

/// Whether the caller may see it and asks for it, whatever its state.
bool is_asked_for(const Call& call, const AlertQuestion& question, const Alert& alert) {
  const bool is_of_monitor =
      question.monitor.empty() || equals_ignoring_case(question.monitor, alert.monitor);
  const bool is_of_rule = question.rule.empty() || equals_ignoring_case(question.rule, alert.rule);
  return is_of_monitor && is_of_rule && alerts::is_covered(*call.scope, alert);
}

void answer_alerts(const Call& call, const AlertQuestion& question,
                   const std::vector<store::PastAlert>& found, const std::string& subscription) {
  Value list = Value::array();
  bool has_more = false;
  for (const store::PastAlert& past : found) {
    if (!is_asked_for(call, question, past.alert)) continue;
    if (list.as_array().size() == question.limit) {
      has_more = true;
      break;
    }
    list.push(alert_value(past.alert, subscription, past.test_count));
  }
  answer(call, Value::object({{"value", std::move(list)}, {"more", has_more}}));
}

store::PastAlert whole(const Alert& alert) { return {alert, std::uint64_t{alert.tests.size()}}; }

/// What the store says, with what it does not know yet in the place of what it knows.
std::vector<store::PastAlert> merged(std::vector<store::PastAlert> stored,
                                     const std::vector<store::PastAlert>& newer) {
  std::unordered_map<std::string, store::PastAlert> by_id;
  for (store::PastAlert& past : stored) by_id[past.alert.id] = std::move(past);
  for (const store::PastAlert& past : newer) by_id[past.alert.id] = past;
  std::vector<store::PastAlert> all;
  all.reserve(by_id.size());
  for (auto& [id, past] : by_id) all.push_back(std::move(past));
  std::ranges::sort(all, [](const store::PastAlert& a, const store::PastAlert& b) {
    return a.alert.fired != b.alert.fired ? a.alert.fired > b.alert.fired : a.alert.id < b.alert.id;
  });
  return all;
}

/// As it stood at `at`, if the question asks for such.
std::optional<store::PastAlert> as_asked(store::PastAlert past, const AlertQuestion& question) {
  Alert& alert = past.alert;
  if (alert.fired >= question.to) return std::nullopt;
  if (alert.resolved && *alert.resolved < question.from) return std::nullopt;
  if (question.at && alert.resolved && *alert.resolved > *question.at) alert.resolved.reset();
  const bool fits = question.wanted == WantedState::All ||
                    (question.wanted == WantedState::Resolved) == alert.resolved.has_value();
  if (!fits) return std::nullopt;
  return past;
}

/// On the control thread: what the store does not have is taken along.
void list_past(Services& services, const Call& call, const AlertQuestion& question) {
  std::vector<store::PastAlert> newer;
  for (const registry::UnsentChange& change : services.alerts->unsent()) {
    newer.push_back(whole(change.alert));
  }
  for (const Alert* const alert : services.alerts->firing()) newer.push_back(whole(*alert));
  const bool is_taken = services.history.query(
      [call, question, newer = std::move(newer),
       subscription = services.control.subscription_id()](store::Client& client) {
        auto stored = store::alerts_between(client, question.from, question.to, kLimitMax + 1);
        if (!stored) return answer_error(call.responder, stored.error());
        std::vector<store::PastAlert> found;
        for (store::PastAlert& past : merged(std::move(*stored), newer)) {
          if (auto fitting = as_asked(std::move(past), question)) {
            found.push_back(std::move(*fitting));
          }
        }
        answer_alerts(call, question, found, subscription);
      });
  if (is_taken) return;
  answer_error(call.responder,
               {ErrorCode::Unavailable, "too many queries at once; try again soon"});
}

void list_alerts(Services& services, const Call& call, const AlertQuestion& question) {
  if (!question.is_now) return list_past(services, call, question);
  std::vector<store::PastAlert> found;
  for (const Alert* const alert : services.alerts->firing()) {
    // Those that are not shown need not be copied.
    if (is_asked_for(call, question, *alert)) found.push_back(whole(*alert));
    if (found.size() > question.limit) break;
  }
  answer_alerts(call, question, found, services.control.subscription_id());
}

void resolve_alert(Services& services, const Call& call) {
  const std::string& id = call.path.at("id");
  for (const Alert* const alert : services.alerts->firing()) {
    if (alert->id != id) continue;
    if (!alerts::is_covered(*call.scope, *alert)) return refuse_scope(call);
    *call.audit_detail = "resolved by hand: " + alert->sentence;
    const auto resolved = services.alerts->resolve(id);
    if (!resolved) return answer_error(call.responder, resolved.error());
    return answer(call, alert_value(*resolved, services.control.subscription_id(),
                                    std::uint64_t{resolved->tests.size()}));
  }
  answer_error(call.responder,
               {ErrorCode::Conflict, fmt::format("no alert `{}` fires; it may be resolved already",
                                                 printable(id, 100))});
}

}  // namespace

void add_alert_routes(Router& router, Services& services) {
  router.add("GET", "/api/v1/alerts", {Access::Reader, Reach::Own}, [&](Call call) {
    const auto question = read_question(call, services.clock);
    if (!question) return answer_error(call.responder, question.error());
    on_control(services, std::move(call), [&services, question = *question](const Call& inner) {
      list_alerts(services, inner, question);
    });
  });
  router.add("POST", "/api/v1/alerts/{id}/resolve", {Access::Operator, Reach::Own}, [&](Call call) {
    on_control(services, std::move(call),
               [&](const Call& inner) { resolve_alert(services, inner); });
  });
}

}  // namespace lw::server::api
