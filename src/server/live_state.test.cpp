// SPDX-License-Identifier: Apache-2.0
#include "server/live_state.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "base/test_times.h"

namespace lw::server {
namespace {

const AgentId kWeb1{1};

Test make_test(const std::string& name, AgentId agent = kWeb1) {
  auto configuration = std::make_shared<TestConfiguration>();
  configuration->name = "ping";
  configuration->frequency = Seconds(30);
  Test test;
  test.id = test_id("m", "g", "s", name, "ping");
  test.connection_monitor = "m";
  test.test_group = "g";
  test.source = "s";
  test.destination = name;
  test.destination_address = "192.0.2.1";
  test.configuration = std::move(configuration);
  test.agent = agent;
  return test;
}

/// A fleet of one agent in virtual time, and the states under test.
class LiveStateTest : public testing::Test {
 protected:
  /// As Control does it: what is known of the test's agent now.
  LiveState::AgentFacts facts() {
    return [this](const LiveTest& live) {
      AbsenceFacts facts;
      facts.agent_name = live.test.agent == kWeb1 ? "web1" : "web2";
      facts.agent_connected = is_connected_;
      facts.agent_last_seen = last_seen_;
      facts.assigned_since = live.assigned;
      facts.last_round = live.last_round;
      return facts;
    };
  }
  std::vector<StateChange> replace(std::vector<lw::Test> tests) {
    live_.replace_tests(std::move(tests), now_);
    return live_.tick(now_, facts());
  }
  std::vector<StateChange> tick_after(Seconds pause) {
    now_ += pause;
    return live_.tick(now_, facts());
  }
  /// A round of `test` that starts now, with the verdict `state`.
  std::optional<StateChange> round(const lw::Test& test, TestState state, std::string text = "") {
    return round_at(test, now_, state, std::move(text));
  }
  std::optional<StateChange> round_at(const lw::Test& test, Timestamp at, TestState state,
                                      std::string text = "") {
    Round round;
    round.test = test.id;
    round.started = at;
    round.checks = {{CheckOutcome::Success, Microseconds(500), Microseconds(0)}};
    round.address = "192.0.2.9";
    return live_.on_round(round, {state, {ReasonCode::None, {}, {}, std::move(text)}}, at, now_);
  }
  const LiveTest& at(const lw::Test& test) { return *live_.find(test.id); }
  /// The names of the tests' destinations, in order.
  std::string changed_since(std::uint64_t revision) {
    std::string names;
    for (const LiveTest* live : live_.changed_since(revision, 100)) names += live->test.destination;
    return names;
  }

