// SPDX-License-Identifier: Apache-2.0
#include "server/alerts/evaluator.h"

#include <fmt/core.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/log.h"
#include "store/alert_changes.h"

namespace lw::server::alerts {
namespace {

constexpr Milliseconds kAlertsLookEvery{1'000};
constexpr Milliseconds kQueryTimeout{20'000};
/// Some ten milliseconds of the control loop.
constexpr std::size_t kTestsInStep = 2'000;
/// Rows of one insert.
constexpr std::size_t kChangesPerInsert = 1'000;

/// A plan in the making.
struct PlanTask {
  PlanTask(const AlertRule& of, TokenScope in, Timestamp at)
      : rule(of), scope(std::move(in)), now(at), maker(rule) {}
  const AlertRule rule;
  const TokenScope scope;
  const Timestamp now;
  PlanMaker maker;
  std::vector<TestId> order;
  std::size_t next = 0;
  std::uint64_t revision = 0;
  std::unordered_map<AgentId, Agent> agents;
  std::function<void(Plan, std::uint64_t)> done;
};

/// It should run, and has not for as long as the window.
bool is_silent(const LiveTest& live, const PlanTask& task) {
  return live.verdict.state == TestState::Indeterminate &&
         (!live.last_round || *live.last_round < task.now - task.rule.window);
}

void go_on(Control& control, const std::shared_ptr<PlanTask>& task) {
  std::unordered_map<std::string_view, const ConnectionMonitor*> monitors;
  for (const ConnectionMonitor& monitor : control.models()) monitors[monitor.name] = &monitor;
  const std::size_t end = std::min(task->order.size(), task->next + kTestsInStep);
  for (; task->next < end; ++task->next) {
    const LiveTest* const live = control.live().find(task->order[task->next]);
    if (live == nullptr || live->test.disabled) continue;
    const auto monitor = monitors.find(live->test.connection_monitor);
    if (monitor == monitors.end()) continue;
    const auto agent = task->agents.find(live->test.agent);
    task->maker.add(live->test.id, monitor->second->name,
                    metrics::dimensions_of(*live, *monitor->second,
                                           agent == task->agents.end() ? nullptr : &agent->second),
                    is_silent(*live, *task));
  }
  if (task->next >= task->order.size()) return task->done(task->maker.take(), task->revision);
  control.post([&control, task] { go_on(control, task); });
}

}  // namespace

void make_plan(Control& control, const AlertRule& rule, const TokenScope& scope, Timestamp now,
               std::function<void(Plan plan, std::uint64_t plan_revision)> done) {
  const auto task = std::make_shared<PlanTask>(rule, scope, now);
  task->done = std::move(done);
  task->revision = control.live().plan_revision();
  for (const ConnectionMonitor& monitor : control.models()) {
    if (monitor.form != rule.form() || !scope.covers_monitor(monitor.name)) continue;
    const auto tests = control.live().tests_of(monitor.name);
    task->order.insert(task->order.end(), tests.begin(), tests.end());
  }
  for (AgentView& view : control.agents()) {
    task->agents.emplace(view.agent.id, std::move(view.agent));
  }
  go_on(control, task);
}

Evaluator::Evaluator(Control& control, Alerts& alerts, store::ClientConfig config,
                     const Clock& clock)
    : control_(control), alerts_(alerts), clock_(clock), client_([&] {
        config.give_up = [this] { return stopping_.is_raised(); };
        config.timeout = kQueryTimeout;
        return std::move(config);
      }()) {
  thread_ = Thread("alerts", [this] { run(); });
}

Evaluator::~Evaluator() {
  stopping_.raise();
  pause_.close();
  thread_.join();
}

template <class Answer, class Question>
std::optional<Answer> Evaluator::ask(Question question) {
  // Shared: the control loop may answer when nobody waits any more.
  const auto answer = std::make_shared<Channel<Answer>>(1, WhenFull::Refuse);
  control_.post([question = std::move(question), answer] {
    question([answer](Answer given) { answer->push(std::move(given)); });
  });
  while (!stopping_.is_raised()) {
    if (auto given = answer->pop_for(Milliseconds(200))) return given;
  }
  return std::nullopt;
}

void Evaluator::run() {
  while (!stopping_.is_raised()) {
    const auto jobs = ask<std::vector<Job>>(
        [&alerts = alerts_](const auto& answer) { answer(alerts.take_due()); });
    if (!jobs) return;
    for (const Job& job : *jobs) {
      judge(job);
      control_.post([&alerts = alerts_, rule = job.rule] { alerts.done(rule); });
      if (stopping_.is_raised()) return;
    }
    bring_changes();
    pause_.pop_for(kAlertsLookEvery);
  }
}

std::optional<Evaluator::Planned> Evaluator::plan_for(const Job& job) {
  return ask<Planned>([&control = control_, job, now = clock_.wall_now()](const auto& answer) {
    if (job.plan) return answer(Planned{job.plan, control.live().plan_revision()});
    make_plan(control, job.model, job.scope, now, [answer](Plan plan, std::uint64_t revision) {
      answer(Planned{std::make_shared<const Plan>(std::move(plan)), revision});
    });
  });
}

void Evaluator::judge(const Job& job) {
  const auto planned = plan_for(job);
  if (!planned) return;
  const Plan& plan = *planned->plan;
  for (const Timestamp end : job.ends) {
    store::MetricQuestion question = plan.question;
    question.from = end - job.model.window;
    question.to = end;
    question.step = job.model.window;
    const auto steps = store::metric_steps(client_, question);
    if (stopping_.is_raised()) return;
    if (!steps) {
      control_.post([&alerts = alerts_, rule = job.rule, etag = job.etag,
                     problem = "the store does not answer: " + steps.error().message] {
        alerts.failed(rule, etag, problem);
      });
      return;
    }
    Samples samples = no_samples(job.model, plan);
    for (const store::MetricStep& step : *steps) add_step(job.model, plan, step, samples);
    control_.post([&alerts = alerts_, rule = job.rule, etag = job.etag, end, planned = *planned,
                   values = values_of(job.model, plan, samples)] {
      alerts.judged(rule, etag, end, planned.plan, planned.revision, values);
    });
  }
}

void Evaluator::bring_changes() {
  struct Unsent {
    std::vector<Alert> alerts;
    std::vector<std::int64_t> numbers;
  };
  const auto unsent = ask<Unsent>([&alerts = alerts_](const auto& answer) {
    Unsent some;
    for (const registry::UnsentChange& change : alerts.unsent()) {
      if (some.numbers.size() == kChangesPerInsert) break;
      some.alerts.push_back(change.alert);
      some.numbers.push_back(change.number);
    }
    answer(std::move(some));
  });
  if (!unsent || unsent->numbers.empty()) return;
  if (const auto written =
          store::record_alert_changes(client_, unsent->alerts, control_.keep_days());
      !written) {
    log::debug("alerts", written.error().message);
    return;
  }
  control_.post([&alerts = alerts_, numbers = unsent->numbers] { alerts.sent(numbers); });
}

}  // namespace lw::server::alerts
