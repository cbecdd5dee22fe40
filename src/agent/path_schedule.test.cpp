// SPDX-License-Identifier: Apache-2.0
#include "agent/path_schedule.h"

#include <gtest/gtest.h>

#include <map>

#include "base/hash.h"
#include "base/test_times.h"

namespace lw::agent {
namespace {

using std::chrono::nanoseconds;

std::uint64_t phase_of(std::uint64_t id) { return stable_hash({std::to_string(id)}); }

/// How often each target is traced in [from, from + span), looked at each 100 ms.
std::map<std::uint64_t, int> traced(PathSchedule& schedule, Instant from, Seconds span) {
  std::map<std::uint64_t, int> times;
  for (Instant now = from; now < from + span; now += Milliseconds(100)) {
    for (const auto& due : schedule.take_due(now)) ++times[due.target];
  }
  return times;
}

TEST(PathSchedule, traces_each_target_once_an_interval_spread_evenly) {
  PathSchedule schedule({.interval = Seconds(10)});
  for (std::uint64_t id = 0; id < 1'000; ++id) schedule.add(id, phase_of(id), kStart);
  std::size_t most = 0;
  std::map<std::uint64_t, int> times;
  for (int i = 0; i <= 100; ++i) {
    const auto due = schedule.take_due(kStart + i * Milliseconds(100));
    most = std::max(most, due.size());
    for (const auto& each : due) ++times[each.target];
  }
  EXPECT_EQ(times.size(), 1'000U);
  for (const auto& [id, count] : times) EXPECT_LE(count, 2) << id;
  EXPECT_LT(most, 40U);  // 10 on average
}

TEST(PathSchedule, with_many_targets_the_interval_grows_so_that_the_rate_does_not) {
  PathSchedule schedule({.interval = Seconds(10), .traces_per_second_max = 200});
  for (std::uint64_t id = 0; id < 10'000; ++id) schedule.add(id, phase_of(id), kStart);
  EXPECT_EQ(schedule.interval(), nanoseconds(Seconds(50)));
  traced(schedule, kStart, Seconds(50));
  int count = 0;
  for (const auto& [id, times] : traced(schedule, kStart + Seconds(50), Seconds(50)))
    count += times;
  EXPECT_NEAR(count, 10'000, 300);
}

TEST(PathSchedule, a_suspicious_target_is_traced_each_second_for_two_minutes) {
  PathSchedule schedule({.interval = Seconds(10)});
  schedule.add(1, 0, kStart);
  traced(schedule, kStart, Seconds(30));
  const Instant now = kStart + Seconds(30);
  schedule.suspect(1, now);
  ASSERT_TRUE(schedule.next().has_value());
  EXPECT_LE(*schedule.next(), now + Seconds(1));
  EXPECT_NEAR(traced(schedule, now, Seconds(119))[1], 113, 8);
  EXPECT_LE(traced(schedule, now + Seconds(122), Seconds(100))[1], 12);
  EXPECT_EQ(schedule.suspicious_count(), 0U);
}

TEST(PathSchedule, a_target_that_is_refused_is_traced_rarely_until_it_is_not) {
  PathSchedule schedule({});
  schedule.add(1, phase_of(1), kStart);
  traced(schedule, kStart, Seconds(4));
  schedule.suspect(1, kStart + Seconds(4));
  schedule.set_refused(1, true);
  EXPECT_LE(traced(schedule, kStart + Seconds(4), Seconds(60))[1], 6);
  schedule.trace_now(1, kStart + Seconds(64));
  EXPECT_EQ(schedule.take_due(kStart + Seconds(64)).size(), 1U) << "somebody asked";
  schedule.set_refused(1, false);
  EXPECT_GE(traced(schedule, kStart + Seconds(75), Seconds(20))[1], 15) << "each second again";
}

TEST(PathSchedule, suspicion_again_and_again_does_not_trace_more_than_each_second) {
  PathSchedule schedule({.interval = Seconds(10)});
  schedule.add(1, 0, kStart);
  int count = 0;
  for (int i = 0; i < 600; ++i) {
    const Instant now = kStart + i * Milliseconds(100);
    schedule.suspect(1, now);
    count += static_cast<int>(schedule.take_due(now).size());
  }
  EXPECT_NEAR(count, 56, 4);
}

TEST(PathSchedule, when_all_is_suspicious_only_some_are_traced_each_second) {
  PathSchedule schedule({.interval = Seconds(10), .suspicious_max = 20});
  for (std::uint64_t id = 0; id < 500; ++id) schedule.add(id, phase_of(id), kStart);
  for (std::uint64_t id = 0; id < 500; ++id) schedule.suspect(id, kStart);
  EXPECT_EQ(schedule.suspicious_count(), 20U);
  int count = 0;
  for (const auto& [id, times] : traced(schedule, kStart, Seconds(100))) count += times;
  EXPECT_NEAR(count, 20 * 95 + 480 * 10, 300);
}

TEST(PathSchedule, a_wish_is_met_at_once_and_changes_nothing_else) {
  PathSchedule schedule({.interval = Seconds(10)});
  schedule.add(1, 0, kStart);
  const Instant wish = kStart + Milliseconds(3'300);
  traced(schedule, kStart, Seconds(3));
  schedule.trace_now(1, wish);
  EXPECT_EQ(schedule.take_due(wish), (std::vector<PathSchedule::Due>{{1, TraceTrigger::Request}}));
  ASSERT_TRUE(schedule.next().has_value());
  EXPECT_NEAR(std::chrono::duration<double>(*schedule.next() - kStart).count(), 10, 1);
}

// Two targets of one phase share routers, which are asked once a second: neither may always be
// second.
TEST(PathSchedule, after_an_extra_trace_the_next_one_comes_at_its_usual_time) {
  constexpr Seconds kEvery{60};
  for (int extra_s = 1; extra_s < 60; ++extra_s) {
    PathSchedule schedule({.interval = kEvery});
    schedule.add(1, phase_of(1), kStart);
    traced(schedule, kStart, kEvery);
    const Instant extra = kStart + kEvery + Seconds(extra_s);
    traced(schedule, kStart + kEvery, Seconds(extra_s));
    schedule.trace_now(1, extra);
    ASSERT_EQ(schedule.take_due(extra).size(), 1U);
    ASSERT_TRUE(schedule.next().has_value());
    EXPECT_LE(*schedule.next() - extra, kEvery + kEvery / 10) << extra_s;
  }
}

TEST(PathSchedule, who_of_two_comes_first_changes) {
  for (const bool is_suspicious : {false, true}) {
    PathSchedule schedule({.interval = Seconds(10)});
    schedule.add(1, 7, kStart);
    schedule.add(2, 8, kStart);
    std::map<std::uint64_t, int> first;
    for (Instant now = kStart; now < kStart + Seconds(600); now += Milliseconds(10)) {
      if (is_suspicious) schedule.suspect(1, now), schedule.suspect(2, now);
      const auto due = schedule.take_due(now);
      if (!due.empty()) ++first[due.front().target];
    }
    EXPECT_GT(first[1], 15);
    EXPECT_GT(first[2], 15);
  }
}

TEST(PathSchedule, says_why_it_is_time) {
  PathSchedule schedule({.interval = Seconds(10)});
  schedule.add(1, 0, kStart);
  const auto trigger_at = [&](Instant now) {
    const auto due = schedule.take_due(now);
    return due.empty() ? std::string("none") : to_string(due.front().trigger);
  };
  EXPECT_EQ(trigger_at(kStart + Seconds(10)), "Schedule");
  schedule.suspect(1, kStart + Seconds(15));
  EXPECT_EQ(trigger_at(kStart + Seconds(15)), "Suspicion");
  EXPECT_EQ(trigger_at(kStart + Seconds(17)), "Suspicion");
  schedule.trace_now(1, kStart + Milliseconds(17'100), TraceTrigger::StateChange);
  schedule.trace_now(1, kStart + Milliseconds(17'100), TraceTrigger::Request);
  EXPECT_EQ(trigger_at(kStart + Milliseconds(17'100)), "StateChange");
  EXPECT_EQ(trigger_at(kStart + Milliseconds(17'101)), "none");
  EXPECT_EQ(trigger_at(kStart + Seconds(19)), "Suspicion");
}

TEST(PathSchedule, when_all_states_change_at_once_not_all_are_traced_at_once) {
  PathSchedule schedule({.interval = Seconds(3'600), .traces_per_second_max = 50});
  for (std::uint64_t id = 0; id < 1'000; ++id) schedule.add(id, phase_of(id), kStart);
  const auto change_all = [&](Instant now) {
    for (std::uint64_t id = 0; id < 1'000; ++id) {
      schedule.trace_now(id, now, TraceTrigger::StateChange);
    }
    return schedule.take_due(now).size();
  };
  EXPECT_EQ(change_all(kStart), 50U);
  EXPECT_LE(change_all(kStart + Milliseconds(900)), 2U);
  EXPECT_NEAR(static_cast<double>(change_all(kStart + Milliseconds(1'900))), 50, 2);
}

TEST(PathSchedule, a_target_may_have_an_interval_of_its_own) {
  PathSchedule schedule({.interval = Seconds(10), .traces_per_second_max = 4});
  schedule.add(1, 3, kStart, Seconds(60));
  schedule.add(2, 4, kStart, Seconds(1));
  schedule.add(3, 5, kStart);
  auto count = traced(schedule, kStart, Seconds(600));
  EXPECT_NEAR(count[1], 10, 1);
  EXPECT_NEAR(count[2], 570, 40);
  EXPECT_NEAR(count[3], 60, 3);
  // Seven more such as the second are twice of what is allowed: all come half as often.
  for (std::uint64_t id = 10; id < 17; ++id) schedule.add(id, 100 * id, kStart, Seconds(1));
  count = traced(schedule, kStart + Seconds(600), Seconds(1'200));
  EXPECT_NEAR(count[1], 10, 2);
  EXPECT_NEAR(count[2], 570, 50);
  EXPECT_NEAR(count[3], 60, 5);
  for (std::uint64_t id = 10; id < 17; ++id) schedule.remove(id);
  EXPECT_EQ(schedule.interval(), nanoseconds(Seconds(10)));
}

TEST(PathSchedule, a_target_that_goes_is_forgotten_whatever_it_was_doing) {
  PathSchedule schedule({.interval = Seconds(10)});
  schedule.add(1, 0, kStart);
  schedule.suspect(1, kStart);
  schedule.remove(1);
  EXPECT_EQ(schedule.suspicious_count(), 0U);
  EXPECT_EQ(schedule.next(), std::nullopt);
  schedule.suspect(1, kStart);
  schedule.trace_now(1, kStart);
  EXPECT_EQ(schedule.next(), std::nullopt);
}

}  // namespace
}  // namespace lw::agent
