// SPDX-License-Identifier: Apache-2.0
#include "server/alerts/back_test.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "evaluate/alerts.h"

namespace lw::server::alerts {
namespace {

/// Some seconds of the store: ten thousand tests over a day.
constexpr std::int64_t kTestHoursMax = 240'000;
/// Hours are read from a table of their own where steps are as long.
constexpr std::int64_t kTestHoursOfHoursMax = 60 * kTestHoursMax;
/// Some 50 MB of the store's answer.
constexpr std::size_t kStepsMax = 500'000;

/// A combination's samples: for each criterion those of each step.
using Row = std::vector<std::vector<store::Aggregate>>;

void run_combination(const AlertRule& rule, const BackTest& test, const Row& row,
                     std::size_t number, std::vector<BackTestAlert>& alerts) {
  const auto width = static_cast<std::size_t>(rule.window / rule.frequency);
  std::vector<SlidingAggregate> windows(rule.criteria.size());
  AlertTrack track;
  std::size_t open = 0;
  // A plan of this combination alone, so that values are found as by the evaluator.
  Plan one;
  one.combinations.push_back({.monitor = {},
                              .dimensions = {},
                              .tests = {},
                              .silent = std::vector<std::uint32_t>(rule.criteria.size(), 0)});
  for (std::size_t step = 0; step < row.front().size(); ++step) {
    for (std::size_t i = 0; i < windows.size(); ++i) {
      windows[i].push(row[i][step]);
      if (step >= width) windows[i].pop();
    }
    if (step + 1 < width) continue;
    Samples samples(1);
    for (const SlidingAggregate& window : windows) samples.front().push_back(window.total());
    const Values values = values_of(rule, one, samples);
    const Timestamp end =
        test.first_end + Microseconds(rule.frequency) * static_cast<std::int64_t>(step + 1 - width);
    switch (track.evaluate(find_breach(rule, values.front()), rule.auto_mitigate)) {
      case AlertTrack::Change::None:
        break;
      case AlertTrack::Change::Fires: {
        BackTestAlert alert{.combination = number, .fired = end, .resolved = {}, .values = {}};
        for (const auto& value : values.front()) alert.values.push_back(value.value_or(0));
        open = alerts.size();
        alerts.push_back(std::move(alert));
        break;
      }
      case AlertTrack::Change::Resolves:
        alerts[open].resolved = end;
        break;
    }
  }
}

}  // namespace

void SlidingAggregate::push(const store::Aggregate& newest) {
  newer_.push_back(newest);
  newer_total_.add(newest);
}

void SlidingAggregate::pop() {
  if (older_.empty()) {
    store::Aggregate total;
    for (auto each = newer_.rbegin(); each != newer_.rend(); ++each) {
      total.add(*each);
      older_.push_back(total);
    }
    newer_.clear();
    newer_total_ = {};
  }
  older_.pop_back();
}

store::Aggregate SlidingAggregate::total() const {
  store::Aggregate total = newer_total_;
  if (!older_.empty()) total.add(older_.back());
  return total;
}

Result<BackTest> plan_back_test(const AlertRule& rule, const Plan& plan, Timestamp from,
                                Timestamp to) {
  const auto length = Microseconds(rule.frequency);
  if (from >= to) return fail(ErrorCode::InvalidInput, "`from` must be before `to`");
  BackTest test;
  const auto after = from.time_since_epoch() + length - Microseconds(1);
  test.first_end = Timestamp(after / length * length);
  if (test.first_end <= to) {
    test.evaluations = static_cast<std::size_t>((to - test.first_end) / length) + 1;
  }
  const std::int64_t hours = std::chrono::ceil<std::chrono::hours>(to - from + rule.window).count();
  const auto tests = static_cast<std::int64_t>(plan.question.members.size());
  const bool is_of_hours = rule.frequency >= std::chrono::hours(1);
  const std::int64_t most = is_of_hours ? kTestHoursOfHoursMax : kTestHoursMax;
  if (tests * hours > most) {
    return fail(ErrorCode::LimitExceeded,
                fmt::format("{} over {} are too much at once; look at {} at most, or narrow the "
                            "scopes or dimensions",
                            counted(static_cast<std::size_t>(tests), "test"),
                            counted(static_cast<std::size_t>(hours), "hour"),
                            counted(static_cast<std::size_t>(most / tests), "hour")));
  }
  const auto width = static_cast<std::size_t>(rule.window / rule.frequency);
  const std::size_t steps = test.evaluations + width;
  if (steps * std::max<std::size_t>(1, plan.combinations.size()) > kStepsMax) {
    return fail(ErrorCode::LimitExceeded,
                fmt::format("{} evaluated {} are too much at once; look at a shorter time, or name "
                            "fewer dimensions",
                            counted(plan.combinations.size(), "combination"),
                            counted(test.evaluations, "time")));
  }
  test.question = plan.question;
  test.question.from = test.first_end - rule.window;
  test.question.to = test.first_end + length * static_cast<std::int64_t>(
                                                   std::max<std::size_t>(1, test.evaluations) - 1);
  test.question.step = rule.frequency;
  return test;
}

BackTestResult back_test(const AlertRule& rule, const Plan& plan, const BackTest& test,
                         const std::vector<store::MetricStep>& steps) {
  BackTestResult result;
  if (test.evaluations == 0) return result;
  const auto width = static_cast<std::size_t>(rule.window / rule.frequency);
  const std::size_t count = test.evaluations + width - 1;
  std::vector<std::vector<const store::MetricStep*>> of(plan.combinations.size());
  for (const store::MetricStep& step : steps) {
    if (step.series >= plan.series.size()) continue;
    const std::uint32_t number = plan.series[step.series].combination;
    if (number < of.size() && step.index < count) of[number].push_back(&step);
  }
  for (std::size_t number = 0; number < of.size(); ++number) {
    if (of[number].empty()) continue;
    ++result.with_data;
    Row row(rule.criteria.size(), std::vector<store::Aggregate>(count));
    for (const store::MetricStep* const step : of[number]) {
      for (std::size_t i = 0; i < row.size(); ++i) {
        row[i][step->index].add(samples_in(rule, plan, *step, i));
      }
    }
    run_combination(rule, test, row, number, result.alerts);
  }
  std::ranges::stable_sort(result.alerts, {}, &BackTestAlert::fired);
  return result;
}

}  // namespace lw::server::alerts
