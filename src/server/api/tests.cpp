// SPDX-License-Identifier: Apache-2.0
// Lists of test groups and tests as they stand now, from memory.
#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "base/number.h"
#include "base/text.h"
#include "server/api/services.h"
#include "server/api/shapes.h"
#include "server/api/visibility.h"

namespace lw::server::api {
namespace {

constexpr std::size_t kListLimitDefault = 1000;
constexpr std::size_t kListLimitMax = 100'000;

struct Filter {
  std::vector<TestState> states;  ///< empty: all
  std::string monitor, group, source, destination, configuration;
  std::string search;  ///< lower case
  std::size_t limit = kListLimitDefault;
  std::size_t offset = 0;
};

Result<std::size_t> read_number(const io::HttpRequest& request, const std::string& name,
                                std::size_t otherwise, std::size_t max) {
  const std::string text = request.parameter(name);
  if (text.empty()) return otherwise;
  const auto value = parse_number<std::size_t>(text);
  if (!value || *value > max) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("`{}` must be a number from 0 to {}, not `{}`", name, max, text));
  }
  return *value;
}

/// "Not Running" may also be written "NotRunning" or "not-running".
std::optional<TestState> lenient_state(const std::string& text) {
  std::string bare;
  std::ranges::copy_if(to_lower(text), std::back_inserter(bare),
                       [](unsigned char c) { return std::isalpha(c) != 0; });
  for (const TestState state : kTestStates) {
    std::string name = to_lower(to_string(state));
    std::erase(name, ' ');
    if (name == bare) return state;
  }
  return std::nullopt;
}

Result<Filter> read_filter(const io::HttpRequest& request) {
  Filter filter;
  for (const std::string& word : split(request.parameter("state"), ',')) {
    if (word.empty()) continue;
    const auto state = lenient_state(word);
    if (!state) {
      return fail(ErrorCode::InvalidInput,
                  fmt::format("`{}` is no state; use Pass, Warning, Fail, Indeterminate or Not "
                              "Running",
                              word));
    }
    filter.states.push_back(*state);
  }
  filter.monitor = request.parameter("connectionMonitor");
  filter.group = request.parameter("testGroup");
  filter.source = request.parameter("source");
  filter.destination = request.parameter("destination");
  filter.configuration = request.parameter("testConfiguration");
  filter.search = to_lower(request.parameter("search"));
  filter.limit = TRY(read_number(request, "limit", kListLimitDefault, kListLimitMax));
  filter.offset = TRY(read_number(request, "offset", 0, kListLimitMax));
  return filter;
}

bool fits(const std::string& wanted, const std::string& value) {
  return wanted.empty() || equals_ignoring_case(wanted, value);
}

bool contains(const Filter& filter, const LiveTest& live) {
  const Test& test = live.test;
  const bool is_state = filter.states.empty() ||
                        std::ranges::find(filter.states, live.verdict.state) != filter.states.end();
  if (!is_state || !fits(filter.monitor, test.connection_monitor) ||
      !fits(filter.group, test.test_group) || !fits(filter.source, test.source) ||
      !fits(filter.destination, test.destination) ||
      !fits(filter.configuration, test.configuration->name)) {
    return false;
  }
  if (filter.search.empty()) return true;
  const std::string all = to_lower(test.full_name() + " " + test.destination_address + " " +
                                   live.address + " " + live.verdict.reason.text);
  return all.find(filter.search) != std::string::npos;
}

std::unordered_map<AgentId, std::string> agent_names(const Control& control) {
  std::unordered_map<AgentId, std::string> names;
  for (const AgentView& view : control.agents()) names[view.agent.id] = view.agent.name;
  return names;
}

Value list_tests(const Control& control, const Filter& filter, const TokenScope& scope) {
  const auto names = agent_names(control);
  Value tests = Value::array();
  std::size_t total = 0;
  for_visible_tests(control, scope, [&](const LiveTest& live) {
    if (!contains(filter, live)) return;
    ++total;
    if (total <= filter.offset || tests.as_array().size() >= filter.limit) return;
    const auto name = names.find(live.test.agent);
    tests.push(test_value(live, name != names.end() ? name->second : "",
                          control.paths().find(live.test.id)));
  });
  return Value::object({{"total", std::uint64_t{total}}, {"value", std::move(tests)}});
}

Value list_groups(const Control& control, const Filter& filter, const TokenScope& scope) {
  std::vector<std::pair<std::string, std::string>> order;
  std::map<std::pair<std::string, std::string>, StateSummary> groups;
  for_visible_tests(control, scope, [&](const LiveTest& live) {
    if (!contains(filter, live)) return;
    const auto key = std::pair(live.test.connection_monitor, live.test.test_group);
    if (!groups.contains(key)) order.push_back(key);
    groups[key].add(live);
  });
  Value list = Value::array();
  for (const auto& key : order) {
    Value value;
    value.set("connectionMonitor", key.first);
    value.set("testGroup", key.second);
    groups.at(key).write(value);
    list.push(std::move(value));
  }
  return Value::object({{"value", std::move(list)}});
}

template <class Lister>
void filtered(Services& services, Call call, Lister lister) {
  auto filter = read_filter(call.request);
  if (!filter) {
    answer_error(call.responder, filter.error());
    return;
  }
  on_control(services, std::move(call), [&services, lister, filter = *filter](const Call& inner) {
    answer(inner, lister(services.control, filter, *inner.scope));
  });
}

void one_test(Services& services, const Call& call) {
  const std::string& text = call.path.at("id");
  const auto id = parse_hex(text);
  const LiveTest* const live = id ? services.control.live().find(TestId{*id}) : nullptr;
  if (live == nullptr) {
    answer_error(call.responder, {ErrorCode::NotFound, fmt::format("there is no test `{}`", text)});
    return;
  }
  const auto names = agent_names(services.control);
  const auto name = names.find(live->test.agent);
  answer(call, test_value(*live, name != names.end() ? name->second : "",
                          services.control.paths().find(live->test.id)));
}

}  // namespace

void add_test_routes(Router& router, Services& services) {
  router.add("GET", "/api/v1/tests", {Access::Reader, Reach::Own},
             [&](Call call) { filtered(services, std::move(call), list_tests); });
  router.add("GET", "/api/v1/test-groups", {Access::Reader, Reach::Own},
             [&](Call call) { filtered(services, std::move(call), list_groups); });
  router.add("GET", "/api/v1/tests/{id}", {Access::Reader, Reach::Path}, [&](Call call) {
    on_control(services, std::move(call), [&](const Call& inner) { one_test(services, inner); });
  });
}

}  // namespace lw::server::api
