// SPDX-License-Identifier: Apache-2.0
// Trying things out: what a monitor would do before it is kept, and a test before its time.
#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "evaluate/evaluate.h"
#include "model/codec.h"
#include "model/expand.h"
#include "model/limits.h"
#include "model/path_document.h"
#include "server/api/past.h"
#include "server/api/services.h"
#include "server/api/shapes.h"

namespace lw::server::api {
namespace {

/// Above this, tests are counted and not made.
constexpr std::size_t kExpandedMax = 20'000;

Value brief_fault_value(const Diagnostic& fault) {
  return Value::object({{"path", fault.path}, {"message", fault.message}});
}

/// The tests of one group, by what they are made of.
struct GroupPreview {
  std::string group;
  std::vector<std::string> sources = {}, destinations = {}, configurations = {};
  std::size_t tests = 0;
  void add(const Test& test) {
    const auto add_once = [](std::vector<std::string>& names, const std::string& name) {
      if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    };
    add_once(sources, test.source);
    add_once(destinations, test.destination);
    add_once(configurations, test.configuration->name);
    ++tests;
  }
};

Value names_value(const std::vector<std::string>& names) {
  Value list = Value::array();
  for (const std::string& name : names) list.push(name);
  return list;
}

Value matrix_value(const std::vector<Test>& tests) {
  std::vector<GroupPreview> groups;
  for (const Test& test : tests) {
    auto group = std::ranges::find(groups, test.test_group, &GroupPreview::group);
    if (group == groups.end()) {
      groups.push_back({.group = test.test_group});
      group = std::prev(groups.end());
    }
    group->add(test);
  }
  Value list = Value::array();
  for (const GroupPreview& group : groups) {
    list.push(Value::object({{"testGroup", group.group},
                             {"sources", names_value(group.sources)},
                             {"destinations", names_value(group.destinations)},
                             {"configurations", names_value(group.configurations)},
                             {"tests", std::uint64_t{group.tests}}}));
  }
  return list;
}

double checks_per_second(const std::vector<Test>& tests) {
  double checks = 0;
  for (const Test& test : tests) {
    if (test.disabled) continue;
    checks += static_cast<double>(test.configuration->effective_checks_per_round()) /
              static_cast<double>(test.configuration->frequency.count());
  }
  return checks;
}

Value refusal(const std::vector<Diagnostic>& faults) {
  Value list = Value::array();
  for (const Diagnostic& fault : faults) list.push(brief_fault_value(fault));
  return Value::object({{"faults", std::move(list)},
                        {"warnings", Value::array()},
                        {"tests", 0},
                        {"matrix", Value::array()},
                        {"checksPerSecond", 0}});
}

Value preview_of(const ConnectionMonitor& monitor, const std::vector<Agent>& agents) {
  const std::size_t bound = test_count_bound(monitor, agents);
  std::vector<Test> tests;
  if (bound <= kExpandedMax) tests = expand(monitor, agents);
  Value warnings = Value::array();
  for (const std::string& text : missing_members(monitor, agents)) warnings.push(text);
  if (bound > kExpandedMax) {
    warnings.push(fmt::format("these are up to {} tests, too many to list here; a server runs {}",
                              bound, limits::kTestsPerServer));
  }
  const std::size_t count = tests.empty() ? bound : tests.size();
  return Value::object({{"faults", Value::array()},
                        {"warnings", std::move(warnings)},
                        {"tests", std::uint64_t{count}},
                        {"matrix", matrix_value(tests)},
                        {"checksPerSecond", checks_per_second(tests)}});
}

void preview(Services& services, Call call) {
  const bool is_json = call.request.header("Content-Type").starts_with("application/json");
  auto document = is_json ? parse_json(call.request.body) : parse_yaml(call.request.body);
  if (!document) return answer_error(call.responder, document.error());
  const Value file = Value::object({{"connectionMonitors", Value(Value::Array{*document})}});
  MonitorsRead read = read_monitor_file(file, "");
  if (!read.faults.empty() || read.monitors.empty()) return answer(call, refusal(read.faults));
  on_control(services, std::move(call),
             [&services, monitor = std::move(read.monitors.front())](const Call& inner) {
               std::vector<Agent> agents;
               for (AgentView& view : services.control.agents()) {
                 agents.push_back(std::move(view.agent));
               }
               answer(inner, preview_of(monitor, agents));
             });
}

// --- run now -------------------------------------------------------------------------------------

void answer_run(const Call& call, const Test& test, Result<OneOffResult> result) {
  if (!result) return answer_error(call.responder, result.error());
  if (!result->round) {
    return answer_error(call.responder,
                        {ErrorCode::Unavailable, "the agent answered without a round"});
  }
  store::StoredRound stored;
  stored.round = std::move(*result->round);
  stored.verdict = evaluate(test, stored.round);
  Value value = round_value(stored);
  value.set("path", result->path ? to_document(*result->path) : Value());
  answer(call, value);
}

void run_now(Services& services, const Call& call) {
  const auto id = read_test_id(call);
  if (!id) return answer_error(call.responder, id.error());
  const LiveTest* const live = services.control.live().find(*id);
  if (live == nullptr) {
    return answer_error(call.responder, {ErrorCode::NotFound,
                                         fmt::format("there is no test `{}`", to_string(*id))});
  }
  const Test& test = live->test;
  if (!test.missing.empty()) {
    return answer_error(call.responder,
                        {ErrorCode::Conflict, "nobody can run it: " + test.missing});
  }
  services.control.check_once(
      test.agent, {.destination = test.destination_address, .configuration = *test.configuration},
      [call, test](Result<OneOffResult> result) { answer_run(call, test, std::move(result)); });
}

}  // namespace

void add_preview_routes(Router& router, Services& services) {
  router.add("POST", "/api/v1/preview", Access::Reader,
             [&](Call call) { preview(services, std::move(call)); });
  router.add("POST", "/api/v1/tests/{id}/run", {Access::Operator, Reach::Path}, [&](Call call) {
    on_control(services, std::move(call), [&](const Call& inner) { run_now(services, inner); });
  });
}

}  // namespace lw::server::api