  LiveState live_;
  Timestamp now_ = kNow;
  bool is_connected_ = true;
  std::optional<Timestamp> last_seen_;
  lw::Test a_ = make_test("a");
  lw::Test b_ = make_test("b");
};

TEST_F(LiveStateTest, a_new_test_is_indeterminate_until_its_first_round) {
  replace({a_});
  EXPECT_EQ(at(a_).verdict.state, TestState::Indeterminate);
  EXPECT_EQ(at(a_).verdict.reason.code, ReasonCode::NotYetRun);
  EXPECT_EQ(at(a_).since, kNow);
  now_ += Seconds(5);
  const auto change = round(a_, TestState::Pass);
  ASSERT_TRUE(change.has_value());
  EXPECT_EQ(change->test, a_.id);
  EXPECT_EQ(change->from, TestState::Indeterminate);
  EXPECT_EQ(change->to.state, TestState::Pass);
  EXPECT_EQ(change->at, now_);
}

TEST_F(LiveStateTest, since_moves_with_the_state_and_not_with_the_reason) {
  replace({a_});
  now_ += Seconds(1);
  round(a_, TestState::Fail, "timed out");
  const Timestamp began = now_;
  now_ += Seconds(30);
  EXPECT_FALSE(round(a_, TestState::Fail, "refused").has_value());
  EXPECT_EQ(at(a_).since, began);
  EXPECT_EQ(at(a_).verdict.reason.text, "refused") << "the newest reason is shown";
  EXPECT_EQ(at(a_).last_round, now_);
  now_ += Seconds(30);
  EXPECT_TRUE(round(a_, TestState::Pass).has_value());
  EXPECT_EQ(at(a_).since, now_);
}

TEST_F(LiveStateTest, a_round_before_the_newest_changes_nothing) {
  replace({a_});
  round(a_, TestState::Pass);
  EXPECT_FALSE(round_at(a_, now_ - Seconds(30), TestState::Fail).has_value());
  EXPECT_EQ(at(a_).verdict.state, TestState::Pass);
  EXPECT_EQ(at(a_).last_round, now_);
}

TEST_F(LiveStateTest, what_an_agent_kept_over_an_outage_is_history_until_it_is_recent) {
  replace({a_});
  round(a_, TestState::Pass);
  is_connected_ = false;
  last_seen_ = now_;
  const auto cut = tick_after(Seconds(3600));
  ASSERT_EQ(cut.size(), 1U);
  is_connected_ = true;
  for (int minutes = 55; minutes > 2; --minutes) {
    EXPECT_FALSE(round_at(a_, now_ - std::chrono::minutes(minutes), TestState::Fail).has_value());
    EXPECT_TRUE(live_.tick(now_, facts()).empty()) << "no flapping while it catches up";
  }
  EXPECT_EQ(at(a_).since, cut[0].at);
  const auto back = round_at(a_, now_ - Seconds(20), TestState::Fail);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->at, cut[0].at + Microseconds(1)) << "changes stay in the order of time";
}

TEST_F(LiveStateTest, a_group_disabled_and_enabled_at_once_does_not_stay_not_running) {
  replace({a_});
  round(a_, TestState::Pass);
  a_.disabled = true;
  replace({a_});
  a_.disabled = false;
  EXPECT_EQ(replace({a_}).size(), 1U);
  EXPECT_EQ(at(a_).verdict.state, TestState::Indeterminate);
}

TEST_F(LiveStateTest, a_round_of_a_test_that_is_gone_is_ignored) {
  replace({a_});
  EXPECT_FALSE(round(b_, TestState::Fail).has_value());
  EXPECT_EQ(live_.find(b_.id), nullptr);
}

TEST_F(LiveStateTest, the_numbers_shown_are_those_of_the_newest_round) {
  replace({a_});
  Round round;
  round.test = a_.id;
  round.started = now_;
  round.checks = {{CheckOutcome::Success, Microseconds(700), Microseconds(0)},
                  {CheckOutcome::TimedOut, std::nullopt, Microseconds(10)}};
  round.address = "2001:db8::7";
  round.http_status = 204;
  round.tls = TlsFacts{};
  round.tls->not_after = kNow + std::chrono::days(3);
  live_.on_round(round, {TestState::Pass, {}}, now_, now_);
  EXPECT_EQ(at(a_).summary.failed, 1);
  EXPECT_EQ(at(a_).summary.rtt_avg, Microseconds(700));
  EXPECT_EQ(at(a_).address, "2001:db8::7");
  EXPECT_EQ(at(a_).http_status, 204);
  EXPECT_EQ(at(a_).certificate_expires, kNow + std::chrono::days(3));
}

TEST_F(LiveStateTest, a_restored_state_stands_with_its_since_and_ends_an_old_round) {
  replace({a_, b_});
  const Verdict fail{TestState::Fail, {ReasonCode::AllChecksFailed, {}, {}, "timed out"}};
  live_.restore(a_.id, fail, kNow - Seconds(600), kNow - Seconds(10));
  live_.restore(TestId{99}, fail, kNow, kNow);  // no longer defined: ignored
  EXPECT_EQ(at(a_).verdict, fail);
  EXPECT_EQ(at(a_).since, kNow - Seconds(600));
  EXPECT_FALSE(round_at(a_, kNow - Seconds(40), TestState::Pass).has_value());
  EXPECT_TRUE(tick_after(Seconds(1)).empty()) << "the last round is recent enough";
  EXPECT_EQ(at(a_).verdict, fail);
  EXPECT_FALSE(round(a_, TestState::Fail).has_value());
  EXPECT_EQ(at(a_).since, kNow - Seconds(600)) << "the outage did not begin at the restart";
}

TEST_F(LiveStateTest, restoring_does_not_undo_a_round_that_came_first) {
  replace({a_});
  round(a_, TestState::Pass);
  live_.restore(a_.id, {TestState::Fail, {}}, kNow - Seconds(600), kNow + Seconds(600));
  EXPECT_EQ(at(a_).verdict.state, TestState::Pass);
  EXPECT_EQ(at(a_).last_round, now_);
}

TEST_F(LiveStateTest, rounds_that_stay_away_from_a_connected_agent_are_no_data) {
  replace({a_});
  live_.mark_assigned(a_.id, now_);
  round(a_, TestState::Pass);
  const Microseconds tolerance = absence_tolerance(*a_.configuration);
  now_ += tolerance;
  EXPECT_TRUE(live_.tick(now_, facts()).empty()) << "not a moment too early";
  now_ += Microseconds(1);
  const auto changes = live_.tick(now_, facts());
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].from, TestState::Pass);
  EXPECT_EQ(changes[0].to.state, TestState::Indeterminate);
  EXPECT_EQ(changes[0].to.reason.code, ReasonCode::NoData);
  EXPECT_NE(changes[0].to.reason.text.find("`web1` is connected"), std::string::npos);
  EXPECT_TRUE(tick_after(Seconds(60)).empty()) << "said once";
  EXPECT_EQ(at(a_).since, changes[0].at);
}

