// SPDX-License-Identifier: Apache-2.0
#include "probe/way_back.h"

#include <gtest/gtest.h>

namespace lw {
namespace {

Round round_of(int lowest, int highest, const char* address = "192.0.2.1") {
  Round round;
  round.address = address;
  round.reply_ttls =
      ReplyTtls{static_cast<std::uint8_t>(lowest), static_cast<std::uint8_t>(highest)};
  return round;
}

WayBack steady_at(int ttl) {
  WayBack way;
  for (int i = 0; i < WayBack::kSteady; ++i) EXPECT_EQ(way.look_at(round_of(ttl, ttl)), "");
  return way;
}

TEST(WayBack, another_ttl_than_for_rounds_on_end_is_another_way) {
  EXPECT_EQ(steady_at(58).look_at(round_of(57, 57)),
            "replies come with TTL 57 instead of 58: they take another way back, 1 hop more");
  EXPECT_EQ(steady_at(120).look_at(round_of(123, 123)),
            "replies come with TTL 123 instead of 120: they take another way back, 3 hops less");
}

TEST(WayBack, a_round_with_several_ttls_says_that_some_replies_take_another_way) {
  EXPECT_EQ(steady_at(58).look_at(round_of(56, 58)),
            "replies come with TTLs 56 to 58 instead of 58: some take another way back");
}

TEST(WayBack, is_told_once_and_again_when_it_was_steady_in_between) {
  WayBack way = steady_at(58);
  EXPECT_NE(way.look_at(round_of(57, 57)), "");
  for (int i = 1; i < WayBack::kSteady; ++i) EXPECT_EQ(way.look_at(round_of(57, 57)), "");
  EXPECT_NE(way.look_at(round_of(58, 58)), "");
}

TEST(WayBack, replies_that_change_their_ways_all_the_time_are_no_news) {
  WayBack way;
  for (int i = 0; i < 50; ++i) {
    const int ttl = 57 + i % 2;
    EXPECT_EQ(way.look_at(round_of(ttl, ttl)), "") << i;
    EXPECT_EQ(way.look_at(round_of(57, 58)), "") << i;
  }
}

TEST(WayBack, another_host_has_another_ttl_and_that_is_no_news) {
  WayBack way = steady_at(58);
  EXPECT_EQ(way.look_at(round_of(110, 110, "192.0.2.2")), "");
}

TEST(WayBack, a_round_without_replies_says_nothing_and_forgets_nothing) {
  WayBack way = steady_at(58);
  EXPECT_EQ(way.look_at(Round{}), "");
  EXPECT_NE(way.look_at(round_of(57, 57)), "");
}

TEST(WayBack, hops_are_counted_from_the_usual_beginnings) {
  EXPECT_EQ(hops_of_ttl(64), 0);
  EXPECT_EQ(hops_of_ttl(57), 7);
  EXPECT_EQ(hops_of_ttl(65), 63);
  EXPECT_EQ(hops_of_ttl(128), 0);
  EXPECT_EQ(hops_of_ttl(255), 0);
  EXPECT_EQ(hops_of_ttl(247), 8);
  EXPECT_EQ(hops_of_ttl(1), 63);
}

}  // namespace
}  // namespace lw
