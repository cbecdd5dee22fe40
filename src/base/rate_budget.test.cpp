// SPDX-License-Identifier: Apache-2.0
#include "base/rate_budget.h"

#include <gtest/gtest.h>

#include "base/test_times.h"

namespace lw {
namespace {

TEST(RateBudget, saves_up_for_a_second_and_then_gives_what_comes_in) {
  RateBudget budget(10);
  int spent = 0;
  while (budget.spend(kStart)) ++spent;
  EXPECT_EQ(spent, 10);
  EXPECT_FALSE(budget.spend(kStart + Milliseconds(99)));
  EXPECT_TRUE(budget.spend(kStart + Milliseconds(101)));
  spent = 0;
  while (budget.spend(kStart + Seconds(3600))) ++spent;
  EXPECT_EQ(spent, 10) << "no more than a second's";
}

TEST(RateBudget, a_slow_one_still_gives_one) {
  RateBudget budget(0.1);
  EXPECT_TRUE(budget.spend(kStart));
  EXPECT_FALSE(budget.spend(kStart + Seconds(9)));
  EXPECT_TRUE(budget.spend(kStart + Seconds(11)));
}

TEST(RateBudget, spends_all_or_nothing) {
  RateBudget budget(10);
  EXPECT_TRUE(budget.spend(kStart, 8));
  EXPECT_FALSE(budget.spend(kStart, 5));
  EXPECT_TRUE(budget.spend(kStart, 2));
}

TEST(RateBudget, none_has_no_limit) {
  RateBudget budget;
  for (int i = 0; i < 100'000; ++i) ASSERT_TRUE(budget.spend(kStart));
}

}  // namespace
}  // namespace lw