TEST_F(LiveStateTest, a_disconnected_agent_is_named_as_the_missing_link) {
  replace({a_});
  round(a_, TestState::Pass);
  is_connected_ = false;
  last_seen_ = now_;
  const auto changes = tick_after(Seconds(300));
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].to.reason.code, ReasonCode::AgentDisconnected);
  EXPECT_NE(changes[0].to.reason.text.find("`web1` has been disconnected for 5 min"),
            std::string::npos)
      << changes[0].to.reason.text;
  is_connected_ = true;
  EXPECT_TRUE(round(a_, TestState::Pass).has_value()) << "rounds bring it back";
}

TEST_F(LiveStateTest, a_test_that_nobody_can_run_says_why) {
  a_.missing = "no agent named `web9` has joined";
  a_.agent = AgentId{};
  replace({a_});
  EXPECT_EQ(at(a_).verdict.state, TestState::Indeterminate);
  EXPECT_EQ(at(a_).verdict.reason.code, ReasonCode::NoAgent);
  EXPECT_EQ(at(a_).verdict.reason.text, a_.missing);
}

TEST_F(LiveStateTest, disabling_a_group_stops_its_tests_and_enabling_starts_them_anew) {
  replace({a_});
  round(a_, TestState::Fail);
  now_ += Seconds(10);
  a_.disabled = true;
  const auto stopped = replace({a_});
  ASSERT_EQ(stopped.size(), 1U);
  EXPECT_EQ(stopped[0].from, TestState::Fail);
  EXPECT_EQ(stopped[0].to.state, TestState::NotRunning);
  EXPECT_EQ(stopped[0].to.reason.code, ReasonCode::TestGroupDisabled);
  EXPECT_FALSE(round_at(a_, now_ + Seconds(1), TestState::Fail).has_value())
      << "a round under way does not wake it";
  EXPECT_TRUE(tick_after(Seconds(3600)).empty());
  a_.disabled = false;
  const auto started = replace({a_});
  ASSERT_EQ(started.size(), 1U);
  EXPECT_EQ(started[0].from, TestState::NotRunning);
  EXPECT_EQ(started[0].to.state, TestState::Indeterminate);
}

TEST_F(LiveStateTest, tests_that_stay_keep_their_state_and_the_others_go) {
  replace({a_, b_});
  now_ += Seconds(1);
  round(a_, TestState::Fail);
  const Timestamp began = now_;
  now_ += Seconds(5);
  const lw::Test c = make_test("c");
  replace({c, a_});
  EXPECT_EQ(at(a_).verdict.state, TestState::Fail);
  EXPECT_EQ(at(a_).since, began);
  EXPECT_EQ(live_.find(b_.id), nullptr);
  EXPECT_EQ(live_.order(), (std::vector<TestId>{c.id, a_.id})) << "the order of the files";
  EXPECT_EQ(live_.count(TestState::Fail), 1U);
  EXPECT_EQ(live_.count(TestState::Indeterminate), 1U);
}

