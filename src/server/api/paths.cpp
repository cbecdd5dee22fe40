// SPDX-License-Identifier: Apache-2.0
// The ways of a test: now, in the past, and what changed between two times.
#include <fmt/core.h>

#include "base/text.h"
#include "model/path_document.h"
#include "server/api/past.h"
#include "server/api/services.h"
#include "server/api/shapes.h"
#include "store/path_reader.h"
#include "topology/path_history.h"

namespace lw::server::api {
namespace {

/// Reports are made at least hourly, so an older one describes nothing any more.
constexpr Seconds kReportAgeMax = std::chrono::hours(2);

Result<Value> list_reports(store::Client& client, const Span& span) {
  return list_of(store::path_reports(client, span.test, span.from, span.to, span.limit),
                 [](const PathReport& report) { return to_document(report); });
}

Result<PathReport> report_at(store::Client& client, TestId test, Timestamp at) {
  auto report = TRY(store::path_report_at(client, test, at, kReportAgeMax));
  if (report) return std::move(*report);
  return fail(ErrorCode::NotFound,
              fmt::format("no paths of test `{}` are known from the two hours before {}",
                          to_string(test), to_iso8601(at)));
}

Result<Value> differences_of(store::Client& client, const Span& span) {
  const PathReport before = TRY(report_at(client, span.test, span.from));
  const PathReport after = TRY(report_at(client, span.test, span.to));
  Value changes = Value::array();
  for (const std::string& change : topology::changes_between(before, after)) changes.push(change);
  return Value::object({{"before", to_document(before)},
                        {"after", to_document(after)},
                        {"changes", std::move(changes)}});
}

void paths_at(Services& services, Call call) {
  const auto test = read_test_id(call);
  const auto at = read_time(call.request, "at", services.clock.wall_now());
  if (!test || !at) {
    answer_error(call.responder, test ? at.error() : test.error());
    return;
  }
  ask_store(services, std::move(call),
            [test = *test, at = *at](store::Client& client) -> Result<Value> {
              return to_document(TRY(report_at(client, test, at)));
            });
}

Value fault_value(const topology::LocalisedFault& fault) {
  Value value = Value::object({{"text", fault.text}, {"confidence", fault.confidence}});
  if (fault.loss) {
    value.set("lossPercent", Value::object({{"low", fault.loss->low},
                                            {"value", fault.loss->value},
                                            {"high", fault.loss->high}}));
  }
  if (fault.added) value.set("addedMs", ms_value(fault.added->value));
  value.set("candidates", std::uint64_t{fault.links.size()});
  value.set("failingTestsCrossing", std::uint64_t{fault.crossing.failing});
  value.set("failingTests", std::uint64_t{fault.crossing.failing_of});
  value.set("healthyTestsCrossing", std::uint64_t{fault.crossing.healthy});
  value.set("healthyTests", std::uint64_t{fault.crossing.healthy_of});
  Value tests = Value::array();
  for (const TestId test : fault.tests) tests.push(to_string(test));
  value.set("tests", std::move(tests));
  return value;
}

void list_faults(Services& services, const Call& call) {
  Value list = Value::array();
  if (call.scope->covers_all()) {
    for (const auto& fault : services.control.faults()) list.push(fault_value(fault));
  } else {
    // Not picked from all faults: their words tell of tests that others own.
    ScopedMonitors monitors(*call.scope);
    const auto is_seen = [&](const Test& test) { return monitors.covers(test.connection_monitor); };
    for (const auto& fault : services.control.faults_among(is_seen)) list.push(fault_value(fault));
  }
  answer(call, Value::object({{"value", std::move(list)}}));
}

/// A parameter that is `true` or `false`; false if it is not given.
Result<bool> read_flag(const io::HttpRequest& request, const std::string& name) {
  const std::string text = request.parameter(name);
  if (text.empty() || text == "false") return false;
  if (text == "true") return true;
  return fail(ErrorCode::InvalidInput,
              fmt::format("`{}={}` is neither true nor false", name, printable(text, 40)));
}

void trace_now(Services& services, const Call& call) {
  const auto asked = [&]() -> Result<void> {
    const bool with_mtu = TRY(read_flag(call.request, "mtu"));
    return services.control.request_trace(TRY(read_test_id(call)), with_mtu);
  }();
  if (!asked) {
    answer_error(call.responder, asked.error());
    return;
  }
  answer(call, Value::object({{"requested", to_iso8601(services.clock.wall_now())}}), 202);
}

}  // namespace

void add_path_routes(Router& router, Services& services) {
  router.add("GET", "/api/v1/tests/{id}/paths", {Access::Reader, Reach::Path},
             [&](Call call) { paths_at(services, std::move(call)); });
  router.add("GET", "/api/v1/tests/{id}/path-reports", {Access::Reader, Reach::Path},
             [&](Call call) { ask(services, std::move(call), list_reports); });
  router.add("GET", "/api/v1/tests/{id}/path-changes", {Access::Reader, Reach::Path},
             [&](Call call) { ask(services, std::move(call), differences_of); });
  router.add("GET", "/api/v1/faults", {Access::Reader, Reach::Own}, [&](Call call) {
    on_control(services, std::move(call), [&](const Call& inner) { list_faults(services, inner); });
  });
  router.add("POST", "/api/v1/tests/{id}/trace", {Access::Operator, Reach::Path}, [&](Call call) {
    on_control(services, std::move(call), [&](const Call& inner) { trace_now(services, inner); });
  });
}

}  // namespace lw::server::api
