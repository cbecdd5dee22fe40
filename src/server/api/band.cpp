// SPDX-License-Identifier: Apache-2.0
// How states came and went: counts over time for the recorder strip, and the changes themselves.
#include <array>
#include <unordered_set>

#include "server/api/shapes.h"
#include "server/api/views.h"
#include "server/past_states.h"
#include "store/view_reader.h"

namespace lw::server::api {
namespace {

constexpr std::size_t kChangesDefault = 1'000;
constexpr std::size_t kChangesMax = 20'000;

// --- band ----------------------------------------------------------------------------------------

Value band_value(const Band& band, const Steps& steps) {
  constexpr std::array<const char*, kTestStates.size()> kNames = {"pass", "warning", "fail",
                                                                  "indeterminate", "notRunning"};
  Value value = Value::object(
      {{"from", to_iso8601(steps.from)}, {"stepSec", std::int64_t{steps.step.count()}}});
  for (std::size_t state = 0; state < kNames.size(); ++state) {
    Value counts = Value::array();
    for (const Band::Counts& each : band.counts) counts.push(std::int64_t{each.at(state)});
    value.set(kNames.at(state), std::move(counts));
  }
  Value changes = Value::array();
  for (const std::uint32_t each : band.changes) changes.push(std::int64_t{each});
  value.set("changes", std::move(changes));
  return value;
}

Result<Value> band_of(store::Client& client, const std::vector<TestId>& tests, const Steps& steps) {
  const std::unordered_set<TestId> wanted(tests.begin(), tests.end());
  std::unordered_map<TestId, TestState> states;
  for (const auto& [test, past] : TRY(past_states(client, steps.from))) {
    if (wanted.contains(test)) states.emplace(test, past.verdict.state);
  }
  auto changes = TRY(store::state_steps(client, steps.from, steps.to));
  std::erase_if(changes,
                [&](const store::StateStep& change) { return !wanted.contains(change.test); });
  return band_value(make_band(std::move(states), changes, steps.from, steps.step, steps.count),
                    steps);
}

void band(Services& services, const Call& call) {
  const auto steps =
      read_steps(call, services.clock, {.name = "steps", .otherwise = 288, .most = 2'000});
  if (!steps) return answer_error(call.responder, steps.error());
  ask_with_names(
      services, call,
      [steps = *steps, request = call.request](store::Client& client, const SnapshotNames& names) {
        return band_of(client, matching_tests(names, request), steps);
      });
}

// --- changes -------------------------------------------------------------------------------------

Value test_change_value(const store::StateChange& change) {
  return Value::object({{"testId", to_string(change.test)},
                        {"time", to_iso8601(change.ts)},
                        {"from", to_string(change.from)},
                        {"to", to_string(change.to)},
                        {"reason", reason_value(change.reason)}});
}

void changes(Services& services, const Call& call) {
  const auto steps = read_steps(call, services.clock, {});
  const auto limit = read_whole(call.request, "limit", kChangesDefault, kChangesMax);
  if (!steps || !limit) {
    return answer_error(call.responder, steps ? limit.error() : steps.error());
  }
  ask_with_names(services, call,
                 [steps = *steps, limit = *limit, request = call.request, scope = call.scope](
                     store::Client& client, const SnapshotNames& names) -> Result<Value> {
                   std::vector<TestId> tests;
                   if (has_names(request) || !scope->covers_all()) {
                     tests = matching_tests(names, request);
                     if (tests.empty()) return Value::object({{"value", Value::array()}});
                   }
                   return list_of(
                       store::state_changes_of(client, steps.from, steps.to, tests, limit),
                       test_change_value);
                 });
}

}  // namespace

void add_band_routes(Router& router, Services& services) {
  router.add("GET", "/api/v1/band", {Access::Reader, Reach::Own},
             [&](const Call& call) { band(services, call); });
  router.add("GET", "/api/v1/state-changes", {Access::Reader, Reach::Own},
             [&](const Call& call) { changes(services, call); });
}

}  // namespace lw::server::api
