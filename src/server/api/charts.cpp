// SPDX-License-Identifier: Apache-2.0
// Lines over time: one test's distribution, many tests together, small charts of visible rows.
#include <fmt/core.h>

#include <array>
#include <cmath>
#include <unordered_map>

#include "server/api/views.h"
#include "server/past_states.h"
#include "store/metric_reader.h"
#include "store/view_reader.h"

namespace lw::server::api {
namespace {

constexpr std::size_t kRowsMax = 200;
constexpr std::size_t kSparkPoints = 60;
constexpr std::size_t kSparkPointsMax = 500;
/// Lines of an aggregate, and their points together.
constexpr std::size_t kSeriesMax = 2'000;
constexpr std::size_t kPointsMax = 500'000;

// --- distribution --------------------------------------------------------------------------------

Value quantiles_value(const Steps& steps, const std::vector<store::QuantilePoint>& points) {
  Value total = Value::array(), failed = Value::array(), times = Value::array();
  std::vector<Value> lines(store::kQuantiles, Value::array());
  for (const store::QuantilePoint& point : points) {
    const Timestamp at = steps.from + Microseconds(steps.step) * std::int64_t{point.index};
    times.push(static_cast<double>(to_unix_us(at)) / 1000.0);
    total.push(point.total);
    failed.push(point.failed);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      lines[i].push(i < point.quantiles.size() ? Value(point.quantiles[i]) : Value());
    }
  }
  return Value::object({{"from", to_iso8601(steps.from)},
                        {"stepSec", std::int64_t{steps.step.count()}},
                        {"time", std::move(times)},
                        {"total", std::move(total)},
                        {"failed", std::move(failed)},
                        {"quantiles", Value(Value::Array(std::move_iterator(lines.begin()),
                                                         std::move_iterator(lines.end())))}});
}

void quantiles(Services& services, Call call) {
  const auto test = read_test_id(call);
  const auto steps = read_steps(call, services.clock, {});
  if (!test || !steps) {
    return answer_error(call.responder, test ? steps.error() : test.error());
  }
  ask_store(services, std::move(call),
            [test = *test, steps = *steps](store::Client& client) -> Result<Value> {
              return quantiles_value(steps, TRY(store::test_quantiles(client, test, steps.from,
                                                                      steps.to, steps.step)));
            });
}

// --- lines of many tests -------------------------------------------------------------------------

/// Values of one line, missing where there are none.
struct Line {
  std::string name;
  std::size_t tests = 0;
  std::vector<double> rtt_ms, checks_failed_percent;
};

double mean_of(const store::Aggregate& aggregate) {
  return aggregate.count == 0 ? std::nan("") : aggregate.sum / static_cast<double>(aggregate.count);
}

Value list_of_numbers(const std::vector<double>& numbers) {
  Value list = Value::array();
  for (const double number : numbers) list.push(std::isnan(number) ? Value() : Value(number));
  return list;
}

/// Fills the lines with means; `question` says which test is in which line.
Result<void> fill(store::Client& client, const store::MetricQuestion& question, std::size_t count,
                  std::vector<Line>& lines) {
  for (Line& line : lines) {
    line.rtt_ms.assign(count, std::nan(""));
    line.checks_failed_percent.assign(count, std::nan(""));
  }
  if (question.members.empty()) return {};
  for (const store::MetricStep& step : TRY(store::metric_steps(client, question))) {
    if (step.series >= lines.size() || step.index >= count) continue;
    const auto metric = [&](store::MetricKind kind) {
      return mean_of(step.metrics.at(static_cast<std::size_t>(kind)));
    };
    lines[step.series].rtt_ms[step.index] = metric(store::MetricKind::RoundTripTimeMs);
    lines[step.series].checks_failed_percent[step.index] =
        metric(store::MetricKind::ChecksFailedPercent);
  }
  return {};
}

store::MetricQuestion question_of(const Steps& steps) {
  store::MetricQuestion question;
  question.from = steps.from;
  question.to = steps.to;
  question.step = steps.step;
  question.wanted = {true, true, false};
  return question;
}

/// The column that tests are put together by; null: all in one line.
Result<const TextColumn*> column_of(const SnapshotNames& names, const std::string& by) {
  const std::array<std::pair<const char*, const TextColumn*>, 6> columns = {
      {{"none", nullptr},
       {"connectionMonitor", &names.monitor},
       {"testGroup", &names.group},
       {"source", &names.source},
       {"destination", &names.destination},
       {"testConfiguration", &names.configuration}}};
  for (const auto& [name, column] : columns) {
    if (by == name || (by.empty() && column == nullptr)) return column;
  }
  return fail(ErrorCode::InvalidInput,
              "`by` must be none, connectionMonitor, testGroup, source, destination or "
              "testConfiguration");
}

/// A line for each name, in the order of the tests.
std::vector<Line> lines_by(const SnapshotNames& names, const std::vector<std::size_t>& rows,
                           const TextColumn* column, store::MetricQuestion& question) {
  std::vector<Line> lines;
  std::unordered_map<std::uint32_t, std::uint32_t> known;
  for (const std::size_t row : rows) {
    const std::uint32_t number = column != nullptr ? column->numbers[row] : 0;
    const auto [line, is_new] = known.try_emplace(number, static_cast<std::uint32_t>(lines.size()));
    if (is_new) {
      lines.push_back({.name = column != nullptr ? column->dictionary.texts().at(number) : "all",
                       .rtt_ms = {},
                       .checks_failed_percent = {}});
    }
    ++lines[line->second].tests;
    question.members.push_back({TestId{names.ids[row]}, line->second});
  }
  return lines;
}

Result<Value> aggregate_of(store::Client& client, const SnapshotNames& names,
                           const io::HttpRequest& request, const Steps& steps) {
  const TextColumn* const column = TRY(column_of(names, request.parameter("by")));
  store::MetricQuestion question = question_of(steps);
  std::vector<Line> lines = lines_by(names, matching_rows(names, request), column, question);
  if (lines.size() > kSeriesMax || lines.size() * steps.count > kPointsMax) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("that would be {} lines of {} points; ask for fewer points, or for "
                            "fewer tests by connectionMonitor, testGroup, source or destination",
                            lines.size(), steps.count));
  }
  TRY(fill(client, question, steps.count, lines));
  Value series = Value::array();
  for (const Line& line : lines) {
    series.push(
        Value::object({{"name", line.name},
                       {"tests", std::uint64_t{line.tests}},
                       {"rttMs", list_of_numbers(line.rtt_ms)},
                       {"checksFailedPercent", list_of_numbers(line.checks_failed_percent)}}));
  }
  return Value::object({{"stepSec", std::int64_t{steps.step.count()}},
                        {"time", times_of(steps)},
                        {"series", std::move(series)}});
}

