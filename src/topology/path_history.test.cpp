// SPDX-License-Identifier: Apache-2.0
#include "topology/path_history.h"

#include <gtest/gtest.h>

#include "topology/simulated_way.h"

namespace lw::topology {
namespace {

const Timestamp kStart = from_unix_us(1'767'225'600'000'000);

constexpr int kSilent = 0;
constexpr int kNotAsked = -1;

Path path_of(const std::vector<int>& lasts, std::vector<std::uint16_t> flows = {0}) {
  Path path;
  path.flows = std::move(flows);
  path.is_reached = true;
  for (std::size_t i = 1; i <= lasts.size(); ++i) {
    PathHop hop;
    hop.ttl = static_cast<std::uint8_t>(i);
    if (lasts[i - 1] > 0) hop.address = SimulatedWay::router(i, lasts[i - 1]);
    hop.sent = lasts[i - 1] == kNotAsked ? 0 : 6;
    hop.rtt_median = Milliseconds(i);
    path.hops.push_back(hop);
    path.id.value = path.id.value * 31 + static_cast<std::uint64_t>(lasts[i - 1]);
  }
  return path;
}

PathReport report_of(std::vector<Path> paths, Seconds at = Seconds(0)) {
  PathReport report;
  report.to = kStart + at;
  report.traces = 18;
  report.paths = std::move(paths);
  return report;
}

PathIssue loss_issue(Share loss) {
  PathIssue issue;
  issue.from_ttl = 2;
  issue.to_ttl = 3;
  issue.loss = loss;
  issue.text = "the link loses";
  return issue;
}

using Texts = std::vector<std::string>;

TEST(PathHistory, keeps_the_first_each_change_and_one_an_hour) {
  PathHistory history;
  const auto first = history.consider(report_of({path_of({1, 1, 1})}));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->cause, PathReportCause::First);
  EXPECT_FALSE(history.consider(report_of({path_of({1, 1, 1})}, Seconds(600))));
  const auto changed = history.consider(report_of({path_of({1, 9, 1})}, Seconds(700)));
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->cause, PathReportCause::Change);
  EXPECT_EQ(changed->changes, Texts{"hop 2 was 10.0.2.1, is 10.0.2.9"});
  EXPECT_FALSE(history.consider(report_of({path_of({1, 9, 1})}, Seconds(4'299))));
  const auto hourly = history.consider(report_of({path_of({1, 9, 1})}, Seconds(4'300)));
  ASSERT_TRUE(hourly);
  EXPECT_EQ(hourly->cause, PathReportCause::Hourly);
  EXPECT_TRUE(hourly->changes.empty());
}

TEST(PathHistory, a_hop_that_becomes_known_or_silent_is_no_change) {
  EXPECT_TRUE(
      changes_between(report_of({path_of({1, 0, 1})}), report_of({path_of({1, 1, 1})})).empty());
  EXPECT_TRUE(
      changes_between(report_of({path_of({1, 1, 1})}), report_of({path_of({1, 0, 1})})).empty());
}

TEST(PathHistory, hops_that_nobody_had_asked_are_told_once_the_way_is_whole) {
  PathHistory history;
  ASSERT_TRUE(history.consider(report_of({path_of({kNotAsked, kNotAsked, 1})})));
  // One of two: the other will follow in a moment.
  EXPECT_FALSE(history.consider(report_of({path_of({1, kNotAsked, 1})}, Seconds(2))));
  const auto whole = history.consider(report_of({path_of({1, kSilent, 1})}, Seconds(4)));
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->cause, PathReportCause::First);
  EXPECT_EQ(whole->changes, Texts{});
  EXPECT_FALSE(history.consider(report_of({path_of({1, kSilent, 1})}, Seconds(20))));
}

TEST(PathHistory, hops_that_nobody_had_asked_are_told_after_a_while_although_one_is_not_known) {
  PathHistory history;
  ASSERT_TRUE(history.consider(report_of({path_of({kNotAsked, kNotAsked, 1})})));
  EXPECT_FALSE(history.consider(report_of({path_of({1, kNotAsked, 1})}, Seconds(9))));
  EXPECT_TRUE(history.consider(report_of({path_of({1, kNotAsked, 1})}, Seconds(10))));
  EXPECT_FALSE(history.consider(report_of({path_of({1, kNotAsked, 1})}, Seconds(600))));
}

TEST(PathHistory, a_way_that_had_not_been_asked_to_its_end_is_told_when_it_goes_further) {
  const auto unreached = [](const std::vector<int>& hops, Seconds at) {
    Path path = path_of(hops);
    path.is_reached = false;
    return report_of({path}, at);
  };
  PathHistory history;
  ASSERT_TRUE(history.consider(unreached({1}, Seconds(0))));
  EXPECT_FALSE(history.consider(unreached({1, kSilent}, Seconds(3))));
  const auto further = history.consider(unreached({1, 2}, Seconds(6)));
  ASSERT_TRUE(further);
  EXPECT_EQ(further->cause, PathReportCause::First);
  // A router that does not answer each time is no news.
  EXPECT_FALSE(history.consider(unreached({1}, Seconds(30))));
  EXPECT_FALSE(history.consider(unreached({1, 2}, Seconds(40))));
}

TEST(PathHistory, tells_of_paths_that_come_and_go_with_their_flows) {
  const PathReport one = report_of({path_of({1, 1, 1})});
  const PathReport two = report_of({path_of({1, 1, 1}), path_of({1, 2, 1}, {1})});
  EXPECT_EQ(changes_between(one, two), Texts{"new path: 10.0.1.1, 10.0.2.2, 10.0.3.1"});
  EXPECT_EQ(changes_between(two, one), Texts{"path is gone: 10.0.1.1, 10.0.2.2, 10.0.3.1"});
  PathReport few = one;
  few.traces = 2;
  EXPECT_TRUE(changes_between(two, few).empty());
}

TEST(PathHistory, a_path_that_nobody_takes_any_more_leaves_without_a_word) {
  const PathReport both = report_of({path_of({1, 9, 1}), path_of({1, 1, 1}, {})});
  EXPECT_TRUE(changes_between(both, report_of({path_of({1, 9, 1})})).empty());
}

TEST(PathHistory, tells_when_the_destination_moves_or_is_lost) {
  EXPECT_EQ(changes_between(report_of({path_of({1, 1, 1})}), report_of({path_of({1, 1})})),
            (Texts{"the destination was 3 hops away, is 2"}));
  Path cut = path_of({1, 1, 1});
  cut.is_reached = false;
  EXPECT_EQ(changes_between(report_of({path_of({1, 1, 1})}), report_of({cut})),
            Texts{"the destination is not reached any more"});
  EXPECT_EQ(changes_between(report_of({cut}), report_of({path_of({1, 1, 1})})),
            Texts{"the destination is reached"});
}

TEST(PathHistory, tells_of_issues_that_begin_end_or_clearly_change) {
  const PathReport none = report_of({path_of({1, 1, 1})});
  PathReport some = none;
  some.issues = {loss_issue({3, 5, 8})};
  EXPECT_EQ(changes_between(none, some), Texts{"began: the link loses"});
  EXPECT_EQ(changes_between(some, none), Texts{"ended: the link loses"});
  PathReport similar = none;
  similar.issues = {loss_issue({5, 7, 9})};
  EXPECT_TRUE(changes_between(some, similar).empty());
  PathReport worse = none;
  worse.issues = {loss_issue({20, 25, 30})};
  EXPECT_EQ(changes_between(some, worse), Texts{"loss was 5.0 % (3.0–8.0 %): the link loses"});
}

TEST(PathHistory, times_count_beyond_a_quarter_and_five_milliseconds) {
  const auto at = [](int ms) {
    Path path = path_of({1, 1, 1});
    path.hops.back().rtt_median = Milliseconds(ms);
    return report_of({path});
  };
  EXPECT_TRUE(changes_between(at(10), at(14)).empty());
  EXPECT_TRUE(changes_between(at(100), at(120)).empty());
  EXPECT_EQ(changes_between(at(10), at(20)).size(), 1U);
  EXPECT_EQ(changes_between(at(100), at(60)).size(), 1U);
}

TEST(PathHistory, tells_when_traces_cannot_be_made) {
  const PathReport good = report_of({path_of({1})});
  PathReport bad = report_of({});
  bad.problem = "not permitted";
  EXPECT_EQ(changes_between(good, bad), Texts{"no traces can be made: not permitted"});
  EXPECT_EQ(changes_between(bad, good).at(0), "traces are made again");
}

}  // namespace
}  // namespace lw::topology