TEST_F(LiveStateTest, a_test_that_is_listed_twice_is_one_test) {
  replace({a_, a_});
  EXPECT_EQ(live_.order().size(), 1U);
}

TEST_F(LiveStateTest, a_test_that_moves_to_another_agent_waits_for_that_one) {
  replace({a_});
  live_.mark_assigned(a_.id, now_);
  const Timestamp first = now_;
  now_ += Seconds(3600);
  live_.mark_assigned(a_.id, now_);
  EXPECT_EQ(at(a_).assigned, first) << "the first telling counts";
  a_.agent = AgentId{2};
  replace({a_});
  EXPECT_FALSE(at(a_).assigned.has_value());
  live_.mark_assigned(a_.id, now_);
  live_.tick(now_, facts());
  EXPECT_EQ(at(a_).verdict.reason.code, ReasonCode::NotYetRun);
  EXPECT_NE(at(a_).verdict.reason.text.find("`web2`"), std::string::npos);
}

TEST_F(LiveStateTest, tells_of_an_alert_when_it_changes) {
  replace({a_, b_});
  const TestId test = a_.id;
  const std::uint64_t begin = live_.revision();
  live_.set_alert(test, alert_code(1));
  EXPECT_EQ(changed_since(begin), "a");
  const std::uint64_t told = live_.revision();
  live_.set_alert(test, alert_code(1));
  live_.set_alert(TestId{0xDEAD}, alert_code(1));
  EXPECT_EQ(live_.revision(), told) << "nothing changed";
  live_.set_alert(test, 0);
  EXPECT_EQ(changed_since(told), "a");
}

