// SPDX-License-Identifier: Apache-2.0
// Whether a service that is slow has the application or the network to thank for it.
#include <algorithm>
#include <cmath>

#include "evaluate/service_verdict.h"
#include "server/api/views.h"
#include "store/metric_reader.h"

namespace lw::server::api {
namespace {

constexpr std::size_t kVerdictStepsOtherwise = 240;
constexpr std::size_t kVerdictStepsMax = 2'000;
/// "Now" is the last 24th of the span: an hour of a day. Three steps at least, so that one round
/// that was slow is no verdict.
constexpr std::size_t kRecentShare = 24;
constexpr std::size_t kRecentMin = 3;

/// The tests that ask the service itself, and those that measure the network to it: series of one
/// question.
enum class Part : std::uint32_t { Response, Latency };

struct ServiceLines {
  std::vector<double> response, latency;
  std::uint64_t response_tests = 0, latency_tests = 0;
};

bool is_web(const SnapshotNames& names, std::size_t row) {
  const std::uint32_t number = names.protocol.numbers[row];
  return number != Dictionary::kMissing && names.protocol.dictionary.texts().at(number) == "HTTP";
}

Result<ServiceLines> lines_of(store::Client& client, const SnapshotNames& names,
                              const io::HttpRequest& request, const Steps& steps) {
  ServiceLines lines;
  lines.response.assign(steps.count, std::nan(""));
  lines.latency.assign(steps.count, std::nan(""));
  store::MetricQuestion question;
  question.from = steps.from;
  question.to = steps.to;
  question.step = steps.step;
  question.wanted = {false, true, false};
  for (const std::size_t row : matching_rows(names, request)) {
    const Part part = is_web(names, row) ? Part::Response : Part::Latency;
    ++(part == Part::Response ? lines.response_tests : lines.latency_tests);
    question.members.push_back({TestId{names.ids[row]}, static_cast<std::uint32_t>(part)});
  }
  if (question.members.empty()) return lines;
  for (const store::MetricStep& step : TRY(store::metric_steps(client, question))) {
    auto& line =
        step.series == static_cast<std::uint32_t>(Part::Response) ? lines.response : lines.latency;
    const store::Aggregate& rtt =
        step.metrics.at(static_cast<std::size_t>(store::MetricKind::RoundTripTimeMs));
    if (step.index >= line.size() || rtt.count == 0) continue;
    line[step.index] = rtt.sum / static_cast<double>(rtt.count);
  }
  return lines;
}

Value number_or_null(const std::optional<double>& number) {
  return number ? Value(*number) : Value();
}

Value rise_value(const Rise& rise, std::uint64_t tests) {
  return Value::object({{"usualMs", number_or_null(rise.usual_ms)},
                        {"nowMs", number_or_null(rise.now_ms)},
                        {"tests", tests}});
}

void verdict(Services& services, const Call& call) {
  const auto steps =
      read_steps(call, services.clock,
                 {.name = "points", .otherwise = kVerdictStepsOtherwise, .most = kVerdictStepsMax});
  if (!steps) return answer_error(call.responder, steps.error());
  if (call.request.parameter("destination").empty()) {
    return answer_error(call.responder, {ErrorCode::InvalidInput,
                                         "`destination` must name the service to be judged"});
  }
  ask_with_names(
      services, call,
      [steps = *steps, request = call.request](store::Client& client,
                                               const SnapshotNames& names) -> Result<Value> {
        const ServiceLines lines = TRY(lines_of(client, names, request, steps));
        const ServiceVerdict found = judge_service(
            lines.response, lines.latency, std::max(kRecentMin, steps.count / kRecentShare));
        return Value::object({{"issue", std::string(to_text(found.issue))},
                              {"text", found.text},
                              {"correlation", number_or_null(found.correlation)},
                              {"response", rise_value(found.response, lines.response_tests)},
                              {"latency", rise_value(found.latency, lines.latency_tests)},
                              {"from", to_iso8601(steps.from)},
                              {"to", to_iso8601(steps.to)}});
      });
}

}  // namespace

void add_verdict_routes(Router& router, Services& services) {
  router.add("GET", "/api/v1/verdict", {Access::Reader, Reach::Own},
             [&](const Call& call) { verdict(services, call); });
}

}  // namespace lw::server::api
