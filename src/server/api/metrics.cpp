// SPDX-License-Identifier: Apache-2.0
// /metrics: the server's own health for Prometheus; /metrics/tests: what the tests measure.
#include <unistd.h>

#include <sstream>
#include <unordered_map>

#include "base/files.h"
#include "notify/notifier.h"
#include "server/alerts/alerts.h"
#include "server/api/services.h"
#include "server/api/visibility.h"
#include "server/metrics/test_metrics.h"
#include "server/metrics_text.h"
#include "server/remote_write/remote_write.h"

namespace lw::server::api {
namespace {

/// Resident memory of this process in bytes, from /proc (field 2 of statm, in pages).
double resident_bytes() {
  std::istringstream statm(read_file("/proc/self/statm").value_or(""));
  double total = 0;
  double resident = 0;
  statm >> total >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

void add_tests(const LiveState& live, MetricsText& metrics) {
  metrics.begin("linewatch_tests", "gauge", "Tests by their state now.");
  for (const TestState state : kTestStates) {
    metrics.sample(static_cast<double>(live.count(state)), {{"state", to_string(state)}});
  }
}

void add_agents(const std::vector<AgentView>& agents, MetricsText& metrics) {
  metrics.begin("linewatch_agent_connected", "gauge", "1 while the agent is connected.");
  for (const AgentView& view : agents) {
    metrics.sample(view.connection ? 1 : 0, {{"agent", view.agent.name}});
  }
  const auto per_connection = [&](std::string_view name, std::string_view type,
                                  std::string_view help, auto value_of) {
    metrics.begin(name, type, help);
    for (const AgentView& view : agents) {
      if (!view.connection) continue;
      metrics.sample(static_cast<double>(value_of(*view.connection)), {{"agent", view.agent.name}});
    }
  };
  per_connection("linewatch_agent_rounds_waiting", "gauge",
                 "Rounds in the agent's spool that are not acknowledged yet.",
                 [](const AgentConnection& c) { return c.spool_records; });
  per_connection("linewatch_agent_rounds_dropped_total", "counter",
                 "Rounds that the agent lost because its spool was full, since it started.",
                 [](const AgentConnection& c) { return c.rounds_dropped; });
  per_connection("linewatch_agent_intervals_missed_total", "counter",
                 "Intervals in which a test's round did not start, since the agent started.",
                 [](const AgentConnection& c) { return c.intervals_missed; });
}

void add_writer(const store::WriterStats& writer, MetricsText& metrics) {
  metrics.single("linewatch_rounds_stored_total", "counter", "Rounds written to the store.",
                 static_cast<double>(writer.rows_inserted));
  metrics.single("linewatch_store_batches_total", "counter", "Batches written to the store.",
                 static_cast<double>(writer.batches));
  metrics.single("linewatch_store_retries_total", "counter", "Batches that had to be sent again.",
                 static_cast<double>(writer.retries));
  metrics.single("linewatch_store_rows_restored_total", "counter",
                 "Rows of rounds and minutes that the store lost in a crash and were put back.",
                 static_cast<double>(writer.rows_restored));
  metrics.single("linewatch_rounds_waiting", "gauge", "Rounds that wait for the store.",
                 static_cast<double>(writer.waiting_rows));
  metrics.single("linewatch_store_problem", "gauge", "1 while the store takes no rounds.",
                 writer.problem.empty() ? 0 : 1);
}

void add_path_writer(const store::PathWriterStats& writer, MetricsText& metrics) {
  metrics.single("linewatch_path_reports_stored_total", "counter", "Path reports in the store.",
                 static_cast<double>(writer.reports_inserted));
  metrics.single("linewatch_path_reports_rejected_total", "counter",
                 "Path reports that the store refused for good.",
                 static_cast<double>(writer.reports_rejected));
  metrics.single("linewatch_path_reports_waiting", "gauge", "Path reports that wait for the store.",
                 static_cast<double>(writer.waiting));
}

void add_alerts(const alerts::Alerts& known, Timestamp now, MetricsText& metrics) {
  metrics.begin("linewatch_alerts_firing", "gauge", "Alerts that fire now, by rule and severity.");
  for (const alerts::Rule* const rule : known.rules()) {
    metrics.sample(static_cast<double>(rule->firing.size()),
                   {{"rule", rule->key()}, {"severity", std::to_string(rule->model.severity)}});
  }
  metrics.begin("linewatch_alert_rule_problem", "gauge",
                "1 while the rule is not judged as it should be; then nothing of it fires anew.");
  for (const alerts::Rule* const rule : known.rules()) {
    metrics.sample(rule->problem.empty() ? 0 : 1, {{"rule", rule->key()}});
  }
  metrics.begin("linewatch_alert_rule_evaluation_age_seconds", "gauge",
                "Time since the end of the last window that was judged; of enabled rules.");
  for (const alerts::Rule* const rule : known.rules()) {
    if (!rule->model.is_enabled || !rule->evaluated) continue;
    metrics.sample(std::chrono::duration<double>(now - *rule->evaluated).count(),
                   {{"rule", rule->key()}});
  }
}

void add_notifications(const notify::NotifierStats& stats, MetricsText& metrics) {
  std::size_t waiting = 0;
  for (const notify::AddressStatus& address : stats.addresses) waiting += address.waiting;
  metrics.single("linewatch_notifications_delivered_total", "counter",
                 "Notifications that receivers took.", static_cast<double>(stats.delivered));
  metrics.single("linewatch_notifications_given_up_total", "counter",
                 "Notifications that receivers refused, or that waited for a day.",
                 static_cast<double>(stats.given_up));
  metrics.single("linewatch_notification_retries_total", "counter",
                 "Attempts after which a notification is to be sent again.",
                 static_cast<double>(stats.retries));
  metrics.single("linewatch_notifications_waiting", "gauge", "Notifications not delivered yet.",
                 static_cast<double>(waiting));
}

void metrics(Services& services, const Call& call) {
  MetricsText text;
  add_tests(services.control.live(), text);
  add_agents(services.control.agents(), text);
  add_writer(services.writer.stats(), text);
  add_path_writer(services.path_writer.stats(), text);
  text.single("linewatch_history_jobs_dropped_total", "counter",
              "State changes that were not written because the store was away for too long.",
              static_cast<double>(services.history.dropped()));
  if (services.remote_write != nullptr) {
    remote_write::add_metrics(services.remote_write->stats(), services.clock.wall_now(), text);
  }
  if (services.alerts != nullptr) {
    add_alerts(*services.alerts, services.clock.wall_now(), text);
    add_notifications(services.notifier->stats(), text);
  }
  text.single("process_resident_memory_bytes", "gauge", "Resident memory of the server.",
              resident_bytes());
  text.single("process_start_time_seconds", "gauge", "Start of the server, seconds since 1970.",
              static_cast<double>(to_unix_us(services.control.started())) / 1e6);
  answer_text(call, text.text(), "text/plain; version=0.0.4; charset=utf-8");
}

void test_metrics(Services& services, const Call& call) {
  const Control& control = services.control;
  std::unordered_map<std::string, const ConnectionMonitor*> monitors;
  for (const ConnectionMonitor& monitor : control.models()) monitors[monitor.name] = &monitor;
  std::unordered_map<AgentId, Agent> agents;
  for (AgentView& view : control.agents()) agents.emplace(view.agent.id, std::move(view.agent));
  server::metrics::TestMetrics page;
  for_visible_tests(control, *call.scope, [&](const LiveTest& live) {
    const auto monitor = monitors.find(live.test.connection_monitor);
    if (monitor == monitors.end()) return;
    const auto agent = agents.find(live.test.agent);
    page.add(live, *monitor->second, agent == agents.end() ? nullptr : &agent->second);
  });
  answer_text(call, page.text(), "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

}  // namespace

void add_metrics_routes(Router& router, Services& services) {
  router.add("GET", "/metrics/tests", {Access::Reader, Reach::Own}, [&](Call call) {
    on_control(services, std::move(call),
               [&](const Call& inner) { test_metrics(services, inner); });
  });
  router.add("GET", "/metrics", Access::Reader, [&](Call call) {
    on_control(services, std::move(call), [&](const Call& inner) { metrics(services, inner); });
  });
}

}  // namespace lw::server::api
