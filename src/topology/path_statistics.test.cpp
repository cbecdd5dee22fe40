// SPDX-License-Identifier: Apache-2.0
#include "topology/path_statistics.h"

#include <gtest/gtest.h>

#include "topology/simulated_way.h"

namespace lw::topology {
namespace {

const Timestamp kStart = from_unix_us(1'767'225'600'000'000);

/// Adds `count` traces, one each `every`, and moves `now` on.
void feed(PathStatistics& statistics, SimulatedWay& way, Timestamp& now, int count,
          Microseconds every = Seconds(10), const std::vector<std::uint16_t>& flows = {0},
          int retries = 1) {
  for (int i = 0; i < count; ++i) {
    statistics.add(way.trace(now, flows, retries), now);
    now += every;
  }
}

const PathIssue* find_issue(const PathReport& report, PathIssueKind kind) {
  for (const PathIssue& issue : report.issues) {
    if (issue.kind == kind) return &issue;
  }
  return nullptr;
}

struct PathStatisticsTest : testing::Test {
  PathStatistics statistics;
  SimulatedWay way{10};
  Timestamp now = kStart;
};

TEST_F(PathStatisticsTest, knows_nothing_before_the_first_trace) {
  const PathReport report = statistics.report(now);
  EXPECT_TRUE(report.paths.empty());
  EXPECT_TRUE(report.issues.empty());
  EXPECT_FALSE(statistics.is_suspicious());
}

TEST_F(PathStatisticsTest, shows_a_healthy_path_hop_by_hop) {
  feed(statistics, way, now, 18);
  const PathReport report = statistics.report(now);
  ASSERT_EQ(report.paths.size(), 1U);
  const Path& path = report.paths[0];
  EXPECT_TRUE(path.is_reached);
  EXPECT_EQ(path.flows, std::vector<std::uint16_t>{0});
  ASSERT_EQ(path.hops.size(), 10U);
  EXPECT_EQ(report.traces, 18U);
  EXPECT_TRUE(report.issues.empty()) << report.issues[0].text;
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(path.hops[i].ttl, i + 1);
    EXPECT_EQ(path.hops[i].address, SimulatedWay::router(i + 1));
    EXPECT_EQ(path.hops[i].sent, 18U);
    EXPECT_EQ(path.hops[i].answered, 18U);
    EXPECT_EQ(path.hops[i].labels, 0U);
    EXPECT_EQ(path.hops[i].forwarding_loss.value, 0);
    EXPECT_NEAR(static_cast<double>(path.hops[i].added.count()), 1'150, 400);
  }
}

TEST_F(PathStatisticsTest, keeps_a_path_of_ten_hops_in_four_kilobytes) {
  feed(statistics, way, now, 400);
  EXPECT_LE(statistics.bytes(), 4'000U);
  feed(statistics, way, now, 600, Seconds(1));
  EXPECT_LE(statistics.bytes(), 4'000U);
}

TEST_F(PathStatisticsTest, a_lost_answer_does_not_make_a_path) {
  for (SimulatedHop& hop : way.hops) hop.keeps_back = 0.2;
  feed(statistics, way, now, 200, Seconds(10), {0}, 0);
  EXPECT_EQ(statistics.report(now).paths.size(), 1U);
}

TEST_F(PathStatisticsTest, the_id_is_of_the_addresses_whatever_got_lost) {
  feed(statistics, way, now, 5);
  const PathId id = statistics.report(now).paths.at(0).id;
  PathStatistics other;
  way.hops[4].keeps_back = 0.7;
  feed(other, way, now, 18);
  EXPECT_EQ(other.report(now).paths.at(0).id, id);
  way.hops[6].address = SimulatedWay::router(7, 9);
  feed(other, way, now, 1);
  for (const Path& path : other.report(now).paths) {
    EXPECT_TRUE(path.flows.empty() || path.id != id);
  }
}

TEST_F(PathStatisticsTest, paths_of_different_flows_do_not_mix_their_numbers) {
  SimulatedWay slow(10, 2);
  slow.hops[4].address = SimulatedWay::router(5, 2);
  slow.hops[4].delay = Milliseconds(50);
  for (int i = 0; i < 18; ++i, now += Seconds(10)) {
    Trace trace = way.trace(now, {0, 1, 2});
    for (const TraceProbe& probe : slow.trace(now, {3, 4}).probes) trace.probes.push_back(probe);
    statistics.add(trace, now);
  }
  const PathReport report = statistics.report(now);
  ASSERT_EQ(report.paths.size(), 2U);
  EXPECT_EQ(report.paths[0].flows, (std::vector<std::uint16_t>{0, 1, 2}));
  EXPECT_EQ(report.paths[1].flows, (std::vector<std::uint16_t>{3, 4}));
  EXPECT_EQ(report.paths[0].hops[4].sent, 54U);
  EXPECT_EQ(report.paths[1].hops[4].sent, 36U);
  EXPECT_LT(report.paths[0].hops[9].rtt_max, Milliseconds(20));
  EXPECT_GT(report.paths[1].hops[9].rtt_min, Milliseconds(50));
  EXPECT_TRUE(report.issues.empty()) << report.issues[0].text;
}

TEST_F(PathStatisticsTest, routers_that_were_spared_count_as_neither_sent_nor_lost) {
  for (int i = 0; i < 20; ++i, now += Seconds(10)) {
    Trace trace = way.trace(now);
    if (i > 0) {
      for (TraceProbe& probe : trace.probes) {
        if (probe.ttl == 3) probe.reply = {.answer = HopAnswer::NotAsked};
      }
    }
    statistics.add(trace, now);
    EXPECT_FALSE(statistics.is_suspicious());
  }
  const PathHop hop = statistics.report(now).paths.at(0).hops.at(2);
  EXPECT_EQ(hop.address, SimulatedWay::router(3));
  EXPECT_EQ(hop.sent, 0U);
  EXPECT_TRUE(has(hop.labels, HopLabel::Assumed));
}

TEST_F(PathStatisticsTest, a_silent_hop_is_labelled_and_blamed_for_nothing) {
  way.hops[3].keeps_back = 1;
  feed(statistics, way, now, 30);
  const PathReport report = statistics.report(now);
  EXPECT_FALSE(report.paths.at(0).hops.at(3).address);
  EXPECT_TRUE(has(report.paths[0].hops[3].labels, HopLabel::Silent));
  EXPECT_TRUE(report.issues.empty()) << report.issues[0].text;
  EXPECT_FALSE(statistics.is_suspicious());
}

TEST_F(PathStatisticsTest, per_packet_balancing_is_recognised_and_makes_no_paths) {
  way.hops[3].balanced = {SimulatedWay::router(4, 2), SimulatedWay::router(4, 3)};
  way.hops[4].balanced = {SimulatedWay::router(5, 2)};
  feed(statistics, way, now, 40);
  const PathReport report = statistics.report(now);
  ASSERT_EQ(report.paths.size(), 1U);
  const Path& path = report.paths[0];
  EXPECT_TRUE(has(path.hops[3].labels, HopLabel::PerPacketBalanced));
  EXPECT_TRUE(has(path.hops[4].labels, HopLabel::PerPacketBalanced));
  EXPECT_FALSE(has(path.hops[5].labels, HopLabel::PerPacketBalanced));
  EXPECT_EQ(path.hops[3].others.size(), 2U);
  EXPECT_EQ(path.hops[4].others.size(), 1U);
  const PathIssue* issue = find_issue(report, PathIssueKind::PerPacketBalancing);
  ASSERT_NE(issue, nullptr);
  EXPECT_EQ(issue->from_ttl, 3);
  EXPECT_EQ(issue->to_ttl, 5);
  EXPECT_EQ(report.issues.size(), 1U);
  EXPECT_FALSE(statistics.is_suspicious());
}

TEST_F(PathStatisticsTest, a_changed_route_is_another_path_and_no_balancer) {
  feed(statistics, way, now, 18);
  way.hops[3].address = SimulatedWay::router(4, 9);
  feed(statistics, way, now, 1);
  EXPECT_TRUE(statistics.is_suspicious());
  feed(statistics, way, now, 2);
  EXPECT_FALSE(statistics.is_suspicious());
  PathReport report = statistics.report(now);
  ASSERT_EQ(report.paths.size(), 2U);
  EXPECT_EQ(report.paths[0].hops[3].address, SimulatedWay::router(4, 9));
  EXPECT_EQ(report.paths[0].flows.size(), 1U);
  EXPECT_TRUE(report.paths[1].flows.empty());
  EXPECT_TRUE(report.issues.empty());
  feed(statistics, way, now, 20);
  EXPECT_EQ(statistics.report(now).paths.size(), 1U);
}

TEST_F(PathStatisticsTest, hops_of_two_ways_met_in_one_trace_make_no_third_path) {
  feed(statistics, way, now, 10);
  way.hops[5].address = SimulatedWay::router(6, 9);
  feed(statistics, way, now, 1);
  way.hops[3].address = SimulatedWay::router(4, 9);
  feed(statistics, way, now, 5);
  EXPECT_EQ(statistics.report(now).paths.size(), 2U);
}

TEST_F(PathStatisticsTest, names_the_place_where_a_path_is_cut) {
  feed(statistics, way, now, 20);
  way.cut_behind = 4;
  feed(statistics, way, now, 3, Seconds(1));
  EXPECT_TRUE(statistics.is_suspicious());
  const PathReport report = statistics.report(now);
  ASSERT_FALSE(report.issues.empty());
  const PathIssue& issue = report.issues[0];
  EXPECT_EQ(issue.kind, PathIssueKind::Broken);
  EXPECT_EQ(issue.from_ttl, 4);
  EXPECT_EQ(issue.to_ttl, 5);
  EXPECT_EQ(issue.text,
            "nothing behind 10.0.4.1 (hop 4) answers any more: it went on to 10.0.5.1 (hop 5)");
  EXPECT_EQ(report.paths.size(), 1U);
  way.cut_behind = SIZE_MAX;
  feed(statistics, way, now, 60, Seconds(1));
  EXPECT_TRUE(statistics.report(now).issues.empty()) << statistics.report(now).issues[0].text;
}

TEST_F(PathStatisticsTest, a_destination_that_never_answered_is_no_break) {
  way.is_destination_silent = true;
  feed(statistics, way, now, 200);
  const PathReport report = statistics.report(now);
  ASSERT_EQ(report.paths.size(), 1U);
  EXPECT_FALSE(report.paths[0].is_reached);
  EXPECT_EQ(report.paths[0].hops.size(), 9U);
  EXPECT_TRUE(report.issues.empty()) << report.issues[0].text;
}

TEST_F(PathStatisticsTest, a_way_that_never_led_anywhere_is_told_with_a_doubt) {
  way.cut_behind = 4;
  feed(statistics, way, now, 4);
  EXPECT_TRUE(statistics.report(now).issues.empty()) << "four traces are few";
  feed(statistics, way, now, 4);
  const PathReport report = statistics.report(now);
  ASSERT_EQ(report.issues.size(), 1U);
  EXPECT_EQ(report.issues[0].kind, PathIssueKind::Broken);
  EXPECT_EQ(report.issues[0].from_ttl, 4);
  EXPECT_LE(report.issues[0].confidence, 0.5);
  EXPECT_EQ(report.issues[0].text,
            "nothing behind 10.0.4.1 (hop 4) has ever answered: the way ends there, or what "
            "follows is meant to keep silent");
  EXPECT_FALSE(statistics.is_suspicious()) << "it need not be traced each second for ever";
  way.cut_behind = SIZE_MAX;
  feed(statistics, way, now, 1);
  EXPECT_TRUE(statistics.report(now).issues.empty());
}

TEST_F(PathStatisticsTest, with_udp_a_way_that_never_led_anywhere_is_nothing_special) {
  way.protocol = TraceProtocol::Udp;
  way.cut_behind = 4;
  feed(statistics, way, now, 20);
  EXPECT_TRUE(statistics.report(now).issues.empty());
}

TEST_F(PathStatisticsTest, a_router_that_was_spared_from_the_beginning_stands_where_others_met_it) {
  Trace first = way.trace(now);
  for (TraceProbe& probe : first.probes) {
    if (probe.ttl != 2 && probe.ttl != 3) continue;
    const IpAddress met = probe.ttl == 3 ? SimulatedWay::router(3, 77) : probe.reply.from;
    probe.reply = {.answer = HopAnswer::NotAsked, .from = met};
  }
  statistics.add(first, now);
  const PathReport early = statistics.report(now);
  EXPECT_EQ(early.paths.at(0).hops.at(1).address, SimulatedWay::router(2));
  EXPECT_EQ(early.paths[0].hops[1].sent, 0U);
  EXPECT_TRUE(has(early.paths[0].hops[1].labels, HopLabel::Assumed));
  // What was only supposed gives way to what is met.
  feed(statistics, way, now, 2);
  const PathReport later = statistics.report(now);
  ASSERT_EQ(later.paths.size(), 1U);
  EXPECT_EQ(later.paths[0].hops.at(1).address, SimulatedWay::router(2));
  EXPECT_EQ(later.paths[0].hops.at(2).address, SimulatedWay::router(3));
  EXPECT_TRUE(later.paths[0].hops[2].others.empty());
  EXPECT_FALSE(has(later.paths[0].hops[2].labels, HopLabel::Assumed));
}

TEST_F(PathStatisticsTest, finds_a_loop) {
  feed(statistics, way, now, 10);
  for (std::size_t i = 4; i < 10; ++i) way.hops[i].address = SimulatedWay::router(4 + i % 2);
  Trace trace = way.trace(now);
  for (TraceProbe& probe : trace.probes) {
    if (probe.ttl == 10) probe.reply.answer = HopAnswer::TimeExceeded;
  }
  statistics.add(trace, now);
  statistics.add(trace, now);
  const PathReport report = statistics.report(now);
  const PathIssue* issue = find_issue(report, PathIssueKind::Loop);
  ASSERT_NE(issue, nullptr);
  EXPECT_EQ(issue->from_ttl, 4);
  EXPECT_EQ(issue->to_ttl, 7);
  EXPECT_TRUE(has(report.paths[0].hops.back().labels, HopLabel::Loop));
}

Trace refused(SimulatedWay& way, Timestamp now, std::uint8_t ttl, std::uint8_t code,
              std::uint32_t mtu = 0) {
  Trace trace = way.trace(now);
  for (TraceProbe& probe : trace.probes) {
    if (probe.ttl <= ttl) continue;
    probe.reply = {.answer = HopAnswer::Unreachable, .from = SimulatedWay::router(ttl)};
    probe.reply.rtt = Microseconds(4'000);
    probe.reply.icmp_type = 3;
    probe.reply.icmp_code = code;
    probe.reply.mtu = mtu;
  }
  return trace;
}

TEST_F(PathStatisticsTest, says_what_a_router_says_that_refuses) {
  feed(statistics, way, now, 10);
  statistics.add(refused(way, now, 4, 13), now);
  PathReport report = statistics.report(now);
  ASSERT_FALSE(report.issues.empty());
  EXPECT_EQ(report.issues[0].kind, PathIssueKind::Prohibited);
  EXPECT_EQ(report.issues[0].text,
            "10.0.4.1 (hop 4) says: communication is administratively prohibited (ICMP 3/13)");
  EXPECT_TRUE(has(report.paths.at(0).hops.at(3).labels, HopLabel::Prohibited));
  EXPECT_EQ(report.paths[0].hops[3].icmp_code, 13);
  EXPECT_EQ(report.paths.size(), 1U);
  statistics.add(refused(way, now, 4, 1), now);
  EXPECT_EQ(statistics.report(now).issues.at(0).kind, PathIssueKind::Unreachable);
  statistics.add(refused(way, now, 4, 4, 1'400), now);
  report = statistics.report(now);
  EXPECT_EQ(report.issues.at(0).kind, PathIssueKind::MtuTooSmall);
  EXPECT_EQ(report.paths[0].hops[3].mtu, 1'400U);
  feed(statistics, way, now, 1);
  EXPECT_TRUE(statistics.report(now).issues.empty());
}

TEST_F(PathStatisticsTest, says_why_probes_do_not_leave_this_host) {
  Trace trace = way.trace(now);
  for (TraceProbe& probe : trace.probes) {
    probe.reply = {.answer = HopAnswer::LocalError, .detail = "Network is unreachable"};
  }
  statistics.add(trace, now);
  const PathReport report = statistics.report(now);
  ASSERT_EQ(report.issues.size(), 1U);
  EXPECT_EQ(report.issues[0].kind, PathIssueKind::LocalError);
  EXPECT_EQ(report.issues[0].text, "probes do not leave this host: Network is unreachable");
  EXPECT_TRUE(statistics.is_suspicious());
  Trace none;
  none.problem = "not permitted";
  statistics.add(none, now);
  EXPECT_EQ(statistics.report(now).problem, "not permitted");
}

TEST_F(PathStatisticsTest, names_the_hop_that_adds_what_is_new) {
  way.hops[6].delay = Milliseconds(2);
  feed(statistics, way, now, 120);
  way.hops[6].delay = Milliseconds(96);
  feed(statistics, way, now, 1);
  EXPECT_TRUE(statistics.is_suspicious());
  feed(statistics, way, now, 60, Seconds(1));
  const PathReport report = statistics.report(now);
  const PathIssue* issue = find_issue(report, PathIssueKind::AddedLatency);
  ASSERT_NE(issue, nullptr);
  EXPECT_EQ(issue->to_ttl, 7);
  EXPECT_EQ(issue->text.find("hop 7 (10.0.7.1) adds 96 of 106 ms, 9"), 0U) << issue->text;
  EXPECT_EQ(report.issues.size(), 1U);
}

TEST_F(PathStatisticsTest, what_always_took_long_is_an_issue_only_beyond_the_operators_limit) {
  way.hops[6].delay = Milliseconds(96);
  feed(statistics, way, now, 120);
  EXPECT_TRUE(statistics.report(now).issues.empty());
  EXPECT_NEAR(static_cast<double>(statistics.report(now).paths[0].hops[6].added.count()), 96'000,
              1'000);
  PathStatistics strict({.total_max = Milliseconds(100)});
  feed(strict, way, now, 120);
  const PathReport report = strict.report(now);
  ASSERT_EQ(report.issues.size(), 1U);
  EXPECT_EQ(report.issues[0].text, "hop 7 (10.0.7.1) adds 96 of 106 ms");
}

TEST_F(PathStatisticsTest, a_hop_whose_successors_are_faster_is_never_blamed_for_time) {
  feed(statistics, way, now, 60);
  way.hops[4].slow = Milliseconds(80);
  for (int i = 0; i < 120; ++i) {
    feed(statistics, way, now, 1, Seconds(1));
    ASSERT_TRUE(statistics.report(now).issues.empty());
  }
  feed(statistics, way, now, 20);
  const PathReport report = statistics.report(now);
  EXPECT_TRUE(has(report.paths.at(0).hops.at(4).labels, HopLabel::SlowAnswers));
  EXPECT_LT(report.paths[0].hops[4].added, Milliseconds(3));
}

TEST_F(PathStatisticsTest, labels_what_quotes_and_replies_give_away) {
  for (std::size_t i = 3; i < 9; ++i) {
    way.hops[i].quote.source = SimulatedWay::router(99);
    way.hops[i].quote.dscp = 0;
  }
  way.hops[5].quote.ttl = 3;
  way.hops[7].labels = {MplsLabel{.label = 24'001, .is_bottom = true, .ttl = 1}};
  way.hops[8].reply_ttl = 250;
  feed(statistics, way, now, 5);
  const Path path = statistics.report(now).paths.at(0);
  const auto labelled = [&](HopLabel label) {
    std::vector<int> found;
    for (const PathHop& hop : path.hops) {
      if (has(hop.labels, label)) found.push_back(hop.ttl);
    }
    return found;
  };
  EXPECT_EQ(labelled(HopLabel::Translated), std::vector{4});
  EXPECT_EQ(labelled(HopLabel::DscpRewritten), std::vector{4});
  EXPECT_EQ(labelled(HopLabel::EcnRewritten), std::vector<int>{});
  EXPECT_EQ(labelled(HopLabel::TunnelSuspected), std::vector{6});
  EXPECT_EQ(labelled(HopLabel::InTunnel), std::vector{8});
  EXPECT_EQ(labelled(HopLabel::AsymmetricReturn), std::vector{9});
}

}  // namespace
}  // namespace lw::topology
