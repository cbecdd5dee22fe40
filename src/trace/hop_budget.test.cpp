// SPDX-License-Identifier: Apache-2.0
#include "trace/hop_budget.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

namespace lw::trace {
namespace {

const Instant kStart{Seconds(1'000)};

IpAddress router(int number) {
  return *parse_ip_address("10.0." + std::to_string(number / 256) + "." +
                           std::to_string(number % 256));
}

TEST(HopBudget, lets_a_router_be_asked_once_an_interval) {
  HopBudget budget;
  EXPECT_TRUE(budget.may_ask(router(1), kStart));
  EXPECT_FALSE(budget.may_ask(router(1), kStart + Milliseconds(999)));
  EXPECT_TRUE(budget.may_ask(router(1), kStart + Milliseconds(1'000)));
  EXPECT_FALSE(budget.may_ask(router(1), kStart + Milliseconds(1'001)));
}

TEST(HopBudget, does_not_count_a_question_that_was_refused) {
  HopBudget budget;
  EXPECT_TRUE(budget.may_ask(router(1), kStart));
  for (int i = 1; i < 10; ++i) {
    EXPECT_FALSE(budget.may_ask(router(1), kStart + Milliseconds(100 * i)));
  }
  EXPECT_EQ(budget.free_at(router(1)), kStart + Milliseconds(1'000));
}

TEST(HopBudget, holds_each_router_to_its_own_budget) {
  HopBudget budget(Milliseconds(500));
  for (int i = 0; i < 5'000; ++i) EXPECT_TRUE(budget.may_ask(router(i), kStart));
  for (int i = 0; i < 5'000; ++i) EXPECT_FALSE(budget.may_ask(router(i), kStart));
  EXPECT_EQ(budget.size(), 5'000U);
}

TEST(HopBudget, says_of_a_router_never_asked_that_it_is_free) {
  const HopBudget budget;
  EXPECT_LE(budget.free_at(router(1)), kStart);
}

TEST(HopBudget, keeps_the_budget_over_any_pattern_of_questions) {
  HopBudget budget;
  int asked = 0;
  for (int ms = 0; ms < 60'000; ms += 7) {
    if (budget.may_ask(router(1), kStart + Milliseconds(ms))) ++asked;
  }
  EXPECT_LE(asked, 60);
  EXPECT_GE(asked, 59);
}

TEST(HopBudget, counts_a_question_told_of_late_from_when_it_was_asked) {
  HopBudget budget;
  EXPECT_TRUE(budget.may_ask(router(1), kStart));
  EXPECT_FALSE(budget.may_ask(router(1), kStart - Milliseconds(50)));
  EXPECT_EQ(budget.free_at(router(1)), kStart + Milliseconds(1'000));
}

TEST(HopBudget, expects_the_router_that_a_dozen_answers_came_from) {
  HopBudget budget;
  for (int i = 0; i < 11; ++i) budget.answered(2, router(7), kStart);
  EXPECT_EQ(budget.expected_at(false, 2), std::nullopt);
  budget.answered(2, router(7), kStart);
  EXPECT_EQ(budget.expected_at(false, 2), router(7));
  EXPECT_EQ(budget.expected_at(false, 1), std::nullopt);
  EXPECT_EQ(budget.expected_at(false, 3), std::nullopt);
}

TEST(HopBudget, expects_nobody_where_more_than_a_tenth_of_the_answers_differ) {
  HopBudget budget;
  for (int i = 0; i < 300; ++i) budget.answered(2, router(i % 8 == 0 ? 8 : 7), kStart);
  EXPECT_EQ(budget.expected_at(false, 2), std::nullopt);
  for (int i = 0; i < 300; ++i) budget.answered(2, router(i % 16 == 0 ? 8 : 7), kStart);
  EXPECT_EQ(budget.expected_at(false, 2), router(7));
}

TEST(HopBudget, expects_nobody_where_all_answers_differ) {
  HopBudget budget;
  for (int i = 0; i < 1'000; ++i) {
    budget.answered(5, router(i), kStart);
    EXPECT_EQ(budget.expected_at(false, 5), std::nullopt);
  }
}

TEST(HopBudget, follows_a_change_within_some_dozens_of_answers) {
  HopBudget budget;
  for (int i = 0; i < 1'000; ++i) budget.answered(2, router(7), kStart);
  for (int i = 0; i < 16; ++i) budget.answered(2, router(8), kStart);
  EXPECT_EQ(budget.expected_at(false, 2), std::nullopt);
  for (int i = 0; i < 16; ++i) budget.answered(2, router(8), kStart);
  EXPECT_EQ(budget.expected_at(false, 2), router(8));
}

/// The running count must agree with counting anew, whatever came.
TEST(HopBudget, agrees_with_counting_for_any_answers) {
  HopBudget budget;
  std::vector<int> given;
  std::uint32_t state = 1;
  for (int i = 0; i < 20'000; ++i) {
    state = state * 1'664'525U + 1'013'904'223U;
    // Long stretches of one router with others thrown in, more of them at times.
    const std::uint32_t noise = 4 + ((static_cast<std::uint32_t>(i) / 500) % 5) * 10;
    const int who = (state >> 16) % noise == 0 ? 100 + static_cast<int>(state >> 30) : i / 700;
    given.push_back(who);
    budget.answered(3, router(who), kStart);
    const std::size_t recent = std::min<std::size_t>(given.size(), 32);
    std::optional<IpAddress> expected;
    for (int candidate : {i / 700, i / 700 - 1, 100, 101, 102, 103}) {
      const auto count = static_cast<std::size_t>(
          std::count(given.end() - static_cast<std::ptrdiff_t>(recent), given.end(), candidate));
      if (recent >= 12 && 10 * count >= 9 * recent) expected = router(candidate);
    }
    ASSERT_EQ(budget.expected_at(false, 3), expected) << i;
  }
}

TEST(HopBudget, keeps_families_apart) {
  HopBudget budget;
  const IpAddress v6 = *parse_ip_address("2001:db8::1");
  for (int i = 0; i < 32; ++i) {
    budget.answered(1, router(7), kStart);
    budget.answered(1, v6, kStart);
  }
  EXPECT_EQ(budget.expected_at(false, 1), router(7));
  EXPECT_EQ(budget.expected_at(true, 1), v6);
}

TEST(HopBudget, takes_any_ttl) {
  HopBudget budget;
  for (int ttl = 0; ttl <= 255; ++ttl) {
    for (int i = 0; i < 20; ++i) {
      budget.answered(static_cast<std::uint8_t>(ttl), router(1), kStart);
      budget.answered(static_cast<std::uint8_t>(ttl), *parse_ip_address("2001:db8::1"), kStart);
    }
  }
  EXPECT_EQ(budget.expected_at(false, 63), router(1));
  EXPECT_EQ(budget.expected_at(true, 63), parse_ip_address("2001:db8::1"));
  EXPECT_EQ(budget.expected_at(false, 64), std::nullopt);
  EXPECT_EQ(budget.expected_at(true, 255), std::nullopt);
}

TEST(HopBudget, forgets_what_was_not_met_for_minutes_and_keeps_the_rest) {
  HopBudget budget;
  budget.may_ask(router(1), kStart);
  budget.may_ask(router(2), kStart + Seconds(200));
  for (int i = 0; i < 20; ++i) {
    budget.answered(1, router(1), kStart);
    budget.answered(2, router(2), kStart + Seconds(200));
  }
  budget.forget_old(kStart + Seconds(302));
  EXPECT_EQ(budget.size(), 1U);
  EXPECT_EQ(budget.expected_at(false, 1), std::nullopt);
  EXPECT_EQ(budget.expected_at(false, 2), router(2));
  EXPECT_EQ(budget.free_at(router(2)), kStart + Seconds(201));
  budget.forget_old(kStart + Seconds(302));
  EXPECT_EQ(budget.size(), 1U);
}

TEST(HopBudget, knows_who_stands_before_a_router_if_it_was_always_the_same) {
  HopBudget budget;
  for (int i = 1; i <= 4; ++i) budget.may_ask(router(i), kStart);
  budget.follows(router(1), router(2));
  budget.follows(router(1), router(2));
  budget.follows(router(1), router(3));
  EXPECT_EQ(budget.before(router(2)), router(1));
  EXPECT_EQ(budget.before(router(3)), router(1));
  EXPECT_EQ(budget.before(router(1)), std::nullopt);
  EXPECT_EQ(budget.before(router(9)), std::nullopt);
  budget.follows(router(4), router(3));
  EXPECT_EQ(budget.before(router(3)), std::nullopt);
  budget.follows(router(4), router(3));
  EXPECT_EQ(budget.before(router(3)), std::nullopt) << "there are two all the same";
}

TEST(HopBudget, remembers_who_stands_before_a_router_when_it_is_asked_again) {
  HopBudget budget;
  budget.may_ask(router(2), kStart);
  budget.follows(router(1), router(2));
  EXPECT_TRUE(budget.may_ask(router(2), kStart + Seconds(1)));
  EXPECT_EQ(budget.before(router(2)), router(1));
}

TEST(HopBudget, those_that_ask_in_step_take_turns) {
  HopBudget budget;
  const IpAddress router{.bytes = {10, 0, 0, 1}};
  std::map<std::uint64_t, int> asked;
  for (int second = 0; second < 60; ++second) {
    for (const std::uint64_t asker : {1U, 2U, 3U}) {
      const Instant now{Seconds(1'000 + second) + Milliseconds(100) * asker};
      if (budget.may_ask(router, now, asker)) ++asked[asker];
    }
  }
  for (const std::uint64_t asker : {1U, 2U, 3U}) EXPECT_GE(asked[asker], 10) << asker;
}

TEST(HopBudget, who_lets_others_go_first_does_so_for_an_interval_at_most) {
  HopBudget budget;
  const IpAddress router{.bytes = {10, 0, 0, 1}};
  const Instant begin{Seconds(1'000)};
  EXPECT_TRUE(budget.may_ask(router, begin, 1));
  EXPECT_FALSE(budget.may_ask(router, begin + Milliseconds(500), 2));
  EXPECT_FALSE(budget.may_ask(router, begin + Milliseconds(1'000), 1)) << "another came in vain";
  EXPECT_EQ(budget.free_at(router, 1), begin + Milliseconds(2'000));
  EXPECT_EQ(budget.free_at(router, 2), begin + Milliseconds(1'000));
  EXPECT_TRUE(budget.may_ask(router, begin + Milliseconds(2'000), 1)) << "nobody came";
}

using Worth = HopBudget::Worth;

/// Takes all that there are.
int turns_left(HopBudget& budget, Instant now, Worth worth = Worth::Much, bool is_v6 = false) {
  int turns = 0;
  while (turns < 1'000 && budget.take_blind_turn(is_v6, 3, now, worth)) ++turns;
  return turns;
}

TEST(HopBudget, blind_turns_that_do_not_come_back_return_one_a_second) {
  HopBudget budget;
  EXPECT_EQ(turns_left(budget, kStart), 6);
  EXPECT_EQ(turns_left(budget, kStart + Milliseconds(900)), 0);
  EXPECT_EQ(turns_left(budget, kStart + Milliseconds(1'000)), 1);
  EXPECT_EQ(turns_left(budget, kStart + Seconds(1'000)), 6) << "they are not saved up";
  EXPECT_EQ(turns_left(budget, kStart, Worth::Much, true), 6) << "each family has its own";
}

TEST(HopBudget, blind_turns_double_with_each_round_trip_while_all_come_back) {
  HopBudget budget;
  for (const int turns : {6, 12, 24, 32, 32}) {
    EXPECT_EQ(turns_left(budget, kStart), turns);
    for (int i = 0; i < turns; ++i) budget.give_back_blind_turn(false, 3);
  }
}

TEST(HopBudget, what_tells_little_leaves_half_of_the_blind_turns_and_who_waits_may_borrow) {
  HopBudget budget;
  EXPECT_EQ(turns_left(budget, kStart, Worth::Little), 4) << "the last leaves two";
  EXPECT_EQ(turns_left(budget, kStart, Worth::Much), 2);
  EXPECT_EQ(turns_left(budget, kStart, Worth::Urgent), 32);
  EXPECT_EQ(turns_left(budget, kStart + Seconds(32), Worth::Much), 0)
      << "what was borrowed is owed";
  EXPECT_EQ(turns_left(budget, kStart + Seconds(33), Worth::Much), 1);
}

TEST(HopBudget, beyond_any_router_blind_turns_are_free) {
  HopBudget budget;
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(budget.take_blind_turn(false, 64, kStart, Worth::Little));
  }
}

TEST(HopBudget, knows_whether_who_answered_was_asked_in_time) {
  HopBudget budget;
  EXPECT_TRUE(budget.note_asked(router(1), kStart));
  EXPECT_FALSE(budget.note_asked(router(1), kStart + Milliseconds(500)));
  EXPECT_EQ(budget.free_at(router(1)), kStart + Milliseconds(1'500));
  EXPECT_FALSE(budget.note_asked(router(1), kStart + Milliseconds(100))) << "told of late";
  EXPECT_EQ(budget.free_at(router(1)), kStart + Milliseconds(1'500));
  EXPECT_TRUE(budget.note_asked(router(1), kStart + Milliseconds(1'500)));
}

}  // namespace
}  // namespace lw::trace