void aggregate(Services& services, const Call& call) {
  const auto steps = read_steps(call, services.clock, {});
  if (!steps) return answer_error(call.responder, steps.error());
  ask_with_names(services, call,
                 [steps = *steps, request = call.request](
                     store::Client& client, const SnapshotNames& names) -> Result<Value> {
                   return aggregate_of(client, names, request, steps);
                 });
}

// --- rows that are looked at ---------------------------------------------------------------------

/// What is said of a test beside its numbers.
struct Words {
  std::string reason;
  std::string path_issue;
};

Words words_of(const Control& control, TestId test) {
  Words words;
  const LiveTest* const live = control.live().find(test);
  if (live != nullptr) words.reason = live->verdict.reason.text;
  const LivePath* const path = control.paths().find(test);
  if (path != nullptr && !path->issues.empty()) words.path_issue = path->issues.front().text;
  return words;
}

using AllWords = std::unordered_map<TestId, Words>;

Result<AllWords> words_at(store::Client& client, Timestamp at, const std::vector<TestId>& tests) {
  constexpr auto kReportsBack = std::chrono::hours(2);
  AllWords words;
  for (auto& [test, past] : TRY(past_states(client, at, tests, true))) {
    words[test].reason = std::move(past.verdict.reason.text);
  }
  for (auto& issue : TRY(store::path_issues_at(client, at - kReportsBack, at, tests))) {
    words[issue.test].path_issue = std::move(issue.text);
  }
  return words;
}