TEST_F(LiveStateTest, tells_what_changed_since_a_revision_and_each_test_once) {
  live_.continue_revisions_from(1'000);
  replace({a_, b_});
  const std::uint64_t begin = live_.revision();
  EXPECT_GT(begin, 1'000U);
  EXPECT_EQ(changed_since(live_.plan_revision()).size(), 2U) << "why they did not run yet";
  round(a_, TestState::Pass);
  round(b_, TestState::Pass);
  const std::uint64_t middle = live_.revision();
  round(a_, TestState::Fail);
  EXPECT_EQ(changed_since(begin), "ba") << "by their last change";
  EXPECT_EQ(changed_since(middle), "a");
  EXPECT_EQ(changed_since(live_.revision()), "");
  EXPECT_EQ(live_.changed_since(begin, 1).size(), 1U);
  live_.touch(b_.id);
  EXPECT_EQ(changed_since(middle), "ab");
}

TEST_F(LiveStateTest, a_sentence_that_grows_older_is_no_change_and_a_new_plan_is_one_for_all) {
  is_connected_ = false;
  last_seen_ = now_;
  replace({a_, b_});
  const std::uint64_t begin = live_.revision();
  tick_after(Seconds(300));
  EXPECT_EQ(changed_since(begin), "") << "disconnected for 5 min instead of 0 s";
  is_connected_ = true;
  tick_after(Seconds(300));
  EXPECT_EQ(changed_since(begin).size(), 2U);
  const std::uint64_t before = live_.plan_revision();
  replace({b_});
  EXPECT_GT(live_.plan_revision(), before);
  EXPECT_LT(begin, live_.plan_revision());
}

TEST_F(LiveStateTest, the_list_of_changes_stays_bounded_and_loses_none) {
  replace({a_, b_});
  round(b_, TestState::Pass);
  const std::uint64_t begin = live_.plan_revision();
  for (int i = 0; i < 10'000; ++i) live_.touch(a_.id);
  EXPECT_EQ(changed_since(begin), "ba");
  EXPECT_LT(live_.changes_kept(), 2'000U);
}

// --- the tests of some monitors
// -------------------------------------------------------------------

/// Monitors with tests of some names, which agents run.
struct PlayedPlan {
  std::map<std::string, std::map<std::string, AgentId>> monitors;

  [[nodiscard]] std::vector<lw::Test> tests_of(const std::string& monitor) const {
    std::vector<lw::Test> tests;
    for (const auto& [name, agent] : monitors.at(monitor)) {
      lw::Test test = make_test(name, agent);
      test.id = test_id(monitor, "g", "s", name, "ping");
      test.connection_monitor = monitor;
      tests.push_back(test);
      tests.push_back(std::move(test));  // a member may be listed twice
    }
    return tests;
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& [name, tests] : monitors) names.push_back(name);
    return names;
  }
  [[nodiscard]] std::vector<lw::Test> all() const {
    std::vector<lw::Test> tests;
    for (const auto& [name, own] : monitors) {
      for (lw::Test& test : tests_of(name)) tests.push_back(std::move(test));
    }
    return tests;
  }
};

class LiveStateEdits : public testing::TestWithParam<unsigned> {
 protected:
  std::size_t pick(std::size_t count) {
    return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_);
  }
  /// Changes some monitors; returns which.
  std::set<std::string> edit() {
    std::set<std::string> changed;
    for (std::size_t edits = 1 + pick(3); edits > 0; --edits) {
      const std::string name = "m" + std::to_string(pick(5));
      changed.insert(name);
      if (pick(6) == 0) {
        plan_.monitors.erase(name);
        continue;
      }
      std::map<std::string, AgentId>& tests = plan_.monitors[name];
      const std::string test = std::to_string(pick(6));
      if (pick(3) == 0) {
        tests.erase(test);
      } else {
        tests[test] = AgentId{1 + pick(3)};
      }
    }
    return changed;
  }
  void measure() {
    const std::vector<TestId> order = whole_.order();
    if (order.empty()) return;
    Round round;
    round.test = order[pick(order.size())];
    round.checks = {{CheckOutcome::Success, Microseconds(500), Microseconds(0)}};
    const Verdict verdict{pick(2) == 0 ? TestState::Pass : TestState::Fail, {}};
    for (LiveState* const state : {&whole_, &parts_}) {
      state->on_round(round, verdict, now_, now_);
      state->mark_assigned(round.test, now_);
    }
  }
  void compare() {
    ASSERT_EQ(parts_.order(), whole_.order());
    for (const TestId id : whole_.order()) {
      const LiveTest* const one = parts_.find(id);
      const LiveTest* const other = whole_.find(id);
      ASSERT_TRUE(one != nullptr && other != nullptr);
      EXPECT_EQ(one->test.full_name(), other->test.full_name());
      EXPECT_EQ(one->test.agent, other->test.agent);
      EXPECT_EQ(one->verdict.state, other->verdict.state);
      EXPECT_EQ(one->since, other->since);
      EXPECT_EQ(one->assigned, other->assigned);
      EXPECT_EQ(one->last_round, other->last_round);
      EXPECT_EQ(one->revision, parts_.plan_revision());
    }
    for (const LiveState* const state : {&whole_, &parts_}) {
      std::size_t count = 0;
      for (const std::string& name : plan_.names()) {
        for (const TestId id : state->tests_of(name)) {
          EXPECT_EQ(state->find(id)->test.connection_monitor, name);
          ++count;
        }
      }
      EXPECT_EQ(count, state->order().size());
    }
  }

  std::mt19937_64 random_{GetParam()};
  PlayedPlan plan_;
  LiveState whole_;  ///< all tests replaced each time
  LiveState parts_;  ///< only those of changed monitors
  Timestamp now_ = kNow;
};

TEST_P(LiveStateEdits, replacing_the_tests_of_some_monitors_is_replacing_all) {
  for (int step = 0; step < 150; ++step) {
    now_ += Seconds(5);
    const std::set<std::string> changed = edit();
    const std::vector<TestId> before = whole_.order();
    whole_.replace_tests(plan_.all(), now_);
    std::vector<LiveState::MonitorTests> edits;
    for (const std::string& name : changed) {
      edits.push_back({name, {}});
      if (plan_.monitors.contains(name)) edits.back().tests = plan_.tests_of(name);
    }
    std::set<TestId> gone;
    for (const TestId id : parts_.replace_tests_of(std::move(edits), plan_.names(), now_)) {
      gone.insert(id);
    }
    for (const TestId id : before) EXPECT_EQ(gone.contains(id), whole_.find(id) == nullptr);
    compare();
    if (HasFatalFailure()) FAIL() << "step " << step;
    measure();
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, LiveStateEdits, testing::Range(1U, 6U));

}  // namespace
}  // namespace lw::server
