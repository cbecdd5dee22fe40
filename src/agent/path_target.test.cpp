// SPDX-License-Identifier: Apache-2.0
#include "agent/path_target.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/test_times.h"

namespace lw::agent {
namespace {

constexpr TestId kTest{7};
constexpr TestId kOther{8};

IpAddress ip(const std::string& text) { return *parse_ip_address(text); }

/// A target behind two routers that is traced again and again, in virtual time.
class Way {
 public:
  explicit Way(TraceProtocol protocol = TraceProtocol::Icmp)
      : target_({ip("10.0.9.9"), {.protocol = protocol, .port = 443, .all_paths = false}}, kNow) {
    target_.add(kTest);
  }

  PathTarget& target() { return target_; }
  [[nodiscard]] Timestamp now() const { return now_; }
  /// One trace. `hops`: who answers at each TTL, "" for nobody, "-" if its router had no turn.
  std::vector<PathReport> trace(const std::vector<std::string>& hops) { return look(hops).reports; }
  PathTarget::Finding look(const std::vector<std::string>& hops) {
    now_ += Seconds(10);
    const auto order = target_.next_order(TraceTrigger::Schedule, now_);
    Trace trace{.started = now_, .trigger = order.task.trigger};
    trace.protocol = target_.key().kind.protocol;
    trace.source = ip("10.0.0.1");
    trace.destination = target_.key().address;
    trace.port = target_.key().kind.port;
    for (const std::string& hop : hops) add_probe(trace, hop);
    trace.problem = problem;
    return target_.take(trace, order.is_search, now_ + Milliseconds(100));
  }
  std::vector<PathReport> good() { return trace({"10.0.1.1", "10.0.2.1", "10.0.9.9"}); }
  std::vector<PathReport> broken() { return trace({"10.0.1.1", "", "", "", ""}); }
  std::vector<PathReport> find_mtu(PathMtuResult result) {
    static_cast<void>(target_.next_mtu(now_));
    result.at = now_ += Seconds(1);
    return target_.take_mtu(result, now_).reports;
  }

  bool refuses = false;
  std::string problem;

 private:
  void add_probe(Trace& trace, const std::string& hop) const {
    TraceProbe probe{.ttl = static_cast<std::uint8_t>(trace.probes.size() + 1)};
    if (hop == "-") {
      probe.reply.answer = HopAnswer::NotAsked;
    } else if (!hop.empty()) {
      const bool is_end = ip(hop) == trace.destination;
      probe.reply = {.answer = is_end ? HopAnswer::Destination : HopAnswer::TimeExceeded,
                     .from = ip(hop),
                     .rtt = Milliseconds(probe.ttl),
                     .icmp_type = static_cast<std::uint8_t>(is_end ? 0 : 11),
                     .is_refusal = is_end && refuses};
    }
    trace.probes.push_back(probe);
  }

  PathTarget target_;
  Timestamp now_ = kNow;
};

PathMtuResult hole(std::uint32_t mtu) {
  return {.verdict = PathMtuVerdict::BlackHole, .path_mtu = mtu, .from_ttl = 1, .to_ttl = 2};
}

const PathReport* with_cause(const std::vector<PathReport>& reports, PathReportCause cause) {
  for (const PathReport& report : reports) {
    if (report.cause == cause) return &report;
  }
  return nullptr;
}

bool has_mtu_issue(const PathReport& report) {
  for (const PathIssue& issue : report.issues) {
    if (issue.kind == PathIssueKind::MtuTooSmall) return true;
  }
  return false;
}

TEST(PathTarget, a_change_is_reported_with_the_traces_from_before_the_trouble) {
  Way way;
  for (int i = 0; i < 10; ++i) way.good();
  const Timestamp last_good = way.now();
  std::optional<PathReport> change;
  for (int i = 0; i < 10 && !change; ++i) {
    const auto reports = way.broken();
    if (const auto* found = with_cause(reports, PathReportCause::Change)) change = *found;
  }
  ASSERT_TRUE(change) << "the break is seen";
  ASSERT_EQ(change->traces_before.size(), 2U);
  EXPECT_EQ(change->traces_before.back().started, last_good);
  EXPECT_TRUE(is_reached(change->traces_before.back()));
  EXPECT_EQ(change->traces_before.back().test, kTest);
  ASSERT_EQ(change->traces_after.size(), 1U);
  EXPECT_EQ(change->traces_after.front().started, way.now());
  EXPECT_FALSE(is_reached(change->traces_after.front()));
}

TEST(PathTarget, trouble_that_the_checks_saw_first_holds_what_was_before_it) {
  Way way;
  for (int i = 0; i < 6; ++i) way.good();
  const Timestamp trouble = way.now() - Seconds(25);
  way.target().note_trouble(trouble);
  ASSERT_EQ(way.target().ring().held().size(), 2U);
  EXPECT_LT(way.target().ring().held().back().started, trouble);
  EXPECT_GT(way.target().ring().held().back().started, trouble - Seconds(10));
  for (int i = 0; i < 30; ++i) way.good();
  EXPECT_TRUE(way.target().ring().held().empty()) << "it is over";
}

TEST(PathTarget, reports_without_news_bring_no_traces) {
  Way way;
  const auto first = way.good();
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].cause, PathReportCause::First);
  EXPECT_TRUE(first[0].traces_after.empty());
  way.target().report_to(kTest);
  const auto wanted = way.good();
  ASSERT_EQ(wanted.size(), 1U);
  EXPECT_EQ(wanted[0].cause, PathReportCause::Request);
  EXPECT_EQ(wanted[0].traces_after.size(), 1U);
}

