// SPDX-License-Identifier: Apache-2.0
#include "simulate/source.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "simulate/simulate_fixture.h"

namespace lw::simulate {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

std::vector<Test> tests_of(std::size_t agent) {
  std::vector<Test> tests;
  for (PlannedTest& planned : plan(kAgents, 400)) {
    if (planned.agent == agent) tests.push_back(std::move(planned.test));
  }
  return tests;
}

struct Measured {
  std::vector<Round> rounds;
  std::vector<PathReport> reports;
};

/// Everything up to `until`, asked for in steps of `step`.
Measured measure(Source& source, Timestamp from, Timestamp until, Microseconds step) {
  Measured measured;
  for (Timestamp now = from; now <= until; now += step) {
    while (auto item = source.next(now)) {
      if (auto* const round = std::get_if<Round>(&*item)) {
        measured.rounds.push_back(std::move(*round));
      } else {
        measured.reports.push_back(std::get<PathReport>(std::move(*item)));
      }
    }
  }
  return measured;
}

TEST(SimulatedSource, MakesEveryRoundOnceHoweverLateItIsAsked) {
  const Weather weather(7, kStory);
  const Source::Config config{.agent = 4,
                              .agents = kAgents,
                              .from = kStory - hours(2),
                              .has_paths = false,
                              .is_steady = true};
  Source prompt(config, weather);
  Source tardy(config, weather);
  prompt.assign(tests_of(4), kStory);
  tardy.assign(tests_of(4), kStory);
  EXPECT_NEAR(static_cast<double>(tardy.backlog(kStory)), 20 * 120, 40);
  const auto by_seconds = measure(prompt, kStory - hours(2), kStory, Seconds(5));
  const auto by_hours = measure(tardy, kStory, kStory, hours(1));
  EXPECT_EQ(by_seconds.rounds, by_hours.rounds);
  // 20 tests a minute for two hours, less those that are not complete.
  EXPECT_NEAR(static_cast<double>(by_hours.rounds.size()), 20 * 120, 25);
  std::map<TestId, Timestamp> last;
  for (const Round& round : by_hours.rounds) {
    const auto known = last.find(round.test);
    if (known != last.end()) {
      EXPECT_EQ(round.started - known->second, Seconds(60));
    }
    last[round.test] = round.started;
  }
  EXPECT_EQ(tardy.backlog(kStory), 0U);
}

TEST(SimulatedSource, ChangesOfTheAssignmentMoveOnlyWhatChanged) {
  const Weather weather(7, kStory);
  Source source({.agent = 4,
                 .agents = kAgents,
                 .from = kStory - minutes(10),
                 .has_paths = false,
                 .is_steady = true},
                weather);
  std::vector<lw::Test> tests = tests_of(4);
  const TestId gone = tests.back().id;
  source.assign(tests, kStory);
  measure(source, kStory, kStory, Seconds(1));
  tests.pop_back();
  tests.push_back(make_test("198.18.0.77", IcmpConfiguration{}, 4711));
  source.assign(tests, kStory);
  const auto later = measure(source, kStory, kStory + minutes(3), Seconds(1));
  std::map<TestId, std::vector<Timestamp>> starts;
  for (const Round& round : later.rounds) starts[round.test].push_back(round.started);
  EXPECT_FALSE(starts.contains(gone));
  ASSERT_TRUE(starts.contains(TestId{4711}));
  EXPECT_GE(starts[TestId{4711}].front(), kStory) << "a new test has no history";
  EXPECT_EQ(starts.size(), 20U);
  for (const auto& [test, times] : starts) EXPECT_GE(times.size(), 2U);
}

TEST(SimulatedSource, AnAgentThatIsOffLeavesAGapAndOneThatIsCutOffDoesNot) {
  const Weather weather(7, kStory);
  std::set<Presence> seen;
  for (std::size_t agent = 0; agent < kAgents; ++agent) {
    const Presence presence = weather.presence_of(agent, kAgents, kStory + minutes(7));
    seen.insert(presence);
    Source source({.agent = agent, .agents = kAgents, .from = kStory, .has_paths = false}, weather);
    source.assign({make_test("198.18.0.1")}, kStory);
    const auto rounds = measure(source, kStory, kStory + minutes(15), Seconds(10)).rounds;
    const bool has_gap = rounds.size() < 10;
    EXPECT_EQ(has_gap, presence == Presence::Off) << agent << ": " << rounds.size();
  }
  EXPECT_EQ(seen, (std::set{Presence::Here, Presence::CutOff, Presence::Off}));
}

TEST(SimulatedSource, ReportsPathsFirstHourlyAndWhenALinkChanges) {
  const Weather weather(7, kStory);
  // A test over the troubled link: trouble begins 40 minutes before the story.
  std::optional<PlannedTest> over;
  for (PlannedTest& planned : plan(kAgents, 400)) {
    const SimulatedTest test = simulated(planned.test, planned.agent, kAgents, weather);
    const bool is_over = std::ranges::any_of(
        test.way.links, [&](const Link& link) { return link.key == weather.troubled_link().key; });
    if (is_over && test.temper == Temper::Healthy) over = std::move(planned);
  }
  ASSERT_TRUE(over.has_value());
  Source source(
      {.agent = over->agent, .agents = kAgents, .from = kStory - hours(3), .is_steady = true},
      weather);
  source.assign({over->test}, kStory);
  const auto reports = measure(source, kStory - hours(3), kStory, minutes(1)).reports;
  ASSERT_GE(reports.size(), 4U);
  EXPECT_LE(reports.size(), 12U);
  EXPECT_EQ(reports.front().cause, PathReportCause::First);
  ASSERT_FALSE(reports.front().paths.empty());
  EXPECT_TRUE(reports.front().paths.front().is_reached);
  const auto loses = [&](const PathReport& report) {
    return std::ranges::any_of(report.issues, [&](const PathIssue& issue) {
      return issue.kind == PathIssueKind::ForwardingLoss && issue.to == weather.troubled_link().to;
    });
  };
  const auto news = std::ranges::find_if(reports, loses);
  ASSERT_NE(news, reports.end()) << "nothing names the troubled link";
  EXPECT_EQ(news->cause, PathReportCause::Change);
  EXPECT_FALSE(news->traces_after.empty());
  const auto shown_after = news->to - (kStory - minutes(40));
  EXPECT_GT(shown_after, minutes(0));
  EXPECT_LT(shown_after, minutes(5));
  EXPECT_TRUE(source.report_now(over->test.id, kStory).has_value());
  EXPECT_FALSE(source.report_now(TestId{1}, kStory).has_value());
}

}  // namespace
}  // namespace lw::simulate
