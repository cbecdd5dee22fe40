// SPDX-License-Identifier: Apache-2.0
// What the server says of itself, to people and to load balancers.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "model/agent_event.h"
#include "server/alerts/access.h"
#include "server/api/services.h"
#include "server/api/shapes.h"
#include "server/api/visibility.h"
#include "server/remote_write/remote_write.h"

namespace lw::server::api {
namespace {

void add_agent_problems(const AgentView& view, Value& problems) {
  if (!view.connection) {
    problems.push(fmt::format("agent {} is not connected", view.agent.name));
    return;
  }
  const AgentConnection& connection = *view.connection;
  if (!connection.problem.empty()) {
    problems.push(fmt::format("agent {}: {}", view.agent.name, connection.problem));
  }
  if (connection.rounds_dropped > 0) {
    problems.push(fmt::format("agent {} has lost {} rounds because its spool was full",
                              view.agent.name, connection.rounds_dropped));
  }
  const auto offset = connection.clock_offset.value_or(Microseconds(0));
  if (std::chrono::abs(offset) > kClockOffsetMax) {
    problems.push(fmt::format("agent {}'s clock is {} {}; set up time synchronisation",
                              view.agent.name, to_human(std::chrono::abs(offset)),
                              offset.count() > 0 ? "ahead" : "behind"));
  }
}

Value problems_of(const Services& services, const std::vector<AgentView>& agents) {
  Value problems = Value::array();
  if (const std::string store = services.store_problem(); !store.empty()) {
    problems.push("store: " + store);
  }
  if (services.certificate_problem) {
    if (std::string text = services.certificate_problem(); !text.empty()) {
      problems.push(std::move(text));
    }
  }
  if (const std::string writing = services.writer.stats().problem; !writing.empty()) {
    problems.push("writing rounds: " + writing);
  }
  if (services.remote_write != nullptr) {
    for (const auto& sender : services.remote_write->stats()) {
      if (!sender.problem.empty()) problems.push("remote write: " + sender.problem);
    }
  }
  for (const AgentView& view : agents) add_agent_problems(view, problems);
  return problems;
}

/// Of the rules that the caller sees.
void add_rule_problems(const Services& services, const TokenScope& scope, Value& problems) {
  if (services.alerts == nullptr) return;
  for (const alerts::Rule* const rule : services.alerts->rules()) {
    if (rule->problem.empty() || !alerts::is_covered(scope, *rule)) continue;
    problems.push(fmt::format("alert rule {}: {}", rule->key(), rule->problem));
  }
}

/// How many tests the caller sees, by state.
struct Counts {
  std::uint64_t tests = 0;
  std::map<TestState, std::uint64_t> by_state = {};
};

Counts counts_of(const Control& control, const TokenScope& scope) {
  Counts counts;
  if (scope.covers_all()) {
    counts.tests = control.live().order().size();
    for (const TestState state : kTestStates) counts.by_state[state] = control.live().count(state);
    return counts;
  }
  for_visible_tests(control, scope, [&](const LiveTest& live) {
    ++counts.tests;
    ++counts.by_state[live.verdict.state];
  });
  return counts;
}

Value state_counts(const Counts& counts) {
  Value value = Value::object();
  for (const TestState state : kTestStates) {
    const auto found = counts.by_state.find(state);
    value.set(to_string(state), found == counts.by_state.end() ? 0 : found->second);
  }
  return value;
}

void status(Services& services, const Call& call) {
  const Control& control = services.control;
  const auto agents = visible_agents(control, *call.scope);
  const Counts counts = counts_of(control, *call.scope);
  const auto monitors = std::ranges::count_if(control.monitors(), [&](const auto& stored) {
    return call.scope->covers_monitor(stored.name);
  });
  const auto connected = std::ranges::count_if(
      agents, [](const AgentView& view) { return view.connection.has_value(); });
  const store::WriterStats writer = services.writer.stats();
  Value body;
  body.set("version", LW_VERSION);
  body.set("subscriptionId", control.subscription_id());
  body.set("workspaceId", visible_workspace(services, *call.scope));
  const bool is_whole = call.scope->covers_all();
  body.set("dataDirectory", is_whole ? services.data_directory : "");
  body.set("store", is_whole ? services.store_description : "");
  body.set("started", to_iso8601(control.started()));
  body.set("connectionMonitors", std::int64_t{monitors});
  body.set("tests", counts.tests);
  body.set("states", state_counts(counts));
  body.set("agents", std::uint64_t{agents.size()});
  body.set("agentsConnected", std::int64_t{connected});
  body.set("roundsStored", writer.rows_inserted);
  body.set("roundsWaiting", writer.waiting_rows);
  Value problems = problems_of(services, agents);
  add_rule_problems(services, *call.scope, problems);
  body.set("problems", std::move(problems));
  answer(call, body);
}

}  // namespace

void add_status_routes(Router& router, Services& services) {
  router.add("GET", "/api/v1/status", {Access::Reader, Reach::Own}, [&](Call call) {
    on_control(services, std::move(call), [&](const Call& inner) { status(services, inner); });
  });
  router.add("GET", "/", Access::Everybody, [&](const Call& call) {
    answer_text(call,
                "This is linewatch " LW_VERSION
                ".\n\n"
                "States and reasons:  linewatch get tests\n"
                "The API:             /api/v1/status, with `Authorization: Bearer TOKEN`\n"
                "Trust this server:   /ca.pem\n"
                "Health:              /healthz, /readyz, /metrics\n",
                "text/plain; charset=utf-8");
  });
  // The CA is no secret: agents and people need it before they can trust anything else here.
  router.add("GET", "/ca.pem", Access::Everybody, [&](const Call& call) {
    answer_text(call, services.authority_pem, "application/x-pem-file");
  });
}

}  // namespace lw::server::api
