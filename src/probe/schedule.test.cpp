// SPDX-License-Identifier: Apache-2.0
#include "probe/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "base/test_times.h"

namespace lw {
namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds kTick = TimerWheel<int>::kTick;  // So much later a check may begin.
constexpr Schedule::Rhythm kTenSeconds{Seconds(10), 1, false, nanoseconds(0)};

struct Sent {
  Schedule::Handle test;
  int check;
  Instant at;
};

/// Runs the schedule as a punctual loop would; what was planned before `until`.
std::vector<Sent> run(Schedule& schedule, Instant until) {
  std::vector<Sent> sent;
  while (schedule.next_due() && *schedule.next_due() < until + 2 * kTick) {
    const Instant now = *schedule.next_due();
    for (const auto& due : schedule.take_due(now, 1000)) {
      EXPECT_LE(due.planned, now);
      EXPECT_LE(now, due.planned + kTick);
      if (due.planned < until) sent.push_back({due.test, due.check, due.planned});
    }
  }
  return sent;
}

TEST(Schedule, begins_each_test_within_its_first_interval_and_then_once_per_interval) {
  Schedule schedule;
  for (std::uint64_t id = 1; id <= 1000; ++id) schedule.add(TestId{id}, kTenSeconds, kStart);
  std::map<Schedule::Handle, std::vector<Instant>> starts;
  for (const Sent& sent : run(schedule, kStart + Seconds(30))) starts[sent.test].push_back(sent.at);
  EXPECT_EQ(starts.size(), 1000U);
  for (const auto& [test, instants] : starts) {
    ASSERT_EQ(instants.size(), 3U);
    EXPECT_LT(instants[0] - kStart, Seconds(10));
    EXPECT_EQ(instants[1] - instants[0], Seconds(10));
    EXPECT_EQ(instants[2] - instants[1], Seconds(10));
  }
}

TEST(Schedule, spreads_first_rounds_evenly_so_that_there_is_no_burst_at_start) {
  Schedule schedule;
  constexpr int kTests = 10'000;
  constexpr std::size_t kSlots = 100;
  for (std::uint64_t id = 1; id <= kTests; ++id) schedule.add(TestId{id}, kTenSeconds, kStart);
  std::array<int, kSlots> slots{};
  for (const Sent& sent : run(schedule, kStart + Seconds(10))) {
    const auto slot = (sent.at - kStart) / (Milliseconds(10'000) / static_cast<int>(kSlots));
    ++slots.at(static_cast<std::size_t>(slot));
  }
  double chi_square = 0;
  for (const int count : slots) chi_square += (count - 100.0) * (count - 100.0) / 100.0;
  // 99 degrees of freedom: a fair spread is above 148.2 once in a thousand cases.
  EXPECT_LT(chi_square, 148.2);
}

TEST(Schedule, a_phase_does_not_depend_on_what_else_there_is_or_when_it_was_added) {
  Schedule alone;
  alone.add(TestId{42}, kTenSeconds, kStart);
  Schedule crowded;
  std::vector<Schedule::Handle> handles;
  for (std::uint64_t id = 1; id <= 100; ++id) {
    handles.push_back(crowded.add(TestId{id}, kTenSeconds, kStart - Seconds(7)));
  }
  for (std::size_t i = 0; i < 41; ++i) crowded.remove(handles[i]);
  const Instant expected = run(alone, kStart + Seconds(10)).at(0).at;
  const auto sent = run(crowded, kStart + Seconds(10));
  EXPECT_TRUE(std::ranges::any_of(
      sent, [&](const Sent& one) { return one.test == handles[41] && one.at == expected; }));
}

TEST(Schedule, spaces_the_checks_of_a_round) {
  Schedule schedule;
  schedule.add(TestId{7}, {Seconds(10), 4, false, Milliseconds(500)}, kStart);
  const auto sent = run(schedule, kStart + Seconds(20));
  ASSERT_EQ(sent.size(), 8U);
  for (std::size_t i = 0; i < sent.size(); ++i) {
    EXPECT_EQ(sent[i].check, static_cast<int>(i % 4));
    const auto expected =
        Seconds(10) * static_cast<int>(i / 4) + Milliseconds(500) * static_cast<int>(i % 4);
    EXPECT_EQ(sent[i].at - sent[0].at, expected);
  }
}

TEST(Schedule, gives_the_checks_of_a_late_round_all_at_once_and_stays_in_phase) {
  Schedule schedule;
  schedule.add(TestId{7}, {Seconds(10), 4, false, Milliseconds(500)}, kStart);
  const Instant begin = kStart + Schedule::phase_of(TestId{7}, Seconds(10));
  const auto due = schedule.take_due(begin + Seconds(5), 1000);
  EXPECT_EQ(due.size(), 4U);
  EXPECT_GE(schedule.next_due(), begin + Seconds(10));
  EXPECT_LE(schedule.next_due(), begin + Seconds(10) + kTick);
  EXPECT_EQ(schedule.missed_intervals(), 0U);
}

TEST(Schedule, counts_the_intervals_that_a_stalled_caller_missed_and_does_not_make_up_for_them) {
  Schedule schedule;
  schedule.add(TestId{7}, kTenSeconds, kStart);
  const Instant begin = kStart + Schedule::phase_of(TestId{7}, Seconds(10));
  // Rounds at 0, 10, 20, 30; the caller comes at 35.
  const auto due = schedule.take_due(begin + Seconds(35), 1000);
  ASSERT_EQ(due.size(), 2U);
  EXPECT_EQ(due[0].planned, begin);
  EXPECT_EQ(due[1].planned, begin + Seconds(30));
  EXPECT_EQ(schedule.missed_intervals(), 2U);
  EXPECT_EQ(schedule.take_due(begin + Seconds(40) + kTick, 9).at(0).planned, begin + Seconds(40));
}

TEST(Schedule, a_removed_test_is_never_due_again) {
  Schedule schedule;
  schedule.remove(schedule.add(TestId{1}, kTenSeconds, kStart));
  EXPECT_TRUE(run(schedule, kStart + Seconds(60)).empty());
  EXPECT_EQ(schedule.size(), 0U);
}

TEST(Schedule, a_handle_that_is_used_again_runs_in_its_new_rhythm_only) {
  Schedule schedule;
  const auto first = schedule.add(TestId{1}, kTenSeconds, kStart);
  schedule.remove(first);
  EXPECT_EQ(first, schedule.add(TestId{1}, {Seconds(5), 1, false, nanoseconds(0)}, kStart));
  EXPECT_EQ(run(schedule, kStart + Seconds(20)).size(), 4U);
}

TEST(Schedule, takes_no_more_than_it_is_asked_for) {
  Schedule schedule;
  for (std::uint64_t id = 1; id <= 10; ++id) schedule.add(TestId{id}, kTenSeconds, kStart);
  EXPECT_EQ(schedule.take_due(kStart + Seconds(10), 3).size(), 3U);
}

constexpr Schedule::Rhythm kRandom{Seconds(10), 4, true, Seconds(2)};

TEST(Schedule, a_random_rhythm_keeps_each_check_in_its_share_of_the_round) {
  Schedule schedule;
  const auto handle = schedule.add(TestId{7}, kRandom, kStart);
  const Instant phase = kStart + (Schedule::phase_of(TestId{7}, kRandom.interval) -
                                  kStart.time_since_epoch() % kRandom.interval + kRandom.interval) %
                                     kRandom.interval;
  int number = 0;
  for (const Sent& sent : run(schedule, phase + Seconds(1'000))) {
    EXPECT_EQ(sent.test, handle);
    EXPECT_EQ(sent.check, number % 4);
    const Instant share = phase + Seconds(10) * (number / 4) + Seconds(2) * (number % 4);
    EXPECT_GE(sent.at, share);
    EXPECT_LT(sent.at, share + Seconds(2));
    ++number;
  }
  EXPECT_EQ(number, 400);
}

/// How the checks of 10,000 rounds lie to a load that comes and goes each `period`.
std::array<int, 20> phases_against(nanoseconds period, bool is_random) {
  Schedule schedule;
  schedule.add(TestId{7}, {Seconds(10), 1, is_random, Seconds(9)}, kStart);
  std::array<int, 20> counts{};
  for (const Sent& sent : run(schedule, kStart + Seconds(10) * 10'000)) {
    const auto at = sent.at.time_since_epoch() % period;
    ++counts.at(static_cast<std::size_t>(at * 20 / period));
  }
  return counts;
}

TEST(Schedule, a_random_rhythm_does_not_keep_in_step_with_the_networks_own) {
  for (const nanoseconds period : {nanoseconds(Seconds(1)), nanoseconds(Seconds(3))}) {
    // 19 degrees of freedom: chi-square above 45 once in 1,000. Of 10,000, 500 in each.
    double chi_square = 0;
    for (const int count : phases_against(period, true)) {
      chi_square += (count - 500.0) * (count - 500.0) / 500.0;
    }
    EXPECT_LT(chi_square, 45.0);
  }
  // The even rhythm is always at the same phase of a load of its own period: that is the pitfall.
  const auto even = phases_against(Seconds(1), false);
  EXPECT_EQ(std::ranges::count(even, 0), 19);
}

TEST(Schedule, a_random_rhythm_is_the_same_whatever_else_there_is) {
  Schedule alone;
  Schedule crowd;
  const auto mine = alone.add(TestId{7}, kRandom, kStart);
  for (std::uint64_t id = 100; id < 200; ++id) crowd.add(TestId{id}, kRandom, kStart);
  const auto same = crowd.add(TestId{7}, kRandom, kStart);
  std::vector<Instant> first;
  std::vector<Instant> second;
  for (const Sent& sent : run(alone, kStart + Seconds(60))) {
    if (sent.test == mine) first.push_back(sent.at);
  }
  for (const Sent& sent : run(crowd, kStart + Seconds(60))) {
    if (sent.test == same) second.push_back(sent.at);
  }
  EXPECT_EQ(first, second);
  EXPECT_GE(first.size(), 20U);
}

}  // namespace
}  // namespace lw