Value text_or_null(const std::string& text) { return text.empty() ? Value() : Value(text); }

Result<Value> rows_of_tests(store::Client& client, const Steps& steps,
                            const std::vector<TestId>& tests, const AllWords& words) {
  store::MetricQuestion question = question_of(steps);
  std::vector<Line> lines(tests.size());
  for (std::size_t i = 0; i < tests.size(); ++i) {
    question.members.push_back({tests[i], static_cast<std::uint32_t>(i)});
  }
  TRY(fill(client, question, steps.count, lines));
  Value list = Value::array();
  for (std::size_t i = 0; i < tests.size(); ++i) {
    const auto known = words.find(tests[i]);
    const Words said = known != words.end() ? known->second : Words{};
    list.push(
        Value::object({{"id", to_string(tests[i])},
                       {"reason", text_or_null(said.reason)},
                       {"pathIssue", text_or_null(said.path_issue)},
                       {"rttMs", list_of_numbers(lines[i].rtt_ms)},
                       {"checksFailedPercent", list_of_numbers(lines[i].checks_failed_percent)}}));
  }
  return Value::object({{"from", to_iso8601(steps.from)},
                        {"stepSec", std::int64_t{steps.step.count()}},
                        {"value", std::move(list)}});
}

struct RowsQuestion {
  Steps steps;
  std::vector<TestId> tests;
  std::optional<Timestamp> at;  ///< nothing: now
};

Result<RowsQuestion> read_rows_question(const Call& call, const Clock& clock) {
  RowsQuestion question;
  question.steps = TRY(read_steps(
      call, clock, {.name = "points", .otherwise = kSparkPoints, .most = kSparkPointsMax}));
  question.tests = TRY(read_ids(call.request, kRowsMax));
  if (question.tests.empty()) {
    return fail(ErrorCode::InvalidInput, "`ids` must name the tests, separated by commas");
  }
  if (call.request.has_parameter("at")) {
    question.at = TRY(read_time(call.request, "at", clock.wall_now()));
  }
  return question;
}

void test_rows(Services& services, Call call) {
  auto read = read_rows_question(call, services.clock);
  if (!read) return answer_error(call.responder, read.error());
  on_control(services, std::move(call), [&services, asked = *read](const Call& inner) {
    RowsQuestion question = asked;
    std::erase_if(question.tests,
                  [&](TestId test) { return !is_visible(services.control, *inner.scope, test); });
    AllWords words;
    for (const TestId test : question.tests) words[test] = words_of(services.control, test);
    ask_store(services, inner,
              [question, words = std::move(words)](store::Client& client) -> Result<Value> {
                return rows_of_tests(
                    client, question.steps, question.tests,
                    question.at ? TRY(words_at(client, *question.at, question.tests)) : words);
              });
  });
}

}  // namespace

void add_chart_routes(Router& router, Services& services) {
  router.add("GET", "/api/v1/tests/{id}/quantiles", {Access::Reader, Reach::Path},
             [&](Call call) { quantiles(services, std::move(call)); });
  router.add("GET", "/api/v1/aggregate", {Access::Reader, Reach::Own},
             [&](const Call& call) { aggregate(services, call); });
  router.add("GET", "/api/v1/test-rows", {Access::Reader, Reach::Own},
             [&](Call call) { test_rows(services, std::move(call)); });
}

}  // namespace lw::server::api
