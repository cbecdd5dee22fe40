// SPDX-License-Identifier: Apache-2.0
#include "base/timer_queue.h"

#include <gtest/gtest.h>

#include "base/test_times.h"

namespace lw {
namespace {

TEST(TimerQueue, gives_the_earliest_first_and_equals_in_order_of_insertion) {
  TimerQueue<int> queue;
  queue.push(kStart + Seconds(2), 3);
  queue.push(kStart + Seconds(1), 1);
  queue.push(kStart + Seconds(1), 2);
  EXPECT_EQ(queue.next(), kStart + Seconds(1));
  for (const int expected : {1, 2, 3}) EXPECT_EQ(queue.pop_due(kStart + Seconds(5)), expected);
  EXPECT_FALSE(queue.next());
}

TEST(TimerQueue, keeps_what_is_not_due) {
  TimerQueue<int> queue;
  queue.push(kStart, 1);
  EXPECT_FALSE(queue.pop_due(kStart - Microseconds(1)));
  EXPECT_EQ(queue.pop_due(kStart), 1);
}

TEST(TimerQueue, stays_in_order_after_removals) {
  TimerQueue<int> queue;
  for (int i = 99; i >= 0; --i) queue.push(kStart + Seconds(i), i);
  queue.remove_if([](int value) { return value % 2 == 0; });
  EXPECT_EQ(queue.size(), 50U);
  for (int i = 1; i < 100; i += 2) EXPECT_EQ(queue.pop_due(kStart + Seconds(100)), i);
}

}  // namespace
}  // namespace lw
