// SPDX-License-Identifier: Apache-2.0
// What the web UI's views ask the real store.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/channel.h"
#include "store/path_writer.h"
#include "store/recorder.h"
#include "store/round_rows.h"
#include "store/schema.h"
#include "store/view_reader.h"
#include "store_fixture.h"

namespace lw::store {
namespace {

const SystemClock kClock;
// Recent, or retention would drop the rows; whole seconds, to be told apart easily.
const Timestamp kAt = std::chrono::floor<Seconds>(kClock.wall_now() - std::chrono::hours(3));
const TestId kA{101}, kB{102}, kGone{103};

class StoreViews : public StoreSuite {
 protected:
  static StoredRound round(TestId test, Timestamp at, TestState state,
                           const std::vector<int>& rtts_ms) {
    StoredRound stored;
    stored.round.test = test;
    stored.round.started = at;
    stored.round.address = "192.0.2.7";
    for (const int ms : rtts_ms) {
      Check check{.outcome = CheckOutcome::TimedOut, .rtt = {}, .offset = Microseconds(0)};
      if (ms > 0) check = {CheckOutcome::Success, Microseconds(ms * 1000), Microseconds(0)};
      stored.round.checks.push_back(check);
    }
    stored.verdict.state = state;
    stored.verdict.reason = {ReasonCode::ChecksFailedThreshold, 50.0, 10.0, "too many failed"};
    stored.origin = {AgentId{1}, SpoolId{1}, ++last_sequence};
    return stored;
  }
  void insert(const std::vector<StoredRound>& rounds) {
    const auto done = client_.insert("INSERT INTO arrivals (" + round_columns() + ") FORMAT Native",
                                     encode_native(rounds));
    ASSERT_TRUE(done.has_value()) << done.error().message;
  }
  template <class T>
  static T of(Result<T> result) {
    EXPECT_TRUE(result.has_value()) << result.error().message;
    return result ? std::move(*result) : T{};
  }
  template <class Row>
  static const Row* find(const std::vector<Row>& rows, TestId test) {
    const auto found = std::ranges::find(rows, test, &Row::test);
    return found == rows.end() ? nullptr : &*found;
  }

