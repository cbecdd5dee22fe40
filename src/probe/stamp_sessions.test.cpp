// SPDX-License-Identifier: Apache-2.0
#include "probe/stamp_sessions.h"

#include <gtest/gtest.h>

#include "base/test_times.h"

namespace lw {
namespace {

using Limits = StampSessions::Limits;

StampSessionKey key(std::uint8_t host, std::uint16_t port = 1, std::uint16_t session = 0) {
  IpAddress from;
  from.bytes = {10, 0, 0, host};
  return {from, port, {}, session};
}

TEST(StampSessions, each_session_counts_for_itself_from_0) {
  StampSessions sessions(Limits{});
  EXPECT_EQ(sessions.take(key(1), kStart), 0U);
  EXPECT_EQ(sessions.take(key(1), kStart), 1U);
  EXPECT_EQ(sessions.take(key(1, 2), kStart), 0U) << "another port";
  EXPECT_EQ(sessions.take(key(1, 1, 7), kStart), 0U) << "another session identifier";
  EXPECT_EQ(sessions.take(key(2), kStart), 0U) << "another host";
  EXPECT_EQ(sessions.take(key(1), kStart), 2U);
}

TEST(StampSessions, an_idle_session_is_forgotten_and_a_used_one_is_not) {
  StampSessions sessions({.session_idle = Seconds(10)});
  EXPECT_EQ(sessions.take(key(1), kStart), 0U);
  EXPECT_EQ(sessions.take(key(1), kStart + Seconds(9)), 1U);
  EXPECT_EQ(sessions.take(key(1), kStart + Seconds(18)), 2U);
  EXPECT_EQ(sessions.take(key(1), kStart + Seconds(28)), 0U);
}

TEST(StampSessions, a_source_over_its_rate_is_not_answered_and_does_not_count) {
  StampSessions sessions({.per_second = 10, .burst = 3});
  for (std::uint16_t port = 0; port < 3; ++port) EXPECT_TRUE(sessions.take(key(1, port), kStart));
  EXPECT_FALSE(sessions.take(key(1, 9), kStart)) << "the rate is the address's, not the port's";
  EXPECT_TRUE(sessions.take(key(2), kStart)) << "others go on";
  EXPECT_EQ(sessions.take(key(1, 0), kStart + Milliseconds(100)), 1U)
      << "what was not answered has no number";
  EXPECT_FALSE(sessions.take(key(1, 0), kStart + Milliseconds(100)));
  int answered = 0;
  for (int i = 0; i < 10; ++i) {
    if (sessions.take(key(1, 0), kStart + Seconds(3600))) ++answered;
  }
  EXPECT_EQ(answered, 3) << "no more than the burst is saved up";
}

TEST(StampSessions, a_flood_of_sessions_finds_no_room_and_harms_none) {
  StampSessions sessions({.sessions_max = 2, .session_idle = Seconds(10)});
  EXPECT_EQ(sessions.take(key(1), kStart), 0U);
  EXPECT_EQ(sessions.take(key(2), kStart), 0U);
  EXPECT_FALSE(sessions.take(key(3), kStart));
  EXPECT_EQ(sessions.take(key(1), kStart + Seconds(9)), 1U);
  EXPECT_EQ(sessions.take(key(3), kStart + Seconds(11)), 0U) << "in the place of the idle one";
  EXPECT_EQ(sessions.take(key(1), kStart + Seconds(11)), 2U);
}

TEST(StampSessions, a_flood_of_sources_finds_no_room_until_buckets_are_full_again) {
  StampSessions sessions({.sources_max = 2, .per_second = 10, .burst = 10});
  EXPECT_TRUE(sessions.take(key(1), kStart));
  EXPECT_TRUE(sessions.take(key(2), kStart));
  EXPECT_FALSE(sessions.take(key(3), kStart));
  EXPECT_TRUE(sessions.take(key(3), kStart + Seconds(1)));
}

}  // namespace
}  // namespace lw
