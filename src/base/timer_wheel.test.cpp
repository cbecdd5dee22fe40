// SPDX-License-Identifier: Apache-2.0
#include "base/timer_wheel.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace lw {
namespace {

constexpr auto kTick = TimerWheel<int>::kTick;
const Instant kOnATick{kTick * 1'000'000};

TEST(TimerWheel, gives_nothing_before_its_time_and_everything_a_tick_later) {
  TimerWheel<int> wheel;
  EXPECT_FALSE(wheel.next());
  wheel.push(kOnATick + Microseconds(10), 1);
  EXPECT_EQ(wheel.next(), kOnATick + kTick);
  EXPECT_FALSE(wheel.pop_due(kOnATick + kTick - Microseconds(1)));
  EXPECT_EQ(wheel.pop_due(kOnATick + kTick), 1);
  EXPECT_EQ(wheel.size(), 0U);
}

TEST(TimerWheel, takes_what_is_due_already) {
  TimerWheel<int> wheel;
  wheel.push(kOnATick + Seconds(5), 1);
  EXPECT_EQ(wheel.pop_due(kOnATick + Seconds(6)), 1);
  wheel.push(kOnATick + Seconds(7), 2);
  EXPECT_FALSE(wheel.pop_due(kOnATick + Seconds(6)));
  wheel.push(kOnATick, 3);
  EXPECT_EQ(wheel.pop_due(kOnATick + Seconds(6) + kTick), 3);
}

TEST(TimerWheel, keeps_apart_what_falls_into_one_slot_of_different_turns) {
  TimerWheel<int> wheel;
  const auto turn = kTick * (1 << 16);
  for (int i = 0; i < 4; ++i) wheel.push(kOnATick + turn * i, i);
  for (int i = 0; i < 4; ++i) {
    EXPECT_FALSE(wheel.pop_due(kOnATick + turn * i));
    EXPECT_LE(wheel.next().value(), kOnATick + turn * i + kTick);
    EXPECT_EQ(wheel.pop_due(kOnATick + turn * i + kTick), i);
  }
}

TEST(TimerWheel, forgets_what_its_owner_takes_out) {
  TimerWheel<int> wheel;
  for (int i = 0; i < 100; ++i) wheel.push(kOnATick + Milliseconds(i / 10), i);
  wheel.remove_if([](int value) { return value % 2 == 0; });
  EXPECT_EQ(wheel.size(), 50U);
  int count = 0;
  while (const auto value = wheel.pop_due(kOnATick + Seconds(1))) {
    EXPECT_EQ(*value % 2, 1);
    ++count;
  }
  EXPECT_EQ(count, 50);
  wheel.push(kOnATick + Seconds(2), 7);
  EXPECT_EQ(wheel.pop_due(kOnATick + Seconds(2) + kTick), 7);
}

/// Against a plain ordered map, over times from microseconds to many turns of the wheel.
TEST(TimerWheel, gives_just_what_is_due_whatever_the_times) {
  std::mt19937_64 random(42);
  const auto below = [&](std::uint64_t bits_max) {
    return std::chrono::nanoseconds(random() % (std::uint64_t{1} << (random() % bits_max)));
  };
  TimerWheel<int> wheel;
  std::multimap<Instant, int> model;  // by the instant from which a value is due
  Instant now = kOnATick;
  int next_value = 0;
  for (int step = 0; step < 20'000; ++step) {
    for (std::uint64_t i = random() % 3; i > 0; --i) {
      const Instant when = now + below(39);
      wheel.push(when, next_value);
      model.emplace(Instant((when.time_since_epoch() / kTick + 1) * kTick), next_value++);
    }
    if (!model.empty()) {
      ASSERT_LE(wheel.next().value(), model.begin()->first);
    }
    now += below(37);
    std::set<int> due;
    while (const auto value = wheel.pop_due(now)) {
      ASSERT_TRUE(due.insert(*value).second);
    }
    std::set<int> expected;
    while (!model.empty() && model.begin()->first <= now) {
      expected.insert(model.begin()->second);
      model.erase(model.begin());
    }
    ASSERT_EQ(due, expected);
    ASSERT_EQ(wheel.size(), model.size());
  }
}

}  // namespace
}  // namespace lw
