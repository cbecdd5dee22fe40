// SPDX-License-Identifier: Apache-2.0
#include "server/past_states.h"

#include <gtest/gtest.h>

#include "base/test_times.h"

namespace lw::server {
namespace {

const TestId kA{1}, kB{2}, kC{3};

Verdict verdict(TestState state, ReasonCode code = ReasonCode::None) {
  return {state, {code, {}, {}, ""}};
}

store::RoundAt round(TestId test, Seconds ago, TestState state) {
  store::RoundAt made;
  made.test = test;
  made.ts = kNow - ago;
  made.verdict = verdict(state);
  made.summary.total = 10;
  return made;
}
store::StateAt change(TestId test, Seconds ago, TestState state) {
  return {.test = test, .since = kNow - ago, .verdict = verdict(state)};
}

TEST(MergePast, a_change_after_the_last_round_has_the_last_word) {
  const PastStates states = merge_past({round(kA, Seconds(100), TestState::Pass)},
                                       {change(kA, Seconds(20), TestState::Indeterminate)});
  EXPECT_EQ(states.at(kA).verdict.state, TestState::Indeterminate);
  EXPECT_EQ(states.at(kA).since, kNow - Seconds(20));
  ASSERT_TRUE(states.at(kA).round) << "its last numbers are still known";
  EXPECT_EQ(states.at(kA).round->ts, kNow - Seconds(100));
}

TEST(MergePast, a_round_after_the_change_has_and_the_state_began_with_the_change) {
  const PastStates states = merge_past(
      {round(kA, Seconds(5), TestState::Fail), round(kB, Seconds(5), TestState::Fail)},
      {change(kA, Seconds(600), TestState::Fail), change(kB, Seconds(600), TestState::Pass)});
  EXPECT_EQ(states.at(kA).verdict.state, TestState::Fail);
  EXPECT_EQ(states.at(kA).since, kNow - Seconds(600));
  EXPECT_EQ(states.at(kB).verdict.state, TestState::Fail);
  EXPECT_EQ(states.at(kB).since, kNow - Seconds(5)) << "its change is not written yet";
}

TEST(MergePast, of_two_rounds_the_newer_counts_and_one_source_is_enough) {
  const PastStates states = merge_past(
      {round(kA, Seconds(5), TestState::Warning), round(kA, Seconds(90), TestState::Pass)},
      {change(kC, Seconds(60), TestState::NotRunning)});
  EXPECT_EQ(states.at(kA).verdict.state, TestState::Warning);
  EXPECT_EQ(states.at(kC).verdict.state, TestState::NotRunning);
  EXPECT_FALSE(states.at(kC).round);
  EXPECT_EQ(states.size(), 2U);
}

/// "pass,warning,fail,indeterminate,notRunning/changes" of each step.
std::string text_of(const Band& band) {
  std::string text;
  for (std::size_t i = 0; i < band.counts.size(); ++i) {
    for (const std::uint32_t count : band.counts[i]) text += std::to_string(count);
    text += "/" + std::to_string(band.changes[i]) + " ";
  }
  return text;
}

TEST(MakeBand, counts_states_at_the_end_of_each_step) {
  const Timestamp from = kNow;
  const auto at = [&](int seconds) { return from + Seconds(seconds); };
  const Band band = make_band({{kA, TestState::Pass}, {kB, TestState::Pass}},
                              {{at(0), kA, TestState::Pass, TestState::Fail},
                               {at(59), kB, TestState::Pass, TestState::Warning},
                               {at(60), kA, TestState::Fail, TestState::Pass},
                               {at(190), kC, TestState::Indeterminate, TestState::NotRunning}},
                              from, Seconds(60), 4);
  EXPECT_EQ(text_of(band), "01100/2 11000/1 11000/0 11001/1 ");
}

TEST(MakeBand, stays_as_it_is_without_changes) {
  EXPECT_EQ(text_of(make_band({{kA, TestState::Fail}}, {}, kNow, Seconds(1), 3)),
            "00100/0 00100/0 00100/0 ");
  EXPECT_EQ(text_of(make_band({}, {}, kNow, Seconds(1), 1)), "00000/0 ");
}

}  // namespace
}  // namespace lw::server