  static inline std::uint64_t last_sequence = 0;
  Client client_{store_->config()};
};

TEST_F(StoreViews, give_the_newest_round_of_each_test_at_an_instant) {
  StoredRound web = round(kB, kAt - Seconds(30), TestState::Warning, {4, 6, 0});
  web.round.http_status = 503;
  web.round.tls.emplace();
  web.round.tls->not_after = kAt + std::chrono::days(5);
  insert({round(kA, kAt - Seconds(120), TestState::Pass, {1, 2, 3}),
          round(kA, kAt, TestState::Fail, {0, 0}), web,
          round(kA, kAt + Seconds(1), TestState::Pass, {1})});
  const auto rounds = of(rounds_at(client_, kAt - Seconds(300), kAt));
  const RoundAt* const a = find(rounds, kA);
  ASSERT_NE(a, nullptr);
  EXPECT_EQ(a->ts, kAt) << "the instant itself is included";
  EXPECT_EQ(a->verdict.state, TestState::Fail);
  EXPECT_EQ(a->verdict.reason.code, ReasonCode::ChecksFailedThreshold);
  EXPECT_EQ(a->verdict.reason.observed, 50.0);
  EXPECT_EQ(a->verdict.reason.text, "") << "not asked for";
  EXPECT_EQ(a->summary.total, 2);
  EXPECT_EQ(a->summary.failed, 2);
  EXPECT_FALSE(a->summary.rtt_avg.has_value());
  const RoundAt* const b = find(rounds, kB);
  ASSERT_NE(b, nullptr);
  const RoundSummary summary = summarize(web.round);
  EXPECT_EQ(b->summary.rtt_min, summary.rtt_min);
  EXPECT_EQ(b->summary.rtt_avg, summary.rtt_avg);
  EXPECT_EQ(b->summary.rtt_max, summary.rtt_max);
  EXPECT_EQ(b->summary.jitter, summary.jitter);
  EXPECT_EQ(b->http_status, 503);
  EXPECT_EQ(b->certificate_expires, kAt + std::chrono::days(5));
  EXPECT_EQ(b->address, "192.0.2.7");
  const auto one = of(rounds_at(client_, kAt - Seconds(300), kAt - Seconds(60), {kA}, true));
  ASSERT_EQ(one.size(), 1U);
  EXPECT_EQ(one.front().verdict.state, TestState::Pass);
  EXPECT_EQ(one.front().verdict.reason.text, "too many failed");
}

TEST_F(StoreViews, give_the_newest_change_and_all_changes_in_order) {
  const auto change = [](TestId test, Seconds ago, TestState from, TestState to) {
    return StateChange{test, kAt - ago, from, to, {ReasonCode::NoData, {}, {}, "silent"}};
  };
  const std::vector<StateChange> changes = {
      change(kA, Seconds(50), TestState::Pass, TestState::Indeterminate),
      change(kA, Seconds(90), TestState::Indeterminate, TestState::Pass),
      change(kB, Seconds(70), TestState::Pass, TestState::Fail)};
  ASSERT_TRUE(record_state_changes(client_, changes, 30).has_value());
  const auto states = of(states_at(client_, kAt - Seconds(1000), kAt - Seconds(60)));
  ASSERT_NE(find(states, kA), nullptr);
  EXPECT_EQ(find(states, kA)->verdict.state, TestState::Pass);
  EXPECT_EQ(find(states, kA)->since, kAt - Seconds(90));
  EXPECT_EQ(find(states, kA)->verdict.reason.text, "silent");
  EXPECT_EQ(of(states_at(client_, kAt - Seconds(1000), kAt, {kB})).size(), 1U);
  const auto steps = of(state_steps(client_, kAt - Seconds(90), kAt - Seconds(50)));
  ASSERT_EQ(steps.size(), 2U) << "the end is not included";
  EXPECT_EQ(steps[0].test, kA);
  EXPECT_EQ(steps[1].test, kB);
  EXPECT_EQ(steps[1].to, TestState::Fail);
  const auto latest = of(state_changes_of(client_, kAt - Seconds(1000), kAt, {kA, kB}, 2));
  ASSERT_EQ(latest.size(), 2U);
  EXPECT_EQ(latest[0], changes[2]);
  EXPECT_EQ(latest[1], changes[0]);
  EXPECT_EQ(of(state_changes_of(client_, kAt - Seconds(1000), kAt, {}, 10)).size(), 3U);
}

TEST_F(StoreViews, give_the_distribution_of_single_checks) {
  const TestId test{111};
  const Timestamp from = kAt - Seconds(600);
  insert({round(test, from, TestState::Pass, {10, 20, 30, 40, 0}),
          round(test, from + Seconds(59), TestState::Pass, {50}),
          round(test, from + Seconds(120), TestState::Fail, {0, 0}),
          round(test, from + Seconds(180), TestState::Pass, {7})});
  const auto points = of(test_quantiles(client_, test, from, from + Seconds(180), Seconds(60)));
  ASSERT_EQ(points.size(), 2U);
  EXPECT_EQ(points[0].index, 0U);
  EXPECT_EQ(points[0].total, 6U);
  EXPECT_EQ(points[0].failed, 1U);
  ASSERT_EQ(points[0].quantiles.size(), kQuantiles);
  EXPECT_EQ(points[0].quantiles, (std::vector<double>{10, 15, 20, 25, 30, 35, 40, 45, 50, 48}));
  EXPECT_EQ(points[1].index, 2U);
  EXPECT_EQ(points[1].failed, 2U);
  EXPECT_TRUE(points[1].quantiles.empty()) << "none was answered";
}

TEST_F(StoreViews, know_what_tests_were_called) {
  auto configuration = std::make_shared<TestConfiguration>();
  configuration->name = "ping";
  lw::Test test;
  test.id = kGone;
  test.connection_monitor = "m";
  test.test_group = "g";
  test.source = "s";
  test.destination = "d";
  test.destination_address = "192.0.2.1";
  test.configuration = configuration;
  ASSERT_TRUE(record_tests(client_, std::span(&test, 1), kAt - Seconds(500)).has_value());
  test.destination_address = "192.0.2.2";
  ASSERT_TRUE(record_tests(client_, std::span(&test, 1), kAt - Seconds(100)).has_value());
  const auto address_at = [&](Timestamp at) {
    const auto names = of(test_names_at(client_, at));
    const TestName* const name = find(names, kGone);
    EXPECT_TRUE(name != nullptr && name->first_known == kAt - Seconds(500));
    return name != nullptr ? name->address : "";
  };
  EXPECT_EQ(address_at(kAt), "192.0.2.2");
  EXPECT_EQ(address_at(kAt - Seconds(200)), "192.0.2.1");
  EXPECT_EQ(address_at(kAt - Seconds(900)), "192.0.2.1") << "nothing was known before";
}

TEST_F(StoreViews, give_the_newest_path_report_and_its_gravest_issue) {
  Channel<std::uint64_t> durable(10, WhenFull::Refuse);
  PathWriter writer({.max_delay = Milliseconds(10)}, store_->config(), kClock,
                    [&](AgentId, SpoolId, std::uint64_t sequence) { durable.push(sequence); });
  std::vector<StoredPathReport> reports;
  for (const int minute : {0, 10, 20}) {
    PathReport report{.test = kA};
    report.to = kAt + std::chrono::minutes(minute);
    report.from = report.to - Seconds(60);
    report.source = parse_ip_address("10.0.0.1").value();
    report.destination = parse_ip_address("10.0.9.9").value();
    report.paths.push_back({.id = PathId{1}, .flows = {0}, .is_reached = true});
    report.paths.back().hops.push_back({.ttl = 1, .address = report.destination});
    if (minute == 10) {
      report.issues = {{.kind = PathIssueKind::Loop, .text = "goes round"},
                       {.kind = PathIssueKind::Broken, .text = "ends"}};
    }
    reports.push_back({.report = report,
                       .origin = {AgentId{1}, SpoolId{2}, static_cast<std::uint64_t>(minute + 1)},
                       .keep_days = 30});
  }
  ASSERT_TRUE(writer.offer(reports));
  while (durable.pop_for(Seconds(60)).value_or(21) != 21) {
  }
  const Timestamp at = kAt + std::chrono::minutes(15);
  const auto found = of(path_reports_at(client_, kAt - Seconds(1), at, {kA, kB}));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().to, kAt + std::chrono::minutes(10));
  const auto issues = of(path_issues_at(client_, kAt - Seconds(1), at));
  ASSERT_EQ(issues.size(), 1U);
  EXPECT_EQ(issues.front().kind, "Loop");
  EXPECT_EQ(issues.front().text, "goes round");
  EXPECT_TRUE(of(path_issues_at(client_, kAt - Seconds(1), kAt)).empty());
  EXPECT_TRUE(of(path_reports_at(client_, kAt - Seconds(1), at, {})).empty());
}

}  // namespace
}  // namespace lw::store