TEST(PathTarget, a_change_of_state_is_reported_to_its_test_by_the_first_trace_since) {
  Way way;
  way.target().add(kOther);
  for (int i = 0; i < 4; ++i) way.good();
  way.target().note_state_change(kTest, way.now() + Seconds(11));
  EXPECT_TRUE(way.good().empty()) << "this trace began before";
  const auto reports = way.good();
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].test, kTest);
  EXPECT_EQ(reports[0].cause, PathReportCause::StateChange);
  EXPECT_EQ(reports[0].traces_before.size(), 2U);
  // Up and down again within the minute: not each time.
  way.target().note_state_change(kTest, way.now());
  EXPECT_TRUE(way.good().empty());
  for (int i = 0; i < 6; ++i) way.good();
  way.target().note_state_change(kTest, way.now());
  EXPECT_EQ(way.good().size(), 1U);
}

TEST(PathTarget, the_mtu_is_looked_for_when_large_packets_are_lost_and_small_ones_are_not) {
  Way way;
  way.good();
  EXPECT_FALSE(way.target().is_mtu_due(way.now()));
  way.target().suspect_size(way.now());
  EXPECT_TRUE(way.target().is_mtu_due(way.now()));
  way.broken();
  EXPECT_FALSE(way.target().is_mtu_due(way.now())) << "small ones do not arrive either";
  way.good();
  ASSERT_TRUE(way.target().is_mtu_due(way.now()));
  const trace::PathMtuTask task = way.target().next_mtu(way.now());
  EXPECT_EQ(task.base.trigger, TraceTrigger::Suspicion);
  EXPECT_TRUE(task.is_reached);
  EXPECT_EQ(task.hops.size(), 3U);
  EXPECT_FALSE(way.target().is_mtu_due(way.now())) << "it is on its way";
  way.target().take_mtu({.verdict = PathMtuVerdict::Full, .path_mtu = 1'500}, way.now());
  way.target().suspect_size(way.now());
  EXPECT_FALSE(way.target().is_mtu_due(way.now())) << "not again at once";
}

TEST(PathTarget, suspicion_that_does_not_come_true_starts_fewer_and_fewer_searches) {
  Way way;
  int searches = 0;
  for (int i = 0; i < 360; ++i) {
    way.good();
    way.target().suspect_size(way.now());
    if (!way.target().is_mtu_due(way.now())) continue;
    ++searches;
    way.find_mtu({.verdict = PathMtuVerdict::Full, .path_mtu = 1'500});
  }
  // After 0, 2, 6, 14 minutes, and then each ten, in an hour.
  EXPECT_NEAR(searches, 8, 1);
  for (int i = 0; i < 70; ++i) way.good();
  way.target().suspect_size(way.now());
  EXPECT_TRUE(way.target().is_mtu_due(way.now())) << "this is another suspicion";
}

TEST(PathTarget, a_black_hole_is_an_issue_until_a_search_says_that_it_is_over) {
  Way way;
  for (int i = 0; i < 4; ++i) way.good();
  const auto found = way.find_mtu(hole(1'400));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].cause, PathReportCause::Change);
  ASSERT_TRUE(has_mtu_issue(found[0]));
  const std::string text =
      "packets over 1400 bytes are lost after hop 1 (10.0.1.1), and no router says so";
  EXPECT_EQ(found[0].changes, std::vector<std::string>{"began: " + text});
  EXPECT_EQ(found[0].mtu->text, text);
  EXPECT_TRUE(way.good().empty()) << "nothing new";
  EXPECT_FALSE(way.target().is_mtu_due(way.now()));
  EXPECT_TRUE(way.target().is_mtu_due(way.now() + Seconds(300))) << "it may be over";
  EXPECT_TRUE(way.find_mtu({.verdict = PathMtuVerdict::NoAnswer}).empty());
  way.target().report_to(kTest);
  EXPECT_TRUE(has_mtu_issue(way.good().at(0))) << "no answer says nothing";
  const auto over = way.find_mtu({.verdict = PathMtuVerdict::Full, .path_mtu = 1'500});
  ASSERT_EQ(over.size(), 1U);
  EXPECT_FALSE(has_mtu_issue(over[0]));
  EXPECT_EQ(over[0].changes, std::vector<std::string>{"ended: " + text});
}

TEST(PathTarget, what_was_found_of_the_mtu_is_told_for_an_hour) {
  Way way;
  way.good();
  way.find_mtu({.verdict = PathMtuVerdict::Told, .path_mtu = 1'400, .told_by = ip("10.0.2.1")});
  way.target().report_to(kTest);
  ASSERT_TRUE(way.good().at(0).mtu);
  for (int i = 0; i < 360; ++i) way.good();
  way.target().report_to(kTest);
  EXPECT_FALSE(way.good().at(0).mtu);
}

TEST(PathTarget, who_asks_for_the_mtu_is_told_whatever_comes_of_it) {
  Way way;
  way.target().add(kOther);
  way.good();
  way.target().report_mtu_to(kOther);
  EXPECT_TRUE(way.target().is_mtu_due(way.now()));
  const auto none = way.find_mtu({.verdict = PathMtuVerdict::NoAnswer});
  ASSERT_EQ(none.size(), 1U);
  EXPECT_EQ(none[0].test, kOther);
  EXPECT_EQ(none[0].cause, PathReportCause::Request);
  ASSERT_TRUE(none[0].mtu);
  EXPECT_EQ(none[0].mtu->verdict, PathMtuVerdict::NoAnswer);
  EXPECT_FALSE(way.target().is_mtu_due(way.now()));
  way.target().report_mtu_to(kTest);
  EXPECT_EQ(way.target().next_mtu(way.now()).base.trigger, TraceTrigger::Request);
}

TEST(PathTarget, says_that_the_destination_refuses_tcp) {
  Way way(TraceProtocol::Tcp);
  way.refuses = true;
  EXPECT_TRUE(way.good().at(0).is_refused);
  way.refuses = false;
  way.good();
  way.target().report_to(kTest);
  EXPECT_FALSE(way.good().at(0).is_refused);
}

TEST(PathTarget, a_trace_of_which_the_turns_left_nothing_is_made_up_for_once_the_last_one_is_old) {
  Way way;
  const std::vector<std::string> spared = {"-", "-", "-"};
  way.good();
  EXPECT_FALSE(way.look(spared).missing_trace_in);  // 10 s after
  EXPECT_FALSE(way.look(spared).missing_trace_in);
  EXPECT_EQ(way.look(spared).missing_trace_in, Seconds(1));  // 30 s after
  EXPECT_EQ(way.look(spared).missing_trace_in, Seconds(1));  // It still is.
  EXPECT_FALSE(way.look({"-", "-", "10.0.9.9"}).missing_trace_in);
  EXPECT_FALSE(way.look(spared).missing_trace_in);
  way.problem = "there is no such source";
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(way.look({}).missing_trace_in);
}

TEST(TraceKind, follows_the_test_but_where_its_settings_say_otherwise) {
  TestConfiguration configuration;
  configuration.protocol = TcpConfiguration{.port = 5'432};
  EXPECT_EQ(trace_kind_of(configuration), (TraceKind{TraceProtocol::Tcp, 5'432}));
  configuration.trace.protocol = TraceProtocol::Tcp;
  EXPECT_EQ(trace_kind_of(configuration)->port, 5'432);
  configuration.trace = {
      .protocol = TraceProtocol::Udp, .interval = Seconds(30), .hops_max = 12, .all_paths = false};
  EXPECT_EQ(trace_kind_of(configuration), (TraceKind{.protocol = TraceProtocol::Udp,
                                                     .interval = Seconds(30),
                                                     .hops_max = 12,
                                                     .all_paths = false}));
  configuration.trace = {.port = 33};
  EXPECT_EQ(trace_kind_of(configuration)->port, 33);

  PathTarget target({ip("10.0.9.9"), {.hops_max = 12, .all_paths = false}}, kNow);
  const auto order = target.next_order(TraceTrigger::Schedule, kNow);
  EXPECT_EQ(order.task.config.ttl_max, 12);
  EXPECT_FALSE(order.is_search);
}

}  // namespace
}  // namespace lw::agent
